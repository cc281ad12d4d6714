"""A run as its files tell it: for each task the two attempts, what stands behind them and what else was found.

The attempts are those of the submission; the journal explains them by voting once more. Knows nothing of right answers
or of pages.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arc_solver.candidates import Candidate, Scored
from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.journal import JournalContents
from arc_solver.report.behind import Standing, programs_behind
from arc_solver.submission import ATTEMPT_KEYS
from arc_solver.tasks import Challenges, MalformedTask, Task
from arc_solver.voting import RankedGrid, attempts_of, rank_outputs

_Timed = tuple[Candidate, float | None]

FALLBACK = "fall-back"
"""Who answers where no proposer does."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left behind.

    Attributes:
        name: What to call it.
        submission: Its answers, as `submission.load` reads them; None to take what the journal's candidates give.
        journal: What it found, None where no journal is known.
    """

    name: str
    submission: Mapping[str, Any] | None = None
    journal: JournalContents | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt at one test input.

    Attributes:
        grid: The answer, None where there is no well-formed one.
        reason: Why it was chosen; empty where the journal does not tell.
        proposers: Who stands for it, `FALLBACK` among them; empty where the journal does not tell.
        programs: The programs that gave it, the simplest first.
        found_s: When it was first proposed, in seconds since the run's start; None where that is not known.
    """

    grid: Grid | None
    reason: str = ""
    proposers: tuple[str, ...] = ()
    programs: tuple[Standing, ...] = ()
    found_s: float | None = None

    @property
    def is_fallback(self) -> bool:
        return self.proposers == (FALLBACK,)


@dataclass(frozen=True, slots=True)
class TaskAnswers:
    """What a run says of one task.

    Attributes:
        attempts: Per test input: attempt 1 and attempt 2.
        ranked: Per test input: every distinct grid that was found, best first.
        candidates: What the proposers found.
    """

    attempts: tuple[tuple[Answer, Answer], ...]
    ranked: tuple[tuple[RankedGrid, ...], ...] = ()
    candidates: tuple[Candidate, ...] = ()


def answers_of(run: Run, challenges: Challenges) -> dict[str, TaskAnswers]:
    """What a run says of each task, in the file's order; of a task that it left out, attempts without grids."""
    candidates: dict[str, list[_Timed]] = {}
    scores: dict[str, list[Scored]] = {}
    if run.journal is not None:
        for one, found_s in itertools.zip_longest(run.journal.candidates, run.journal.found_s):
            candidates.setdefault(one.task_id, []).append((one, found_s))
        for score in run.journal.scores:
            scores.setdefault(score.task_id, []).append(score)
    return {
        task_id: _TaskVotes(run, task, candidates.get(task_id, ()), scores.get(task_id, ())).answers()
        for task_id, task in challenges.by_id().items()
    }


def submission_of(run: Run, answers: Mapping[str, TaskAnswers]) -> Mapping[str, Any]:
    """The run's submission, or the one that its journal gives."""
    if run.submission is not None:
        return run.submission
    return {
        task_id: [
            {key: one.grid.tolist() for key, one in zip(ATTEMPT_KEYS, pair, strict=True) if one.grid is not None}
            for pair in said.attempts
        ]
        for task_id, said in answers.items()
    }


class _TaskVotes:
    """The votes on one task once more, which explain what was submitted."""

    def __init__(self, run: Run, task: Task | MalformedTask, found: Sequence[_Timed], scores: Sequence[Scored]) -> None:
        self._run, self._task, self._found = run, task, found
        self._candidates = tuple(candidate for candidate, _ in found)
        self._ranked: tuple[tuple[RankedGrid, ...], ...] = ((),) * len(task.test_inputs)
        if isinstance(task, Task):
            self._ranked = rank_outputs(task, self._candidates, scores)
        self._chosen = attempts_of(task, self._ranked) if run.journal is not None else None

    def answers(self) -> TaskAnswers:
        """What the run says of the task."""
        pairs = []
        for index in range(len(self._task.test_inputs)):
            first, second = (self._explained(grid, index) for grid in self._grids(index))
            pairs.append((first, second))
        return TaskAnswers(tuple(pairs), self._ranked, self._candidates)

    def _grids(self, index: int) -> tuple[Grid | None, Grid | None]:
        if self._run.submission is not None:
            return _submitted(self._run.submission, self._task.task_id, index)
        if self._chosen is None:
            return None, None
        first, second = self._chosen.pairs[index]
        return first.grid, second.grid

    def _explained(self, grid: Grid | None, index: int) -> Answer:
        """An attempt with what the journal knows about it."""
        if grid is None or self._chosen is None:
            return Answer(grid)
        for entry in self._ranked[index]:
            if grids_equal(entry.grid, grid):
                programs = programs_behind(self._candidates, index, grid)
                return Answer(grid, entry.reason, entry.proposers, programs, self._first_s(grid, index))
        for attempt in self._chosen.pairs[index]:
            if grids_equal(attempt.grid, grid):
                return Answer(grid, attempt.reason.removeprefix("fallback: "), (FALLBACK,))
        return Answer(grid, "not what the journal's candidates give")

    def _first_s(self, grid: Grid, index: int) -> float | None:
        times = [
            found_s
            for candidate, found_s in self._found
            if found_s is not None and index in candidate.outputs and grids_equal(candidate.outputs[index], grid)
        ]
        return min(times, default=None)


def _submitted(submission: Mapping[str, Any], task_id: str, index: int) -> tuple[Grid | None, Grid | None]:
    entries = submission.get(task_id)
    entry = entries[index] if isinstance(entries, list) and index < len(entries) else None
    first, second = (_grid(entry.get(key)) if isinstance(entry, Mapping) else None for key in ATTEMPT_KEYS)
    return first, second


def _grid(value: Any) -> Grid | None:
    try:
        return as_grid(value)
    except GridError:
        return None
