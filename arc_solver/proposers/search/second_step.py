"""Solvers on top of what the enumerator found: a grid of the right size may need only new colours or a few rules.

Knows which grids are worth a second step; nothing of how they were found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from arc_solver.proposers.search.enumerate import CALL_TICKS
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers import cell_rules, recolor
from arc_solver.proposers.search.values import Value

MAX_RECOLORED = 300
MAX_RULED = 2
MAX_RULED_TICKS = 5


def recolored(examples: Examples, grids: Sequence[Value]) -> Iterator[Draft]:
    """Programs that change the colours of a found grid by one table."""
    for value in _of_output_size(examples, grids)[:MAX_RECOLORED]:
        yield from recolor.solve(_after(examples, value))


def ruled(examples: Examples, grids: Sequence[Value]) -> Iterator[Draft]:
    """Programs that correct one of the found grids nearest to the outputs, cell by cell."""
    simple = [value for value in _of_output_size(examples, grids) if value.cost <= MAX_RULED_TICKS]
    for value in sorted(simple, key=lambda one: (_n_wrong(examples, one) / 10 + one.cost, one.expression))[:MAX_RULED]:
        yield from cell_rules.solve(_after(examples, value))


def _of_output_size(examples: Examples, grids: Sequence[Value]) -> list[Value]:
    """The grids of the outputs' sizes that a program made, in the order given."""
    return [
        value
        for value in grids
        if value.cost > 0
        and all(grid.shape == output.shape for grid, output in zip(value.results, examples.outputs, strict=False))
    ]


def _n_wrong(examples: Examples, value: Value) -> float:
    pairs = list(zip(value.results, examples.outputs, strict=False))
    return 100.0 * sum(np.count_nonzero(a != b) for a, b in pairs) / sum(b.size for _, b in pairs)


def _after(examples: Examples, value: Value) -> Examples:
    return examples.after((f"grid = {value.expression}",), value.results, 0.3 + value.cost / CALL_TICKS)
