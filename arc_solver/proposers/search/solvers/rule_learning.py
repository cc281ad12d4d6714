"""Learning a list of rules "cells where these conditions hold get this colour" that explains every training cell.

Every rule is right wherever it fires, so their order does not matter; rules are added by least cost per newly explained
cell. Knows arrays of booleans only: nothing of grids, features or source.

Shapes: L literals, A actions, N cells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rule:
    """Cells where all of `literals` hold get what `action` says.

    Attributes:
        literals: One to three indices of conditions.
        action: Index of the action.
        cost: Sum of what its parts cost.
    """

    literals: tuple[int, ...]
    action: int
    cost: float


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be explained, each distinct cell once.

    Attributes:
        literals: Where each condition holds, shape (L, N).
        literal_costs: Shape (L,).
        right: Where each action gives the right colour, shape (A, N).
        action_costs: Shape (A,).
        copies: Which actions copy a colour instead of painting a constant one, shape (A,).
        wanted: Cells that some rule must explain, shape (N,).
        weights: How many real cells each stands for, shape (N,).
        idle_costs: What a pair of conditions costs on top because it never fires on the test inputs, shape (L, L).
        splitters: Conditions that a rule of three may begin with.
    """

    literals: Bools
    literal_costs: Floats
    right: Bools
    action_costs: Floats
    copies: Bools
    wanted: Bools
    weights: Floats
    idle_costs: Floats
    splitters: tuple[int, ...]


MAX_PAIRS = 400
MAX_COPIES = 6
MAX_SAMPLE = 256
MAX_DISTINCT_CELLS = 5000


def _no_limit() -> None:
    """There is time."""


def learn(
    problem: Problem,
    max_rules: int,
    banned: frozenset[int] = frozenset(),
    check_time: Callable[[], None] = _no_limit,
) -> list[Rule] | None:
    """The rules that explain all wanted cells, or None.

    Args:
        problem: What is to be explained.
        max_rules: Give up beyond this many rules.
        banned: Conditions that may not be used.
        check_time: Called now and then; what it raises ends the learning.
    """
    allowed = np.array([index for index in range(len(problem.literals)) if index not in banned], dtype=np.intp)
    actions = _promising(problem)
    everywhere = np.ones(problem.wanted.shape, dtype=np.bool_)
    pools = [_single_rules(problem, allowed, action) for action in actions]
    left = _unexplained(problem, pools)
    if left.any() and len(left) <= MAX_DISTINCT_CELLS:
        for action in actions:
            check_time()
            pools.append(_pair_rules(problem, allowed, action, everywhere, None))
        left = _unexplained(problem, pools)
        for first in problem.splitters:
            # Only what two conditions cannot explain is worth a third, and one failure is enough to give up.
            check_time()
            within = problem.literals[first]
            if (left & within).any():
                pools += [_pair_rules(problem, allowed, a, within, first, left) for a in actions]
                if (_unexplained(problem, pools) & within).any():
                    return None
        left = _unexplained(problem, pools)
    return None if left.any() else _cover(problem, pools, max_rules)


def _promising(problem: Problem) -> list[int]:
    """All constant colours that are wanted, and of the copied ones those that explain most cells."""
    gains = (problem.right & problem.wanted) @ problem.weights
    copies = sorted((a for a in range(len(gains)) if problem.copies[a] and gains[a]), key=lambda a: (-gains[a], a))
    return [a for a in range(len(gains)) if gains[a] and not problem.copies[a]] + copies[:MAX_COPIES]


def _unexplained(problem: Problem, pools: list[_Pool]) -> Bools:
    left = problem.wanted.copy()
    for pool in pools:
        left &= ~pool.covers.any(axis=0)
    return left


@dataclass(frozen=True, slots=True)
class _Pool:
    """Valid rules of one action: their conditions, costs, and which wanted cells they explain."""

    action: int
    literals: NDArray[np.intp]
    costs: Floats
    covers: Bools


def _single_rules(problem: Problem, allowed: NDArray[np.intp], action: int) -> _Pool:
    literals = problem.literals[allowed]
    valid = ~(literals & ~problem.right[action]).any(axis=1)
    covers = literals & (problem.wanted & problem.right[action])
    kept = valid & covers.any(axis=1)
    chosen = allowed[kept]
    costs = problem.literal_costs[chosen] + problem.idle_costs[chosen, chosen] + problem.action_costs[action]
    return _Pool(action, chosen[:, None], costs, covers[kept])


def _pair_rules(
    problem: Problem,
    allowed: NDArray[np.intp],
    action: int,
    within: Bools,
    first: int | None,
    among: Bools | None = None,
) -> _Pool:
    """The best valid pairs of conditions, on the cells of `within` only; a sample rules out most of the others."""
    target = problem.wanted & problem.right[action] & within & (within if among is None else among)
    wrong = ~problem.right[action] & within
    usable = allowed[problem.literals[allowed][:, target].any(axis=1)] if target.any() else allowed[:0]
    on_wrong = problem.literals[usable][:, _sample(wrong)].astype(np.float32)
    on_target = problem.literals[usable][:, target].astype(np.float32)
    gain = (on_target * problem.weights[target]) @ on_target.T
    ones, others = np.nonzero(np.triu((gain > 0) & (on_wrong @ on_wrong.T == 0), 1))
    costs = problem.literal_costs[usable][ones] + problem.literal_costs[usable][others] + problem.action_costs[action]
    costs = costs + problem.idle_costs[usable[ones], usable[others]]
    if first is not None:
        costs = costs + problem.literal_costs[first]
    order = np.argsort((costs + 1) / gain[ones, others], kind="stable")[: 4 * MAX_PAIRS]
    ones, others, costs = usable[ones[order]], usable[others[order]], costs[order]
    fires = problem.literals[ones] & problem.literals[others]
    valid = np.flatnonzero(~(fires & wrong).any(axis=1))[:MAX_PAIRS]
    ones, others, costs = ones[valid], others[valid], costs[valid]
    columns = [ones, others] if first is None else [np.full_like(ones, first), ones, others]
    covers = fires[valid] & within & problem.wanted
    return _Pool(action, np.stack(columns, axis=1), costs.astype(np.float32), covers)


def _sample(cells: Bools) -> NDArray[np.intp]:
    """At most `MAX_SAMPLE` of the cells, evenly spaced."""
    indices = np.flatnonzero(cells)
    return indices if len(indices) <= MAX_SAMPLE else indices[:: -(-len(indices) // MAX_SAMPLE)]


def _cover(problem: Problem, pools: list[_Pool], max_rules: int) -> list[Rule] | None:
    left = problem.wanted.copy()
    rules: list[Rule] = []
    while left.any():
        if len(rules) == max_rules:
            return None
        rule, covered = _best_rule(problem, pools, left)
        rules.append(rule)
        left &= ~covered
    return rules


def _best_rule(problem: Problem, pools: list[_Pool], left: Bools) -> tuple[Rule, Bools]:
    weights = problem.weights * left
    best: tuple[float, _Pool, int] | None = None
    for pool in pools:
        if not len(pool.costs):
            continue
        gain = pool.covers @ weights
        price = np.where(gain > 0, (pool.costs + 1) / np.maximum(gain, 1e-6), np.inf)
        index = int(price.argmin())
        if best is None or price[index] < best[0]:
            best = float(price[index]), pool, index
    assert best is not None
    _, pool, index = best
    rule = Rule(tuple(pool.literals[index].tolist()), pool.action, float(pool.costs[index]))
    return rule, pool.covers[index]
