"""Cell maps of surroundings: what every cell sees around it, and grids completed or cut by what is seen.

A cell map has the shape of its grid: `out[ray_color(grid, 0, 1) == 3] = 2` reads as the rule it is. Background is
colour 0 where the grid has it, else its most common colour. Knows nothing of components, nor of how rules are found.

Shapes: R rows, C columns.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.arrays import background_of
from arc_solver.dsl.registry import Color, Grid, primitive

CellMap = NDArray[np.int16]
"""Shape (R, C): a number for every cell."""


@primitive
def ray_color(grid: Grid, d_row: int, d_col: int) -> Grid:
    """The first colour other than background that each cell sees in direction (d_row, d_col); background if none.

    >>> ray_color(np.array([[0, 0, 3, 0]], dtype=np.int8), 0, 1).tolist()
    [[3, 3, 0, 0]]
    """
    if max(abs(d_row), abs(d_col)) != 1:
        raise ValueError("a direction is a step of -1, 0 or 1 on each axis, not both 0")
    background = background_of(grid)
    seen = np.full_like(grid, background)
    if d_row == 0:
        return ray_color(grid.T, d_col, 0).T.copy()
    order = range(1, grid.shape[0]) if d_row < 0 else range(grid.shape[0] - 2, -1, -1)
    for row in order:
        nearest = np.where(grid[row + d_row] != background, grid[row + d_row], seen[row + d_row])
        seen[row] = _shift_row(nearest, -d_col, background)
    return seen


def _shift_row(row: NDArray[np.int8], step: int, fill: int) -> NDArray[np.int8]:
    shifted = np.full_like(row, fill)
    if step == 0:
        shifted[:] = row
    elif step > 0:
        shifted[step:] = row[:-step]
    else:
        shifted[:step] = row[-step:]
    return shifted


@primitive
def ray_distance(grid: Grid, d_row: int, d_col: int) -> CellMap:
    """Steps from each cell to the first that is not background in direction (d_row, d_col); 0 if there is none.

    >>> ray_distance(np.array([[0, 0, 3, 0]], dtype=np.int8), 0, 1).tolist()
    [[2, 1, 0, 0]]
    """
    if abs(d_row) + abs(d_col) != 1:
        raise ValueError("a direction is one step along one axis")
    if d_col:
        return ray_distance(grid.T, d_col, 0).T.copy()
    distance = np.zeros(grid.shape, dtype=np.int16)
    filled = grid != background_of(grid)
    order = range(1, grid.shape[0]) if d_row < 0 else range(grid.shape[0] - 2, -1, -1)
    for row in order:
        further = np.where(distance[row + d_row] > 0, distance[row + d_row] + 1, 0)
        distance[row] = np.where(filled[row + d_row], 1, further)
    return distance


@primitive
def neighbor(grid: Grid, d_row: int, d_col: int) -> CellMap:
    """The colour of the cell that lies (d_row, d_col) away; -1 outside the grid.

    >>> neighbor(np.array([[1, 2, 3]], dtype=np.int8), 0, 1).tolist()
    [[2, 3, -1]]
    """
    rows, cols = grid.shape
    found = np.full((rows, cols), -1, dtype=np.int16)
    to = slice(max(0, -d_row), max(0, min(rows, rows - d_row))), slice(max(0, -d_col), max(0, min(cols, cols - d_col)))
    at = slice(max(0, d_row), max(0, min(rows, rows + d_row))), slice(max(0, d_col), max(0, min(cols, cols + d_col)))
    found[to] = grid[at]
    return found


@primitive
def neighbors_alike(grid: Grid, diagonal: bool) -> CellMap:
    """How many of the 4 (or, with `diagonal`, 8) neighbours have the cell's own colour.

    >>> neighbors_alike(np.array([[1, 1, 2]], dtype=np.int8), False).tolist()
    [[1, 1, 0]]
    """
    alike = np.zeros(grid.shape, dtype=np.int16)
    for d_row, d_col in [(0, 1), (1, 0), (0, -1), (-1, 0)] + [(1, 1), (1, -1), (-1, 1), (-1, -1)] * diagonal:
        alike += neighbor(grid, d_row, d_col) == grid
    return alike


@primitive
def neighbors_filled(grid: Grid, diagonal: bool) -> CellMap:
    """How many of the 4 (or, with `diagonal`, 8) neighbours are not background.

    >>> neighbors_filled(np.array([[1, 0, 2]], dtype=np.int8), False).tolist()
    [[0, 2, 0]]
    """
    filled = np.zeros(grid.shape, dtype=np.int16)
    background = background_of(grid)
    for d_row, d_col in [(0, 1), (1, 0), (0, -1), (-1, 0)] + [(1, 1), (1, -1), (-1, 1), (-1, -1)] * diagonal:
        color = neighbor(grid, d_row, d_col)
        filled += (color != background) & (color >= 0)
    return filled


@primitive
def neighbors_of(grid: Grid, color: Color, diagonal: bool) -> CellMap:
    """How many of the 4 (or, with `diagonal`, 8) neighbours have a colour.

    >>> neighbors_of(np.array([[1, 0, 1]], dtype=np.int8), 1, False).tolist()
    [[0, 2, 0]]
    """
    found = np.zeros(grid.shape, dtype=np.int16)
    for d_row, d_col in [(0, 1), (1, 0), (0, -1), (-1, 0)] + [(1, 1), (1, -1), (-1, 1), (-1, -1)] * diagonal:
        found += neighbor(grid, d_row, d_col) == color
    return found


@primitive
def content_distance(grid: Grid, diagonal: bool) -> CellMap:
    """Steps from each cell to the nearest that is not background (with `diagonal`, king's moves); 0 if there is none.

    >>> content_distance(np.array([[1, 0, 0]], dtype=np.int8), False).tolist()
    [[0, 1, 2]]
    """
    distance = np.zeros(grid.shape, dtype=np.int16)
    reached = grid != background_of(grid)
    if not reached.any():
        return distance
    while not reached.all():
        distance += ~reached
        padded = np.pad(reached, 1)
        reached = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
        if diagonal:
            reached = reached | padded[:-2, :-2] | padded[:-2, 2:] | padded[2:, :-2] | padded[2:, 2:]
    return distance


@primitive
def line_count(grid: Grid, color: Color, vertical: bool) -> CellMap:
    """How many cells of each cell's row (or column) have a colour.

    >>> line_count(np.array([[1, 0, 1], [0, 0, 0]], dtype=np.int8), 1, False).tolist()
    [[2, 2, 2], [0, 0, 0]]
    """
    counts = (grid == color).sum(axis=0 if vertical else 1, keepdims=True)
    return np.repeat(counts.astype(np.int16), grid.shape[0 if vertical else 1], axis=0 if vertical else 1)


@primitive
def line_end_color(grid: Grid, vertical: bool, from_end: bool) -> Grid:
    """Every row (column, if vertical) in the colour of its first or, with `from_end`, last cell.

    >>> line_end_color(np.array([[1, 0, 2], [3, 0, 0]], dtype=np.int8), False, True).tolist()
    [[2, 2, 2], [0, 0, 0]]
    """
    end = -1 if from_end else 0
    line = grid[end : end + 1 or None] if vertical else grid[:, end : end + 1 or None]
    return np.repeat(line, grid.shape[0 if vertical else 1], axis=0 if vertical else 1)


@primitive
def line_filled(grid: Grid, vertical: bool) -> CellMap:
    """How many cells of each cell's row (or column) are not background.

    >>> line_filled(np.array([[1, 0, 2], [0, 0, 0]], dtype=np.int8), False).tolist()
    [[2, 2, 2], [0, 0, 0]]
    """
    counts = (grid != background_of(grid)).sum(axis=0 if vertical else 1, keepdims=True)
    return np.repeat(counts.astype(np.int16), grid.shape[0 if vertical else 1], axis=0 if vertical else 1)


@primitive
def line_empty(grid: Grid, vertical: bool) -> CellMap:
    """How many cells of each cell's row (or column) are background.

    >>> line_empty(np.array([[1, 0, 2], [0, 0, 0]], dtype=np.int8), False).tolist()
    [[1, 1, 1], [3, 3, 3]]
    """
    counts = (grid == background_of(grid)).sum(axis=0 if vertical else 1, keepdims=True)
    return np.repeat(counts.astype(np.int16), grid.shape[0 if vertical else 1], axis=0 if vertical else 1)


@primitive
def position(grid: Grid, vertical: bool, from_end: bool) -> CellMap:
    """Each cell's row (vertical) or column, counted from the top left or, with `from_end`, from the bottom right.

    >>> position(np.array([[5, 5, 5]], dtype=np.int8), False, True).tolist()
    [[2, 1, 0]]
    """
    index: CellMap = np.indices(grid.shape, dtype=np.int16)[0 if vertical else 1]
    return np.flip(index) if from_end else index


@primitive
def edge_distance(grid: Grid) -> CellMap:
    """Steps from each cell to the nearest edge of the grid, 0 on the edge.

    >>> edge_distance(np.array([[5, 5, 5], [5, 5, 5], [5, 5, 5]], dtype=np.int8)).tolist()
    [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    """
    rows, cols = np.indices(grid.shape)
    by_row, by_col = np.minimum(rows, np.flip(rows)), np.minimum(cols, np.flip(cols))
    nearest: CellMap = np.minimum(by_row, by_col).astype(np.int16)
    return nearest


@primitive
def color_rank(grid: Grid, up: bool) -> CellMap:
    """How many colours of the grid, background apart, are more (with `up`: less) frequent than the cell's own.

    >>> color_rank(np.array([[0, 1, 1], [2, 0, 0]], dtype=np.int8), False).tolist()
    [[0, 0, 0], [1, 0, 0]]
    """
    counts = np.bincount(grid.ravel(), minlength=10)
    others = [int(count) for color, count in enumerate(counts) if count and color != background_of(grid)]
    beyond = [sum((o < count) if up else (o > count) for o in others) for count in counts.tolist()]
    beyond[background_of(grid)] = 0
    return np.array(beyond, dtype=np.int16)[grid]


@primitive
def ranked_color(grid: Grid, rank: int) -> Grid:
    """A grid of one colour: the `rank`-th most frequent apart from background (-1: the least frequent).

    >>> ranked_color(np.array([[0, 1, 1], [2, 0, 0]], dtype=np.int8), -1).tolist()
    [[2, 2, 2], [2, 2, 2]]
    """
    background = background_of(grid)
    counts = np.bincount(grid.ravel(), minlength=10)
    order = sorted((c for c in range(10) if counts[c] and c != background), key=lambda c: (-counts[c], c))
    color = order[rank] if -len(order) <= rank < len(order) else background
    return np.full_like(grid, color)


@primitive
def equal_panels(grid: Grid) -> list[Grid]:
    """The equal parts between full lines of one colour, row by row; of several colours the one that gives most parts.

    >>> [part.tolist() for part in equal_panels(np.array([[0, 2, 5, 0, 1]], dtype=np.int8))]
    [[[0, 2]], [[0, 1]]]
    """
    best: list[Grid] = []
    for color in np.unique(grid).tolist():
        is_color = grid == color
        row_spans, col_spans = _spans(is_color.all(axis=1)), _spans(is_color.all(axis=0))
        heights, widths = {b - a for a, b in row_spans}, {b - a for a, b in col_spans}
        if len(heights) == 1 and len(widths) == 1 and len(row_spans) * len(col_spans) > len(best):
            best = [grid[a:b, c:d].copy() for a, b in row_spans for c, d in col_spans]
    if len(best) < 2:
        raise ValueError("no full lines of one colour that leave equal parts")
    return best


def _spans(is_line: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The maximal runs between lines, as (start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], is_line, [True]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


@primitive
def complete_lattice(grid: Grid, hidden: int) -> Grid:
    """Give hidden cells the colours of the smallest pattern that repeats, perhaps shifted from row to row.

    >>> complete_lattice(np.array([[1, 2, 3, 0], [2, 3, 1, 2]], dtype=np.int8), 0).tolist()
    [[1, 2, 3, 1], [2, 3, 1, 2]]
    """
    known = np.flatnonzero(grid != hidden)
    if not 0 < len(known) < grid.size:
        raise ValueError("nothing is hidden, or everything")
    shown = grid.ravel()[known]
    colors: Grid = np.empty(MAX_PATTERN_CELLS, dtype=np.int8)
    for classes in _lattices(*grid.shape):
        colors.fill(-1)
        places = classes[known]
        colors[places] = shown
        # Two known cells of one place that differ: the later one won, the earlier one says so.
        if (colors[places] == shown).all() and (colors[classes] >= 0).all():
            return colors[classes].reshape(grid.shape)
    raise ValueError("no repeating pattern")


MAX_PATTERN_CELLS = 30


@lru_cache(maxsize=32)
def _lattices(n_rows: int, n_cols: int) -> tuple[NDArray[np.int16], ...]:
    """For every pattern that fits in twice, smallest first: each cell's place in it, shape (R * C,)."""
    found = [
        (height, width, shift)
        for height in range(1, n_rows + 1)
        for width in range(1, n_cols + 1)
        for shift in (range(width) if height <= 2 and width <= 12 else (0,))
        if 1 < height * width <= min(MAX_PATTERN_CELLS, n_rows * n_cols // 2)
    ]
    rows, cols = np.indices((n_rows, n_cols))
    return tuple(
        ((rows % height) * width + (cols - shift * (rows // height)) % width).astype(np.int16).ravel()
        for height, width, shift in sorted(found, key=lambda one: (one[0] * one[1], one[2], one[0]))
    )


@primitive
def crop_where(grid: Grid, guide: Grid, color: Color) -> Grid:
    """The part of a grid that lies where another of the same shape has a colour.

    >>> crop_where(np.array([[1, 2, 3]], dtype=np.int8), np.array([[0, 5, 5]], dtype=np.int8), 5).tolist()
    [[2, 3]]
    """
    rows, cols = np.nonzero(guide == color)
    if not len(rows) or grid.shape != guide.shape:
        raise ValueError("the guide lacks the colour or has another shape")
    return grid[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1].copy()
