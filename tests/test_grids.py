from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arc_solver.errors import GridError
from arc_solver.grids import MAX_SIDE, as_grid, frozen, grid_key, grids_equal, read_grid, to_lists, to_text

sides = st.integers(1, MAX_SIDE)
arrays_of_colors = st.tuples(sides, sides).flatmap(lambda shape: arrays(np.int8, shape, elements=st.integers(0, 9)))


@settings(deadline=None)
@given(arrays_of_colors)
def test_lists_and_grids_are_inverse(array):
    grid = as_grid(array)
    again = as_grid(to_lists(grid))
    assert grids_equal(grid, again)
    assert grid.dtype == np.int8
    assert type(to_lists(grid)[0][0]) is int


@settings(deadline=None)
@given(arrays_of_colors)
def test_text_and_grids_are_inverse(array):
    grid = as_grid(array)
    assert grids_equal(read_grid(to_text(grid)), grid)
    assert grids_equal(read_grid(to_lists(grid)), grid)
    assert not read_grid(to_text(grid)).flags.writeable
    assert len(to_text(grid)) == grid.size + grid.shape[0] - 1


def test_text_is_to_be_read_by_people():
    assert to_text(as_grid([[0, 1, 2], [3, 4, 5]])) == "012/345"


@pytest.mark.parametrize(
    "text", ["", "/", "1/", "12/3", "1a", "1 2", "-1", "\u0661", "0" * 31, "/".join("0" * 31), None, 5, [[11]], ["12"]]
)
def test_what_is_no_grid_is_refused(text):
    with pytest.raises(GridError):
        read_grid(text)


@settings(deadline=None)
@given(arrays_of_colors, arrays_of_colors)
def test_keys_are_equal_exactly_for_equal_grids(a, b):
    grid_a, grid_b = as_grid(a), as_grid(b)
    assert (grid_key(grid_a) == grid_key(grid_b)) == grids_equal(grid_a, grid_b)
    assert grid_key(grid_a) == grid_key(as_grid(a.copy()))


def test_key_tells_shapes_of_equal_cells_apart():
    assert grid_key(as_grid([[1, 2, 3, 4]])) != grid_key(as_grid([[1, 2], [3, 4]]))
    assert not grids_equal(as_grid([[1, 1]]), as_grid([[1], [1]]))


def test_a_grid_is_read_only_and_no_alias():
    array = np.zeros((2, 2), dtype=np.int8)
    for grid in (as_grid(array), frozen(array), frozen(array[:, ::-1])):
        array[0, 0] = 0
        with pytest.raises(ValueError, match="read-only"):
            grid[0, 0] = 1
        array[0, 0] = 5
        assert grid[0, 0] == 0
        array[0, 0] = 0


def test_frozen_makes_views_contiguous():
    grid = frozen(np.arange(6, dtype=np.int8).reshape(2, 3).T)
    assert grid.flags.c_contiguous
    assert to_lists(grid) == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "the grid has no rows"),
        ([[]], "the grid is 1x0, a side must be at least 1"),
        ([[1, 2], [3]], "ragged: row 0 has 2 cells, row 1 has 1"),
        ([[0] * 31], "the grid is 1x31, a side may be at most 30"),
        ([[0]] * 31, "the grid is 31x1, a side may be at most 30"),
        ([[0, 10]], "row 0 holds 10, outside 0..9"),
        ([[0], [-1]], "row 1 holds -1, outside 0..9"),
        ([[1.0]], "row 0 holds 1.0, which is not an integer"),
        ([[True]], "row 0 holds True, which is not an integer"),
        ([["1"]], "row 0 holds '1', which is not an integer"),
        ([[None]], "row 0 holds None, which is not an integer"),
        ([1, 2], "row 0 must be a list, not int"),
        (["12"], "row 0 must be a list, not str"),
        ("12", "a grid must be a list of rows, not str"),
        ({}, "a grid must be a list of rows, not dict"),
        (None, "a grid must be a list of rows, not NoneType"),
        (np.zeros((2, 2, 2), dtype=int), "a grid must have 2 dimensions, not 3"),
        (np.zeros((2, 2)), "a grid must hold integers, not float64"),
        (np.zeros((2, 2), dtype=bool), "a grid must hold integers, not bool"),
        (np.zeros((0, 2), dtype=int), "the grid is 0x2, a side must be at least 1"),
        (np.full((2, 2), 256), "a symbol lies outside 0..9"),
    ],
)
def test_what_is_no_grid_is_told_exactly(value, message):
    with pytest.raises(GridError) as caught:
        as_grid(value)
    assert str(caught.value) == message


def test_numpy_integers_in_lists_are_read():
    assert to_lists(as_grid([[np.int64(3), np.int8(4)]])) == [[3, 4]]
