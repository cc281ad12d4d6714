"""Programs that are wrong for their task become right for another: what is kept, what is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.augment import IDENTITY, View
from arc_solver.budget import Deadline, ManualClock
from arc_solver.finetune.hindsight import Relabelled, Written, relabel
from arc_solver.grids import as_grid, grids_equal
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.screening import Runner
from arc_solver.sandbox.verdicts import Failed, Ok, Program, Raised, Verdict
from arc_solver.tasks import Pair, Task

FLIP = "def task(grid):\n    return grid[:, ::-1]\n"
FLIP_LONGER = "def task(grid):\n    other = np.array(grid)\n    return other[:, ::-1]\n"
TURN = "def task(grid):\n    return grid.T\n"
UPSIDE_DOWN = "def task(grid):\n    return grid[::-1]\n"
SAME = "def task(grid):\n    return grid\n"
CONSTANT = "def task(grid):\n    return np.ones((2, 2), dtype=int)\n"
BROKEN = "def task(grid):\n    return grid[99]\n"
NO_SYNTAX = "def task(grid)\n"


def a_task(task_id: str = "t", n_pairs: int = 3) -> Task:
    rng = np.random.default_rng(3)
    grids = [as_grid(rng.integers(0, 10, (3, 4))) for _ in range(n_pairs + 1)]
    return Task(task_id, tuple(Pair(grid, as_grid(grid[::-1])) for grid in grids[:-1]), (grids[-1],))


def never() -> Deadline:
    return Deadline(ManualClock(), 1.0)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def relabelled(sandbox: Runner, sources: Sequence[str], view: View = IDENTITY, most: int = 9) -> Relabelled:
    return relabel([Written(a_task(), view, source) for source in sources], sandbox, never(), max_per_task=most)


def test_what_says_nothing_is_left_out(sandbox: Sandbox) -> None:
    found = relabelled(sandbox, [FLIP, SAME, CONSTANT, BROKEN, NO_SYNTAX, FLIP_LONGER, TURN])
    assert [lesson.source for lesson in found.lessons] == [TURN, FLIP]
    assert found.left_out == {
        "changes nothing": 1,
        "answers everything alike": 1,
        "fails": 2,
        "does what another does": 1,
    }


def test_a_lesson_is_what_the_program_computes_not_what_its_task_asks(sandbox: Sandbox) -> None:
    (lesson,) = relabelled(sandbox, [FLIP]).lessons
    assert lesson.task_id == "t"
    assert len(lesson.pairs) == 4
    for pair in lesson.pairs:
        assert grids_equal(pair.output, as_grid(pair.input[:, ::-1]))


def test_a_program_for_a_view_is_learned_in_that_view(sandbox: Sandbox) -> None:
    view = View(1, (0, 2, 1, 3, 4, 5, 6, 7, 8, 9))
    (lesson,) = relabelled(sandbox, [FLIP], view).lessons
    task = a_task()
    assert grids_equal(lesson.pairs[0].input, view.apply(task.train[0].input))
    assert grids_equal(lesson.pairs[0].output, as_grid(view.apply(task.train[0].input)[:, ::-1]))


def test_programs_of_two_views_that_do_the_same_to_the_task_are_one(sandbox: Sandbox) -> None:
    turned = Written(a_task(), View(1), FLIP)  # left and right of the turned task are up and down of the task
    found = relabel([turned, Written(a_task(), IDENTITY, UPSIDE_DOWN)], sandbox, never(), max_per_task=9)
    assert len(found.lessons) == 1
    assert found.left_out == {"does what another does": 1}


def test_those_that_reproduce_demonstrations_come_first_then_the_short_ones(sandbox: Sandbox) -> None:
    found = relabelled(sandbox, [FLIP, TURN, UPSIDE_DOWN], most=2)
    assert [lesson.source for lesson in found.lessons] == [UPSIDE_DOWN, TURN]
    assert found.left_out == {"more than are needed": 1}


@settings(max_examples=10, deadline=None)
@given(order=st.permutations([FLIP, SAME, UPSIDE_DOWN, FLIP_LONGER, TURN, BROKEN, FLIP]))
def test_the_order_of_the_programs_does_not_matter(sandbox: Sandbox, order: list[str]) -> None:
    found = relabelled(sandbox, order)
    assert [lesson.source for lesson in found.lessons] == [UPSIDE_DOWN, TURN, FLIP]


def test_inputs_that_come_twice_are_no_two_pairs(sandbox: Sandbox) -> None:
    task = a_task(n_pairs=2)
    doubled = Task("t", (task.train[0], task.train[0], task.train[1]), (task.train[0].input,))
    found = relabel([Written(doubled, IDENTITY, FLIP)], sandbox, never(), max_per_task=9)
    assert found.lessons == ()
    assert found.left_out == {"too few inputs": 1}


class Moody:
    """A runner whose second answer is another one."""

    def normalise(self, sources: Sequence[str], deadline: Deadline | None = None) -> list[Failed]:
        raise AssertionError

    def run(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        return [Ok(tuple(as_grid(grid[::-1]) for grid in program.inputs)) for program in programs]

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        return [Raised() if program.source == TURN else Ok(program.inputs) for program in programs]


@pytest.mark.parametrize("source", [FLIP, TURN])
def test_what_is_not_the_same_again_is_not_learned(source: str) -> None:
    found = relabelled(Moody(), [source])
    assert found.lessons == ()
    assert found.left_out == {"not the same again": 1}
