"""Edited programs do what the edit says."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.omni import edits
from arc_solver.omni.running import run_program
from arc_solver.prompts.arguments import ArgumentError, with_argument

GRID = as_grid(np.array([[1, 2, 0], [0, 3, 3]]))

SHORT = "def task(grid):\n    return flip_horizontal(grid)\n"
LONG = """def task(grid):
    def turned(part):
        if height(part) > 9:
            return part
        return rotate_90(part)

    for _ in range(3):
        grid = turned(grid)
    return logical_or(
        grid,
        grid, 3
    )
"""
EARLY = """def task(grid):
    for color in range(10):
        if count_cells(grid, color) == 1:
            return recolor(grid, color)
    return grid
"""


def output(source: str, grid: Grid = GRID) -> Grid:
    outputs = run_program(source, [grid])
    assert outputs is not None, source
    return outputs[0]


@pytest.mark.parametrize("source", [SHORT, LONG, EARLY])
def test_a_first_line_comes_before_all_else(source: str) -> None:
    edited = edits.with_first_line(source, "grid = transpose(grid)")
    assert grids_equal(output(edited), output(source, as_grid(GRID.T)))


@pytest.mark.parametrize("source", [SHORT, LONG, EARLY])
def test_a_last_call_takes_what_the_program_returns(source: str) -> None:
    edited = edits.with_last_call(source, "upscale({}, 2)")
    assert grids_equal(output(edited), as_grid(np.kron(output(source), np.ones((2, 2), dtype=int))))


@pytest.mark.parametrize("first", [SHORT, LONG, EARLY])
@pytest.mark.parametrize("second", [SHORT, LONG, EARLY])
def test_a_sequence_is_one_program_after_the_other(first: str, second: str) -> None:
    assert grids_equal(output(edits.in_sequence(first, second)), output(second, output(first)))


def test_programs_with_one_exit_get_no_inner_function() -> None:
    assert edits.with_last_call(SHORT, "transpose({})").count("def ") == 1
    assert edits.in_sequence(SHORT, SHORT).count("def ") == 1
    assert edits.in_sequence(EARLY, SHORT).count("def ") == 2


def test_numbers_that_mean_colors_are_told_from_others() -> None:
    source = (
        "def task(grid):\n"
        "    out = recolor(crop(grid, 1, 1, 2, 2), color=3)\n"
        "    out[grid == 4] = 5\n"
        "    é = '4'; out[0, 6 if height(grid) == 7 else 1] = 8\n"
        "    return swap_colors(out, 9, 1) if grid[0, 1] == 2 else out\n"
    )
    assert [literal.color for literal in edits.color_literals(source)] == [3, 4, 5, 8, 9, 1, 2]
    changed = edits.with_colors(source, {3: 0, 8: 3, 7: 1, 4: 1})
    assert changed == source.replace("color=3", "color=0").replace("= 8", "= 3").replace("grid == 4", "grid == 1")


def test_a_color_keeps_its_role_elsewhere() -> None:
    source = "def task(grid):\n    return replace_color(grid, 3, 6)\n"
    assert edits.with_colors(source, {3: 1}) == source.replace("3, 6", "1, 6")
    assert edits.with_colors(source, {}) == source


def test_blank_lines_do_not_count() -> None:
    assert edits.n_lines(LONG) == 11


@pytest.mark.parametrize("edited", [edits.with_last_call(EARLY, "transpose({})"), edits.in_sequence(EARLY, SHORT)])
def test_the_argument_can_still_be_renamed_where_there_is_an_inner_function(edited: str) -> None:
    renamed = with_argument(edited, "input_grid")
    assert "def task(input_grid):" in renamed
    assert grids_equal(output(renamed), output(edited))


def test_a_program_whose_argument_cannot_be_renamed_becomes_no_inner_function() -> None:
    stubborn = "def task(grid):\n    if True:\n        return (lambda grid: grid.T)(grid)\n    return grid\n"
    with pytest.raises(ArgumentError):
        edits.with_last_call(stubborn, "transpose({})")
