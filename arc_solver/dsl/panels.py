"""Several grids into one: cell-wise logic, overlays, and the choice of one panel."""

from __future__ import annotations

from collections import Counter

import numpy as np

from arc_solver.dsl.arrays import Mask, background_of, color_counts, fresh
from arc_solver.dsl.registry import Color, Grid, primitive


@primitive
def logical_and(first: Grid, second: Grid, color: Color) -> Grid:
    """`color` where both grids have content, 0 elsewhere.

    >>> logical_and(np.array([[1, 1, 0]]), np.array([[2, 0, 0]]), 5).tolist()
    [[5, 0, 0]]
    """
    return _painted(_content(first, second) & _content(second, first), color)


@primitive
def logical_or(first: Grid, second: Grid, color: Color) -> Grid:
    """`color` where at least one grid has content, 0 elsewhere.

    >>> logical_or(np.array([[1, 1, 0]]), np.array([[2, 0, 0]]), 5).tolist()
    [[5, 5, 0]]
    """
    return _painted(_content(first, second) | _content(second, first), color)


@primitive
def logical_xor(first: Grid, second: Grid, color: Color) -> Grid:
    """`color` where exactly one grid has content, 0 elsewhere.

    >>> logical_xor(np.array([[1, 1, 0]]), np.array([[2, 0, 0]]), 5).tolist()
    [[0, 5, 0]]
    """
    return _painted(_content(first, second) ^ _content(second, first), color)


@primitive
def logical_nor(first: Grid, second: Grid, color: Color) -> Grid:
    """`color` where neither grid has content, 0 elsewhere.

    >>> logical_nor(np.array([[1, 1, 0]]), np.array([[2, 0, 0]]), 5).tolist()
    [[0, 0, 5]]
    """
    return _painted(~(_content(first, second) | _content(second, first)), color)


@primitive
def logical_difference(first: Grid, second: Grid, color: Color) -> Grid:
    """`color` where the first grid has content and the second has none, 0 elsewhere.

    >>> logical_difference(np.array([[1, 1, 0]]), np.array([[2, 0, 0]]), 5).tolist()
    [[0, 5, 0]]
    """
    return _painted(_content(first, second) & ~_content(second, first), color)


@primitive
def overlay(bottom: Grid, top: Grid) -> Grid:
    """The content of `top` painted over `bottom`.

    >>> overlay(np.array([[1, 1, 0]]), np.array([[2, 0, 0]])).tolist()
    [[2, 1, 0]]
    """
    return fresh(np.where(_content(top, bottom), top, bottom))


@primitive
def overlay_all(grids: list[Grid]) -> Grid:
    """All grids on top of each other, the last one uppermost.

    >>> overlay_all([np.array([[1, 1, 0]]), np.array([[2, 0, 0]])]).tolist()
    [[2, 1, 0]]
    """
    out = fresh(_some(grids)[0])
    for grid in grids[1:]:
        out = overlay(out, grid)
    return out


@primitive
def pick_grid(grids: list[Grid], index: int) -> Grid:
    """The grid at that position; negative positions count from the end.

    >>> pick_grid([np.array([[1]]), np.array([[2]])], -1).tolist()
    [[2]]
    """
    if not -len(grids) <= index < len(grids):
        raise ValueError("no grid at that position")
    return fresh(grids[index])


@primitive
def odd_grid_out(grids: list[Grid]) -> Grid:
    """The only grid that differs from all others: in its cells, else in its pattern, else in its set of colors.

    >>> odd_grid_out([np.array([[1]]), np.array([[2]]), np.array([[1]])]).tolist()
    [[2]]
    """
    for feature in (_cells, _pattern, _colors):
        keys = [feature(grid) for grid in grids]
        counts = Counter(keys)
        if sorted(counts.values()) == [1, len(grids) - 1]:
            return next(fresh(grid) for grid, key in zip(grids, keys, strict=True) if counts[key] == 1)
    raise ValueError("no grid stands out")


