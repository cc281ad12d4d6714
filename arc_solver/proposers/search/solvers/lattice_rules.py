"""Panels between full lines that change in place: each cell is decided by its panel and by its like in the others.

Turns grids into lattices, arrays `cells` of shape (R, C, h, w), and back. What can be told of their cells is
`lattice_features`' business, how rules are found that of `rule_learning`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.lattices import panel_rows, separator_color
from arc_solver.dsl.registry import Color
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.cell_rules import Action, rule_drafts
from arc_solver.proposers.search.solvers.formulas import FORMULA_ERRORS, NAMES
from arc_solver.proposers.search.solvers.lattice_features import Feature, catalogue, defined
from arc_solver.proposers.search.solvers.literals import CellMaps, literals

STAGE = "lattice_rules"
MAX_CELLS = 6_000
MAX_PANELS = 100
LATTICE_COST = 1.0

# What an output may be: a lattice of the same size, a cell for each place of a panel, a cell for each panel.
SAME, PLACES, PANELS = "cells", "cells[:1, :1]", "cells[:, :, :1, :1]"

Lattice = NDArray[np.int8]


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain what changes in the panels of a lattice, or an output with a cell for each panel or each place.

    Args:
        examples: Any; nothing is yielded unless full lines cut all inputs into equal panels.
    """
    for wall in _walls(examples):
        lattices = _lattices(examples.inputs, wall)
        if lattices is None:
            continue
        grounds = {0 if (cells == 0).any() else int(np.bincount(cells.ravel()).argmax()) for cells in lattices}
        if len(grounds) == 1 and not grounds & {_wall_of(grid, wall) for grid in examples.inputs}:
            yield from _explained(examples, wall, lattices, next(iter(grounds)))
        return


def _walls(examples: Examples) -> Iterator[str]:
    """Sources of the colour of the lines."""
    yield "separator_color(grid)"
    for color in sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs))):
        yield str(color)


def _wall_of(grid: Grid, wall: str) -> int:
    return int(separator_color(grid)) if wall.startswith("separator") else int(wall)


def _lattices(inputs: Sequence[Grid], wall: str) -> list[Lattice] | None:
    found = []
    for grid in inputs:
        try:
            rows = panel_rows(grid, Color(_wall_of(grid, wall)))
        except ValueError:
            return None
        shapes = {part.shape for row in rows for part in row}
        if len(shapes) != 1 or not 2 <= len(rows) * len(rows[0]) <= MAX_PANELS:
            return None
        found.append(np.array(rows, dtype=np.int8))
    return found if sum(cells.size for cells in found) <= MAX_CELLS else None


def _swapped(cells: NDArray[Any], ground: int) -> NDArray[Any]:
    return np.where(cells == ground, 0, np.where(cells == 0, ground, cells)).astype(np.int8)


def _explained(examples: Examples, wall: str, lattices: Sequence[Lattice], ground: int) -> Iterator[Draft]:
    answer = "{}"
    if ground:
        # Empty cells are 0 from here on.
        swap, answer = f"grid = swap_colors(grid, {ground}, 0)", f"swap_colors({{}}, {ground}, 0)"
        examples = examples.after((swap,), tuple(_swapped(grid, ground) for grid in examples.inputs), 1.0)
        examples = replace(examples, outputs=tuple(_swapped(output, ground) for output in examples.outputs))
        lattices = [_swapped(cells, ground) for cells in lattices]
        wall = wall if wall.startswith("separator") else str({0: ground, ground: 0}.get(int(wall), int(wall)))
    known: list[tuple[Feature, list[NDArray[Any]]]] | None = None
    for kind, targets in _targets(examples, wall, lattices):
        known = _known(examples, wall, lattices) if known is None else known
        if kind == SAME:
            # Statements in which `grid` stands for what it was.
            finish: tuple[str, ...] = (
                "lines = (grid == wall).all(axis=1)[:, None] | (grid == wall).all(axis=0)",
                "grid = grid.copy()",
                "grid[~lines] = out.swapaxes(1, 2).ravel()",
                f"return {answer.format('grid')}",
            )
        else:
            finish = (f"return {answer.format('out[0, 0]' if kind == PLACES else 'out[:, :, 0, 0]')}",)
        start = (f"wall = {wall}", "cells = np.array(panel_rows(grid, wall))")
        for draft in _learnt(examples, kind, known, lattices, targets):
            yield Draft(
                STAGE, (*examples.prefix, *start, *defined([line for line in draft.body if line]), *finish), draft.cost
            )


