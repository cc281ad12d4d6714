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

STAGE = "cell_rules"
MAX_RULES = 6
N_VARIANTS = 3
IDLE_COST = 2.0
WEAK_RULE_COST = 1.5
CONSTANT_COST = 0.3
MAX_CELLS = 12_000


@dataclass(frozen=True, slots=True)
class Action:
    """What a rule may paint.

    Attributes:
        expression: Python that computes it.
        values: The colour it would give every training cell, shape (n_cells,).
        cost: How far-fetched it is.
    """

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
    examples.check_time()
    conditions = literals(maps, examples.n_train)
    actions = _actions(maps, target, changed, examples.n_train)
    drafts = list(rule_drafts(examples, STAGE, conditions, actions, target, changed, ("out = grid.copy()",), 0.0))
    kept = target != 0
    if not drafts and kept.any() and (own[kept] == target[kept]).all():
        start = ("out = np.zeros_like(grid)",)
        drafts = list(rule_drafts(examples, STAGE, conditions, actions, target, kept, start, 0.5))
    yield from drafts


def _actions(maps: Sequence[CellMaps], target: NDArray[Any], wanted: NDArray[np.bool_], n_train: int) -> list[Action]:
    colors = np.unique(target[wanted]).tolist()
    actions = [Action(str(color), np.full_like(target, color), CONSTANT_COST) for color in colors]
    for feature in maps:
        if feature.is_color:
            actions.append(Action(feature.expression, _flat(feature.maps[:n_train]), feature.cost + 0.4))
    return actions


def rule_drafts(
    examples: Examples,
    stage: str,
    conditions: Sequence[Literal],
    actions: Sequence[Action],
    target: NDArray[Any],
    wanted: NDArray[np.bool_],
    statements: tuple[str, ...],
    cost: float,
    finish: str = "return out",
) -> Iterator[Draft]:
    """Up to `N_VARIANTS` programs that explain the wanted cells, each beginning with other conditions.

    Args:
        examples: Where the programs are for.
        stage: Who asks.
        conditions: What rules may speak of.
        actions: What rules may paint.
        target: The output's colour at every training cell, shape (n_cells,).
        wanted: The cells that `statements` leave wrong; elsewhere the rules must not do harm.
        statements: What comes before the rules; they define `out`.
        cost: What those statements cost.
        finish: The last statement.
    """
    problem = _problem(conditions, actions, target, wanted)
    banned: frozenset[int] = frozenset()
    for _ in range(N_VARIANTS):
        rules = learn(problem, MAX_RULES, banned, examples.check_time)
        if rules is None:
            return
        lines = list(statements)
        for rule in rules:
            condition = " & ".join(conditions[index].expression for index in rule.literals)
            lines.append(f"out = np.where({condition}, {actions[rule.action].expression}, out)")
        weak = sum(_n_pairs_explained(examples, rule, conditions, wanted) < 2 for rule in rules)
        total = 1.0 + cost + sum(rule.cost + 0.5 for rule in rules)
        total += WEAK_RULE_COST * weak if examples.n_train > 1 else 0.0
        yield examples.draft(stage, (*lines, finish), total)
        fresh = frozenset(rules[0].literals) - frozenset(problem.splitters)
        if not fresh:
            return
        banned |= fresh


def _n_pairs_explained(examples: Examples, rule: Rule, conditions: Sequence[Literal], wanted: NDArray[np.bool_]) -> int:
    """In how many training pairs the rule explains a cell; with one only, it is lost when that pair is left out."""
    fires = np.logical_and.reduce([conditions[index].values for index in rule.literals]) & wanted
    ends = np.cumsum([output.size for output in examples.outputs])[:-1]
    return sum(bool(part.any()) for part in np.split(fires, ends))


def _problem(
    conditions: Sequence[Literal], actions: Sequence[Action], target: NDArray[Any], wanted: NDArray[np.bool_]
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
    splitters = tuple(i for i, one in enumerate(conditions) if one.expression.startswith(("(grid == ", "(cells == ")))
    return Problem(
        holds[:, first],
        np.array([condition.cost for condition in conditions], dtype=np.float32),
        right[:, first],
        np.array([action.cost for action in actions], dtype=np.float32),
        np.array([not action.expression.isdigit() for action in actions]),
        wanted[first],
        counts.astype(np.float32),
        idle,
        splitters,
    )


def _flat(grids: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([grid.ravel() for grid in grids])