@primitive
def most_common_grid(grids: list[Grid]) -> Grid:
    """The grid that occurs most often; the first of equals.

    >>> most_common_grid([np.array([[2]]), np.array([[1]]), np.array([[1]])]).tolist()
    [[1]]
    """
    keys = [_cells(grid) for grid in _some(grids)]
    counts = Counter(keys)
    return fresh(grids[keys.index(max(keys, key=counts.__getitem__))])


@primitive
def fullest_grid(grids: list[Grid]) -> Grid:
    """The grid with the most non-background cells; the first of equals.

    >>> fullest_grid([np.array([[0, 1]]), np.array([[2, 2]])]).tolist()
    [[2, 2]]
    """
    return fresh(grids[int(np.argmax(_n_filled(grids)))])


@primitive
def emptiest_grid(grids: list[Grid]) -> Grid:
    """The grid with the fewest non-background cells; the first of equals.

    >>> emptiest_grid([np.array([[0, 1]]), np.array([[2, 2]])]).tolist()
    [[0, 1]]
    """
    return fresh(grids[int(np.argmin(_n_filled(grids)))])


@primitive
def most_colorful_grid(grids: list[Grid]) -> Grid:
    """The grid with the most different colors; the first of equals.

    >>> most_colorful_grid([np.array([[0, 1, 1]]), np.array([[0, 3, 2]])]).tolist()
    [[0, 3, 2]]
    """
    return fresh(max(_some(grids), key=lambda grid: np.count_nonzero(color_counts(grid))))


@primitive
def symmetric_grid(grids: list[Grid]) -> Grid:
    """The first grid that equals its own left-right mirror image.

    >>> symmetric_grid([np.array([[0, 1]]), np.array([[1, 0, 1]])]).tolist()
    [[1, 0, 1]]
    """
    for grid in grids:
        if (grid == grid[:, ::-1]).all():
            return fresh(grid)
    raise ValueError("no grid is symmetric")


def _content(grid: Grid, other: Grid) -> Mask:
    """Where `grid` is not background. A grid without any 0 beside one with 0 is full: 0 is the background of both."""
    if grid.shape != other.shape:
        raise ValueError("the grids differ in size")
    background = 0 if not other.all() else background_of(grid)
    content: Mask = grid != background
    return content


def _painted(mask: Mask, color: Color) -> Grid:
    return fresh(np.where(mask, color, 0))


def _some(grids: list[Grid]) -> list[Grid]:
    if not grids:
        raise ValueError("there are no grids")
    return grids


def _n_filled(grids: list[Grid]) -> list[int]:
    """Content cells of each grid. 0 is the background of all if any has it, so that a full panel counts as full."""
    shared_zero = not all(grid.all() for grid in _some(grids))
    return [int(np.count_nonzero(grid != (0 if shared_zero else background_of(grid)))) for grid in grids]


def _cells(grid: Grid) -> tuple[tuple[int, ...], bytes]:
    return grid.shape, grid.tobytes()


def _pattern(grid: Grid) -> tuple[tuple[int, ...], bytes]:
    return grid.shape, (grid != background_of(grid)).tobytes()


def _colors(grid: Grid) -> tuple[tuple[int, ...], bytes]:
    return (), (color_counts(grid) > 0).tobytes()


@primitive
def shared_color(grids: list[Grid]) -> Color:
    """The most common color of those that every grid has, the lowest of equals: the background of panels.

    >>> shared_color([np.array([[1, 1, 0]]), np.array([[2, 0, 2]])])
    0
    """
    if not grids:
        raise ValueError("no grid")
    counts = np.array([color_counts(grid) for grid in grids])
    shared = np.where((counts > 0).all(axis=0), counts.sum(axis=0), 0)
    if not shared.any():
        raise ValueError("no color is in all of them")
    return Color(int(np.argmax(shared)))
