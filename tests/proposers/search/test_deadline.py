"""The deadline cuts solvers at their work; one that nothing reaches changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.grids import as_grid
from arc_solver.proposers.search.examples import Draft, Examples, TimeUp
from arc_solver.proposers.search.solvers import CHEAP_SOLVERS, cell_rules
from arc_solver.proposers.search.stability import stable_drafts
from arc_solver.proposers.search.stages import TaskSearch
from arc_solver.tasks import Pair, Task

SLOW = {"object_actions": CHEAP_SOLVERS["object_actions"], "drawing": CHEAP_SOLVERS["drawing"]}
SLOW["cell_rules"] = cell_rules.solve


class TickingClock:
    """A second passes whenever somebody looks."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def now_s(self) -> float:
        self.time_s += 1.0
        return self.time_s


def scattered() -> Task:
    """Few objects, of which random cells become another colour: no rule explains it."""
    rng = np.random.default_rng(5)
    pairs = []
    for _ in range(4):
        grid = np.zeros((10, 10), dtype=np.int8)
        for row, col in ((1, 1), (1, 6), (6, 2), (7, 7)):
            grid[row : row + 2, col : col + 2] = rng.integers(1, 4)
        pairs.append((grid, np.where(rng.random(grid.shape) < 0.3, 5, grid)))
    *train, test = [Pair(as_grid(given), as_grid(wanted)) for given, wanted in pairs]
    return Task("scattered", tuple(train), (test.input,))


@pytest.mark.parametrize("name", SLOW)
def test_slow_solvers_look_at_the_time_often_and_stop(name: str) -> None:
    clock = TickingClock()
    list(SLOW[name](Examples.of_task(scattered(), Deadline(clock, 1e9))))
    n_looks = int(clock.time_s)
    assert n_looks >= 3
    for allowed in (1, n_looks // 2):
        clock = TickingClock()
        with pytest.raises(TimeUp):
            list(SLOW[name](Examples.of_task(scattered(), Deadline(clock, allowed))))
        assert clock.time_s <= allowed + 1


def test_pairs_are_left_out_only_while_there_is_time() -> None:
    clock = ManualClock()

    def solve(examples: Examples) -> Iterator[Draft]:
        clock.advance(1.0)
        yield examples.draft("toy", ("return grid",), 1.0)

    with pytest.raises(TimeUp):
        list(stable_drafts(solve, Examples.of_task(scattered(), Deadline(clock, 2.5))))
    assert clock.now_s() == 3.0
    assert len(list(stable_drafts(solve, Examples.of_task(scattered(), Deadline(clock, 99))))) == 1


@pytest.mark.parametrize("name", SLOW)
def test_a_deadline_that_nothing_reaches_changes_nothing(name: str, toy_task: Callable[..., Task]) -> None:
    task = toy_task([("0300/0000", "0344/0000"), ("0000/3000/0000", "0000/3444/0000")], "00000/00030")
    plain, timed = (Examples.of_task(task, deadline) for deadline in (None, Deadline(TickingClock(), 1e9)))
    assert list(SLOW[name](plain)) == list(SLOW[name](timed))


def test_examples_made_of_others_keep_the_deadline() -> None:
    deadline = Deadline(ManualClock(), 1.0)
    examples = Examples.of_task(scattered(), deadline)
    assert examples.without(0).deadline is deadline
    assert examples.after(("grid = grid.T",), examples.inputs, 1.0).deadline is deadline


def test_what_a_stage_found_before_it_was_cut_counts() -> None:
    clock = ManualClock()

    def solve(examples: Examples) -> Iterator[Draft]:
        yield examples.draft("toy", ("return grid",), 1.0)
        clock.advance(2.0)
        examples.check_time()
        yield examples.draft("toy", ("return grid.T",), 1.0)

    search = TaskSearch(scattered(), Deadline(clock, 1.0))
    assert [draft.body for draft in search._drafts([solve(search.examples)])] == [("return grid",)]
    assert search._drafts([solve(search.examples)]) == []
