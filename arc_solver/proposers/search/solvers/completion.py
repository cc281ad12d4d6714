"""Grids with a hidden part: complete what is hidden by symmetry or repetition, and give the whole or the part.

Knows ways to complete; what is symmetric or repeats is the primitives' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.features import complete_lattice, crop_where
from arc_solver.dsl.registry import Color
from arc_solver.dsl.symmetry import repair_pattern, repair_symmetry
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples

WAYS: tuple[tuple[str, Callable[[Grid, int], Grid], float], ...] = (
    ("repair_symmetry", lambda grid, color: repair_symmetry(grid, Color(color)), 1.0),
    ("repair_pattern", lambda grid, color: repair_pattern(grid, Color(color)), 1.2),
    ("complete_lattice", lambda grid, color: complete_lattice(grid, color), 1.4),
)
PARTS: tuple[tuple[str, Callable[[Grid], NDArray[np.int8]], float], ...] = (
    ("part", lambda part: part, 0.0),
    ("np.fliplr(part)", np.fliplr, 1.0),
    ("np.flipud(part)", np.flipud, 1.0),
    ("np.rot90(part, 2)", lambda part: np.rot90(part, 2), 1.0),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Complete the cells of one colour that every input has.

    Args:
        examples: Any; nothing is yielded unless outputs have the inputs' sizes or those of their hidden parts.
    """
    if any(
        max(output.shape) > max(grid.shape) for grid, output in zip(examples.inputs, examples.outputs, strict=False)
    ):
        return
    for color in sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs))):
        for name, complete, cost in WAYS:
            whole = _completed(examples, complete, color)
            if whole is None:
                continue
            if all(np.array_equal(a, b) for a, b in zip(whole, examples.outputs, strict=True)):
                yield examples.draft("completion", (f"return {name}(grid, {color})",), cost + 0.5)
            yield from _parts(examples, whole, f"{name}(grid, {color})", color, cost)


def _completed(examples: Examples, complete: Callable[[Grid, int], Grid], color: int) -> list[Grid] | None:
    """The completed training inputs; None if the first is of no use or one cannot be completed."""
    whole = []
    for grid, output in zip(examples.train_inputs, examples.outputs, strict=True):
        rows, cols = np.nonzero(grid == color)
        box = (rows.max() - rows.min() + 1, cols.max() - cols.min() + 1)
        if output.shape not in (grid.shape, box):
            return None
        try:
            whole.append(complete(grid, color))
        except ValueError:
            return None
    return whole


def _parts(examples: Examples, whole: list[Grid], expression: str, color: int, cost: float) -> Iterator[Draft]:
    parts = [crop_where(a, grid, Color(color)) for a, grid in zip(whole, examples.train_inputs, strict=True)]
    for source, transform, extra in PARTS:
        if all(np.array_equal(transform(part), b) for part, b in zip(parts, examples.outputs, strict=True)):
            body = (f"part = crop_where({expression}, grid, {color})", f"return {source}")
            yield examples.draft("completion", body, cost + 1.0 + extra)
