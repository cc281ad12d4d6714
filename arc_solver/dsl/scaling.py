"""Larger and smaller grids: scale, tile, mirror, stack, self-similar patterns."""

from __future__ import annotations

import numpy as np

from arc_solver.dsl.arrays import background_of, check_sides, fresh
from arc_solver.dsl.registry import Color, Count, Grid, primitive


@primitive
def upscale(grid: Grid, factor: Count) -> Grid:
    """Turn each cell into a `factor` x `factor` block.

    >>> upscale(np.array([[1, 2]]), 2).tolist()
    [[1, 1, 2, 2], [1, 1, 2, 2]]
    """
    check_sides(grid.shape[0] * factor, grid.shape[1] * factor)
    return fresh(grid.repeat(factor, axis=0).repeat(factor, axis=1))


@primitive
def downscale(grid: Grid, factor: Count) -> Grid:
    """Turn each `factor` x `factor` block into its top left cell.

    >>> downscale(np.array([[1, 1, 2, 2], [1, 1, 2, 2]]), 2).tolist()
    [[1, 2]]
    """
    if factor < 1 or grid.shape[0] % factor or grid.shape[1] % factor:
        raise ValueError("the grid does not divide into such blocks")
    return fresh(grid[::factor, ::factor])


@primitive
def tile(grid: Grid, rows: Count, cols: Count) -> Grid:
    """Repeat the grid `rows` times down and `cols` times across.

    >>> tile(np.array([[1, 2]]), 2, 2).tolist()
    [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    check_sides(grid.shape[0] * rows, grid.shape[1] * cols)
    return fresh(np.tile(grid, (rows, cols)))


@primitive
def tile_mirrored(grid: Grid, rows: Count, cols: Count) -> Grid:
    """Repeat the grid `rows` times down and `cols` times across, mirroring every second copy.

    >>> tile_mirrored(np.array([[1, 2]]), 1, 3).tolist()
    [[1, 2, 2, 1, 1, 2]]
    """
    check_sides(grid.shape[0] * rows, grid.shape[1] * cols)
    band = np.concatenate([grid[:, ::-1] if index % 2 else grid for index in range(cols)], axis=1)
    return fresh(np.concatenate([band[::-1] if index % 2 else band for index in range(rows)]))


@primitive
def kronecker(pattern: Grid, block: Grid) -> Grid:
    """Put a copy of `block` in the place of each non-background cell of `pattern`, the pattern's background elsewhere.

    >>> kronecker(np.array([[1, 0]]), np.array([[2, 3]])).tolist()
    [[2, 3, 0, 0]]
    """
    check_sides(pattern.shape[0] * block.shape[0], pattern.shape[1] * block.shape[1])
    present = pattern != background_of(pattern)
    copies = present[:, None, :, None]
    cells = np.where(copies, block[None, :, None, :], background_of(pattern))
    return fresh(cells.reshape(pattern.shape[0] * block.shape[0], pattern.shape[1] * block.shape[1]))


@primitive
def self_fractal(grid: Grid) -> Grid:
    """Put a copy of the grid in the place of each of its own non-background cells.

    >>> self_fractal(np.array([[1, 0]])).tolist()
    [[1, 0, 0, 0]]
    """
    return kronecker(grid, grid)


@primitive
def hstack(left: Grid, right: Grid) -> Grid:
    """Put two grids of equal height side by side.

    >>> hstack(np.array([[1]]), np.array([[2]])).tolist()
    [[1, 2]]
    """
    if left.shape[0] != right.shape[0]:
        raise ValueError("the heights differ")
    return fresh(np.concatenate([left, right], axis=1))


@primitive
def vstack(top: Grid, bottom: Grid) -> Grid:
    """Put one grid below another of equal width.

    >>> vstack(np.array([[1]]), np.array([[2]])).tolist()
    [[1], [2]]
    """
    if top.shape[1] != bottom.shape[1]:
        raise ValueError("the widths differ")
    return fresh(np.concatenate([top, bottom]))


@primitive
def hstack_all(grids: list[Grid]) -> Grid:
    """Put grids of equal height side by side, in order.

    >>> hstack_all([np.array([[1]]), np.array([[2]]), np.array([[3]])]).tolist()
    [[1, 2, 3]]
    """
    if len({grid.shape[0] for grid in grids}) != 1:
        raise ValueError("the heights differ")
    return fresh(np.concatenate(grids, axis=1))


@primitive
def vstack_all(grids: list[Grid]) -> Grid:
    """Put grids of equal width one below the other, in order.

    >>> vstack_all([np.array([[1]]), np.array([[2]])]).tolist()
    [[1], [2]]
    """
    if len({grid.shape[1] for grid in grids}) != 1:
        raise ValueError("the widths differ")
    return fresh(np.concatenate(grids))


@primitive
def mirror_right(grid: Grid) -> Grid:
    """Append the grid's mirror image on the right.

    >>> mirror_right(np.array([[1, 2]])).tolist()
    [[1, 2, 2, 1]]
    """
    return fresh(np.concatenate([grid, grid[:, ::-1]], axis=1))


@primitive
def mirror_left(grid: Grid) -> Grid:
    """Put the grid's mirror image on its left.

    >>> mirror_left(np.array([[1, 2]])).tolist()
    [[2, 1, 1, 2]]
    """
    return fresh(np.concatenate([grid[:, ::-1], grid], axis=1))


@primitive
def mirror_down(grid: Grid) -> Grid:
    """Append the grid's mirror image below.

    >>> mirror_down(np.array([[1], [2]])).tolist()
    [[1], [2], [2], [1]]
    """
    return fresh(np.concatenate([grid, grid[::-1]]))


@primitive
def mirror_up(grid: Grid) -> Grid:
    """Put the grid's mirror image above it.

    >>> mirror_up(np.array([[1], [2]])).tolist()
    [[2], [1], [1], [2]]
    """
    return fresh(np.concatenate([grid[::-1], grid]))


@primitive
def four_rotations(grid: Grid) -> Grid:
    """A 2 x 2 arrangement of a square grid: itself, turned clockwise on its right, and so on around.

    >>> four_rotations(np.array([[1, 2], [0, 0]])).tolist()
    [[1, 2, 0, 1], [0, 0, 0, 2], [2, 0, 0, 0], [1, 0, 2, 1]]
    """
    if grid.shape[0] != grid.shape[1]:
        raise ValueError("the grid is not square")
    top = np.concatenate([grid, np.rot90(grid, -1)], axis=1)
    bottom = np.concatenate([np.rot90(grid), np.rot90(grid, 2)], axis=1)
    return fresh(np.concatenate([top, bottom]))


@primitive
def add_border(grid: Grid, color: Color) -> Grid:
    """Put a ring of one color around the grid, one cell wide.

    >>> add_border(np.array([[1]]), 5).tolist()
    [[5, 5, 5], [5, 1, 5], [5, 5, 5]]
    """
    out = np.full((grid.shape[0] + 2, grid.shape[1] + 2), color, dtype=np.int8)
    out[1:-1, 1:-1] = grid
    return fresh(out)


@primitive
def stretch(grid: Grid, rows: Count, cols: Count) -> Grid:
    """Every cell becomes a block of so many rows and columns.

    >>> stretch(np.array([[1, 2]]), 1, 2).tolist()
    [[1, 1, 2, 2]]
    """
    if min(rows, cols) < 1:
        raise ValueError("a block has at least one row and one column")
    check_sides(grid.shape[0] * rows, grid.shape[1] * cols)
    return fresh(grid.repeat(rows, axis=0).repeat(cols, axis=1))
