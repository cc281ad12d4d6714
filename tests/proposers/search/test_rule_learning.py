"""Learned rules are right wherever they fire, explain all that is wanted, and prefer what is cheap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.proposers.search.solvers import rule_learning
from arc_solver.proposers.search.solvers.rule_learning import Problem, learn


def problem_of(literals: np.ndarray, right: np.ndarray, wanted: np.ndarray, **changes: object) -> Problem:
    n_literals, n_cells = literals.shape
    return Problem(
        literals=literals,
        literal_costs=changes.get("costs", np.ones(n_literals, dtype=np.float32)),
        right=right,
        action_costs=np.zeros(len(right), dtype=np.float32),
        copies=np.zeros(len(right), dtype=np.bool_),
        wanted=wanted,
        weights=np.ones(n_cells, dtype=np.float32),
        idle_costs=changes.get("idle", np.zeros((n_literals, n_literals), dtype=np.float32)),
        splitters=(0,),
    )


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.integers(1, 3), st.integers(1, 24), st.sampled_from([1, 256]))
def test_rules_do_no_harm_and_explain_everything(
    seed: int, n_literals: int, n_actions: int, n_cells: int, sample: int
) -> None:
    rng = np.random.default_rng(seed)
    literals, right = rng.random((n_literals, n_cells)) < 0.5, rng.random((n_actions, n_cells)) < 0.6
    wanted = rng.random(n_cells) < 0.3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rule_learning, "MAX_SAMPLE", sample)
        rules = learn(problem_of(literals, right, wanted), 6)
    if rules is None:
        return
    explained = np.zeros(n_cells, dtype=np.bool_)
    for rule in rules:
        fires = np.logical_and.reduce(literals[list(rule.literals)])
        assert not (fires & ~right[rule.action]).any()
        explained |= fires & wanted
    assert (explained == wanted).all()


def test_one_condition_before_two_and_two_before_none() -> None:
    literals = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1]], dtype=np.bool_)
    right = np.array([[1, 0, 0, 0]], dtype=np.bool_)
    (pair,) = learn(problem_of(literals, right, right[0]), 6) or []
    assert len(pair.literals) == 2
    (single,) = learn(problem_of(np.vstack([literals, right]), right, right[0]), 6) or []
    assert single.literals == (3,)


def test_nothing_is_learned_from_a_contradiction() -> None:
    literals = np.array([[1, 1], [1, 1]], dtype=np.bool_)
    right = np.array([[1, 0]], dtype=np.bool_)
    assert learn(problem_of(literals, right, right[0]), 6) is None


def test_conditions_that_never_fire_in_the_test_inputs_cost_more() -> None:
    literals = np.array([[1, 0], [1, 0]], dtype=np.bool_)
    right = np.array([[1, 0]], dtype=np.bool_)
    idle = np.array([[2, 2], [2, 0]], dtype=np.float32)
    costs = np.array([1.0, 1.5], dtype=np.float32)
    (rule,) = learn(problem_of(literals, right, right[0], idle=idle, costs=costs), 6) or []
    assert rule.literals == (1,)


def test_banned_conditions_are_not_used() -> None:
    literals = np.array([[1, 0], [1, 0]], dtype=np.bool_)
    right = np.array([[1, 0]], dtype=np.bool_)
    (rule,) = learn(problem_of(literals, right, right[0]), 6, frozenset({0})) or []
    assert rule.literals == (1,)
