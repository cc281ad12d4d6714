"""Costs are told from what a run left: what was put into a made-up journal comes out again."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.allocation import load_chances
from arc_solver.allocation.sampling import sample_cost
from arc_solver.candidates import Candidate, GridEvidence, Origin
from arc_solver.config import RunConfig, load_preset
from arc_solver.dry_run.choosing import n_cells
from arc_solver.dry_run.costs import (
    Evidence,
    kill_s,
    learn_s,
    load_s,
    measure,
    profile_of,
    search_speed,
    start_s,
    that_matter,
    tokens_per_s,
    view_scale,
)
from arc_solver.dry_run.observing import LaneLook, Look, Timeline
from arc_solver.grids import as_grid
from arc_solver.journal import Decision, JournalContents, Note, Work
from arc_solver.proposers.cells.learned import DROPPED, LOADED, Learned
from arc_solver.proposers.search.prospects import prospect_at
from arc_solver.simulation.pricing import view_price
from arc_solver.simulation.profiles import PROFILES, TOKENS_A_TASK
from arc_solver.tasks import Challenges, Pair, Task

TIME_LIMIT_S, RESERVE_S = 200.0, 20.0


def task_of(number: int) -> Task:
    grid = as_grid(np.full((3 + number, 5), number % 10))
    return Task(f"t{number}", (Pair(grid, grid), Pair(grid, grid)), (grid,))


TASKS = tuple(task_of(number) for number in range(8))
CHALLENGES = Challenges(TASKS, (), tuple(task.task_id for task in TASKS))


def config_of(*proposers: str) -> RunConfig:
    return dataclasses.replace(
        load_preset("cpu"),
        time_limit_s=TIME_LIMIT_S,
        reserve_s=RESERVE_S,
        proposers=proposers or ("search", "cells"),
    )


def started(*names: str) -> tuple[tuple[float, Decision], ...]:
    return tuple((1.0 + 0.1 * number, Decision("started", name, "")) for number, name in enumerate(names))


def timeline(rates: dict[str, float], until_s: float = TIME_LIMIT_S) -> Timeline:
    """Lanes, in the order of their names, that take so many cores from their birth on."""
    looks = []
    for at_s in np.arange(0.0, until_s, 0.5):
        lanes = {
            100 + number: LaneLook(5.0 + number, rate * max(0.0, at_s - 1.0), 1000)
            for number, rate in enumerate(rates.values())
            if at_s >= 1.0
        }
        looks.append(Look(float(at_s), 500, lanes, sum(one.cpu_s for one in lanes.values()), 0.0))
    return Timeline(tuple(looks))


def evidence_of(
    journal: JournalContents, config: RunConfig, seen: Timeline | None = None, n_engines: int = 0
) -> Evidence:
    return Evidence(config, journal, seen or Timeline(), n_engines)


def said(*lines: tuple[float, str]) -> dict[str, tuple[object, ...]]:
    return {
        "notes": tuple(Note("said", {"text": text}) for _, text in lines),
        "notes_s": tuple(at_s for at_s, _ in lines),
    }


def searched(speed: float, core_share: float) -> JournalContents:
    """First passes at this speed of a core, of which the lane gets a share; the lane is through then."""
    chances, budgets = load_chances(), config_of().search.budgets()
    now_s, work = 10.0, []
    for number in range(3):
        for task in TASKS:
            expected = chances.of(prospect_at(number, budgets[number], n_cells(task), ())).seconds
            wall_s = expected / speed / core_share
            now_s += wall_s
            work.append((now_s, Work("search", task.task_id, f"pass {number + 1}", wall_s)))
    work.append((now_s, Work("search", "", "search 0", now_s)))
    return JournalContents(challenges=CHALLENGES, work=tuple(work), decisions=started("search 0"), end_s=now_s)


@pytest.mark.parametrize(("speed", "core_share"), [(1.0, 1.0), (0.5, 1.0), (0.5, 0.25)])
def test_the_speed_of_a_core_is_told_whatever_share_of_it_a_lane_gets(speed: float, core_share: float) -> None:
    journal = searched(speed, core_share)
    found = search_speed(evidence_of(journal, config_of(), timeline({"search 0": core_share}, journal.end_s + 5)))
    assert found is not None
    assert found[0] == pytest.approx(speed, rel=0.05)
    assert "processor time" in found[1]


def test_without_a_sight_of_processes_wall_time_counts() -> None:
    found = search_speed(evidence_of(searched(0.5, 1.0), config_of()))
    assert found is not None
    assert found[0] == pytest.approx(0.5, rel=0.01)
    assert "wall time" in found[1]


def test_a_pass_that_was_cut_does_not_count() -> None:
    journal = searched(1.0, 1.0)
    at_s = journal.end_s
    cut = dataclasses.replace(
        journal,
        work=(*journal.work[:-1], (at_s, Work("search", "t0", "pass 4", 1e6))),
        decisions=(*journal.decisions, (at_s, Decision("stopped", "lanes", ""))),
    )
    assert search_speed(evidence_of(cut, config_of())) == search_speed(
        evidence_of(dataclasses.replace(cut, work=cut.work[:-1]), config_of())
    )


def test_too_little_says_nothing() -> None:
    journal = searched(1.0, 1.0)
    few = dataclasses.replace(journal, work=journal.work[:4])
    assert search_speed(evidence_of(few, config_of())) is None
    assert search_speed(evidence_of(JournalContents(), config_of())) is None
    assert start_s(evidence_of(JournalContents(), config_of())) is None


def test_the_search_starts_with_its_first_pass() -> None:
    found = start_s(evidence_of(searched(1.0, 1.0), config_of()))
    assert found is not None
    assert found[0] == pytest.approx(10.0)


LEARNED = Learned(8, 8, 40, 160_000, 60.0, 0.8, 0.2)
LOADED_LINE = "cell model 34.1M on cpu in bf16"


def answered(scale: float, share: float) -> JournalContents:
    """Views of every task, each answered anew and then again, at `scale` times their price by a lane with a share."""
    config, now_s = config_of(), 80.0
    candidates: list[Candidate] = []
    found_s = []
    for number in range(6):
        for task in TASKS:
            grid = as_grid(np.full((10, 10), number // 2))
            price_s = view_price(task.test_inputs[0].size, grid.size, config.cell_model.n_drafts, again=number % 2 == 1)
            now_s += scale * price_s / share
            found_s.append(now_s)
            origin = Origin("cells", f"cells; view {number}", number)
            candidates.append(Candidate(task.task_id, {0: grid}, origin, GridEvidence(-0.1, 12)))
    return JournalContents(
        challenges=CHALLENGES,
        candidates=tuple(candidates),
        found_s=tuple(found_s),
        decisions=started("search 0", "model"),
        end_s=now_s,
        **said((20.0, LOADED_LINE), (80.0, LEARNED.text())),  # type: ignore[arg-type]
    )


def test_learning_and_answers_have_their_price_in_processor_time() -> None:
    journal = answered(scale=3.0, share=0.5)
    assert LOADED.fullmatch(LOADED_LINE)
    evidence = evidence_of(journal, config_of(), timeline({"search 0": 1.0, "model": 0.5}, journal.end_s + 5))
    learned, views, loaded = learn_s(evidence), view_scale(evidence), load_s(evidence)
    assert learned is not None
    assert views is not None
    assert loaded is not None
    assert learned[0] == pytest.approx(0.5 * 60.0 / LEARNED.n_tokens * TOKENS_A_TASK, rel=0.01)
    assert views[0] == pytest.approx(3.0, rel=0.02)
    assert loaded[0] == 20.0


def test_where_learning_was_dropped_it_has_no_price_and_answers_have() -> None:
    journal = dataclasses.replace(answered(2.0, 1.0), **said((20.0, LOADED_LINE), (80.0, f"{DROPPED}60s: worse")))  # type: ignore[arg-type]
    evidence = evidence_of(journal, config_of(), timeline({"search 0": 0.0, "model": 1.0}, journal.end_s + 5))
    found = view_scale(evidence)
    assert learn_s(evidence) is None
    assert found is not None
    assert found[0] == pytest.approx(2.0, rel=0.02)


def test_lanes_that_cannot_be_told_apart_are_not_guessed_at() -> None:
    journal = answered(2.0, 1.0)
    evidence = evidence_of(journal, config_of(), timeline({"search 0": 1.0}, journal.end_s + 5))
    assert evidence.lanes() == {}
    assert view_scale(evidence) is None


def test_an_engine_is_measured_by_the_samples_that_came_back() -> None:
    config = dataclasses.replace(config_of("search", "induction"), cells=None)
    journal = JournalContents(
        challenges=CHALLENGES,
        rejected_of=Counter({(task.task_id, "induction", "no program"): 10 for task in TASKS}),
        work=((150.0, Work("induction", "", "model", 140.0)),),
        decisions=started("search 0", "model"),
        end_s=160.0,
        **said((50.0, "transformers on cpu ready after 40.0s")),  # type: ignore[arg-type]
    )
    found = tokens_per_s(evidence_of(journal, config, n_engines=2))
    assert found is not None
    assert found[0] == pytest.approx(sum(10 * sample_cost(n_cells(task)) for task in TASKS) / 100.0 / 2)
    assert load_s(evidence_of(journal, config)) == (50.0, "the first engine was ready then")


def test_ending_the_lanes_is_measured_where_they_worked_until_then() -> None:
    stop = (TIME_LIMIT_S - RESERVE_S + 0.7, Decision("stopped", "lanes", ""))
    found = kill_s(evidence_of(JournalContents(decisions=(stop,)), config_of()))
    assert found is not None
    assert found[0] == pytest.approx(0.7)
    early = (50.0, Decision("stopped", "lanes", ""))
    assert kill_s(evidence_of(JournalContents(decisions=(early,)), config_of())) is None


def test_what_was_not_measured_is_guessed_and_said_so() -> None:
    shipped = PROFILES["t4x2"]
    costs = measure(evidence_of(searched(0.5, 1.0), config_of()), shipped, {"vote_s": (3.0, "voted")})
    by_name = {one.name: one for one in costs}
    assert {name for name, one in by_name.items() if one.measured} == {"core_speed", "start_s", "vote_s"}
    profile = profile_of(costs, shipped)
    assert (profile.vote_s, profile.tokens_per_s, profile.n_cores) == (3.0, shipped.tokens_per_s, shipped.n_cores)
    assert profile.core_speed == pytest.approx(0.5, rel=0.01)
    assert by_name["tokens_per_s"].how == "of the profile t4x2"
    assert not any(one.measured for one in measure(None, shipped, {}))


def test_only_what_decides_something_is_told() -> None:
    costs = measure(None, PROFILES["cpu"], {})
    names = {one.name for one in that_matter(costs, config_of("search"), 0)}
    assert not names & {"learn_s", "view_scale", "tokens_per_s", "load_s", "n_engines"}
    assert {"learn_s", "view_scale", "load_s"} <= {one.name for one in that_matter(costs, config_of(), 0)}
    assert "learn_s" not in {one.name for one in that_matter(costs, config_of().with_ttft("off"), 0)}
    assert {"tokens_per_s", "wave_tail_s"} <= {one.name for one in that_matter(costs, config_of(), 2)}


@given(
    st.builds(
        Learned,
        st.integers(0, 999),
        st.integers(0, 999),
        st.integers(0, 10**6),
        st.integers(0, 10**10),
        st.integers(0, 10**5).map(float),
        st.integers(0, 10**5).map(lambda n: n / 1000),
        st.integers(0, 10**5).map(lambda n: n / 1000),
    )
)
def test_what_learning_came_to_can_be_read_back(learned: Learned) -> None:
    assert Learned.from_text(learned.text()) == learned
    assert Learned.from_text(f"{learned.text()}.") is None
