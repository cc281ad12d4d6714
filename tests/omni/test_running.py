"""Running our own programs in this process: what comes out, and that nothing hangs."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.grids import as_grid
from arc_solver.omni.running import run_program
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Ok, Program

GRIDS = (as_grid([[1, 2], [0, 3]]), as_grid([[4, 0, 0]]))


def program(body: str) -> str:
    return f"def task(grid):\n    {body}\n"


@pytest.mark.parametrize(
    "body",
    [
        "return transpose(grid)",
        "return np.where(grid == 0, 5, grid)",
        "return [[int(cell) for cell in row] for row in grid]",
        "return grid == 0",
        "grid[0, 0] = 7; return grid",
        "n = 0\n    while n < 9:\n        n += 1\n    return grid + (n - 9)",
    ],
)
def test_a_program_gives_what_it_gives_in_the_sandbox(body: str) -> None:
    before = [grid.copy() for grid in GRIDS]
    outputs = run_program(program(body), GRIDS)
    with Sandbox() as sandbox:
        (verdict,) = sandbox.run([Program(program(body), GRIDS)])
    assert isinstance(verdict, Ok)
    assert outputs is not None
    assert [grid.tolist() for grid in outputs] == [grid.tolist() for grid in verdict.outputs]
    assert all(np.array_equal(grid, old) for grid, old in zip(GRIDS, before, strict=True))
    assert all(grid.dtype == np.int8 and not grid.flags.writeable for grid in outputs)


@pytest.mark.parametrize(
    "source",
    [
        "no python at all",
        "task = 5\n",
        "def other(grid):\n    return grid\n",
        program("return grid[9]"),
        program("return grid + 9"),
        program("return 5"),
        program("return grid * 0.5"),
        program("return next(iter(()))"),
        program("return np.zeros((31, 1), int)"),
        program("return undefined"),
        program("while True:\n        pass"),
        program("for turn in range(3):\n        while grid.any():\n            turn += 1\n    return grid"),
        program("def inner(n):\n        return inner(n + 1)\n    return inner(0)"),
    ],
)
def test_what_fails_is_none(source: str) -> None:
    assert run_program(source, GRIDS) is None


def test_rounds_are_counted_for_each_grid_alone() -> None:
    source = program("n = 0\n    while n < 4000:\n        n += 1\n    return grid")
    assert run_program(source, GRIDS * 3) is not None
