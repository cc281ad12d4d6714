"""Cells painted by rules over what a few statements tell of every cell: features that one start makes possible.

A start is a handful of statements, such as which mark is near to a cell; its features are Python over the names that
they define. Knows nothing of what those names mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.cell_rules import Action, rule_drafts
from arc_solver.proposers.search.solvers.formulas import FORMULA_ERRORS
from arc_solver.proposers.search.solvers.lattice_features import Feature, defined
from arc_solver.proposers.search.solvers.literals import CellMaps, literals


@dataclass(frozen=True, slots=True)
class Start:
    """What rules may speak of.

    Attributes:
        lines: Statements that define names from `grid`.
        cost: Description length of the statements.
        spaces: The names, for each input.
        features: What is told of every cell by these names; the first is the cell's own colour.
    """

    lines: tuple[str, ...]
    cost: float
    spaces: list[dict[str, Any]]
    features: tuple[Feature, ...]


def started(
    lines: tuple[str, ...], cost: float, spaces: Sequence[dict[str, Any]], features: tuple[Feature, ...]
) -> Start | None:
    """Run the statements on every input; None if they do not apply to one.

    Args:
        lines: Our own text.
        cost: Its description length.
        spaces: The names that it may use, with `grid`, for each input; they stay as they are.
        features: What may be told then.
    """
    filled = [dict(space) for space in spaces]
    try:
        for space in filled:
            exec("\n".join(lines), space)  # noqa: S102 - our own text
    except FORMULA_ERRORS:
        return None
    return Start(lines, cost, filled, features)


def painted_drafts(
    examples: Examples, stage: str, start: Start, max_cost: float, is_dear: re.Pattern[str] | None = None
) -> Iterator[Draft]:
    """Programs that explain the changed cells of a same-size task.

    Args:
        examples: The task.
        stage: Who asks.
        start: What rules may speak of.
        max_cost: Dearer programs are left out.
        is_dear: Conditions that no rule may have.
    """
    examples.check_time()
    n_train = examples.n_train
    own, target = (np.concatenate([g.ravel() for g in grids]) for grids in (examples.train_inputs, examples.outputs))
    changed = own != target
    maps = _told(start)
    colors = {
        one.expression: np.concatenate([value.ravel() for value in one.maps[:n_train]])
        for one in maps[1:]
        if one.is_color
    }
    constants = _constants(examples, changed, target)
    possible = [np.isin(target, constants), *(target == one for one in colors.values())]
    if not np.logical_or.reduce(possible)[changed].all():
        return
    actions = [Action(str(color), np.full_like(target, color), 0.3) for color in constants]
    actions += [Action(expression, values, 0.3) for expression, values in colors.items()]
    conditions = [one for one in literals(maps, n_train) if is_dear is None or not is_dear.search(one.expression)]
    lines = ("out = grid.copy()",)
    for draft in rule_drafts(replace(examples, prefix=()), stage, conditions, actions, target, changed, lines, 0.0):
        total = draft.cost + start.cost
        if total <= max_cost:
            yield Draft(stage, (*examples.prefix, *start.lines, *defined(draft.body, start.features)), total)


def _told(start: Start) -> list[CellMaps]:
    maps = []
    for feature in start.features:
        try:
            for space in start.spaces:
                exec("\n".join(feature.lines), space)  # noqa: S102 - our own text
            values = tuple(
                np.broadcast_to(eval(feature.name, space), space["grid"].shape)  # noqa: S307 - our own text
                for space in start.spaces
            )
        except (*FORMULA_ERRORS, NameError):
            continue
        maps.append(CellMaps(feature.name, values, feature.cost, feature.is_color))
    return maps


def _constants(examples: Examples, changed: NDArray[np.bool_], target: NDArray[Any]) -> list[int]:
    """Colours that are painted in every pair."""
    ends = np.cumsum([output.size for output in examples.outputs])[:-1]
    parts = zip(np.split(target, ends), np.split(changed, ends), strict=True)
    shared = set.intersection(*(set(part[cells].tolist()) for part, cells in parts))
    return sorted(shared)
