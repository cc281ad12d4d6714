"""Scenes on any background: objects where color 0 is a color like the others."""

from __future__ import annotations

import numpy as np

from arc_solver.dsl.arrays import color_counts, color_objects, fresh, objects_from
from arc_solver.dsl.registry import Cells, Color, Grid, Object, primitive


@primitive
def dominant_color(grid: Grid) -> Color:
    """The color of most cells, whatever it is: the background of most scenes; the lowest of equals.

    >>> dominant_color(np.array([[4, 4, 0]]))
    4
    """
    return Color(int(np.argmax(color_counts(grid))))


@primitive
def colors_by_count(grid: Grid) -> list[Color]:
    """All colors of the grid, the most common first, the lowest of equals first.

    >>> colors_by_count(np.array([[4, 4, 0], [1, 1, 1]]))
    [1, 4, 0]
    """
    counts = color_counts(grid)
    present: list[int] = np.flatnonzero(counts).tolist()
    return [Color(color) for color in sorted(present, key=lambda color: -counts[color])]


@primitive
def objects_on(grid: Grid, background: Color, diagonals: bool = True, multicolor: bool = False) -> list[Object]:
    """Connected groups of cells that are not `background`, in reading order of their first cells.

    >>> [obj.grid.tolist() for obj in objects_on(np.array([[8, 0, 8], [8, 0, 2]]), 8)]
    [[[0], [0]], [[2]]]
    """
    return objects_from(grid, grid != background, background, diagonals, multicolor)


@primitive
def objects_in_color(grid: Grid, color: Color, diagonals: bool = True) -> list[Object]:
    """Connected groups of cells of that color, in reading order; the grid's dominant color around them.

    >>> [obj.col for obj in objects_in_color(np.array([[2, 0, 2], [0, 0, 1]]), 2)]
    [0, 2]
    """
    return objects_from(grid, grid == color, int(dominant_color(grid)), diagonals, False)


@primitive
def color_regions(grid: Grid, diagonals: bool = False) -> list[Object]:
    """All connected regions of one color, the background's too, in reading order.

    >>> [obj.size for obj in color_regions(np.array([[0, 1, 0], [0, 1, 0]]))]
    [2, 2, 2]
    """
    background = int(dominant_color(grid))
    return objects_from(grid, np.ones(grid.shape, dtype=np.bool_), background, diagonals, False)


@primitive
def object_cells(grid: Grid, obj: Object) -> Cells:
    """The cells of the grid that the object covers at its place.

    >>> grid = np.array([[0, 3], [0, 0]])
    >>> object_cells(grid, find_objects(grid)[0]).tolist()
    [[False, True], [False, False]]
    """
    out = np.zeros(grid.shape, dtype=np.bool_)
    for row, col in obj.cells:
        if 0 <= row < grid.shape[0] and 0 <= col < grid.shape[1]:
            out[row, col] = True
    return out


@primitive
def object_from_cells(grid: Grid, cells: Cells) -> Object:
    """The chosen cells as one object, connected or not, with the grid's dominant color around them.

    >>> obj = object_from_cells(np.array([[0, 3, 0, 4]]), np.array([[False, True, False, True]]))
    >>> obj.grid.tolist(), obj.col
    ([[3, 0, 4]], 1)
    """
    if cells.shape != grid.shape or not cells.any():
        raise ValueError("no cell is chosen")
    rows, cols = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
    mask = cells[box].copy()
    return Object(fresh(np.where(mask, grid[box], dominant_color(grid))), int(rows[0]), int(cols[0]), mask)


@primitive
def color_object(grid: Grid, color: Color) -> Object:
    """All cells of that color as one object, connected or not, with the grid's dominant color around them.

    >>> obj = color_object(np.array([[0, 3, 0, 3]]), 3)
    >>> obj.grid.tolist(), obj.col
    ([[3, 0, 3]], 1)
    """
    return object_from_cells(grid, grid == color)


@primitive
def objects_by_color_on(grid: Grid, background: Color) -> list[Object]:
    """One object for each color but `background`: all its cells, connected or not; by color.

    >>> [obj.color for obj in objects_by_color_on(np.array([[8, 0, 2, 0]]), 8)]
    [0, 2]
    """
    return color_objects(grid, background)
