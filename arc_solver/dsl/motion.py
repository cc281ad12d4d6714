"""Objects in motion: placing, sliding until contact, turning."""

from __future__ import annotations

import dataclasses

import numpy as np

from arc_solver.dsl.arrays import fresh
from arc_solver.dsl.drawing import direction_of
from arc_solver.dsl.registry import Color, Count, Grid, Object, primitive


@primitive
def place_object(obj: Object, row: int, col: int) -> Object:
    """The same object with its top left corner at that cell.

    >>> place_object(find_objects(np.array([[0, 3]]))[0], 4, 5).row
    4
    """
    return dataclasses.replace(obj, row=int(row), col=int(col))


@primitive
def erase_object(grid: Grid, obj: Object, color: Color) -> Grid:
    """The object's cells in that color.

    >>> grid = np.array([[4, 3, 4]])
    >>> erase_object(grid, objects_on(grid, 4)[0], 4).tolist()
    [[4, 4, 4]]
    """
    out = fresh(grid)
    for row, col in obj.cells:
        if 0 <= row < out.shape[0] and 0 <= col < out.shape[1]:
            out[row, col] = color
    return out


@primitive
def slide_object(grid: Grid, obj: Object, d_row: int, d_col: int, background: Color) -> Object:
    """The object moved in a direction as far as it meets background only: until something or the edge stops it.

    >>> grid = np.array([[3, 0, 0, 5]])
    >>> slide_object(grid, find_objects(grid)[0], 0, 1, 0).col
    2
    """
    direction_of(d_row, d_col)
    own = set(obj.cells)
    moved = obj
    while all(_is_free(grid, row + d_row, col + d_col, background, own) for row, col in moved.cells):
        moved = dataclasses.replace(moved, row=moved.row + d_row, col=moved.col + d_col)
    return moved


@primitive
def turn_object(obj: Object, quarter_turns: int) -> Object:
    """The object turned clockwise, its top left corner where it was.

    >>> turn_object(objects_on(np.array([[3, 4]]), 0, True, True)[0], 1).grid.tolist()
    [[3], [4]]
    """
    return Object(
        fresh(np.rot90(obj.grid, -quarter_turns)), obj.row, obj.col, np.rot90(obj.mask, -quarter_turns).copy()
    )


@primitive
def mirror_object(obj: Object, vertical: bool) -> Object:
    """The object mirrored in its place: top to bottom if `vertical`, else left to right.

    >>> mirror_object(objects_on(np.array([[3, 4]]), 0, True, True)[0], False).grid.tolist()
    [[4, 3]]
    """
    axis = 0 if vertical else 1
    return Object(fresh(np.flip(obj.grid, axis)), obj.row, obj.col, np.flip(obj.mask, axis).copy())


@primitive
def scale_object(obj: Object, factor: Count) -> Object:
    """The object with every cell as a block, its top left corner where it was.

    >>> scale_object(objects_on(np.array([[3]]), 0)[0], 2).grid.tolist()
    [[3, 3], [3, 3]]
    """
    if factor < 1:
        raise ValueError("a factor is at least 1")
    if max(obj.mask.shape) * factor > 30:
        raise ValueError("larger than a grid")
    grid = fresh(obj.grid.repeat(factor, axis=0).repeat(factor, axis=1))
    return Object(grid, obj.row, obj.col, obj.mask.repeat(factor, axis=0).repeat(factor, axis=1))


def _is_free(grid: Grid, row: int, col: int, background: int, own: set[tuple[int, int]]) -> bool:
    if not (0 <= row < grid.shape[0] and 0 <= col < grid.shape[1]):
        return False
    return bool(grid[row, col] == background) or (row, col) in own
