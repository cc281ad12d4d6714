"""Facts about cell maps: one number for every cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from arc_solver.dsl.registry import PRIMITIVES

GRID = [
    [1, 1, 0, 0],
    [1, 0, 2, 0],
    [0, 0, 0, 2],
]
RING = [
    [3, 3, 3, 0],
    [3, 0, 3, 0],
    [3, 3, 3, 4],
]
FULL = [[5, 5, 7], [5, 5, 5]]

# name -> (grid, further arguments, cell map) cases.
FACTS: dict[str, list[tuple[list[list[int]], tuple[Any, ...], list[list[int]]]]] = {
    "component_size": [
        (GRID, (False, True), [[3, 3, 3, 3], [3, 4, 1, 3], [4, 4, 4, 1]]),
        (GRID, (True, False), [[5, 5, 7, 7], [5, 7, 5, 7], [7, 7, 7, 5]]),
    ],
    "component_height": [(RING, (False, True), [[3, 3, 3, 2], [3, 1, 3, 2], [3, 3, 3, 1]])],
    "component_width": [(RING, (False, True), [[3, 3, 3, 1], [3, 1, 3, 1], [3, 3, 3, 1]])],
    "component_rank": [(RING, (False, True), [[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])],
    "component_rank_up": [(RING, (False, True), [[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 0]])],
    "component_twins": [(GRID, (False, True), [[1, 1, 0, 0], [1, 0, 2, 0], [0, 0, 0, 2]])],
    "component_holes": [(RING, (False, True), [[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0]])],
    "component_fills_box": [(FULL, (False, True), [[0, 0, 1], [0, 0, 0]])],
    "component_on_edge": [(RING, (False, True), [[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1]])],
    "component_symmetric": [([[1, 1, 0], [1, 0, 2], [1, 1, 2]], (False, True), [[2, 2, 3], [2, 3, 3], [2, 2, 3]])],
    "component_colors": [(RING, (False,), [[2, 2, 2, 1], [2, 1, 2, 1], [2, 2, 2, 2]])],
    "component_color": [
        (RING, (False, True), [[4, 4, 4, 0], [4, 0, 4, 0], [4, 4, 4, 4]]),
        (RING, (False, False), [[3, 3, 3, 0], [3, 0, 3, 0], [3, 3, 3, 3]]),
    ],
    "ray_color": [
        (GRID, (0, 1), [[1, 0, 0, 0], [2, 2, 0, 0], [2, 2, 2, 0]]),
        (GRID, (-1, 0), [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 2, 0]]),
        (GRID, (1, 1), [[0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]),
    ],
    "neighbor": [(FULL, (1, 0), [[5, 5, 5], [-1, -1, -1]])],
    "neighbors_alike": [
        (FULL, (False,), [[2, 2, 0], [2, 3, 1]]),
        (FULL, (True,), [[3, 4, 0], [3, 4, 2]]),
    ],
    "neighbors_filled": [(GRID, (False,), [[2, 1, 2, 0], [1, 3, 0, 2], [1, 0, 2, 0]])],
    "line_filled": [(GRID, (True,), [[2, 1, 1, 1]] * 3), (GRID, (False,), [[2] * 4, [2] * 4, [1] * 4])],
    "line_empty": [(GRID, (True,), [[1, 2, 2, 2]] * 3), (GRID, (False,), [[2] * 4, [2] * 4, [3] * 4])],
    "position": [(FULL, (True, False), [[0, 0, 0], [1, 1, 1]]), (FULL, (False, True), [[2, 1, 0], [2, 1, 0]])],
    "edge_distance": [([[0] * 5] * 3, (), [[0] * 5, [0, 1, 1, 1, 0], [0] * 5])],
    "color_rank": [
        (GRID, (False,), [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
        (GRID, (True,), [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]),
    ],
    "ranked_color": [(GRID, (0,), [[1] * 4] * 3), (GRID, (-1,), [[2] * 4] * 3)],
}


@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(name, case, id=f"{name}-{i}") for name in FACTS for i, case in enumerate(FACTS[name])],
)
def test_fact(name: str, case: tuple[list[list[int]], tuple[Any, ...], list[list[int]]]) -> None:
    cells, others, expected = case
    assert PRIMITIVES[name].function(np.array(cells, dtype=np.int8), *others).tolist() == expected


def test_equal_panels_lie_between_full_lines_of_one_color() -> None:
    grid = np.array([[1, 2, 5, 0, 3], [5, 5, 5, 5, 5], [0, 4, 5, 6, 0]], dtype=np.int8)
    panels = PRIMITIVES["equal_panels"].function(grid)
    assert [panel.tolist() for panel in panels] == [[[1, 2]], [[0, 3]], [[0, 4]], [[6, 0]]]
    with pytest.raises(ValueError, match="equal parts"):
        PRIMITIVES["equal_panels"].function(np.array([[1, 2], [2, 1]], dtype=np.int8))


def test_the_tested_set_is_the_set() -> None:
    assert {*FACTS, "equal_panels"} == {word.name for word in PRIMITIVES.values() if word.group == "features"}


def test_a_direction_is_one_step() -> None:
    for d_row, d_col in ((0, 0), (2, 0), (1, -2)):
        with pytest.raises(ValueError, match="direction"):
            PRIMITIVES["ray_color"].function(np.array(GRID, dtype=np.int8), d_row, d_col)
