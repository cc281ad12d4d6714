"""Two attempts for every test input of a task, never empty, never twice the same grid.

Knows nothing of files, time or solutions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from arc_solver.candidates import Candidate
from arc_solver.grids import Grid, grid_key
from arc_solver.tasks import MalformedTask, Task
from arc_solver.voting.fallback import fallback_grids
from arc_solver.voting.ranking import rank_outputs


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of the two answers that a test input gets.

    Attributes:
        grid: The answer.
        reason: Why it was chosen, for people: `program, 3 derivations, cost 4` or `fallback: the input itself`.
        rank: Its place among the ranked grids of the proposers, from 0; None for a fall-back.
    """

    grid: Grid
    reason: str
    rank: int | None = None

    @property
    def is_fallback(self) -> bool:
        return self.rank is None


@dataclass(frozen=True, slots=True)
class TaskAttempts:
    """What a task answers.

    Attributes:
        task_id: The task.
        pairs: Per test input: attempt 1 and attempt 2, two different grids.
    """

    task_id: str
    pairs: tuple[tuple[Attempt, Attempt], ...]

    @property
    def has_answers(self) -> bool:
        """True if a proposer's grid is the first attempt of every test input."""
        return all(not first.is_fallback for first, _ in self.pairs)


def choose_attempts(task: Task | MalformedTask, candidates: Iterable[Candidate] = ()) -> TaskAttempts:
    """Choose two different grids per test input: the best ranked ones, then fall-backs.

    The order of the candidates does not matter, and a candidate that comes twice counts once.

    Args:
        task: The task. A malformed one gets fall-backs from what is readable.
        candidates: What the proposers found; those of other tasks are ignored.

    Returns:
        One pair of attempts per test input.
    """
    n_test = len(task.test_inputs)
    ranked = rank_outputs(task, candidates) if isinstance(task, Task) else ((),) * n_test
    pairs = []
    for test_index in range(n_test):
        found = [Attempt(entry.grid, entry.reason, rank) for rank, entry in enumerate(ranked[test_index][:2])]
        if len(found) < 2:
            taken = {grid_key(attempt.grid) for attempt in found}
            spare = (
                Attempt(grid, f"fallback: {reason}")
                for grid, reason in fallback_grids(task, test_index)
                if grid_key(grid) not in taken
            )
            found.extend(list(spare)[: 2 - len(found)])
        pairs.append((found[0], found[1]))
    return TaskAttempts(task.task_id, tuple(pairs))
