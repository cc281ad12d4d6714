"""Outputs that are the input's rows or columns in another order, or its colours in order of frequency.

Knows a few keys to sort by; nothing of what the lines show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples

KEYS: tuple[tuple[str, Callable[[Grid], NDArray[Any]], float], ...] = (
    ("np.count_nonzero(grid, axis=1)", lambda grid: np.count_nonzero(grid, axis=1), 0.5),
    ("grid[:, 0]", lambda grid: grid[:, 0], 0.8),
    ("grid.max(axis=1)", lambda grid: grid.max(axis=1), 0.8),
    ("grid.sum(axis=1)", lambda grid: grid.sum(axis=1), 1.0),
    ("(grid != 0).argmax(axis=1)", lambda grid: (grid != 0).argmax(axis=1), 0.9),
)
Layout = Callable[[NDArray[Any]], NDArray[Any]]
LAYOUTS: tuple[tuple[str, Layout], ...] = (
    ("colors[None, :]", lambda line: line[None, :]),
    ("colors[:, None]", lambda line: line[:, None]),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Sort lines by a key, up or down; or list the colours.

    Args:
        examples: Any task.
    """
    if examples.same_size():
        yield from _sorted_lines(examples, False)
        yield from _sorted_lines(examples, True)
    if all(1 in output.shape for output in examples.outputs):
        yield from _listed_colors(examples)


def _sorted_lines(examples: Examples, columns: bool) -> Iterator[Draft]:
    pairs = [(a.T, b.T) if columns else (a, b) for a, b in zip(examples.train_inputs, examples.outputs, strict=True)]
    start, end = (("grid = grid.T",), "return grid[order].T") if columns else ((), "return grid[order]")
    for source, key, cost in KEYS:
        for sign in ("", "-"):
            if all(np.array_equal(a[_order(key(a), sign)], b) for a, b in pairs):
                body = (*start, f"order = np.argsort({sign}{source}, kind='stable')", end)
                yield examples.draft("sorting", body, 1.5 + cost + 0.3 * columns)


def _order(keys: NDArray[Any], sign: str) -> NDArray[np.intp]:
    return np.argsort(-keys if sign else keys, kind="stable")


def _listed_colors(examples: Examples) -> Iterator[Draft]:
    """The colours by frequency, all but the first `skip`, as a row or a column of a fixed or of any length."""
    lengths = {output.size for output in examples.outputs}
    for skip in (0, 1, 2):
        for sign in ("-", ""):
            for stop in [None, *([skip + next(iter(lengths))] if len(lengths) == 1 else [])]:
                lines = [_by_count(grid, sign)[skip:stop] for grid in examples.train_inputs]
                for source, layout in LAYOUTS:
                    if all(np.array_equal(layout(a), b) for a, b in zip(lines, examples.outputs, strict=True)):
                        body = (
                            "values, counts = np.unique(grid, return_counts=True)",
                            f"colors = values[np.argsort({sign}counts, kind='stable')][{skip}:{stop or ''}]",
                            f"return {source}",
                        )
                        yield examples.draft("sorting", body, 2.0 + 0.2 * skip)


def _by_count(grid: Grid, sign: str) -> NDArray[np.int8]:
    values, counts = np.unique(grid, return_counts=True)
    return values[_order(counts, sign)]
