"""Estimates: counts in, chances and seconds out; what is next; what records come to."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.allocation.chances import UNKNOWN_CHANCE, Chances, Estimate, Prospect, StepTable, load_chances
from arc_solver.allocation.fitting import calibration, fit, fit_package, growth_of
from arc_solver.allocation.queue import StepQueue
from arc_solver.allocation.records import Step, TaskRecord, load_records, read_records, write_records

NAMES = st.sampled_from(["search 0", "search 1", "views 0"])
FEATURES = st.lists(st.sampled_from(["size same", "size other", "fits"]), max_size=3).map(tuple)
STEPS = st.builds(Step, NAMES, FEATURES, st.floats(0, 100).map(lambda one: round(one, 3)), st.booleans(), st.booleans())
RECORDS = st.builds(
    TaskRecord,
    st.text("abc0123", min_size=1, max_size=8),
    st.integers(1, 9000),
    st.dictionaries(st.sampled_from(["search", "views"]), st.lists(STEPS, max_size=3).map(tuple)),
)
COUNTS = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda pair: (max(pair), min(pair)))
TABLES = st.builds(
    lambda whole, features, scale, growth: StepTable(*whole, 0, features, scale, growth),
    COUNTS,
    st.dictionaries(st.sampled_from(["size same", "size other", "fits"]), COUNTS),
    st.floats(1e-6, 10),
    st.floats(0, 2),
)


@given(TABLES, FEATURES, st.integers(0, 10_000))
def test_chances_are_chances_and_take_time(table: StepTable, features: tuple[str, ...], n_cells: int) -> None:
    assert 0 < table.chance(features) <= 1
    assert table.seconds(n_cells) > 0
    assert table.seconds(n_cells) <= table.seconds(n_cells + 1)


@given(TABLES)
def test_tables_travel(table: StepTable) -> None:
    assert StepTable.from_json(table.to_json()) == table


def test_a_feature_that_went_with_solves_raises_the_chance_and_few_tasks_hardly_do() -> None:
    table = StepTable(100, 20, features={"often": (50, 20), "never": (50, 0), "once": (1, 1)})
    plain = table.chance(())
    assert plain == pytest.approx(0.2, abs=0.01)
    assert table.chance(("often",)) > table.chance(("once",)) > plain > table.chance(("never",))
    assert table.chance(("unheard of",)) == pytest.approx(plain)


def test_what_never_solved_anything_is_not_impossible() -> None:
    assert 0 < StepTable(200, 0).chance(()) < StepTable(20, 0).chance(()) < 0.05


def test_steps_beyond_those_recorded_are_taken_for_the_last_one() -> None:
    chances = Chances({"search 0": StepTable(10, 9), "search 1": StepTable(10, 2, scale=4.0)})
    assert chances.of(Prospect("search 7", 9)) == chances.of(Prospect("search 1", 9))
    assert chances.of(Prospect("else 0", 9)).chance == UNKNOWN_CHANCE
    assert chances.of(Prospect("search 1", 9, (), 3.0)).seconds == 12.0


def test_expected_seconds_count_only_tasks_that_go_on() -> None:
    chances = Chances({"a 0": StepTable(4, 0, 3, scale=1.0), "a 1": StepTable(4, 0, 0, scale=8.0)})
    assert chances.expected_seconds([Prospect("a 0", 1), Prospect("a 1", 1)]) == 1.0 + 0.25 * 8.0


class Fixed:
    """Estimates that are what the prospect's size says."""

    def of(self, prospect: Prospect) -> Estimate:
        return Estimate(prospect.n_cells / 100, prospect.amount)


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 5), st.booleans()), max_size=30))
def test_first_steps_then_the_best_rate_and_equals_keep_their_order(steps: list[tuple[int, int, bool]]) -> None:
    queue: StepQueue[int] = StepQueue(Fixed())
    for index, (size, amount, first) in enumerate(steps):
        queue.put(index, Prospect("a 0", size, (), float(amount)), first=first)
    taken = []
    while (one := queue.take()) is not None:
        taken.append(one[0])
    wanted = sorted(
        range(len(steps)), key=lambda index: (not steps[index][2], -steps[index][0] / 100 / steps[index][1], index)
    )
    assert taken == wanted
    assert len(queue) == 0


@given(st.lists(RECORDS, max_size=5))
def test_records_travel(tmp_path_factory: pytest.TempPathFactory, records: list[TaskRecord]) -> None:
    path = tmp_path_factory.mktemp("records") / "a.jsonl"
    write_records(path, records)
    assert read_records(path) == tuple(records)


def step(name: str, solved: bool, *features: str, seconds: float = 1.0, ended: bool = False) -> Step:
    return Step(name, features, seconds, solved, ended)


def test_a_solve_counts_for_the_step_that_made_it() -> None:
    records = [
        TaskRecord("a", 10, {"search": (step("search 0", True, "x"), step("search 1", True, "x", ended=True))}),
        TaskRecord("b", 20, {"search": (step("search 0", False, "x"), step("search 1", True, "y"))}),
        TaskRecord("c", 30, {"search": (step("search 0", False), step("search 1", False, "y"))}),
    ]
    chances = fit(records)
    assert (chances.steps["search 0"].n_tasks, chances.steps["search 0"].n_solved) == (3, 1)
    assert chances.steps["search 0"].features == {"x": (2, 1)}
    assert (chances.steps["search 1"].n_solved, chances.steps["search 1"].n_ended) == (1, 1)
    assert chances.steps["search 1"].features == {"x": (1, 0), "y": (2, 1)}
    found = calibration(chances, records)
    assert found["search 1"][:2] == (3, 1)
    assert found["search 1"][2] == pytest.approx(1.1, abs=0.5)


@given(st.floats(0, 1.5), st.floats(1e-2, 5))
def test_growth_is_found_again(growth: float, scale: float) -> None:
    cells = [10, 40, 90, 400, 900]
    found = growth_of(cells, [scale * n**growth for n in cells])
    assert found == pytest.approx((scale, growth), rel=1e-3, abs=1e-6)


def test_estimates_add_up_to_what_was_measured() -> None:
    cells, seconds = [10, 100, 1000, 1000], [1.0, 3.0, 2.0, 9.0]
    scale, growth = growth_of(cells, seconds)
    assert sum(scale * n**growth for n in cells) == pytest.approx(sum(seconds))


def test_the_table_that_comes_with_the_package_is_the_one_that_its_records_give() -> None:
    fitted, shipped = fit_package().steps, load_chances().steps
    assert list(fitted) == list(shipped)
    for name, table in fitted.items():
        # The last bits of sums and logarithms differ from one processor to the next.
        assert _close(table.to_json(), shipped[name].to_json()), name


def _close(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same but for rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_close, one, other))
    return bool(one == pytest.approx(other, rel=1e-9)) if isinstance(one, float) else bool(one == other)


def test_the_table_knows_that_later_passes_cost_more_and_solve_less() -> None:
    estimates = [load_chances().of(Prospect(f"search {index}", 400)) for index in range(3)]
    assert [one.seconds for one in estimates] == sorted(one.seconds for one in estimates)
    assert estimates[0].rate > estimates[2].rate
    assert all(math.isfinite(one.rate) for one in estimates)


def test_records_of_held_out_tasks_bear_no_ids() -> None:
    names = [record.task_id for record in load_records("held-out")]
    assert names == [f"held-out {index}" for index in range(len(names))]
