"""How a model's scores of outputs bear upon the ranking: the rule lives here alone, to be measured and exchanged.

The rule now, chosen on held-out training tasks (docs/log.md): scores order voted grids that equally many views
answered, and programs that equally many derivations of one cost stand for. A grid that was found late has scores of few
views, its own among them, so its score alone would flatter it; and of programs that pass every pair the simplest is
oftener right than the likeliest. A score counts where every grid that it is compared with has one, else all stand as if
there were none. Knows nothing of where scores come from, and of the ranking only which numbers it compares.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from arc_solver.candidates import Scored
from arc_solver.grids import Grid, grid_key
from arc_solver.tasks import Task


@dataclass(frozen=True, slots=True)
class Votes:
    """What the votes for one grid say, before any score.

    Attributes:
        n_votes: How many there are.
        mean_logprob: Mean of their log-probabilities.
        best_logprob: The highest of them.
    """

    n_votes: int
    mean_logprob: float
    best_logprob: float


class ScoreTable:
    """The scores of a task's outputs by one model, the one that scored the most of them.

    Args:
        task: The task.
        scores: In any order; of several for the same output the one of most views counts. Those of other tasks, of
            test inputs that there are not, and those that are no finite number do not count.
    """

    def __init__(self, task: Task, scores: Iterable[Scored]) -> None:
        best: dict[tuple[str, str, int, bytes], Scored] = {}
        for score in scores:
            if score.task_id != task.task_id or score.test_index >= len(task.test_inputs):
                continue
            what = score.what
            if math.isfinite(score.logprob) and (what not in best or score.is_better_than(best[what])):
                best[what] = score
        n_scored = Counter(score.proposer for score in best.values())
        chosen = min(n_scored, key=lambda proposer: (-n_scored[proposer], proposer), default="")
        self._scores = {
            (score.test_index, grid_key(score.grid)): score for score in best.values() if score.proposer == chosen
        }

    def of(self, test_index: int, grid: Grid) -> Scored | None:
        """The score of an output."""
        return self._scores.get((test_index, grid_key(grid)))

    def of_all(self, outputs: Mapping[int, Grid]) -> float | None:
        """The log-probability of several test inputs' outputs together, None if one of them has no score."""
        total = 0.0
        for test_index, grid in sorted(outputs.items()):
            score = self.of(test_index, grid)
            if score is None:
                return None
            total += score.logprob
        return total


def program_keys(scores: Sequence[float | None]) -> list[float]:
    """What orders programs that pass every training pair, where they are equal in all that comes before.

    Args:
        scores: For each group of programs that agree, its outputs' log-probability, None without.

    Returns:
        A sort key for each group, smaller is better.
    """
    return _keys(scores)


def vote_keys(votes: Sequence[Votes], scores: Sequence[float | None]) -> list[tuple[float, ...]]:
    """What orders the voted grids of one test input.

    Args:
        votes: For each grid its votes.
        scores: For each grid its log-probability under all views, None without.

    Returns:
        A sort key for each grid, smaller is better.
    """
    keys = [0.0] * len(votes)
    for n_votes in {vote.n_votes for vote in votes}:
        equal = [at for at, vote in enumerate(votes) if vote.n_votes == n_votes]
        for at, key in zip(equal, _keys([scores[at] for at in equal]), strict=True):
            keys[at] = key
    return [
        (-float(vote.n_votes), key, -vote.mean_logprob, -vote.best_logprob)
        for key, vote in zip(keys, votes, strict=True)
    ]


def _keys(scores: Sequence[float | None]) -> list[float]:
    found = [-score for score in scores if score is not None]
    return found if len(found) == len(scores) else [0.0] * len(scores)
