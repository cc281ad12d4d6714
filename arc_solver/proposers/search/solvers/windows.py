"""Outputs that occur in the input as they are, at a place that no object marks: the window with most of something.

Knows features of windows; the window's size is `size_law`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import Formula, formula, formulas
from arc_solver.proposers.search.solvers.size_law import side_laws

STAGE = "windows"
MAX_LAWS = 2
MAX_WINDOWS = 900
TIE_COST = 2.0

FEATURES = formulas(
    "part",
    (
        ("np.count_nonzero(part)", 0.8),
        ("len(np.unique(part))", 0.9),
        ("np.array_equal(part, part[:, ::-1])", 1.0),
        ("np.array_equal(part, part[::-1])", 1.0),
        ("np.array_equal(part, part[::-1]) and np.array_equal(part, part[:, ::-1])", 1.2),
        ("np.array_equal(part, part.T)", 1.1),
        ("np.bincount(part.ravel()).max()", 1.1),
        ("len(np.unique(part)) == 2 and part.all()", 1.4),
    ),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Choose a window of the input.

    Args:
        examples: Any; nothing is yielded unless every output occurs in its input, larger than one cell.
    """
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    if any(b.size >= a.size or b.min() == b.max() for a, b in pairs) or not all(_occurs(b, a) for a, b in pairs):
        return
    for height in side_laws(examples, 0)[:MAX_LAWS]:
        for width in side_laws(examples, 1)[:MAX_LAWS]:
            sizes = list(zip(height.sides, width.sides, strict=True))
            if any(h > g.shape[0] or w > g.shape[1] for (h, w), g in zip(sizes, examples.inputs, strict=True)):
                continue
            windows = [
                list(sliding_window_view(grid, size).reshape(-1, *size))
                for grid, size in zip(examples.inputs, sizes, strict=True)
            ]
            if max(map(len, windows)) <= MAX_WINDOWS:
                statements = (
                    f"height, width = {height.source}, {width.source}",
                    "places = np.ndindex(grid.shape[0] - height + 1, grid.shape[1] - width + 1)",
                    "parts = [grid[r:r + height, c:c + width] for r, c in places]",
                )
                yield from _chosen(examples, statements, windows, 2.0 + height.cost + width.cost)


def _occurs(part: Grid, grid: Grid) -> bool:
    if part.shape[0] > grid.shape[0] or part.shape[1] > grid.shape[1]:
        return False
    return bool((sliding_window_view(grid, part.shape) == part).all(axis=(2, 3)).any())


def _chosen(
    examples: Examples, statements: tuple[str, ...], windows: Sequence[Sequence[Grid]], cost: float
) -> Iterator[Draft]:
    for feature in (*FEATURES, *_color_features(examples)):
        keys = [[feature.function(part) for part in parts] for parts in windows]
        for word, extreme in (("max", max), ("min", min)):
            best = [
                [part for part, key in zip(parts, row, strict=True) if key == limit]
                for parts, row in zip(windows, keys, strict=True)
                for limit in (extreme(row),)
            ]
            pairs = zip(best, examples.outputs, strict=False)
            if all(np.array_equal(part, output) for parts, output in pairs for part in parts):
                ties = sum(any(not np.array_equal(part, parts[0]) for part in parts) for parts in best)
                body = (*statements, f"return {word}(parts, key=lambda part: {feature.source})")
                yield examples.draft(STAGE, body, cost + feature.cost + TIE_COST * ties)


def _color_features(examples: Examples) -> Iterator[Formula]:
    for color in sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs))):
        yield formula("part", f"np.count_nonzero(part == {color})", 1.0)
