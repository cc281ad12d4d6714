"""What builders share: drawing numbers and colours, finding room in a scene, pasting shapes.

`rng.random()` is used for single numbers because it is ten times as fast as `rng.integers`. Knows nothing of programs.

Shapes: R rows, C columns of a scene; r, c those of a shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import N_COLORS

_T = TypeVar("_T")

_N_TRIES = 12
"""Places tried for one object before it is left out."""


def below(rng: np.random.Generator, n: int) -> int:
    """A number 0..n - 1."""
    return int(rng.random() * n)


def drawn(rng: np.random.Generator, bounds: int | tuple[int, int]) -> int:
    """A number within the bounds, both included."""
    if isinstance(bounds, int):
        return bounds
    low, high = bounds
    return low + int(rng.random() * (high - low + 1))


def drawn_sides(
    rng: np.random.Generator, rows: int | tuple[int, int], cols: int | tuple[int, int], square: bool
) -> tuple[int, int]:
    """(R, C) within the bounds; `square`: as many columns as rows."""
    n_rows = drawn(rng, rows)
    return n_rows, n_rows if square else drawn(rng, cols)


def one_of(rng: np.random.Generator, values: Sequence[_T]) -> _T:
    """One of the values."""
    return values[int(rng.random() * len(values))]


def shuffled(rng: np.random.Generator, values: Sequence[_T]) -> list[_T]:
    """The values in random order."""
    return [values[index] for index in rng.permutation(len(values)).tolist()]


def random_colors(rng: np.random.Generator, colors: Sequence[int], shape: int | tuple[int, int]) -> NDArray[np.int8]:
    """An array of the shape, each cell one of the colours."""
    table = np.array(colors, dtype=np.int8)
    picked: NDArray[np.int8] = table[(rng.random(shape) * len(colors)).astype(np.intp)]
    return picked


def background_of(grid: NDArray[np.int8]) -> int:
    """The most common colour."""
    return int(np.bincount(grid.ravel(), minlength=N_COLORS).argmax())


def paste(grid: NDArray[np.int8], shape: NDArray[np.int8], row: int, col: int) -> None:
    """Put the shape into the grid with its corner at (row, col), in place; what lies outside is cut off."""
    n_rows, n_cols = grid.shape
    height, width = shape.shape
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + height, n_rows), min(col + width, n_cols)
    if top < bottom and left < right:
        part = shape[top - row : bottom - row, left - col : right - col]
        np.copyto(grid[top:bottom, left:right], part, where=part >= 0)


class Canvas:
    """A scene under construction: a copy of a grid, and where there is room in it."""

    def __init__(self, grid: NDArray[np.int8]) -> None:
        self.grid = grid.copy()
        self.background = background_of(grid)
        self.taken: NDArray[np.bool_] = self.grid != self.background

    def room(self, rng: np.random.Generator, height: int, width: int, gap: int = 1) -> tuple[int, int] | None:
        """A corner where a box of this size keeps `gap` free cells around it, None if none was found."""
        n_rows, n_cols = self.grid.shape
        if height > n_rows or width > n_cols:
            return None
        points = rng.random(2 * _N_TRIES).tolist()
        for try_index in range(_N_TRIES):
            row = int(points[2 * try_index] * (n_rows - height + 1))
            col = int(points[2 * try_index + 1] * (n_cols - width + 1))
            if not self.taken[max(row - gap, 0) : row + height + gap, max(col - gap, 0) : col + width + gap].any():
                return row, col
        return None

    def put(self, shape: NDArray[np.int8], row: int, col: int) -> None:
        """Paste a shape and take its box."""
        paste(self.grid, shape, row, col)
        self.taken[max(row, 0) : row + shape.shape[0], max(col, 0) : col + shape.shape[1]] = True

    def place(self, rng: np.random.Generator, shape: NDArray[np.int8], gap: int = 1) -> tuple[int, int] | None:
        """Put the shape where there is room; its corner, or None where there was none."""
        spot = self.room(rng, shape.shape[0], shape.shape[1], gap)
        if spot is not None:
            self.put(shape, *spot)
        return spot