def _targets(examples: Examples, wall: str, lattices: Sequence[Lattice]) -> Iterator[tuple[str, list[NDArray[Any]]]]:
    """What the outputs may be, with their cells as they lie over the lattices."""
    shapes = [(cells.shape, output.shape) for cells, output in zip(lattices, examples.outputs, strict=False)]
    if all(output == shape[2:] for shape, output in shapes):
        yield PLACES, [output[None, None] for output in examples.outputs]
    if all(output == shape[:2] for shape, output in shapes):
        yield PANELS, [output[:, :, None, None] for output in examples.outputs]
    if not examples.same_size():
        return
    found = []
    for grid, output, cells in zip(examples.inputs, examples.outputs, lattices, strict=False):
        color = _wall_of(grid, wall)
        lines = (grid == color).all(axis=1)[:, None] | (grid == color).all(axis=0)
        if (grid != output)[lines].any():
            return
        n_rows, n_cols, height, width = cells.shape
        found.append(output[~lines].reshape(n_rows, height, n_cols, width).swapaxes(1, 2))
    yield SAME, found


def _known(examples: Examples, wall: str, lattices: Sequence[Lattice]) -> list[tuple[Feature, list[NDArray[Any]]]]:
    """The features that can be told of every lattice, with their values."""
    shared = set.intersection(*(set(np.unique(cells).tolist()) for cells in lattices)) - {0}
    spaces: list[dict[str, Any]] = [
        NAMES | {"cells": cells, "wall": _wall_of(grid, wall)}
        for grid, cells in zip(examples.inputs, lattices, strict=True)
    ]
    found = []
    examples.check_time()
    for feature in (*catalogue(sorted(shared)), Feature("wall", (), 0.4, True)):
        try:
            for space in spaces:
                exec("\n".join(feature.lines), space)  # noqa: S102 - our own text
            values = [np.asarray(eval(feature.name, space)) for space in spaces]  # noqa: S307 - our own text
            for value, cells in zip(values, lattices, strict=True):
                np.broadcast_to(value, cells.shape)
        except (*FORMULA_ERRORS, NameError):
            continue
        found.append((feature, values))
    return found


def _learnt(
    examples: Examples,
    kind: str,
    known: Sequence[tuple[Feature, list[NDArray[Any]]]],
    lattices: Sequence[Lattice],
    targets: Sequence[NDArray[Any]],
) -> Iterator[Draft]:
    """Drafts whose statements make `out` from `cells`."""
    n_train = examples.n_train
    shapes = [_part(cells, kind).shape for cells in lattices]
    maps = []
    for feature, values in known:
        try:
            spread = tuple(np.broadcast_to(value, shape) for value, shape in zip(values, shapes, strict=True))
        except ValueError:
            continue
        maps.append(CellMaps(feature.name, spread, feature.cost, feature.is_color))
    target = np.concatenate([one.ravel() for one in targets])
    rest = replace(examples, prefix=())
    actions = _actions(maps, target, n_train)
    whole = list(_whole(rest, actions, target))
    yield from whole
    conditions = literals(maps, n_train)
    if whole or not conditions:
        return
    own = np.concatenate([cells.ravel() for cells in lattices[:n_train]]) if kind == SAME else np.zeros_like(target)
    starts = [(f"out = np.zeros_like({kind})", target != 0, 0.5)]
    if kind == SAME:
        starts.insert(0, ("out = cells", own != target, 0.0))
    for start, wanted, cost in starts:
        if wanted.any():
            yield from rule_drafts(
                rest, STAGE, conditions, actions, target, wanted, (start,), LATTICE_COST + cost, finish=""
            )


def _part(cells: Lattice, kind: str) -> Lattice:
    return cells if kind == SAME else cells[:1, :1] if kind == PLACES else cells[:, :, :1, :1]


def _whole(examples: Examples, actions: Sequence[Action], target: NDArray[Any]) -> Iterator[Draft]:
    """Everything is what one feature says."""
    for one in actions:
        if one.expression != "cells" and not one.expression.isdigit() and np.array_equal(one.values, target):
            spread = f"out = np.broadcast_to({one.expression}, cells.shape)"
            yield examples.draft(STAGE, (spread, ""), 1.0 + LATTICE_COST + one.cost)


def _actions(maps: Sequence[CellMaps], target: NDArray[Any], n_train: int) -> list[Action]:
    actions = [Action(str(color), np.full_like(target, color), 0.3) for color in np.unique(target).tolist()]
    for one in maps:
        if not one.is_color:
            continue
        values = np.concatenate([value.ravel() for value in one.maps[:n_train]])
        actions.append(Action(one.expression, values, one.cost + 0.4))
        steps = np.unique(target[values > 0].astype(int) - values[values > 0])
        if len(steps) == 1 and steps[0]:
            actions.append(Action(f"{one.expression} + {int(steps[0])}", values + int(steps[0]), one.cost + 1.0))
    return actions
