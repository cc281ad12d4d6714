"""Same-size tasks: every changed cell is explained by what the cell sees around it.

Writes programs such as `out = np.where((grid == 0) & (ray_color(grid, 0, 1) == 2), 3, out)`.
Knows which colours may be painted and how rules become source; features and learning live next door.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.literals import CellMaps, Literal, cell_maps, literals
from arc_solver.proposers.search.solvers.rule_learning import Problem, Rule, learn

MAX_RULES = 6
N_VARIANTS = 3
IDLE_COST = 2.0
CONSTANT_COST = 0.3
MAX_CELLS = 12_000


@dataclass(frozen=True, slots=True)
class _Action:
    """What a rule may paint: `values` at every training cell, and the Python that computes it."""

    expression: str
    values: NDArray[Any]
    cost: float


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain changed cells by conditions on the input.

    Args:
        examples: Any; nothing is yielded unless all outputs have their inputs' sizes.
    """
    if not examples.same_size() or sum(grid.size for grid in examples.train_inputs) > MAX_CELLS:
        return
    grids, target = examples.train_inputs, _flat(examples.outputs)
    own = _flat(grids)
    changed = own != target
    if not changed.any():
        return
    maps = list(cell_maps(examples.inputs))
    conditions = literals(maps, examples.n_train)
    actions = _actions(maps, target, changed, examples.n_train)
    found = yield from _variants(examples, conditions, actions, target, changed, "out = grid.copy()", 0.0)
    kept = target != 0
    if not found and kept.any() and (own[kept] == target[kept]).all():
        yield from _variants(examples, conditions, actions, target, kept, "out = np.zeros_like(grid)", 0.5)


def _actions(maps: Sequence[CellMaps], target: NDArray[Any], wanted: NDArray[np.bool_], n_train: int) -> list[_Action]:
    colors = np.unique(target[wanted]).tolist()
    actions = [_Action(str(color), np.full_like(target, color), CONSTANT_COST) for color in colors]
    for feature in maps:
        if feature.is_color:
            actions.append(_Action(feature.expression, _flat(feature.maps[:n_train]), feature.cost + 0.4))
    return actions


def _variants(
    examples: Examples,
    conditions: Sequence[Literal],
    actions: Sequence[_Action],
    target: NDArray[Any],
    wanted: NDArray[np.bool_],
    start: str,
    cost: float,
) -> Iterator[Draft]:
    problem = _problem(conditions, actions, target, wanted)
    banned: frozenset[int] = frozenset()
    n_found = 0
    for _ in range(N_VARIANTS):
        rules = learn(problem, MAX_RULES, banned)
        if rules is None:
            break
        n_found += 1
        yield _draft(examples, rules, conditions, actions, start, cost)
        banned |= set(rules[0].literals) - set(problem.splitters)
        if not set(rules[0].literals) - set(problem.splitters):
            break
    return n_found


def _problem(
    conditions: Sequence[Literal], actions: Sequence[_Action], target: NDArray[Any], wanted: NDArray[np.bool_]
) -> Problem:
    """Cells that no condition or action tells apart are merged."""
    holds = np.array([condition.values for condition in conditions])
    right = np.array([action.values == target for action in actions])
    everything = np.concatenate([holds, right, wanted[None]])
    packed = np.ascontiguousarray(np.packbits(everything, axis=0).T)
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    in_test = np.array([condition.test_values for condition in conditions]).astype(np.float32)
    idle = (in_test @ in_test.T == 0) * np.float32(IDLE_COST)
    splitters = tuple(i for i, one in enumerate(conditions) if one.expression.startswith("(grid == "))
    return Problem(
        holds[:, first],
        np.array([condition.cost for condition in conditions], dtype=np.float32),
        right[:, first],
        np.array([action.cost for action in actions], dtype=np.float32),
        wanted[first],
        counts.astype(np.float32),
        idle,
        splitters,
    )


def _draft(
    examples: Examples,
    rules: Sequence[Rule],
    conditions: Sequence[Literal],
    actions: Sequence[_Action],
    start: str,
    cost: float,
) -> Draft:
    lines = [start]
    for rule in rules:
        condition = " & ".join(conditions[index].expression for index in rule.literals)
        lines.append(f"out = np.where({condition}, {actions[rule.action].expression}, out)")
    return examples.draft("cell_rules", (*lines, "return out"), 1.0 + cost + sum(rule.cost + 0.5 for rule in rules))


def _flat(grids: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([grid.ravel() for grid in grids])
