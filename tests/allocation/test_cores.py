"""Shares of time and of cores, and what may still be begun."""

from __future__ import annotations

import pytest

from arc_solver.allocation.chances import Estimate
from arc_solver.allocation.cores import MODEL_RATE, threads_beside_search, yields
from arc_solver.allocation.shares import share


def test_a_step_worth_less_than_the_model_yields() -> None:
    assert yields(Estimate(MODEL_RATE * 9, 10.0))
    assert not yields(Estimate(MODEL_RATE * 11, 10.0))


@pytest.mark.parametrize(("search_cpu_s", "n_threads"), [(100.0, 4), (400.0, 4), (401.0, 1), (1e6, 1)])
def test_the_model_gets_every_core_where_the_search_ends_soon(search_cpu_s: float, n_threads: int) -> None:
    assert threads_beside_search(4, search_cpu_s, 400.0) == n_threads


def test_shares_are_of_what_is_left() -> None:
    assert share([1.0, 4.0]) == 0.2
    assert share([4.0]) == 1.0
