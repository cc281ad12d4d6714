"""The enumerator: what it finds, what it prunes, when it stops."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.dsl.registry import PRIMITIVES, Grid, Object, Primitive
from arc_solver.proposers.search.enumerate import Bank, Enumeration, enumerated_drafts
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.values import signature
from arc_solver.tasks import Task


def enumerate_for(task: Task, max_programs: int) -> Bank:
    return Enumeration(Examples.of_task(task), max_programs, Deadline.after(1, ManualClock())).run()


def expressions(bank: Bank, type_name: str) -> list[str]:
    return [value.expression for value in bank.values[type_name]]


FOUND = {
    "one call": ([("12/34", "21/43"), ("501/230", "105/032")], "67/89", "flip_horizontal(grid)"),
    "a constant": ([("12/30", "1122/1122/3300/3300"), ("5", "55/55")], "70", "upscale(grid, 2)"),
    "two calls": (
        [("0000/0120/0000", "21"), ("000/034/005", "43/50")],
        "0067",
        "flip_horizontal(crop_to_content(grid))",
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_finds(name: str, toy_task) -> None:
    pairs, test, expression = FOUND[name]
    bank = enumerate_for(toy_task(pairs, test), 6000)
    wanted = [value for value in bank.values["grid"] if value.expression == expression]
    assert bank.fitting
    # The expected program or a cheaper one of the same behaviour was kept.
    assert wanted == bank.fitting[:1] or bank.fitting[0].cost <= 4


def test_of_equal_behaviours_one_is_kept(toy_task) -> None:
    bank = enumerate_for(toy_task([("11/11", "1"), ("22/22", "2")], "33/33"), 2000)
    kept = expressions(bank, "grid")
    assert "grid" in kept
    assert "flip_horizontal(grid)" not in kept, "it does nothing to grids of one colour"
    keys = [signature("grid", value.results) for value in bank.values["grid"]]
    assert len(set(keys)) == len(keys)


def test_the_test_input_tells_behaviours_apart(toy_task) -> None:
    pairs = [("11/11", "1"), ("22/22", "2")]
    assert "flip_horizontal(grid)" in expressions(enumerate_for(toy_task(pairs, "12/33"), 500), "grid")


@pytest.mark.parametrize("max_programs", [0, 1, 7, 300])
def test_the_budget_is_a_count_of_programs(max_programs: int, toy_task) -> None:
    bank = enumerate_for(toy_task([("120/304", "3")], "67/89"), max_programs)
    assert bank.n_programs == max_programs


def test_a_larger_budget_finds_more(toy_task) -> None:
    task = toy_task([("120/304", "3")], "67/89")
    small, large = (expressions(enumerate_for(task, n), "grid") for n in (300, 900))
    assert set(small) < set(large)


def test_last_steps_have_the_size_of_the_outputs(toy_task) -> None:
    task = toy_task([("120/304", "00/00"), ("5060/7008/0900", "000/000")], "67/89")
    search = Enumeration(Examples.of_task(task), 4000, Deadline.after(1, ManualClock()))
    last = [value for value in search.run().values["grid"] if value.price > search._at[0]]
    assert last
    for value in last:
        assert [grid.shape for grid in value.results[:2]] == [(2, 2), (2, 3)]


def test_the_deadline_stops_it(toy_task) -> None:
    clock = ManualClock()
    deadline = Deadline.after(1, clock)
    clock.advance(2)
    task = toy_task([("120/304", "3")], "67/89")
    assert Enumeration(Examples.of_task(task), 1000, deadline).run().n_programs == 0


def test_a_new_primitive_is_searched(toy_task, monkeypatch: pytest.MonkeyPatch) -> None:
    def secret(grid: Grid) -> Grid:
        return np.full((2, 3), 7, dtype=np.int8)

    monkeypatch.setitem(PRIMITIVES, "secret", Primitive("secret", secret, (Grid,), Grid, "test"))
    bank = enumerate_for(toy_task([("120/304", "777/777")], "67/89"), 3000)
    assert "secret(grid)" in [value.expression for value in bank.fitting]


def test_errors_and_useless_results_of_primitives_are_data(toy_task, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(grid: Grid) -> Grid:
        raise IndexError(grid)

    def huge(grid: Grid) -> Grid:
        return np.zeros((31, 31), dtype=np.int8)

    for function in (broken, huge):
        monkeypatch.setitem(
            PRIMITIVES, function.__name__, Primitive(function.__name__, function, (Grid,), Grid, "test")
        )
    kept = " ".join(expressions(enumerate_for(toy_task([("120/304", "3")], "67/89"), 2000), "grid"))
    assert "broken" not in kept
    assert "huge" not in kept


def test_near_misses_are_written_too(toy_task) -> None:
    task = toy_task([("123/456", "321/654"), ("120/000", "021/009")], "67/89")
    examples = Examples.of_task(task)
    drafts = list(enumerated_drafts(examples, enumerate_for(task, 300)))
    assert "return flip_horizontal(grid)" in drafts[0].source


def test_signatures_tell_values_apart() -> None:
    grid = np.array([[1, 2]], dtype=np.int8)
    obj = Object(grid, 0, 1, np.array([[True, False]]))
    moved = Object(grid, 1, 1, np.array([[True, False]]))
    values = [
        ("grid", [grid]),
        ("grid", [grid.T]),
        ("grid", [grid, grid]),
        ("grids", [[grid]]),
        ("grids", [[grid, grid]]),
        ("grids", [[grid], [grid]]),
        ("object", [obj]),
        ("object", [moved]),
        ("objects", [[obj, moved]]),
        ("color", [1]),
        ("count", [1]),
        ("count", [1, 1]),
        ("count", [11]),
    ]
    keys = [signature(type_name, results) for type_name, results in values]
    assert len(set(keys)) == len(keys)
    assert signature("grid", [grid.copy()]) == keys[0]
