"""Simulated runs: never over the limit, nothing idle while there is work, and the real rules in them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from arc_solver.allocation.records import load_records
from arc_solver.config import RunConfig, load_preset
from arc_solver.simulation import PROFILES, Case, Mishap, Outcome, Weather, draw_cases, draw_mishaps, simulate

HOURS = 12


def config_of(name: str, hours: float = HOURS) -> RunConfig:
    return load_preset(PROFILES[name].preset).lasting(3600.0 * hours)


def cases_of(seed: int, n_tasks: int = 60) -> tuple[Case, ...]:
    return draw_cases(load_records("held-out"), n_tasks, np.random.default_rng(seed))


def played(name: str, *mishaps: Mishap, slowness: float = 1.0, allocated: bool = True) -> Outcome:
    return simulate(PROFILES[name], config_of(name), cases_of(3), Weather(mishaps, slowness), allocated=allocated)


@pytest.mark.parametrize("name", PROFILES)
def test_runs_end_in_time_and_are_the_same_again(name: str) -> None:
    for seed in range(2):
        rng = np.random.default_rng(seed)
        cases = draw_cases(load_records("held-out"), 60, rng)
        weather = draw_mishaps(PROFILES[name], 3600.0 * HOURS, rng)
        outcome = simulate(PROFILES[name], config_of(name), cases, weather)
        assert outcome.in_time
        assert outcome == simulate(PROFILES[name], config_of(name), cases, weather)
        assert [n for _, n in outcome.curve] == list(range(1, outcome.n_solved + 1))
        assert 0 < outcome.useful <= outcome.used <= 1


@pytest.mark.parametrize("name", PROFILES)
def test_without_mishaps_the_time_is_used(name: str) -> None:
    cases = cases_of(1, n_tasks=240)
    outcome = simulate(PROFILES[name], config_of(name), cases, Weather())
    assert outcome.used >= 0.95
    assert outcome.n_solved < len(cases)
    assert outcome.ran_out_s == float("inf")


def test_a_write_that_takes_longer_than_the_reserve_is_over_the_limit() -> None:
    config = config_of("cpu", 1)
    late = simulate(PROFILES["cpu"], config, cases_of(1), Weather(disk_stall_s=config.reserve_s))
    assert not late.in_time


def test_more_tasks_are_solved_by_chance_than_in_turns() -> None:
    for name in ("t4x2", "l4x4"):
        assert played(name).n_solved >= played(name, allocated=False).n_solved
        assert played(name).useful > played(name, allocated=False).useful
    ours, turns = played("cpu"), played("cpu", allocated=False)
    assert ours.mean_solved(7200.0) > turns.mean_solved(7200.0)


def test_a_lane_that_hangs_is_started_again_and_loses_little() -> None:
    calm = played("t4x2")
    hung = played("t4x2", Mishap(9000.0, "model", 0, "hang"))
    assert hung.n_restarts == 1
    assert calm.used - 0.05 < hung.used < calm.used


def test_a_model_that_dies_while_it_learns_is_started_again() -> None:
    death, cases = Mishap(0.3 * 3600.0 * HOURS, "model", 0, "death"), cases_of(3, n_tasks=240)
    dead = simulate(PROFILES["cpu"], config_of("cpu"), cases, Weather((death,)))
    assert dead.n_restarts == 1
    assert dead.used >= 0.95


def test_an_engine_that_dies_costs_its_own_part() -> None:
    calm, dead = played("t4x2"), played("t4x2", Mishap(9000.0, "model", 1, "engine death"))
    assert dead.n_restarts == 1
    assert calm.used - 0.02 < dead.used < calm.used


def test_a_lost_supervisor_is_started_again_late_as_well() -> None:
    lost = played("t4x2", Mishap(0.9 * 3600.0 * HOURS, "run", 0, "supervisor"))
    assert lost.used > 0.9


def test_a_search_lane_that_dies_again_and_again_leaves_a_task_out() -> None:
    deaths = [Mishap(10.0 + 5 * index, "search", 0, "death") for index in range(40)]
    outcome = played("cpu", *deaths)
    assert outcome.in_time
    assert 2 <= outcome.n_restarts < 40, "it is given up"


def test_slow_machines_solve_later() -> None:
    assert played("cpu", slowness=2.5).solved_at(600.0) <= played("cpu").solved_at(600.0)


def test_a_run_with_nothing_left_to_do_ends() -> None:
    config = dataclasses.replace(config_of("cpu", 1), proposers=("search",))
    outcome = simulate(PROFILES["cpu"], config, cases_of(3, n_tasks=4), Weather())
    assert outcome.end_s < 0.9 * outcome.limit_s
    assert (outcome.n_unasked, outcome.ran_out_s) == (0, float("inf")), "there is no model"


def test_the_cell_model_is_not_asked_about_what_a_program_fits() -> None:
    fitting = [one for one in load_records("held-out") if one.steps["search"][0].ended]
    config = config_of("cpu", 1).with_ttft("off")
    cases = draw_cases(fitting, 60, np.random.default_rng(0))
    outcome = simulate(PROFILES["cpu"], config, cases, Weather())
    assert outcome.end_s < 0.5 * outcome.limit_s, "once the search is through nothing is left"
    assert outcome.n_unasked == 0


def test_what_the_time_does_not_reach_is_counted() -> None:
    config = dataclasses.replace(config_of("cpu"), time_limit_s=120.0)
    assert simulate(PROFILES["cpu"], config, cases_of(3, n_tasks=240), Weather()).n_unasked > 0
