"""Drawing: lines, rays, boxes and pieces at given places; what lies outside the grid is cut off."""

from __future__ import annotations

import numpy as np

from arc_solver.dsl.arrays import fresh
from arc_solver.dsl.registry import Cells, Color, Grid, Object, primitive


def direction_of(d_row: int, d_col: int) -> None:
    """Raise ValueError unless it is one step along an axis or a diagonal."""
    if max(abs(d_row), abs(d_col)) != 1:
        raise ValueError("a direction is a step of -1, 0 or 1 on each axis, not both 0")


@primitive
def draw_line(grid: Grid, row: int, col: int, to_row: int, to_col: int, color: Color) -> Grid:
    """A straight or diagonal line between two cells, both included.

    >>> draw_line(np.zeros((2, 3)), 0, 0, 0, 2, 4).tolist()
    [[4, 4, 4], [0, 0, 0]]
    """
    d_row, d_col = to_row - row, to_col - col
    steps = max(abs(d_row), abs(d_col))
    if abs(d_row) not in (0, steps) or abs(d_col) not in (0, steps):
        raise ValueError("a line is horizontal, vertical or diagonal")
    out = fresh(grid)
    for step in range(steps + 1):
        at_row, at_col = row + step * np.sign(d_row), col + step * np.sign(d_col)
        if 0 <= at_row < out.shape[0] and 0 <= at_col < out.shape[1]:
            out[at_row, at_col] = color
    return out


@primitive
def draw_ray(grid: Grid, row: int, col: int, d_row: int, d_col: int, color: Color) -> Grid:
    """A ray from the cell's neighbor in a direction to the edge of the grid; the cell itself stays.

    >>> draw_ray(np.array([[0, 7, 0, 1]]), 0, 1, 0, 1, 4).tolist()
    [[0, 7, 4, 4]]
    """
    direction_of(d_row, d_col)
    out = fresh(grid)
    row, col = row + d_row, col + d_col
    while 0 <= row < out.shape[0] and 0 <= col < out.shape[1]:
        out[row, col] = color
        row, col = row + d_row, col + d_col
    return out


@primitive
def draw_ray_over(grid: Grid, row: int, col: int, d_row: int, d_col: int, color: Color, over: Color) -> Grid:
    """A ray from the cell's neighbor in a direction, as long as it meets cells of color `over`; the cell itself stays.

    >>> draw_ray_over(np.array([[0, 7, 0, 1, 0]]), 0, 1, 0, 1, 4, 0).tolist()
    [[0, 7, 4, 1, 0]]
    """
    direction_of(d_row, d_col)
    out = fresh(grid)
    row, col = row + d_row, col + d_col
    while 0 <= row < out.shape[0] and 0 <= col < out.shape[1] and grid[row, col] == over:
        out[row, col] = color
        row, col = row + d_row, col + d_col
    return out


@primitive
def draw_box(grid: Grid, top: int, left: int, bottom: int, right: int, color: Color) -> Grid:
    """The outline of a box, its last row and column included.

    >>> draw_box(np.zeros((3, 4)), 0, 0, 2, 2, 4).tolist()
    [[4, 4, 4, 0], [4, 0, 4, 0], [4, 4, 4, 0]]
    """
    out = fresh(grid)
    rows, cols = np.ogrid[: out.shape[0], : out.shape[1]]
    inside = (rows >= top) & (rows <= bottom) & (cols >= left) & (cols <= right)
    out[inside & ((rows == top) | (rows == bottom) | (cols == left) | (cols == right))] = color
    return out


@primitive
def fill_box(grid: Grid, top: int, left: int, bottom: int, right: int, color: Color) -> Grid:
    """A full box, its last row and column included.

    >>> fill_box(np.zeros((2, 3)), 0, 1, 1, 2, 4).tolist()
    [[0, 4, 4], [0, 4, 4]]
    """
    out = fresh(grid)
    rows, cols = np.ogrid[: out.shape[0], : out.shape[1]]
    out[(rows >= top) & (rows <= bottom) & (cols >= left) & (cols <= right)] = color
    return out


@primitive
def surround(grid: Grid, obj: Object, color: Color) -> Grid:
    """Draw a box around the object, one cell away from it.

    >>> grid = np.array([[0, 0, 0], [0, 3, 0], [0, 0, 0]])
    >>> surround(grid, find_objects(grid)[0], 1).tolist()
    [[1, 1, 1], [1, 3, 1], [1, 1, 1]]
    """
    return draw_box(grid, obj.row - 1, obj.col - 1, obj.bottom + 1, obj.right + 1, color)


@primitive
def paste(grid: Grid, piece: Grid, row: int, col: int) -> Grid:
    """Put the piece onto the grid with its top left corner at that cell, every cell of it.

    >>> paste(np.zeros((2, 3)), np.array([[5, 6]]), 1, 2).tolist()
    [[0, 0, 0], [0, 0, 5]]
    """
    return _pasted(grid, piece, row, col, np.ones(piece.shape, dtype=np.bool_))


@primitive
def paste_over(grid: Grid, piece: Grid, row: int, col: int, transparent: Color) -> Grid:
    """As `paste`, but cells of the piece in the transparent color leave the grid as it is.

    >>> paste_over(np.ones((1, 3)), np.array([[0, 6]]), 0, 1, 0).tolist()
    [[1, 1, 6]]
    """
    return _pasted(grid, piece, row, col, piece != transparent)


@primitive
def paint_cells(grid: Grid, cells: Cells, color: Color) -> Grid:
    """The grid with the chosen cells in that color.

    >>> grid = np.array([[1, 0, 2]])
    >>> paint_cells(grid, grid > 0, 5).tolist()
    [[5, 0, 5]]
    """
    if cells.shape != grid.shape:
        raise ValueError("as many choices as cells are wanted")
    return fresh(np.where(cells, color, grid))


@primitive
def paint_cell(grid: Grid, row: int, col: int, color: Color) -> Grid:
    """The grid with one cell in that color; a place outside the grid changes nothing.

    >>> paint_cell(np.zeros((1, 2)), 0, 1, 4).tolist()
    [[0, 4]]
    """
    out = fresh(grid)
    if 0 <= row < out.shape[0] and 0 <= col < out.shape[1]:
        out[row, col] = color
    return out


@primitive
def fill_inside(grid: Grid, obj: Object, color: Color) -> Grid:
    """Fill what lies inside the outermost rows and columns of the object's box.

    >>> grid = np.array([[3, 3, 3], [3, 0, 3], [3, 3, 3]])
    >>> fill_inside(grid, find_objects(grid)[0], 4).tolist()
    [[3, 3, 3], [3, 4, 3], [3, 3, 3]]
    """
    return fill_box(grid, obj.row + 1, obj.col + 1, obj.bottom - 1, obj.right - 1, color)


def _pasted(grid: Grid, piece: Grid, row: int, col: int, shown: Cells) -> Grid:
    out = fresh(grid)
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + piece.shape[0], out.shape[0]), min(col + piece.shape[1], out.shape[1])
    if top < bottom and left < right:
        part = slice(top - row, bottom - row), slice(left - col, right - col)
        target = out[top:bottom, left:right]
        target[shown[part]] = piece[part][shown[part]]
    return out
