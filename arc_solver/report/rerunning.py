"""Does what was submitted follow from its sources? Every program behind an attempt is run again from its text alone.

The journal's candidates are voted on once more, so that each attempt is known by the programs that stand for it; those
run in a fresh sandbox on the task's grids. Knows nothing of right answers.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from arc_solver.augment import View
from arc_solver.board import Board
from arc_solver.candidates import ProgramEvidence
from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.journal import JournalContents
from arc_solver.report.behind import programs_behind
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Failed, Program, Verdict
from arc_solver.submission import ATTEMPT_KEYS
from arc_solver.tasks import Challenges, Task

LIMITS = Limits(cpu_s=2.0, solo_cpu_s=10.0)
"""Wider than a run's: a program that ran there must not fail here because the machine is busy."""

_Key = tuple[str, str]
"""Source and view of a program."""


@dataclass(slots=True)
class Rerun:
    """What came of running the programs of a submission again.

    Attributes:
        n_attempts: Attempts of all tasks that can be read.
        n_from_programs: Those that a program stands for.
        n_programs: Programs that ran, each once a task.
        problems: A line for each attempt or program that differs.
        lines: Lines of the simplest program of each attempt, one for each task and source.
        longest_line: Characters of the longest of those lines.
    """

    n_attempts: int = 0
    n_from_programs: int = 0
    n_programs: int = 0
    problems: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    longest_line: int = 0

    def to_json(self) -> dict[str, Any]:
        """The figures, with every problem."""
        ordered = sorted(self.lines) or [0]
        return {
            "n_attempts": self.n_attempts,
            "n_from_programs": self.n_from_programs,
            "n_programs": self.n_programs,
            "n_problems": len(self.problems),
            "problems": self.problems,
            "lines_median": statistics.median(ordered),
            "lines_90": ordered[int(0.9 * (len(ordered) - 1))],
            "lines_max": ordered[-1],
            "longest_line": self.longest_line,
        }

    def summary(self) -> str:
        """One line for people."""
        value = self.to_json()
        return (
            f"programs: {value['n_from_programs']} of {value['n_attempts']} attempts come from programs; "
            f"{value['n_programs']} programs ran again, {value['n_problems']} differences; lines of the simplest: "
            f"median {value['lines_median']:g}, 90% {value['lines_90']}, most {value['lines_max']}; "
            f"longest line {value['longest_line']}"
        )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt with the programs that stand for it."""

    name: str
    test_index: int
    submitted: Grid
    programs: tuple[ProgramEvidence, ...]


def rerun_programs(
    submission: Mapping[str, Any], challenges: Challenges, journal: JournalContents, sandbox: Sandbox
) -> Rerun:
    """Run the programs of a submission again, each on all grids of its task.

    Args:
        submission: A valid submission for the challenges.
        challenges: The tasks.
        journal: What the run found.
        sandbox: Where the programs run.
    """
    board = Board(challenges)
    for candidate in journal.candidates:
        board.add(candidate)
    for score in journal.scores:
        board.add(score)
    attempts = board.attempts()
    result = Rerun()
    for task in challenges.tasks:
        chosen = [
            _Attempt(f"[{index}].{key}", index, as_grid(submission[task.task_id][index][key]), programs)
            for index, pair in enumerate(attempts[task.task_id].pairs)
            for key, attempt in zip(ATTEMPT_KEYS, pair, strict=True)
            for standing in [programs_behind(board.candidates[task.task_id], index, attempt.grid)]
            for programs in [tuple(one.program for one in standing)]
        ]
        voted = [attempt.grid for pair in attempts[task.task_id].pairs for attempt in pair]
        for one, grid in zip(chosen, voted, strict=True):
            if not grids_equal(one.submitted, grid):
                result.problems.append(f"task {task.task_id}: {one.name}: not what the journal's candidates give")
        _run_again(task, chosen, sandbox, result)
    return result


def _run_again(task: Task, attempts: Sequence[_Attempt], sandbox: Sandbox, result: Rerun) -> None:
    programs = {(one.source, one.view): one for attempt in attempts for one in attempt.programs}
    verdicts = dict(zip(programs, sandbox.confirm([_program(task, one) for one in programs.values()]), strict=True))
    result.n_attempts += len(attempts)
    result.n_from_programs += sum(bool(attempt.programs) for attempt in attempts)
    result.n_programs += len(programs)
    for key, one in programs.items():
        n_passed = _n_passed(task, verdicts[key], View.from_text(one.view))
        if n_passed != one.n_train_passed:
            claim = f"{one.n_train_passed} of {one.n_train} training pairs in the journal, {n_passed} now"
            result.problems.append(f"task {task.task_id}: a program gives {claim}")
    for attempt in attempts:
        result.problems.extend(_differences(task, attempt, verdicts, sandbox))
    for source in dict.fromkeys(attempt.programs[0].source for attempt in attempts if attempt.programs):
        lines = source.splitlines()
        result.lines.append(sum(bool(line.strip()) for line in lines))
        result.longest_line = max(result.longest_line, *map(len, lines), 0)


def _differences(task: Task, attempt: _Attempt, verdicts: Mapping[_Key, Verdict], sandbox: Sandbox) -> Iterator[str]:
    for one in attempt.programs:
        view, verdict, place = View.from_text(one.view), verdicts[one.source, one.view], len(task.train)
        given = verdict.outputs[place + attempt.test_index :]
        if not given:
            # It may fail on an input before this one, or take long on all together.
            alone = Program(one.source, (view.apply(task.test_inputs[attempt.test_index]),))
            (verdict,) = sandbox.confirm([alone])
            given = verdict.outputs
        if given and grids_equal(view.invert(given[0]), attempt.submitted):
            continue
        what = verdict.reason if not given and isinstance(verdict, Failed) else "another grid"
        yield f"task {task.task_id}: {attempt.name}: its program now gives: {what}"


def _program(task: Task, one: ProgramEvidence) -> Program:
    view = View.from_text(one.view)
    return Program(one.source, tuple(map(view.apply, (*(pair.input for pair in task.train), *task.test_inputs))))


def _n_passed(task: Task, verdict: Verdict, view: View) -> int:
    return sum(
        grids_equal(view.invert(grid), pair.output) for pair, grid in zip(task.train, verdict.outputs, strict=False)
    )
