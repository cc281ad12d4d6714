"""Outputs whose every cell is decided by the same cell of several parts of the input, such as panels.

Works on lists of equal parts that the enumerator found. Writes programs such as
`out = np.where((parts[0] == 1) & (parts[1] == 0), 3, out)`. Knows nothing of how the parts were made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.cell_rules import Action, rule_drafts
from arc_solver.proposers.search.solvers.literals import CellMaps, literals
from arc_solver.proposers.search.values import Value

TICKS_PER_CALL = 2
MAX_PARTS = 9
MAX_LISTS = 12


def solve(examples: Examples, lists: Sequence[Value]) -> Iterator[Draft]:
    """Decide every output cell from the cells at its place in the parts.

    Args:
        examples: Any task.
        lists: Values of type `grids` on the same inputs.
    """
    n_tried = 0
    for value in lists:
        if value.type_name != "grids" or not _equal_parts(value.results, examples.outputs):
            continue
        n_tried += 1
        if n_tried > MAX_LISTS:
            return
        yield from _drafts(examples, value)


def _equal_parts(results: Sequence[list[Grid]], outputs: Sequence[Grid]) -> bool:
    """True if all inputs have the same number of parts, all of the output's shape."""
    n_parts = len(results[0])
    if not 2 <= n_parts <= MAX_PARTS or any(len(parts) != n_parts for parts in results):
        return False
    if any(part.shape != parts[0].shape for parts in results for part in parts):
        return False
    return all(parts[0].shape == output.shape for parts, output in zip(results, outputs, strict=False))


def _drafts(examples: Examples, value: Value) -> Iterator[Draft]:
    n_train = examples.n_train
    target = _flat(examples.outputs)
    n_parts = len(value.results[0])
    maps = [
        CellMaps(f"parts[{index}]", tuple(parts[index] for parts in value.results), 0.5, True)
        for index in range(n_parts)
    ]
    conditions = literals(maps, n_train)
    colors = [int(color) for color in np.unique(target) if color != 0]
    actions = [Action(str(color), np.full_like(target, color), 0.3) for color in colors]
    actions += [Action(one.expression, _flat(one.maps[:n_train]), 0.5) for one in maps]
    statements = (f"parts = {value.expression}", "out = np.zeros_like(parts[0])")
    cost = value.cost / TICKS_PER_CALL
    if conditions and (target != 0).any():
        yield from rule_drafts(examples, "panel_rules", conditions, actions, target, target != 0, statements, cost)


def _flat(grids: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([grid.ravel() for grid in grids])
