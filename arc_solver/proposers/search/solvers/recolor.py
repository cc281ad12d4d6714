"""Every cell's new colour depends on its old colour only: one table of colours for all pairs.

Knows nothing of where cells are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples

ENTRY_COST = 0.4
WEAK_ENTRY_COST = 0.8


def solve(examples: Examples) -> Iterator[Draft]:
    """Fit one table colour -> colour; nothing is yielded if a test colour has no entry.

    Args:
        examples: Any; nothing is yielded unless all outputs have their inputs' sizes.
    """
    if not examples.same_size():
        return
    table: dict[int, int] = {}
    n_witnesses = dict.fromkeys(range(10), 0)
    for grid, output in zip(examples.train_inputs, examples.outputs, strict=True):
        codes = np.unique(grid.astype(np.int16) * 10 + output).tolist()
        for old, new in (divmod(code, 10) for code in codes):
            if table.setdefault(old, new) != new:
                return
            n_witnesses[old] += 1
    asked = set().union(*(np.unique(grid).tolist() for grid in examples.inputs))
    changes = {old: new for old, new in sorted(table.items()) if old != new}
    if not changes and not examples.prefix:
        return
    cost = 1.0 + sum(ENTRY_COST if n_witnesses[old] > 1 else WEAK_ENTRY_COST for old in changes)
    cost += 2.0 * len(asked - set(table))
    colors = [table.get(color, color) for color in range(10)]
    yield examples.draft("recolor", (f"return np.array({colors}, dtype=np.int8)[grid]",), cost)
