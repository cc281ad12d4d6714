"""Programs that do the same have the same behaviour, others have not."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.omni.synthesis.behaviour import N_PROBES, behaviour, probes

IDENTITY = "def task(grid):\n    return grid\n"


def test_probes_are_varied_fixed_and_read_only() -> None:
    assert len(probes()) == N_PROBES
    assert len({(grid.shape, grid.tobytes()) for grid in probes()}) == N_PROBES
    assert len({grid.shape for grid in probes()}) > N_PROBES // 3
    assert {color for grid in probes() for color in np.unique(grid).tolist()} == set(range(10))
    assert not any(grid.flags.writeable for grid in probes())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("rotate_180(grid)", "flip_horizontal(flip_vertical(grid))"),
        ("crop(grid, 0, 0, 1, 1)", "grid[:1, :1].copy()"),
        ("grid[100, 100]", "largest_object([])"),
        ("replace_color(grid, 3, 3)", "grid"),
    ],
)
def test_equal_programs_have_one_behaviour(first: str, second: str) -> None:
    programs = [f"def task(grid):\n    return {text}\n" for text in (first, second)]
    assert behaviour(programs[0]) == behaviour(programs[1])


def test_different_programs_have_different_behaviours() -> None:
    calls = ["rotate_90(grid)", "rotate_270(grid)", "grid[100, 100]", "crop(grid, 0, 0, 2, 2)", "upscale(grid, 4)"]
    calls += [f"recolor(grid, {color})" for color in range(10)]
    programs = [IDENTITY, *(f"def task(grid):\n    return {call}\n" for call in calls)]
    assert len({behaviour(program) for program in programs}) == len(programs)


def test_shapes_count_and_failures_are_told_apart_from_outputs() -> None:
    flat, tall = (f"def task(grid):\n    return np.zeros({shape}, dtype=np.int8)\n" for shape in ((1, 4), (4, 1)))
    assert behaviour(flat) != behaviour(tall)
    some = probes()[:2]
    assert behaviour(IDENTITY, some) != behaviour(IDENTITY, some[::-1])
