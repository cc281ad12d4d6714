"""Two attempts for every test input of a task, never empty, never twice the same grid.

Knows nothing of files, time or solutions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from arc_solver.candidates import Candidate, Scored
from arc_solver.grids import Grid, grid_key
from arc_solver.tasks import MalformedTask, Task
from arc_solver.voting.fallback import fallback_grids
from arc_solver.voting.ranking import RankedGrid, rank_outputs


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


def choose_attempts(
    task: Task | MalformedTask, candidates: Iterable[Candidate] = (), scores: Iterable[Scored] = ()
) -> TaskAttempts:
    """Choose two different grids per test input: the best ranked ones, then fall-backs.

    The order of candidates and scores does not matter, and one that comes twice counts once.

    Args:
        task: The task. A malformed one gets fall-backs from what is readable.
        candidates: What the proposers found; those of other tasks are ignored.
        scores: What a model thinks of outputs.

    Returns:
        One pair of attempts per test input.
    """
    ranked = rank_outputs(task, candidates, scores) if isinstance(task, Task) else ((),) * len(task.test_inputs)
    return attempts_of(task, ranked)


def attempts_of(task: Task | MalformedTask, ranked: Sequence[Sequence[RankedGrid]]) -> TaskAttempts:
    """Choose two different grids per test input from those that `rank_outputs` ranked, then from fall-backs."""
    pairs = []
    for test_index, found in enumerate(ranked):
        first, second = itertools.islice(_in_order(task, test_index, found), 2)
        pairs.append((first, second))
    return TaskAttempts(task.task_id, tuple(pairs))


def _in_order(task: Task | MalformedTask, test_index: int, ranked: Sequence[RankedGrid]) -> Iterator[Attempt]:
    """Different answers, best first: what was found, the best fall-back, what the model itself doubts, the others."""
    answers = [Attempt(entry.grid, entry.reason, rank) for rank, entry in enumerate(ranked)]
    n_found = sum(entry.kind != "doubted" for entry in ranked)
    taken: set[bytes] = set()
    # Fall-backs are worked out only where they are asked for: it takes longer than everything else here.
    for attempt in itertools.chain(answers[:n_found], _with_doubted(task, test_index, answers[n_found:])):
        key = grid_key(attempt.grid)
        if key not in taken:
            taken.add(key)
            yield attempt


def _with_doubted(task: Task | MalformedTask, test_index: int, doubted: Sequence[Attempt]) -> Iterator[Attempt]:
    first, *others = (Attempt(grid, f"fallback: {reason}") for grid, reason in fallback_grids(task, test_index))
    yield first
    yield from doubted
    yield from others
