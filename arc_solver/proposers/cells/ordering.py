"""Which test inputs are answered next: those that still may gain from another view come first.

Every test input is answered in one view. Then inputs go on in three groups: first those with an answer that the model
finds likely enough, for the others seldom become right; then the hopeless ones; last the settled ones, where one grid
came again and is all but certain, so that further views change nothing. Within a group those with the fewest views come
first, so that none is starved for another; what others solved waits, and is asked for less often. An input changes its
group with every answer, and all are answered in all their views if there is time. The thresholds were chosen on
held-out training tasks (docs/log.md). Knows nothing of tasks, grids and the model.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from arc_solver.proposers.cells.settings import CellSettings


class Promise(enum.IntEnum):
    """What another view is worth, most first."""

    OPEN = 0
    HOPELESS = 1
    SETTLED = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """What came of one test input so far.

    Attributes:
        n_views: Views in which it was answered.
        best_logprob: The highest log-probability of an answer.
        n_votes: Views whose answer was the grid that was answered most often.
        score: Mean log-probability of that grid, over the views in which it was scored.
    """

    n_views: int = 0
    best_logprob: float = -math.inf
    n_votes: int = 0
    score: float = -math.inf

    def promise(self, settings: CellSettings) -> Promise:
        """What another view of it is worth."""
        if not self.n_views:
            return Promise.OPEN
        if self.n_votes >= settings.settled_votes and self.score >= settings.settled_logprob:
            return Promise.SETTLED
        return Promise.OPEN if self.best_logprob >= settings.hopeful_logprob else Promise.HOPELESS


def most_promising_first(
    progress: Sequence[Progress], settings: CellSettings, n_behind: Sequence[int] | None = None
) -> list[int]:
    """Places of the test inputs, those first that are answered next.

    Args:
        progress: Of each, in the order that decides among equals.
        settings: Thresholds.
        n_behind: Of each, how many views the others of its group have first; none if left out.
    """
    behind = n_behind or [0] * len(progress)
    keys = [(one.promise(settings), one.n_views + views) for one, views in zip(progress, behind, strict=True)]
    return sorted(range(len(keys)), key=keys.__getitem__)
