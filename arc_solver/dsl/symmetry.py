"""Making and repairing regularity: symmetry, periodic patterns, noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arc_solver.dsl.arrays import STEPS_8, background_of, fresh, neighbor
from arc_solver.dsl.registry import Color, Grid, primitive


@primitive
def symmetrize_horizontal(grid: Grid) -> Grid:
    """Fill background cells from the left-right mirror image.

    >>> symmetrize_horizontal(np.array([[1, 0, 0], [0, 2, 3]])).tolist()
    [[1, 0, 1], [3, 2, 3]]
    """
    return fresh(np.where(grid == background_of(grid), grid[:, ::-1], grid))


@primitive
def symmetrize_vertical(grid: Grid) -> Grid:
    """Fill background cells from the top-bottom mirror image.

    >>> symmetrize_vertical(np.array([[1, 0], [0, 2]])).tolist()
    [[1, 2], [1, 2]]
    """
    return fresh(np.where(grid == background_of(grid), grid[::-1], grid))


@primitive
def symmetrize_diagonal(grid: Grid) -> Grid:
    """Fill a square grid's background cells from its mirror image along the main diagonal.

    >>> symmetrize_diagonal(np.array([[1, 2], [0, 3]])).tolist()
    [[1, 2], [2, 3]]
    """
    if grid.shape[0] != grid.shape[1]:
        raise ValueError("the grid is not square")
    return fresh(np.where(grid == background_of(grid), grid.T, grid))


@primitive
def symmetrize_rotation(grid: Grid) -> Grid:
    """Fill a square grid's background cells from its quarter turns.

    >>> symmetrize_rotation(np.array([[1, 0, 0], [0, 2, 0], [0, 0, 0]])).tolist()
    [[1, 0, 1], [0, 2, 0], [1, 0, 1]]
    """
    if grid.shape[0] != grid.shape[1]:
        raise ValueError("the grid is not square")
    background = background_of(grid)
    out = fresh(grid)
    for turns in (1, 2, 3):
        np.copyto(out, np.rot90(grid, turns), where=out == background)
    return out


@primitive
def repair_symmetry(grid: Grid, hidden: Color) -> Grid:
    """Replace cells of the `hidden` color by what the symmetries of the rest say (mirror axes may lie off centre).

    >>> repair_symmetry(np.array([[1, 2, 2, 1], [3, 4, 9, 9]]), 9).tolist()
    [[1, 2, 2, 1], [3, 4, 4, 3]]
    """
    out = fresh(grid)
    unknown = out == hidden
    if not unknown.any() or unknown.all():
        raise ValueError("nothing to repair")
    for mirrored in _mirror_images(grid, hidden):
        usable = unknown & (mirrored >= 0)
        out[usable] = mirrored[usable]
        unknown = out == hidden
        if not unknown.any():
            return out
    raise ValueError("no symmetry tells what is hidden")


@primitive
def repair_pattern(grid: Grid, hidden: Color) -> Grid:
    """Replace cells of the `hidden` color so that the rest goes on as a repetition of one tile.

    >>> repair_pattern(np.array([[1, 2, 1, 0, 1, 2]]), 0).tolist()
    [[1, 2, 1, 2, 1, 2]]
    """
    if not (grid == hidden).any():
        raise ValueError("nothing to repair")
    n_rows, n_cols = grid.shape
    known = np.where(grid == hidden, -1, grid).astype(np.int8)
    heights = [period for period in range(1, n_rows + 1) if _agrees(known[period:], known[: n_rows - period])]
    widths = [period for period in range(1, n_cols + 1) if _agrees(known[:, period:], known[:, : n_cols - period])]
    sizes = [(rows, cols) for rows in heights for cols in widths if rows * cols < grid.size]
    for rows, cols in sorted(sizes, key=lambda size: (size[0] * size[1], size)):
        tile = _consistent_tile(known, rows, cols)
        if tile is not None:
            return fresh(np.tile(tile, (-(-n_rows // rows), -(-n_cols // cols)))[:n_rows, :n_cols])
    raise ValueError("no repetition tells what is hidden")


@primitive
def denoise(grid: Grid) -> Grid:
    """Give each cell without a neighbor of its own color (of eight) the most common color around it.

    >>> denoise(np.array([[0, 0, 0], [0, 7, 0], [0, 0, 0]])).tolist()
    [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
    """
    if grid.size == 1:
        return fresh(grid)
    one_hot = np.zeros((10, grid.shape[0] + 2, grid.shape[1] + 2), dtype=np.int8)
    one_hot[:, 1:-1, 1:-1] = grid == np.arange(10)[:, None, None]
    across = one_hot[:, :, :-2] + one_hot[:, :, 1:-1] + one_hot[:, :, 2:]
    around = across[:, :-2] + across[:, 1:-1] + across[:, 2:] - one_hot[:, 1:-1, 1:-1]
    alone = np.ones(grid.shape, dtype=bool)
    for d_row, d_col in STEPS_8:
        alone &= neighbor(grid, d_row, d_col, -1) != grid
    return fresh(np.where(alone, around.argmax(axis=0), grid))


def _mirror_images(grid: Grid, hidden: int) -> Iterator[Grid]:
    """Reflections of the grid that agree with it wherever both are known, -1 where they know nothing.

    Axes are tried from the centre outwards.
    """
    n_rows, n_cols = grid.shape
    known = np.where(grid == hidden, -1, grid).astype(np.int8)
    images = [known[::-1, ::-1]] if n_rows != n_cols else [known.T, known[::-1, ::-1].T, known[::-1, ::-1]]
    images += [neighbor(known[:, ::-1], 0, offset, -1) for offset in _offsets(n_cols)]
    images += [neighbor(known[::-1], offset, 0, -1) for offset in _offsets(n_rows)]
    for image in images:
        # Few overlapping cells agree by chance, so half of the grid has to bear witness.
        n_witnesses = np.count_nonzero((known >= 0) & (image >= 0))
        if 2 * n_witnesses >= grid.size and _agrees(known, image):
            yield image


def _offsets(side: int) -> list[int]:
    return sorted(range(-(side // 2), side // 2 + 1), key=lambda offset: (abs(offset), offset))


def _agrees(first: Grid, second: Grid) -> bool:
    """True if the two are equal wherever neither is unknown (-1)."""
    return bool(((first == second) | (first < 0) | (second < 0)).all())


def _consistent_tile(known: Grid, rows: int, cols: int) -> Grid | None:
    """The tile whose repetition agrees with every known cell, None if there is none or a cell stays unknown."""
    n_rows, n_cols = known.shape
    padded = np.full((-(-n_rows // rows) * rows, -(-n_cols // cols) * cols), -1, dtype=np.int8)
    padded[:n_rows, :n_cols] = known
    stacked = padded.reshape(-1, rows, padded.shape[1] // cols, cols)
    tile: Grid = stacked.max(axis=(0, 2))
    lowest = np.where(stacked < 0, 10, stacked).min(axis=(0, 2))
    return tile if (tile >= 0).all() and (lowest == tile).all() else None
