"""What each cell map says, as a table of facts, and that the table is complete."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arc_solver.dsl.registry import PRIMITIVES, Color, Grid

GROUPS = ("features", "components")
RING = [[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 2]]
DOTS = [[1, 0, 0], [0, 1, 0], [0, 0, 3]]

# name -> (grid, further arguments, result) cases.
CASES: dict[str, list[tuple[list[list[int]], tuple[Any, ...], Any]]] = {
    "component_size": [
        (RING, (False, True), [[8, 8, 8, 2], [8, 1, 8, 2], [8, 8, 8, 1]]),
        (RING, (False, False), [[9, 9, 9, 2], [9, 1, 9, 2], [9, 9, 9, 9]]),
        (DOTS, (True, True), [[2, 6, 6], [6, 2, 6], [6, 6, 1]]),
    ],
    "component_height": [(DOTS, (True, True), [[2, 3, 3], [3, 2, 3], [3, 3, 1]])],
    "component_width": [(RING, (False, True), [[3, 3, 3, 1], [3, 1, 3, 1], [3, 3, 3, 1]])],
    "component_rank": [(RING, (False, True), [[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])],
    "component_rank_up": [(RING, (False, True), [[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 0]])],
    "component_twins": [(DOTS, (False, True), [[3, 0, 0], [0, 3, 0], [0, 0, 3]])],
    "component_holes": [
        (RING, (False, True), [[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0]]),
        ([[1, 1, 1], [1, 0, 1], [1, 1, 0]], (True, True), [[1, 1, 1], [1, 0, 1], [1, 1, 0]]),
        ([[1, 1, 1], [1, 0, 1], [1, 0, 1]], (False, True), [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
    ],
    "component_fills_box": [(RING, (False, True), [[0, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 1]])],
    "component_on_edge": [(RING, (False, True), [[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1]])],
    "component_symmetric": [([[1, 1, 0], [0, 1, 0]], (False, True), [[0, 0, 3], [3, 0, 3]])],
    "component_colors": [(DOTS, (True,), [[2, 1, 1], [1, 2, 1], [1, 1, 2]])],
    "component_color": [
        (DOTS, (True, False), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        (DOTS, (True, True), [[3, 0, 0], [0, 3, 0], [0, 0, 3]]),
    ],
    "component_place": [(DOTS, (True, True, False), [[0, 0, 0], [1, 1, 1], [2, 2, 0]])],
    "box_color": [(RING, (False,), [[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 2]])],
    "ray_color": [
        (DOTS, (0, 1), [[0, 0, 0], [1, 0, 0], [3, 3, 0]]),
        (DOTS, (1, 0), [[0, 1, 3], [0, 0, 3], [0, 0, 0]]),
        (DOTS, (1, 1), [[1, 0, 0], [0, 3, 0], [0, 0, 0]]),
        (DOTS, (-1, 1), [[0, 0, 0], [0, 0, 0], [1, 0, 0]]),
        ([[8, 8, 1]], (0, 1), [[1, 1, 8]]),
    ],
    "ray_distance": [
        (DOTS, (0, 1), [[0, 0, 0], [1, 0, 0], [2, 1, 0]]),
        (DOTS, (-1, 0), [[0, 0, 0], [1, 0, 0], [2, 1, 0]]),
    ],
    "mirrored_components": [
        ([[1, 0, 2], [1, 0, 2]], (True, 0), [[2, 0, 1], [2, 0, 1]]),
        ([[1, 0, 2], [3, 0, 2]], (False, 1), [[3, 0, 2], [1, 0, 2]]),
        ([[1, 4, 0], [3, 2, 0]], (False, 3), [[1, 3, 0], [4, 2, 0]]),
        ([[1, 4, 0]], (False, 2), [[4, 1, 0]]),
    ],
    "neighbor": [
        ([[1, 2], [3, 4]], (1, 0), [[3, 4], [-1, -1]]),
        ([[1, 2], [3, 4]], (-1, -1), [[-1, -1], [-1, 1]]),
        ([[1, 2]], (0, 5), [[-1, -1]]),
    ],
    "neighbors_alike": [([[1, 1], [2, 1]], (True,), [[2, 2], [0, 2]])],
    "neighbors_filled": [([[1, 0], [2, 1]], (False,), [[1, 2], [2, 1]])],
    "neighbors_of": [([[1, 0], [2, 1]], (1, True), [[1, 2], [2, 1]])],
    "content_distance": [
        ([[1, 0, 0], [0, 0, 0]], (False,), [[0, 1, 2], [1, 2, 3]]),
        ([[1, 0, 0], [0, 0, 0]], (True,), [[0, 1, 2], [1, 1, 2]]),
        ([[0, 0]], (True,), [[0, 0]]),
    ],
    "line_count": [(DOTS, (1, True), [[1, 1, 0], [1, 1, 0], [1, 1, 0]])],
    "line_filled": [([[1, 0, 2], [0, 0, 0]], (True,), [[1, 0, 1], [1, 0, 1]])],
    "line_empty": [([[1, 0, 2], [0, 0, 0]], (True,), [[1, 2, 1], [1, 2, 1]])],
    "position": [
        ([[5, 5], [5, 5]], (True, False), [[0, 0], [1, 1]]),
        ([[5, 5, 5]], (False, True), [[2, 1, 0]]),
    ],
    "edge_distance": [([[5] * 3] * 4, (), [[0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]])],
    "color_rank": [
        ([[0, 1, 1], [2, 0, 0]], (False,), [[0, 0, 0], [1, 0, 0]]),
        ([[0, 1, 1], [2, 0, 0]], (True,), [[0, 1, 1], [0, 0, 0]]),
    ],
    "ranked_color": [([[0, 1, 1], [2, 0, 0]], (0,), [[1, 1, 1]] * 2), ([[0, 1]], (4,), [[0, 0]])],
    "line_end_color": [
        ([[1, 0, 2], [3, 0, 4]], (False, False), [[1, 1, 1], [3, 3, 3]]),
        ([[1, 0, 2], [3, 0, 4]], (True, True), [[3, 0, 4], [3, 0, 4]]),
    ],
    "complete_lattice": [
        ([[1, 2, 3, 1], [1, 2, 0, 0]], (0,), [[1, 2, 3, 1], [1, 2, 3, 1]]),
        ([[1, 2, 3], [2, 3, 1], [0, 1, 0]], (0,), [[1, 2, 3], [2, 3, 1], [3, 1, 2]]),
    ],
    "equal_panels": [
        ([[1, 5, 2], [5, 5, 5], [3, 5, 4]], (), [[[1]], [[2]], [[3]], [[4]]]),
        ([[5, 0, 5, 0], [5, 0, 5, 0]], (), [[[5], [5]], [[5], [5]]]),
    ],
}


def grid_of(rows: list[list[int]]) -> Grid:
    return np.array(rows, dtype=np.int8)


@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(name, case, id=f"{name}-{i}") for name in CASES for i, case in enumerate(CASES[name])],
)
def test_fact(name: str, case: tuple[list[list[int]], tuple[Any, ...], Any]) -> None:
    rows, arguments, expected = case
    grid = grid_of(rows)
    result = PRIMITIVES[name].function(grid, *arguments)
    assert [part.tolist() for part in result] == expected if isinstance(result, list) else result.tolist() == expected
    assert (grid == grid_of(rows)).all(), "the input was changed"


def test_crop_where() -> None:
    crop = PRIMITIVES["crop_where"].function
    assert crop(grid_of([[1, 2], [3, 4]]), grid_of([[0, 5], [0, 5]]), 5).tolist() == [[2], [4]]
    with pytest.raises(ValueError, match="guide"):
        crop(grid_of([[1]]), grid_of([[0]]), 5)


def test_a_lattice_needs_a_repeating_pattern() -> None:
    with pytest.raises(ValueError, match="repeating"):
        PRIMITIVES["complete_lattice"].function(grid_of([[1, 2, 3, 0], [4, 5, 6, 7]]), 0)


def test_every_feature_has_facts() -> None:
    assert set(CASES) | {"crop_where"} == {name for name, one in PRIMITIVES.items() if one.group in GROUPS}


def test_panels_need_lines() -> None:
    with pytest.raises(ValueError, match="equal parts"):
        PRIMITIVES["equal_panels"].function(grid_of([[1, 2], [3, 4]]))


# These refuse most arguments; their facts must do.
PICKY = ("complete_lattice", "crop_where", "equal_panels", "ray_distance", "mirrored_components")
GRIDS = arrays(np.int8, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.integers(0, 3))


@settings(max_examples=40, deadline=None)
@given(GRIDS, st.booleans(), st.booleans())
def test_maps_have_the_grid_s_shape_and_turn_with_it(grid: Grid, diagonal: bool, by_color: bool) -> None:
    for name in ("component_size", "component_rank", "component_twins", "component_fills_box", "component_on_edge"):
        function = PRIMITIVES[name].function
        turned = function(np.rot90(grid).copy(), diagonal, by_color)
        assert (turned == np.rot90(function(grid, diagonal, by_color))).all(), name


@settings(max_examples=40, deadline=None)
@given(GRIDS)
def test_rays_seen_from_the_other_side(grid: Grid) -> None:
    ray = PRIMITIVES["ray_color"].function
    for d_row, d_col in ((0, 1), (1, 0), (1, 1), (1, -1)):
        mirrored = ray(np.rot90(grid, 2).copy(), -d_row, -d_col)
        assert (np.rot90(mirrored, 2) == ray(grid, d_row, d_col)).all()


@settings(max_examples=20, deadline=None)
@given(GRIDS, st.sampled_from([-1, 1]))
def test_all_registered_maps_are_maps(grid: Grid, number: int) -> None:
    for name, one in PRIMITIVES.items():
        if one.group in GROUPS and name not in PICKY:
            values = {bool: True, int: number, Color: 1}
            arguments = [values[kind] for kind in one.argument_types[1:]]
            assert one.function(grid, *arguments).shape == grid.shape, name
