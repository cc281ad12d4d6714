"""Outputs made of two cuts of the input: one says where, the other, perhaps enlarged, in which colours.

Works on cuts that `crops` found. Knows nothing of how they were chosen.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.crops import Crop
from arc_solver.proposers.search.solvers.formulas import formulas, gives
from arc_solver.proposers.search.values import signature

STAGE = "keys"
MAX_MASKS = 25
MAX_KEYS = 25

STRETCHED = "stretch(key, mask.shape[0] // key.shape[0], mask.shape[1] // key.shape[1])"
COMBINED = formulas(
    "mask, key",
    (
        (f"np.where(mask != 0, {STRETCHED}, 0)", 1.0),
        (f"np.where(mask == 0, {STRETCHED}, 0)", 1.2),
        (f"np.where(mask != dominant_color(mask), {STRETCHED}, 0)", 1.3),
        (f"np.where(mask != 0, {STRETCHED}, mask)", 1.4),
        (f"np.where(mask == 0, {STRETCHED}, mask)", 1.2),
        ("paste(mask, upscale(key, (len(mask) - 2) // len(key)), 1, 1)", 1.4),
        ("np.kron(mask, key != 0)", 1.0),
        ("np.kron(mask != 0, key)", 1.0),
    ),
)


HALVES = ("parts = np.split(grid, 2, axis=int(grid.shape[1] > grid.shape[0]))",)


@dataclass(frozen=True, slots=True)
class _Cut:
    statements: tuple[str, ...]
    source: str
    grids: tuple[Grid, ...]
    cost: float


def keyed(examples: Examples, found: Sequence[Crop]) -> Iterator[Draft]:
    """Combine two different cuts.

    Args:
        examples: Any task.
        found: Cuts, the simplest first.
    """
    cuts = _distinct(found)
    keys = [*_corner_cells(examples), *cuts[:MAX_KEYS]]
    pairs = itertools.chain(
        itertools.product(cuts[:MAX_MASKS], keys), itertools.permutations(list(_halves(examples)), 2)
    )
    for mask, key in pairs:
        if mask.grids is key.grids or not _divides(mask, key, examples.outputs):
            continue
        for one in COMBINED:
            if gives(one, examples.outputs, mask.grids, key.grids):
                # What both cuts begin with is said once.
                between = () if key.statements == mask.statements else key.statements
                body = (
                    *mask.statements,
                    f"mask = {mask.source}",
                    *between,
                    f"key = {key.source}",
                    f"return {one.source}",
                )
                yield examples.draft(STAGE, body, mask.cost + key.cost + one.cost)


def _distinct(found: Sequence[Crop]) -> list[_Cut]:
    kept: dict[bytes, _Cut] = {}
    for crop in found:
        kept.setdefault(signature("grids", crop.grids), _Cut(crop.statements, crop.source, crop.grids, crop.cost))
    return list(kept.values())


def _corner_cells(examples: Examples) -> Iterator[_Cut]:
    if all(min(grid.shape) > 1 for grid in examples.inputs):
        yield _Cut((), "grid[[0, -1]][:, [0, -1]]", tuple(grid[[0, -1]][:, [0, -1]] for grid in examples.inputs), 0.8)


def _halves(examples: Examples) -> Iterator[_Cut]:
    """The halves along the longer side, told apart by their numbers of colours or by their places."""
    if any(grid.shape[0] == grid.shape[1] or max(grid.shape) % 2 for grid in examples.inputs):
        return
    ordered: list[tuple[tuple[str, ...], float, Callable[[Grid], list[Grid]]]] = [(HALVES, 0.8, _halved)]
    if all(len({len(np.unique(half)) for half in _halved(grid)}) == 2 for grid in examples.inputs):
        by_colors = (*HALVES, "parts = sorted(parts, key=lambda part: len(np.unique(part)))")
        ordered.append((by_colors, 1.2, lambda grid: sorted(_halved(grid), key=lambda part: len(np.unique(part)))))
    for statements, cost, split in ordered:
        parts = [split(grid) for grid in examples.inputs]
        for index in (0, 1):
            yield _Cut(statements, f"parts[{index}]", tuple(one[index] for one in parts), cost)


def _halved(grid: Grid) -> list[Grid]:
    return np.split(grid, 2, axis=int(grid.shape[1] > grid.shape[0]))


def _divides(mask: _Cut, key: _Cut, outputs: Sequence[Grid]) -> bool:
    """True if the mask has the output's size and the key divides it or its inside, or if their sizes multiply to it."""
    for one, other, output in zip(mask.grids, key.grids, outputs, strict=False):
        fits = one.shape == output.shape and output.shape[0] % other.shape[0] == output.shape[1] % other.shape[1] == 0
        framed = one.shape == output.shape and (len(one) - 2) % len(other) == 0
        product = tuple(np.multiply(one.shape, other.shape).tolist())
        if not fits and not framed and product != output.shape:
            return False
    return True
