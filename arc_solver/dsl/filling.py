"""Adding and moving cells: fills, rays, connections, outlines, gravity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.arrays import (
    STEPS_4,
    STEPS_8,
    Mask,
    background_of,
    enclosed,
    fresh,
    label_regions,
    neighbor,
)
from arc_solver.dsl.registry import Color, Grid, primitive


@primitive
def fill_enclosed(grid: Grid, color: Color) -> Grid:
    """Fill the background regions that other cells enclose (no way out to the border, diagonal gaps are closed).

    >>> fill_enclosed(np.array([[3, 3, 3], [3, 0, 3], [3, 3, 3]]), 4).tolist()
    [[3, 3, 3], [3, 4, 3], [3, 3, 3]]
    """
    background = 0 if not grid.all() else background_of(grid)
    return fresh(np.where(enclosed(grid == background), color, grid))


@primitive
def fill_background(grid: Grid, color: Color) -> Grid:
    """Give every background cell that color.

    >>> fill_background(np.array([[0, 3]]), 4).tolist()
    [[4, 3]]
    """
    return fresh(np.where(grid == background_of(grid), color, grid))


@primitive
def flood_fill(grid: Grid, row: int, col: int, color: Color) -> Grid:
    """Recolor the 4-connected region of equal cells around one cell; negative positions count from the end.

    >>> flood_fill(np.array([[0, 0, 3, 0]]), 0, 0, 5).tolist()
    [[5, 5, 3, 0]]
    """
    if not (-grid.shape[0] <= row < grid.shape[0] and -grid.shape[1] <= col < grid.shape[1]):
        raise ValueError("the cell lies outside the grid")
    labels, _ = label_regions(grid == grid[row, col], STEPS_4)
    return fresh(np.where(labels == labels[row, col], color, grid))


@primitive
def fill_bounding_boxes(grid: Grid, color: Color) -> Grid:
    """Fill the background cells inside each object's bounding box (objects: connected, diagonals too, any colors).

    >>> fill_bounding_boxes(np.array([[4, 0, 0], [4, 4, 0]]), 7).tolist()
    [[4, 7, 0], [4, 4, 0]]
    """
    content = grid != background_of(grid)
    boxed = np.zeros(grid.shape, dtype=bool)
    for top, left, bottom, right in label_regions(content, STEPS_8)[1]:
        boxed[top:bottom, left:right] = True
    return fresh(np.where(boxed & ~content, color, grid))


@primitive
def connect(grid: Grid) -> Grid:
    """Draw straight lines between equal cells of a row or column with only background between, in their own color.

    >>> connect(np.array([[1, 0, 1, 0, 2]])).tolist()
    [[1, 1, 1, 0, 2]]
    """
    between = _between_rows(grid)
    down = _between_rows(grid.T).T
    background = background_of(grid)
    return fresh(np.where(between != background, between, np.where(down != background, down, grid)))


@primitive
def connect_with(grid: Grid, color: Color) -> Grid:
    """Draw straight lines between equal cells of a row or column with only background between, in one color.

    >>> connect_with(np.array([[1, 0, 1, 0, 2]]), 5).tolist()
    [[1, 5, 1, 0, 2]]
    """
    background = background_of(grid)
    across, down = _between_rows(grid), _between_rows(grid.T).T
    between = (across != background) | (down != background)
    return fresh(np.where(between, color, grid))


@primitive
def extend_right(grid: Grid) -> Grid:
    """Every cell shoots a ray of its color to the right, up to the next cell or the border.

    >>> extend_right(np.array([[0, 1, 0, 2, 0]])).tolist()
    [[0, 1, 1, 2, 2]]
    """
    return fresh(_spread(grid, background_of(grid)))


@primitive
def extend_left(grid: Grid) -> Grid:
    """Every cell shoots a ray of its color to the left, up to the next cell or the border.

    >>> extend_left(np.array([[0, 1, 0, 2, 0]])).tolist()
    [[1, 1, 2, 2, 0]]
    """
    return fresh(_spread(grid[:, ::-1], background_of(grid))[:, ::-1])


@primitive
def extend_down(grid: Grid) -> Grid:
    """Every cell shoots a ray of its color downwards, up to the next cell or the border.

    >>> extend_down(np.array([[1, 0], [0, 0]])).tolist()
    [[1, 0], [1, 0]]
    """
    return fresh(_spread(grid.T, background_of(grid)).T)


@primitive
def extend_up(grid: Grid) -> Grid:
    """Every cell shoots a ray of its color upwards, up to the next cell or the border.

    >>> extend_up(np.array([[0, 0], [1, 0]])).tolist()
    [[1, 0], [1, 0]]
    """
    return fresh(_spread(grid[::-1].T, background_of(grid)).T[::-1])


@primitive
def extend_diagonally(grid: Grid) -> Grid:
    """Every cell shoots rays of its color in the four diagonal directions, up to the next cell or the border.

    >>> extend_diagonally(np.array([[0, 0, 0], [0, 2, 0], [0, 0, 0]])).tolist()
    [[2, 0, 2], [0, 2, 0], [2, 0, 2]]
    """
    background = background_of(grid)
    out = fresh(grid)
    for flips in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        view = grid[:: flips[0], :: flips[1]]
        rays = _spread_diagonally(view, background)[:: flips[0], :: flips[1]]
        np.copyto(out, rays, where=(grid == background) & (rays != background))
    return out


@primitive
def outline(grid: Grid, color: Color, diagonals: bool = True) -> Grid:
    """Color the background cells that touch content (at corners too, with `diagonals`).

    >>> outline(np.array([[0, 0, 0], [0, 2, 0], [0, 0, 0]]), 1).tolist()
    [[1, 1, 1], [1, 2, 1], [1, 1, 1]]
    """
    content = grid != background_of(grid)
    near = np.zeros_like(content)
    for d_row, d_col in STEPS_8 if diagonals else STEPS_4:
        near |= neighbor(content, d_row, d_col, False)
    return fresh(np.where(near & ~content, color, grid))


@primitive
def color_interior(grid: Grid, color: Color) -> Grid:
    """Color the cells whose eight neighbors all exist and have the same color as the cell (never background).

    >>> color_interior(np.array([[5, 5, 5], [5, 5, 5], [5, 5, 5]]), 2).tolist()
    [[5, 5, 5], [5, 5, 5], [5, 5, 5]]
    >>> color_interior(np.pad(np.full((3, 3), 5), 1), 2)[2].tolist()
    [0, 5, 2, 5, 0]
    """
    inner = grid != background_of(grid)
    for d_row, d_col in STEPS_8:
        inner &= neighbor(grid, d_row, d_col, -1) == grid
    return fresh(np.where(inner, color, grid))


@primitive
def draw_border(grid: Grid, color: Color) -> Grid:
    """Color the outermost ring of cells.

    >>> draw_border(np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]), 8).tolist()
    [[8, 8, 8], [8, 1, 8], [8, 8, 8]]
    """
    out = np.full(grid.shape, color, dtype=np.int8)
    out[1:-1, 1:-1] = grid[1:-1, 1:-1]
    return fresh(out)


@primitive
def gravity_down(grid: Grid) -> Grid:
    """Let every cell fall to the bottom of its column, in order.

    >>> gravity_down(np.array([[1, 0], [2, 3], [0, 0]])).tolist()
    [[0, 0], [1, 0], [2, 3]]
    """
    return fresh(_settled(grid.T, background_of(grid)).T)


@primitive
def gravity_up(grid: Grid) -> Grid:
    """Let every cell rise to the top of its column, in order.

    >>> gravity_up(np.array([[0, 0], [1, 0], [2, 3]])).tolist()
    [[1, 3], [2, 0], [0, 0]]
    """
    return fresh(_settled(grid[::-1].T, background_of(grid)).T[::-1])


@primitive
def gravity_right(grid: Grid) -> Grid:
    """Let every cell slide to the right end of its row, in order.

    >>> gravity_right(np.array([[1, 2, 0]])).tolist()
    [[0, 1, 2]]
    """
    return fresh(_settled(grid, background_of(grid)))


@primitive
def gravity_left(grid: Grid) -> Grid:
    """Let every cell slide to the left end of its row, in order.

    >>> gravity_left(np.array([[0, 1, 2]])).tolist()
    [[1, 2, 0]]
    """
    return fresh(_settled(grid[:, ::-1], background_of(grid))[:, ::-1])


def _spread(grid: Grid, background: int) -> Grid:
    """Each background cell takes the nearest content on its left, shape kept."""
    source = np.where(grid != background, np.arange(grid.shape[1]), 0)
    np.maximum.accumulate(source, axis=1, out=source)
    spread: Grid = np.take_along_axis(grid, source, axis=1)
    return spread


def _between_rows(grid: Grid) -> NDArray[np.int8]:
    """The color of a horizontal connection where there is one, else the background."""
    background = background_of(grid)
    from_left = _spread(grid, background)
    from_right = _spread(grid[:, ::-1], background)[:, ::-1]
    return np.where((grid == background) & (from_left == from_right), from_left, background)


def _spread_diagonally(grid: Grid, background: int) -> Grid:
    """Rays to the lower right: each background cell takes the nearest content on its upper left diagonal."""
    out = fresh(grid)
    for row in range(1, len(out)):
        empty: Mask = out[row, 1:] == background
        np.copyto(out[row, 1:], out[row - 1, :-1], where=empty)
    return out


def _settled(grid: Grid, background: int) -> Grid:
    """Each row's background first, then its content in order."""
    order = np.argsort(grid != background, axis=1, kind="stable")
    settled: Grid = np.take_along_axis(grid, order, axis=1)
    return settled
