"""What the cell model has said so far: the grids of each test input, with their votes and scores.

It chooses which grids are worth reading in the next view. Knows nothing of the model and of ranking.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from arc_solver.candidates import Scored
from arc_solver.grids import Grid, grid_key
from arc_solver.proposers.cells.ordering import Progress


@dataclass(slots=True)
class _Standing:
    """One grid: answers that are it, and its log-probability summed over the views in which it was scored."""

    grid: Grid
    n_votes: int = 0
    best_logprob: float = float("-inf")
    total: float = 0.0
    n_views: int = 0
    n_told: int = 0


@dataclass(slots=True)
class Opinions:
    """The grids of one test input.

    Attributes:
        task_id: The task.
        test_index: Which of its test inputs.
    """

    task_id: str
    test_index: int
    _found: dict[bytes, _Standing] = field(default_factory=dict)

    def drafts(self, n_drafts: int, others: Sequence[Grid] = ()) -> tuple[Grid, ...]:
        """The grids to read next: those answered most often, then likelier ones; half of the room at most, but at
        least one place, is for grids of others, in their order.
        """
        chosen = {grid_key(one.grid): one.grid for one in self._own()[:n_drafts]}
        new = {grid_key(grid): grid for grid in others if grid_key(grid) not in chosen}
        n_others = min(len(new), max(n_drafts - len(chosen), (n_drafts + 1) // 2))
        kept = list(chosen.values())[: n_drafts - n_others]
        return (*kept, *list(new.values())[:n_others])

    def progress(self) -> Progress:
        """What the answers come to."""
        own = self._own()
        if not own:
            return Progress()
        score = own[0].total / own[0].n_views if own[0].n_views else own[0].best_logprob
        best_logprob = max(one.best_logprob for one in own)
        return Progress(sum(one.n_votes for one in own), best_logprob, own[0].n_votes, score)

    def _own(self) -> list[_Standing]:
        """What was answered, the most often answered first, then the likelier."""
        own = [one for one in self._found.values() if one.n_votes]
        return sorted(own, key=lambda one: (-one.n_votes, -one.best_logprob))

    def answered(self, grid: Grid, logprob: float) -> None:
        """The model wrote this grid in one view."""
        one = self._found.setdefault(grid_key(grid), _Standing(grid))
        one.n_votes += 1
        one.best_logprob = max(one.best_logprob, logprob)

    def scored(self, grid: Grid, logprob: float) -> None:
        """The model gave this grid so much in one view."""
        one = self._found.setdefault(grid_key(grid), _Standing(grid))
        one.total += logprob
        one.n_views += 1

    def news(self, proposer: str) -> Iterator[Scored]:
        """The scores of grids that were scored since the last call."""
        for one in self._found.values():
            if one.n_views > one.n_told:
                one.n_told = one.n_views
                mean = one.total / one.n_views
                yield Scored(self.task_id, self.test_index, one.grid, mean, one.n_views, proposer)
