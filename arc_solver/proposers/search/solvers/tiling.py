"""Outputs built of copies of the input: mosaics of its symmetries, and copies placed where the input's cells say so.

Knows nothing of what is in the copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.coloring import least_common_color, most_common_color
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples

Transform = Callable[[Grid], NDArray[np.int8]]

BLOCKS: tuple[tuple[str, Transform, float], ...] = (
    ("grid", lambda grid: grid, 0.1),
    ("np.fliplr(grid)", np.fliplr, 0.2),
    ("np.flipud(grid)", np.flipud, 0.2),
    ("np.rot90(grid, 2)", lambda grid: np.rot90(grid, 2), 0.2),
    ("np.rot90(grid)", np.rot90, 0.25),
    ("np.rot90(grid, 3)", lambda grid: np.rot90(grid, 3), 0.25),
    ("grid.T", lambda grid: grid.T, 0.25),
    ("np.rot90(grid, 2).T", lambda grid: np.rot90(grid, 2).T, 0.3),
    ("np.zeros_like(grid)", np.zeros_like, 0.3),
)
MAX_BLOCKS = 36


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain outputs whose sides are multiples of their inputs' sides.

    Args:
        examples: Any; nothing is yielded for other sizes.
    """
    yield from _mosaic(examples)
    yield from _copies_where(examples)


def _mosaic(examples: Examples) -> Iterator[Draft]:
    factors = {_factors(a, b) for a, b in zip(examples.train_inputs, examples.outputs, strict=True)}
    if len(factors) != 1:
        return
    n_rows, n_cols = next(iter(factors))
    if not 2 <= n_rows * n_cols <= MAX_BLOCKS:
        return
    names: list[list[str]] = []
    cost = 1.0
    for row in range(n_rows):
        names.append([])
        for col in range(n_cols):
            block = _block_at(examples, row, col)
            if block is None:
                return
            names[-1].append(block[0])
            cost += block[1]
    rows = ", ".join("[" + ", ".join(row) + "]" for row in names)
    yield examples.draft("tiling", (f"return np.block([{rows}])",), cost)


def _block_at(examples: Examples, row: int, col: int) -> tuple[str, float] | None:
    """The cheapest transform that gives the block (row, col) of every output."""
    for name, transform, cost in BLOCKS:
        matches = True
        for grid, output in zip(examples.train_inputs, examples.outputs, strict=True):
            rows, cols = grid.shape
            block = output[row * rows : (row + 1) * rows, col * cols : (col + 1) * cols]
            if not np.array_equal(transform(grid), block):
                matches = False
                break
        if matches:
            return name, cost
    return None


CONDITIONS: tuple[tuple[str, Callable[[Grid], NDArray[np.bool_]], float], ...] = (
    ("grid != 0", lambda grid: grid != 0, 0.3),
    ("grid == 0", lambda grid: grid == 0, 0.4),
    ("grid == np.bincount(grid.ravel()).argmax()", lambda grid: grid == np.bincount(grid.ravel()).argmax(), 0.6),
    ("grid == most_common_color(grid)", lambda grid: grid == most_common_color(grid), 0.7),
    ("grid == least_common_color(grid)", lambda grid: grid == least_common_color(grid), 0.7),
)


def _copies_where(examples: Examples) -> Iterator[Draft]:
    for grid, output in zip(examples.train_inputs, examples.outputs, strict=True):
        if _factors(grid, output) != grid.shape or grid.size == 1:
            return
    colors = sorted(set(range(1, 10)).intersection(*(np.unique(grid).tolist() for grid in examples.train_inputs)))
    conditions = list(CONDITIONS)
    for color in colors:
        conditions.append((f"grid == {color}", _cells_of(color), 0.6))
    for condition, mask_of, condition_cost in conditions:
        for name, transform, cost in BLOCKS[:-1]:
            if _copies_fit(examples, mask_of, transform):
                body = (f"return np.kron({condition}, {name})",)
                yield examples.draft("tiling", body, 1.0 + condition_cost + cost)


def _cells_of(color: int) -> Callable[[Grid], NDArray[np.bool_]]:
    return lambda grid: grid == color


def _copies_fit(examples: Examples, mask_of: Callable[[Grid], NDArray[np.bool_]], transform: Transform) -> bool:
    pairs = zip(examples.train_inputs, examples.outputs, strict=True)
    try:
        return all(np.array_equal(np.kron(mask_of(grid), transform(grid)), output) for grid, output in pairs)
    except ValueError:
        # A grid of one colour has no most common one apart from its background.
        return False


def _factors(grid: Grid, output: Grid) -> tuple[int, int]:
    rows, row_rest = divmod(output.shape[0], grid.shape[0])
    cols, col_rest = divmod(output.shape[1], grid.shape[1])
    return (rows, cols) if not row_rest and not col_rest else (0, 0)
