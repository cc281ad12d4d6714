"""Rotations, reflections and shifts of a whole grid."""

from __future__ import annotations

import numpy as np

from arc_solver.dsl.arrays import background_of, fresh, neighbor
from arc_solver.dsl.registry import Grid, primitive


@primitive
def rotate_90(grid: Grid) -> Grid:
    """Rotate a quarter turn clockwise.

    >>> rotate_90(np.array([[1, 2], [3, 4]])).tolist()
    [[3, 1], [4, 2]]
    """
    return fresh(grid[::-1].T)


@primitive
def rotate_180(grid: Grid) -> Grid:
    """Rotate half a turn.

    >>> rotate_180(np.array([[1, 2], [3, 4]])).tolist()
    [[4, 3], [2, 1]]
    """
    return fresh(grid[::-1, ::-1])


@primitive
def rotate_270(grid: Grid) -> Grid:
    """Rotate a quarter turn counter-clockwise.

    >>> rotate_270(np.array([[1, 2], [3, 4]])).tolist()
    [[2, 4], [1, 3]]
    """
    return fresh(grid.T[::-1])


@primitive
def flip_horizontal(grid: Grid) -> Grid:
    """Mirror left and right.

    >>> flip_horizontal(np.array([[1, 2], [3, 4]])).tolist()
    [[2, 1], [4, 3]]
    """
    return fresh(grid[:, ::-1])


@primitive
def flip_vertical(grid: Grid) -> Grid:
    """Mirror top and bottom.

    >>> flip_vertical(np.array([[1, 2], [3, 4]])).tolist()
    [[3, 4], [1, 2]]
    """
    return fresh(grid[::-1])


@primitive
def transpose(grid: Grid) -> Grid:
    """Mirror along the main diagonal: rows become columns.

    >>> transpose(np.array([[1, 2], [3, 4]])).tolist()
    [[1, 3], [2, 4]]
    """
    return fresh(grid.T)


@primitive
def anti_transpose(grid: Grid) -> Grid:
    """Mirror along the other diagonal.

    >>> anti_transpose(np.array([[1, 2], [3, 4]])).tolist()
    [[4, 2], [3, 1]]
    """
    return fresh(grid[::-1, ::-1].T)


@primitive
def shift(grid: Grid, rows: int, cols: int) -> Grid:
    """Move everything down by `rows` and right by `cols`; background comes in, what leaves is lost.

    >>> shift(np.array([[1, 2], [0, 3]]), 1, 0).tolist()
    [[0, 0], [1, 2]]
    """
    return fresh(neighbor(grid, -rows, -cols, background_of(grid)))


@primitive
def roll(grid: Grid, rows: int, cols: int) -> Grid:
    """Move everything down by `rows` and right by `cols`; what leaves comes in on the other side.

    >>> roll(np.array([[1, 2, 3]]), 0, 1).tolist()
    [[3, 1, 2]]
    """
    return fresh(np.roll(grid, (rows, cols), axis=(0, 1)))


@primitive
def turn(grid: Grid, quarter_turns: int) -> Grid:
    """Turn clockwise by so many quarter turns; negative numbers turn the other way.

    >>> turn(np.array([[1, 2]]), -1).tolist()
    [[2], [1]]
    """
    return fresh(np.rot90(grid, -quarter_turns))
