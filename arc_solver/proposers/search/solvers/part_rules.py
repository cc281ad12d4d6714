"""Outputs with one cell for every part of the input: each cell is decided by features of its part.

Works on lists of parts that the enumerator found (panels, blocks, objects). Knows features of parts as arrays; nothing
of how the parts were made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.registry import Object
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.cell_rules import Action, rule_drafts
from arc_solver.proposers.search.solvers.literals import CellMaps, literals
from arc_solver.proposers.search.values import Value

TICKS_PER_CALL = 2
MAX_LISTS = 10

Feature = Callable[[Sequence[Grid]], NDArray[Any]]


def _array(of: Callable[[Grid], Any]) -> Feature:
    return lambda parts: np.array([of(part) for part in parts])


def _top_color(part: Grid) -> int:
    counts = np.bincount(part.ravel(), minlength=10)
    counts[0] = 0
    return int(counts.argmax())


# name, Python that computes it from `parts`, the same here, cost, whether it is a colour
FEATURES: tuple[tuple[str, str, Feature, float, bool], ...] = (
    ("n_cells", "np.array([np.count_nonzero(part) for part in parts])", _array(np.count_nonzero), 1.0, False),
    (
        "n_colors",
        "np.array([len(np.unique(part)) for part in parts])",
        _array(lambda part: len(np.unique(part))),
        1.2,
        False,
    ),
    (
        "top",
        "np.array([np.bincount(part[part > 0], minlength=10).argmax() for part in parts])",
        _array(_top_color),
        1.0,
        True,
    ),
    ("highest", "np.array([part.max() for part in parts])", _array(lambda part: part.max()), 1.1, True),
    (
        "n_equal",
        "np.array([sum(np.array_equal(part, other) for other in parts) for part in parts])",
        lambda parts: np.array([sum(np.array_equal(part, other) for other in parts) for part in parts]),
        1.4,
        False,
    ),
    ("place", "np.arange(len(parts))", lambda parts: np.arange(len(parts)), 1.6, False),
)


def solve(examples: Examples, lists: Sequence[Value]) -> Iterator[Draft]:
    """Decide the output's cells, in reading order, from the parts in their order.

    Args:
        examples: Any task.
        lists: Values of the types `grids` and `objects` on the same inputs.
    """
    n_tried = 0
    for value in lists:
        shape = _output_shape(value.results, examples.outputs)
        if shape is None:
            continue
        n_tried += 1
        if n_tried > MAX_LISTS:
            return
        yield from _drafts(examples, value, shape)


def _output_shape(results: Sequence[Sequence[Any]], outputs: Sequence[Grid]) -> str | None:
    """Source of the output's shape, if every output has one cell for each part; None otherwise."""
    if any(len(parts) != output.size for parts, output in zip(results, outputs, strict=False)):
        return None
    shapes = {output.shape for output in outputs}
    if len(shapes) == 1 and len({len(parts) for parts in results}) == 1:
        shape = next(iter(shapes))
        return str(shape) if max(shape) > 1 or len(results[0]) == 1 else None
    if all(shape[0] == 1 for shape in shapes):
        return "(1, -1)"
    return "(-1, 1)" if all(shape[1] == 1 for shape in shapes) else None


def _drafts(examples: Examples, value: Value, shape: str) -> Iterator[Draft]:
    n_train = examples.n_train
    parts = [[_grid_of(part) for part in one] for one in value.results]
    maps = [CellMaps(name, tuple(of(one) for one in parts), cost, is_color) for name, _, of, cost, is_color in FEATURES]
    for feature in maps[:2]:
        most = tuple(one.max() - one for one in feature.maps)
        least = tuple(one - one.min() for one in feature.maps)
        maps.append(CellMaps(f"{feature.expression}.max() - {feature.expression}", most, feature.cost + 0.5))
        maps.append(CellMaps(f"{feature.expression} - {feature.expression}.min()", least, feature.cost + 0.6))
    conditions = literals(maps, n_train)
    target = np.concatenate([output.ravel() for output in examples.outputs])
    wanted = target != 0
    if not conditions or not wanted.any():
        return
    colors = [int(color) for color in np.unique(target) if color != 0]
    actions = [Action(str(color), np.full_like(target, color), 0.3) for color in colors]
    actions += [Action(one.expression, np.concatenate(one.maps[:n_train]), 0.5) for one in maps if one.is_color]
    source = f"[obj.grid for obj in {value.expression}]" if value.type_name == "objects" else value.expression
    definitions = tuple(f"{name} = {formula}" for name, formula, *_ in FEATURES)
    statements = (f"parts = {source}", *definitions, "out = np.zeros(len(parts), dtype=np.int8)")
    cost = 0.5 + value.cost / TICKS_PER_CALL
    finish = f"return out.reshape({shape})"
    for draft in rule_drafts(examples, "part_rules", conditions, actions, target, wanted, statements, cost, finish):
        yield replace(draft, body=_without_unused(draft.body))


def _without_unused(body: tuple[str, ...]) -> tuple[str, ...]:
    """The statements, less the definitions of features that no rule mentions."""
    rules = " ".join(line for line in body if line.startswith("out = np.where"))
    unused = tuple(f"{name} = " for name, *_ in FEATURES if not re.search(rf"\b{name}\b", rules))
    return tuple(line for line in body if not unused or not line.startswith(unused))


def _grid_of(part: Grid | Object) -> Grid:
    return part.grid if isinstance(part, Object) else part
