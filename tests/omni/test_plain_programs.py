"""Programs that may become training data from a file: those that compute grids and nothing else."""

from __future__ import annotations

import pytest

from arc_solver.omni.plain_programs import beyond_vocabulary
from arc_solver.omni.solvers import load_solvers


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "open('x', 'w')",
        "().__class__.__base__",
        "np.save('x', grid)",
        "grid.tofile('x')",
        "(i for i in grid).gi_frame",
        "getattr(grid, 'dump')",
        "f'{grid.ctypes}'",
        "'{0.__class__}'.format(grid)",
        "np.where = np.argwhere",
        "__builtins__",
        "eval('1')",
        "open = len",
        "global np",
    ],
)
def test_programs_that_do_more_than_compute_grids_are_refused(line: str) -> None:
    assert beyond_vocabulary(f"def task(grid):\n    {line}\n    return grid\n")


def test_the_vocabulary_suffices_for_hand_written_solvers() -> None:
    refused = [beyond_vocabulary(solver.source) for solver in load_solvers().values()]
    assert set(refused) == {""}


def test_a_name_for_what_nobody_needs_may_stand_among_the_built_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins._", None, raising=False)
    assert beyond_vocabulary("def task(grid):\n    _, first = grid[0, :2]\n    return grid * first\n") == ""
