"""Outputs in which every cell of the input became a block: a pattern in the cell's colour, or one for each colour.

Knows how blocks depend on their cell; nothing of where the input came from.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import formulas, gives

STAGE = "blocks"
MAX_BLOCK = 36
CELL_COST = 0.12
WEAK_ENTRY_COST = 1.5

SELF_COPIES = formulas(
    "grid",
    (
        ("np.kron(grid != background_color(grid), grid)", 1.2),
        ("np.kron(grid != 0, invert(grid))", 1.6),
        ("np.kron(grid, grid != 0)", 1.2),
        ("np.kron(grid, grid == 0)", 1.4),
        ("np.kron(grid == 0, invert(grid))", 1.6),
        ("np.kron(grid == least_common_color(grid), grid)", 1.6),
        ("np.kron(grid == dominant_color(grid), grid)", 1.4),
        ("kronecker(grid, trim_border(grid))", 1.6),
    ),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain outputs by a block for every cell.

    Args:
        examples: Any; nothing is yielded unless the outputs' sides are multiples of the inputs'.
    """
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    if any(b.shape[0] % a.shape[0] or b.shape[1] % a.shape[1] or b.size <= a.size for a, b in pairs):
        return
    for one in SELF_COPIES:
        if gives(one, examples.outputs, examples.inputs):
            yield examples.draft(STAGE, (f"return {one.source}",), one.cost)
    factors = {(b.shape[0] // a.shape[0], b.shape[1] // a.shape[1]) for a, b in pairs}
    if len(factors) == 1 and 1 < np.prod(next(iter(factors))) <= MAX_BLOCK:
        yield from _tables(examples, *next(iter(factors)))


def _tables(examples: Examples, rows: int, cols: int) -> Iterator[Draft]:
    table: dict[int, NDArray[np.int8]] = {}
    for grid, output in zip(examples.train_inputs, examples.outputs, strict=True):
        for (r, c), color in np.ndenumerate(grid):
            block = output[r * rows : (r + 1) * rows, c * cols : (c + 1) * cols]
            if not np.array_equal(table.setdefault(int(color), block), block):
                return
    if all(block.min() == block.max() for block in table.values()):
        return
    yield from _masked(examples, table)
    asked = set().union(*(np.unique(grid).tolist() for grid in examples.inputs))
    if asked <= set(table):
        blocks = {color: table[color].tolist() for color in sorted(asked)}
        body = (f"blocks = {blocks}", "return np.block([[np.array(blocks[c]) for c in row] for row in grid.tolist()])")
        weak = sum(sum((grid == color).any() for grid in examples.train_inputs) < 2 for color in table)
        cost = 2.0 + WEAK_ENTRY_COST * weak + sum(CELL_COST * block.size for block in table.values())
        yield examples.draft(STAGE, body, cost)


def _masked(examples: Examples, table: dict[int, Grid]) -> Iterator[Draft]:
    """One pattern, in the colour of each cell."""
    masks = {color: block != 0 for color, block in table.items() if color != 0}
    if not masks or (0 in table and table[0].any()):
        return
    mask = next(iter(masks.values()))
    same = all(np.array_equal(one, mask) for one in masks.values())
    if same and all(np.array_equal(block, masks[color] * color) for color, block in table.items() if color != 0):
        pattern = mask.astype(int).tolist()
        yield examples.draft(STAGE, (f"return np.kron(grid, np.array({pattern}))",), 1.5 + CELL_COST / 2 * mask.size)
