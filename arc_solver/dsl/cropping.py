"""Parts of a grid: crops, halves, panels, and what is left when repetition goes."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.arrays import Mask, background_of, bounding_box, fresh
from arc_solver.dsl.registry import Color, Count, Grid, primitive


@primitive
def crop(grid: Grid, top: int, left: int, height: Count, width: Count) -> Grid:
    """Cut out the `height` x `width` rectangle whose top left cell is (top, left).

    >>> crop(np.array([[1, 2, 3], [4, 5, 6]]), 0, 1, 2, 2).tolist()
    [[2, 3], [5, 6]]
    """
    n_rows, n_cols = grid.shape
    if top < 0 or left < 0 or top + height > n_rows or left + width > n_cols:
        raise ValueError("the rectangle leaves the grid")
    return fresh(grid[top : top + height, left : left + width])


@primitive
def crop_to_content(grid: Grid) -> Grid:
    """Cut out the bounding box of everything that is not background.

    >>> crop_to_content(np.array([[0, 0, 0], [0, 1, 2]])).tolist()
    [[1, 2]]
    """
    top, left, bottom, right = bounding_box(grid != background_of(grid))
    return fresh(grid[top:bottom, left:right])


@primitive
def crop_to_color(grid: Grid, color: Color) -> Grid:
    """Cut out the bounding box of the cells of one color.

    >>> crop_to_color(np.array([[1, 2, 0], [0, 2, 0]]), 2).tolist()
    [[2], [2]]
    """
    top, left, bottom, right = bounding_box(grid == color)
    return fresh(grid[top:bottom, left:right])


@primitive
def trim_border(grid: Grid) -> Grid:
    """Remove the outermost ring of cells.

    >>> trim_border(np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]])).tolist()
    [[5]]
    """
    return fresh(grid[1:-1, 1:-1])


@primitive
def top_half(grid: Grid) -> Grid:
    """The upper half; a middle row belongs to neither half.

    >>> top_half(np.array([[1], [2], [3]])).tolist()
    [[1]]
    """
    return fresh(grid[: grid.shape[0] // 2])


@primitive
def bottom_half(grid: Grid) -> Grid:
    """The lower half; a middle row belongs to neither half.

    >>> bottom_half(np.array([[1], [2], [3]])).tolist()
    [[3]]
    """
    return fresh(grid[(grid.shape[0] + 1) // 2 :])


@primitive
def left_half(grid: Grid) -> Grid:
    """The left half; a middle column belongs to neither half.

    >>> left_half(np.array([[1, 2, 3]])).tolist()
    [[1]]
    """
    return fresh(grid[:, : grid.shape[1] // 2])


@primitive
def right_half(grid: Grid) -> Grid:
    """The right half; a middle column belongs to neither half.

    >>> right_half(np.array([[1, 2, 3]])).tolist()
    [[3]]
    """
    return fresh(grid[:, (grid.shape[1] + 1) // 2 :])


@primitive
def split_horizontally(grid: Grid, n: Count) -> list[Grid]:
    """Cut into `n` equal panels side by side, left to right.

    >>> [panel.tolist() for panel in split_horizontally(np.array([[1, 2]]), 2)]
    [[[1]], [[2]]]
    """
    n_cols = grid.shape[1]
    if n < 1 or n_cols % n:
        raise ValueError("the panels would not be equal")
    step = n_cols // n
    return [fresh(grid[:, start : start + step]) for start in range(0, n_cols, step)]


@primitive
def split_vertically(grid: Grid, n: Count) -> list[Grid]:
    """Cut into `n` equal panels one below the other, top to bottom.

    >>> [panel.tolist() for panel in split_vertically(np.array([[1], [2]]), 2)]
    [[[1]], [[2]]]
    """
    n_rows = grid.shape[0]
    if n < 1 or n_rows % n:
        raise ValueError("the panels would not be equal")
    step = n_rows // n
    return [fresh(grid[start : start + step]) for start in range(0, n_rows, step)]


@primitive
def split_by_lines(grid: Grid) -> list[Grid]:
    """The panels between full rows and columns of one separator color, in reading order.

    The separator is the first non-background color with such a line.

    >>> [panel.tolist() for panel in split_by_lines(np.array([[1, 5, 2], [0, 5, 0]]))]
    [[[1], [0]], [[2], [0]]]
    """
    rows, cols = _separator_lines(grid)
    row_spans, col_spans = _spans_between(rows), _spans_between(cols)
    if len(row_spans) * len(col_spans) < 2:
        raise ValueError("no lines split this grid")
    return [fresh(grid[top:bottom, left:right]) for top, bottom in row_spans for left, right in col_spans]


@primitive
def compress(grid: Grid) -> Grid:
    """Drop every row and column that equals the one before it.

    >>> compress(np.array([[1, 1, 2], [1, 1, 2], [3, 3, 3]])).tolist()
    [[1, 2], [3, 3]]
    """
    keep_rows = np.ones(grid.shape[0], dtype=bool)
    keep_rows[1:] = (grid[1:] != grid[:-1]).any(axis=1)
    keep_cols = np.ones(grid.shape[1], dtype=bool)
    keep_cols[1:] = (grid[:, 1:] != grid[:, :-1]).any(axis=0)
    return fresh(grid[keep_rows][:, keep_cols])


@primitive
def remove_solid_lines(grid: Grid) -> Grid:
    """Drop every row and column that has one color only.

    >>> remove_solid_lines(np.array([[1, 5, 2], [2, 5, 1], [5, 5, 5]])).tolist()
    [[1, 2], [2, 1]]
    """
    keep_rows = (grid != grid[:, :1]).any(axis=1)
    keep_cols = (grid != grid[:1]).any(axis=0)
    return fresh(grid[keep_rows][:, keep_cols])


@primitive
def remove_empty_lines(grid: Grid) -> Grid:
    """Drop every row and column that holds only background.

    >>> remove_empty_lines(np.array([[1, 0, 2], [0, 0, 0], [3, 0, 0]])).tolist()
    [[1, 2], [3, 0]]
    """
    content = grid != background_of(grid)
    return fresh(grid[content.any(axis=1)][:, content.any(axis=0)])


@primitive
def repeating_tile(grid: Grid) -> Grid:
    """The smallest tile whose repetition gives the grid (cut off at the right and bottom).

    >>> repeating_tile(np.array([[1, 2, 1, 2, 1]])).tolist()
    [[1, 2]]
    """
    n_rows, n_cols = grid.shape
    height = next(p for p in range(1, n_rows + 1) if p == n_rows or (grid[p:] == grid[:-p]).all())
    width = next(p for p in range(1, n_cols + 1) if p == n_cols or (grid[:, p:] == grid[:, :-p]).all())
    return fresh(grid[:height, :width])


def _separator_lines(grid: Grid) -> tuple[Mask, Mask]:
    """Which rows (R,) and columns (C,) are full lines of the separator's color."""
    background = background_of(grid)
    solid_rows = (grid == grid[:, :1]).all(axis=1) & (grid[:, 0] != background)
    solid_cols = (grid == grid[:1]).all(axis=0) & (grid[0] != background)
    colors: NDArray[np.int8] = np.concatenate([grid[solid_rows, 0], grid[0, solid_cols]])
    if not colors.size:
        raise ValueError("no lines split this grid")
    return solid_rows & (grid[:, 0] == colors[0]), solid_cols & (grid[0] == colors[0])


def _spans_between(is_line: Mask) -> list[tuple[int, int]]:
    """Half-open runs of False."""
    edges = [-1, *np.flatnonzero(is_line).tolist(), len(is_line)]
    return [(before + 1, after) for before, after in itertools.pairwise(edges) if after > before + 1]
