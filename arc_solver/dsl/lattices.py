"""Lattices: full lines and the panels between them, tilings cut to a size, all views of a grid."""

from __future__ import annotations

import itertools

import numpy as np

from arc_solver.dsl.arrays import check_sides, fresh
from arc_solver.dsl.registry import Color, Count, Grid, primitive


@primitive
def lines_of(grid: Grid, color: Color, vertical: bool) -> list[int]:
    """Numbers of the rows (columns if `vertical`) that are that color from end to end.

    >>> lines_of(np.array([[5, 0], [5, 5]]), 5, False)
    [1]
    """
    found: list[int] = np.flatnonzero((grid == color).all(axis=0 if vertical else 1)).tolist()
    return found


@primitive
def separator_color(grid: Grid) -> Color:
    """The color of the full rows or columns that cut the grid; of several the one with the most such lines.

    >>> separator_color(np.array([[0, 5, 1], [2, 5, 0]]))
    5
    """
    background = int(np.argmax(np.bincount(grid.ravel(), minlength=10)))
    counts = np.zeros(10, dtype=np.int64)
    for lines in (grid, grid.T):
        uniform = lines[(lines == lines[:, :1]).all(axis=1), 0]
        counts += np.bincount(uniform, minlength=10)
    if counts.sum() > counts[background]:
        counts[background] = 0
    if counts.sum() == 0:
        raise ValueError("no full line")
    return Color(int(np.argmax(counts)))


@primitive
def panel_rows(grid: Grid, color: Color) -> list[list[Grid]]:
    """The panels between full lines of that color, as rows of panels from top to bottom.

    >>> [[panel.tolist() for panel in row] for row in panel_rows(np.array([[1, 5, 2], [5, 5, 5], [3, 5, 4]]), 5)]
    [[[[1]], [[2]]], [[[3]], [[4]]]]
    """
    rows, cols = (_spans((grid == color).all(axis=axis)) for axis in (1, 0))
    if not rows or not cols:
        raise ValueError("nothing between the lines")
    return [[fresh(grid[row, col]) for col in cols] for row in rows]


@primitive
def halves(grid: Grid) -> list[Grid]:
    """The two halves beside a middle row or column of one color that occurs nowhere else, top or left half first.

    >>> [half.tolist() for half in halves(np.array([[1, 5, 2], [0, 5, 3]]))]
    [[[1], [0]], [[2], [3]]]
    """
    for axis in (0, 1):
        middle = grid.shape[axis] // 2
        line = grid.take(middle, axis=axis)
        if grid.shape[axis] % 2 and middle > 0 and (line == line[0]).all() and (grid == line[0]).sum() == line.size:
            first, second = np.split(np.delete(grid, middle, axis=axis), 2, axis=axis)
            return [fresh(first), fresh(second)]
    raise ValueError("no line in the middle")


@primitive
def repeat_to(grid: Grid, height: Count, width: Count) -> Grid:
    """The grid repeated to the right and down, cut to that size.

    >>> repeat_to(np.array([[1, 2]]), 2, 3).tolist()
    [[1, 2, 1], [1, 2, 1]]
    """
    check_sides(height, width)
    return fresh(grid[np.arange(height) % grid.shape[0]][:, np.arange(width) % grid.shape[1]])


@primitive
def eight_views(grid: Grid) -> list[Grid]:
    """The grid turned by 0, 90, 180 and 270 degrees clockwise, then the same of its transpose.

    >>> len(eight_views(np.array([[1, 2]])))
    8
    """
    return [fresh(np.rot90(one, -turns)) for one in (grid, grid.T) for turns in range(4)]


@primitive
def panels_between(grid: Grid, color: Color) -> list[Grid]:
    """The panels between full lines of that color, in reading order.

    >>> [panel.tolist() for panel in panels_between(np.array([[1, 5, 2]]), 5)]
    [[[1]], [[2]]]
    """
    return [panel for row in panel_rows(grid, color) for panel in row]


def _spans(is_line: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[slice]:
    """The stretches between lines."""
    edges = [-1, *np.flatnonzero(is_line).tolist(), len(is_line)]
    return [slice(low + 1, high) for low, high in itertools.pairwise(edges) if high > low + 1]
