"""A submission follows from the sources in its journal, and whatever was changed is noticed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from arc_solver.augment import View
from arc_solver.board import Board
from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence
from arc_solver.grids import as_grid
from arc_solver.journal import JournalContents
from arc_solver.report.rerunning import LIMITS, Rerun, rerun_programs
from arc_solver.sandbox.pool import Sandbox
from arc_solver.submission import build
from arc_solver.tasks import Challenges

FLIP = "def task(grid):\n    out = np.fliplr(grid)\n    return out\n"
TURNED = "def task(grid):\n    return np.flipud(grid)\n"


def found(challenges: Challenges) -> list[Candidate]:
    """For the first task a program and one for the task on its side, for the second a partial one, then a vote."""
    first, second, third = challenges.tasks
    flipped = as_grid(first.test_inputs[0][:, ::-1])
    view = View(4).text()
    return [
        Candidate(first.task_id, {0: flipped}, Origin("search"), ProgramEvidence(FLIP, 3, 3, 1.0)),
        Candidate(first.task_id, {0: flipped}, Origin("induction"), ProgramEvidence(TURNED, 3, 3, 9.0, view=view)),
        Candidate(
            second.task_id, {0: partly(challenges)}, Origin("search"), ProgramEvidence(half(challenges), 1, 3, 2.0)
        ),
        Candidate(third.task_id, {0: as_grid([[1]])}, Origin("transduction"), GridEvidence(-0.1, 1)),
    ]


def half(challenges: Challenges) -> str:
    pair = challenges.tasks[1].train[0]
    return f"def task(grid):\n    return np.fliplr(grid) if grid.tolist() == {pair.input.tolist()} else grid[:1]\n"


def partly(challenges: Challenges) -> Any:
    return as_grid(challenges.tasks[1].test_inputs[0][:1])


def submitted(challenges: Challenges, candidates: list[Candidate]) -> Any:
    board = Board(challenges)
    for one in candidates:
        board.add(one)
    return build(challenges, board.attempts())


def rerun(challenges: Challenges, submission: Any, candidates: list[Candidate]) -> Rerun:
    with Sandbox(LIMITS) as sandbox:
        return rerun_programs(submission, challenges, JournalContents("key", tuple(candidates)), sandbox)


def test_what_the_sources_give_is_what_was_submitted(flip_challenges: Challenges) -> None:
    candidates = found(flip_challenges)
    result = rerun(flip_challenges, submitted(flip_challenges, candidates), candidates)
    assert result.problems == []
    assert (result.n_attempts, result.n_from_programs, result.n_programs) == (6, 2, 3)
    assert sorted(result.lines) == [2, 3]
    assert result.longest_line == len(half(flip_challenges).splitlines()[1])
    assert "2 of 6 attempts come from programs; 3 programs ran again, 0 differences" in result.summary()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def task(grid):\n    return grid\n", "another grid"),
        ("def task(grid):\n    return grid / 0.5\n", "invalid output"),
        ("def task(grid):\n    raise KeyError\n", "raised KeyError"),
        ("def task(grid) nothing", "syntax"),
    ],
)
def test_a_source_that_was_changed_is_noticed(flip_challenges: Challenges, source: str, why: str) -> None:
    candidates = found(flip_challenges)
    submission = submitted(flip_challenges, candidates)
    changed = replace(candidates[0], evidence=ProgramEvidence(source, 3, 3, 1.0))
    problems = rerun(flip_challenges, submission, [changed, *candidates[1:]]).problems
    assert problems[0] == "task task0: a program gives 3 of 3 training pairs in the journal, 0 now"
    assert problems[1].startswith("task task0: [0].attempt_1: its program now gives: ")
    assert why in problems[1]
    assert len(problems) == 2


def test_a_source_that_is_right_on_the_demonstrations_only_is_noticed(flip_challenges: Challenges) -> None:
    candidates = found(flip_challenges)
    test = flip_challenges.tasks[0].test_inputs[0].tolist()
    source = f"def task(grid):\n    return grid if grid.tolist() == {test} else np.fliplr(grid)\n"
    changed = replace(candidates[0], evidence=ProgramEvidence(source, 3, 3, 1.0))
    result = rerun(flip_challenges, submitted(flip_challenges, candidates), [changed, *candidates[1:]])
    assert result.problems == ["task task0: [0].attempt_1: its program now gives: another grid"]


def test_the_view_of_a_program_counts(flip_challenges: Challenges) -> None:
    candidates = found(flip_challenges)
    changed = replace(candidates[1], evidence=ProgramEvidence(TURNED, 3, 3, 9.0))
    result = rerun(flip_challenges, submitted(flip_challenges, candidates), [candidates[0], changed, *candidates[2:]])
    assert len(result.problems) == 2


@pytest.mark.parametrize(("task_id", "attempt"), [("task0", "attempt_1"), ("task2", "attempt_2")])
def test_a_submission_that_was_changed_is_noticed(flip_challenges: Challenges, task_id: str, attempt: str) -> None:
    candidates = found(flip_challenges)
    submission = submitted(flip_challenges, candidates)
    submission[task_id][0][attempt] = [[7, 7]]
    problems = rerun(flip_challenges, submission, candidates).problems
    assert f"task {task_id}: [0].{attempt}: not what the journal's candidates give" in problems


def test_a_program_that_fails_on_an_earlier_input_is_run_alone(flip_challenges: Challenges) -> None:
    first = flip_challenges.tasks[0]
    bad = first.train[1].input.tolist()
    source = f"def task(grid):\n    assert grid.tolist() != {bad}\n    return np.fliplr(grid)\n"
    flipped = as_grid(first.test_inputs[0][:, ::-1])
    candidates = [Candidate(first.task_id, {0: flipped}, Origin("search"), ProgramEvidence(source, 1, 3, 1.0))]
    assert rerun(flip_challenges, submitted(flip_challenges, candidates), candidates).problems == []
