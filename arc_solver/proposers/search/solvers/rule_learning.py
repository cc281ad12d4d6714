"""Learning a list of rules "cells where these conditions hold get this colour" that explains every training cell.

Every rule is right wherever it fires, so their order does not matter; rules are added by least cost per newly explained
cell. Knows arrays of booleans only: nothing of grids, features or source.

Shapes: L literals, A actions, N cells.
"""

from __future__ import annotations

from collections.abc import Iterator
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
        wanted: Cells that some rule must explain, shape (N,).
        weights: How many real cells each stands for, shape (N,).
        idle_costs: What a pair of conditions costs on top because it never fires on the test inputs, shape (L, L).
        splitters: Conditions that a rule of three may begin with.
    """

    literals: Bools
    literal_costs: Floats
    right: Bools
    action_costs: Floats
    wanted: Bools
    weights: Floats
    idle_costs: Floats
    splitters: tuple[int, ...]


def learn(problem: Problem, max_rules: int, banned: frozenset[int] = frozenset()) -> list[Rule] | None:
    """The rules that explain all wanted cells, or None.

    Args:
        problem: What is to be explained.
        max_rules: Give up beyond this many rules.
        banned: Conditions that may not be used.
    """
    allowed = np.array([index for index in range(len(problem.literals)) if index not in banned], dtype=np.intp)
    actions = [a for a in range(len(problem.right)) if (problem.right[a] & problem.wanted).any()]
    for width in (1, 2, 3):
        pools = [pool for a in actions for pool in _pools(problem, allowed, a, width)]
        rules = _cover(problem, pools, max_rules)
        if rules is not None:
            return rules
    return None


@dataclass(frozen=True, slots=True)
class _Pool:
    """Valid rules of one action: their conditions, costs, and which wanted cells they explain."""

    action: int
    literals: NDArray[np.intp]
    costs: Floats
    covers: Bools


def _pools(problem: Problem, allowed: NDArray[np.intp], action: int, width: int) -> Iterator[_Pool]:
    everywhere = np.ones(problem.wanted.shape, dtype=np.bool_)
    yield _single_rules(problem, allowed, action)
    if width >= 2:
        yield _pair_rules(problem, allowed, action, everywhere, None)
    if width >= 3:
        for first in problem.splitters:
            yield _pair_rules(problem, allowed, action, problem.literals[first], first)


def _single_rules(problem: Problem, allowed: NDArray[np.intp], action: int) -> _Pool:
    literals = problem.literals[allowed]
    valid = ~(literals & ~problem.right[action]).any(axis=1)
    covers = literals & (problem.wanted & problem.right[action])
    kept = valid & covers.any(axis=1)
    chosen = allowed[kept]
    costs = problem.literal_costs[chosen] + problem.idle_costs[chosen, chosen] + problem.action_costs[action]
    return _Pool(action, chosen[:, None], costs, covers[kept])


MAX_PAIRS = 3000


def _pair_rules(problem: Problem, allowed: NDArray[np.intp], action: int, within: Bools, first: int | None) -> _Pool:
    target = problem.wanted & problem.right[action] & within
    wrong = ~problem.right[action] & within
    hits = problem.literals[allowed][:, target].any(axis=1) if target.any() else np.zeros(len(allowed), dtype=np.bool_)
    usable = allowed[hits]
    on_wrong = problem.literals[usable][:, wrong].astype(np.float32)
    on_target = problem.literals[usable][:, target].astype(np.float32)
    valid = (on_wrong @ on_wrong.T == 0) & np.triu(np.ones((len(usable), len(usable)), dtype=np.bool_), 1)
    gain = (on_target * problem.weights[target]) @ on_target.T
    ones, others = np.nonzero(valid & (gain > 0))
    costs = problem.literal_costs[usable][ones] + problem.literal_costs[usable][others] + problem.action_costs[action]
    costs = costs + problem.idle_costs[usable[ones], usable[others]]
    if first is not None:
        costs = costs + problem.literal_costs[first]
    best = np.argsort((costs + 1) / gain[ones, others], kind="stable")[:MAX_PAIRS]
    ones, others, costs = usable[ones[best]], usable[others[best]], costs[best]
    covers = problem.literals[ones] & problem.literals[others] & target
    columns = [ones, others] if first is None else [np.full_like(ones, first), ones, others]
    return _Pool(action, np.stack(columns, axis=1), costs.astype(np.float32), covers)


def _cover(problem: Problem, pools: list[_Pool], max_rules: int) -> list[Rule] | None:
    left = problem.wanted.copy()
    explicable = np.zeros_like(left)
    for pool in pools:
        explicable |= pool.covers.any(axis=0)
    if (left & ~explicable).any():
        return None
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
