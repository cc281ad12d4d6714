"""What a run writes about itself: what it is, and what its pieces of work cost."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from arc_solver import __version__
from arc_solver.config import RunConfig
from arc_solver.datasets import challenges_hash
from arc_solver.journal import Work
from arc_solver.lanes.wire import ProposerDone, Spent
from arc_solver.proposers.base import TaskDone, TaskStarted
from arc_solver.recording import Meter, run_record
from arc_solver.tasks import Challenges


def test_a_run_says_what_it_is(flip_challenges: Challenges) -> None:
    config = RunConfig(60.0, ("search",), seed=7)
    record = run_record(flip_challenges, config, "tasks.json")
    assert (record.version, record.seed, record.tasks_from) == (__version__, 7, "tasks.json")
    assert record.challenges_hash == challenges_hash(flip_challenges)
    assert RunConfig.from_json(json.loads(json.dumps(dict(record.config)))) == config
    assert set(record.machine) == {"system", "python", "n_cores"}
    assert record.date.endswith("+00:00")


def test_a_piece_of_work_ends_when_its_task_is_done_or_another_is_begun() -> None:
    meter = Meter()
    assert meter.hear("lane", TaskStarted("a", "search"), 1.0) is None
    assert meter.hear("lane", TaskStarted("b", "search"), 3.0) == Work("search", "a", "pass 1", 2.0)
    assert meter.hear("lane", TaskDone("a", "search"), 4.0) is None  # not what it has in hand
    assert meter.hear("lane", TaskDone("b", "search"), 4.5) == Work("search", "b", "pass 1", 1.5)
    assert meter.hear("lane", TaskDone("b", "search"), 5.0) is None
    assert meter.hear("lane", TaskStarted("a", "search"), 6.0) is None
    assert meter.hear("lane", TaskDone("a", "search"), 6.25) == Work("search", "a", "pass 2", 0.25)


def test_a_lane_that_died_ends_what_it_had_in_hand() -> None:
    meter = Meter()
    meter.hear("lane", TaskStarted("a", "search"), 1.0)
    meter.hear("other", TaskStarted("b", "search"), 2.0)
    assert meter.end("lane", 4.0) == Work("search", "a", "pass 1", 3.0)
    assert meter.end("lane", 5.0) is None
    assert meter.end("other", 5.0) == Work("search", "b", "pass 1", 3.0)


def test_processor_time_is_what_a_lane_says_of_itself() -> None:
    meter = Meter()
    meter.hear("lane", Spent(1.0), 0.5)  # what loading took
    meter.hear("lane", Spent(1.5), 1.0)
    meter.hear("lane", TaskStarted("a", "search"), 1.0)
    meter.hear("other", Spent(100.0), 1.5)
    meter.hear("lane", Spent(2.75), 3.0)
    assert meter.hear("lane", TaskDone("a", "search"), 3.0) == Work("search", "a", "pass 1", 2.0, 1.25)
    meter.hear("lane", Spent(3.0), 3.5)
    assert meter.hear("lane", ProposerDone("search", 3.0), 3.5) == Work("search", "", "lane", 3.0, 2.0)
    assert meter.hear("lane", ProposerDone("induction", 1.0), 4.5) == Work("induction", "", "lane", 1.0), "nobody said"


def test_of_a_lane_that_died_nobody_knows_what_it_spent() -> None:
    meter = Meter()
    meter.hear("lane", Spent(5.0), 0.5)
    meter.hear("lane", TaskStarted("a", "search"), 1.0)
    assert meter.end("lane", 4.0) == Work("search", "a", "pass 1", 3.0)
    meter.hear("lane", Spent(0.5), 6.0)  # another life, which counts from its own beginning
    meter.hear("lane", TaskStarted("a", "search"), 6.0)
    meter.hear("lane", Spent(0.75), 7.0)
    assert meter.hear("lane", TaskDone("a", "search"), 7.0) == Work("search", "a", "pass 2", 1.0, 0.25)


@given(
    st.lists(st.tuples(st.sampled_from("xy"), st.booleans(), st.sampled_from("abc"), st.floats(0.0, 9.0)), max_size=30)
)
def test_no_second_of_a_lane_counts_twice(said: list[tuple[str, bool, str, float]]) -> None:
    meter = Meter()
    now_s, works = 0.0, []
    for lane, starts, task_id, passes_s in said:
        now_s += passes_s
        message = TaskStarted(task_id, "search") if starts else TaskDone(task_id, "search")
        works.append(meter.hear(lane, message, now_s))
    works += [meter.end(lane, now_s) for lane in "xy"]
    assert sum(work.wall_s for work in works if work) <= 2 * now_s + 0.01 * len(said)
    assert sum(work is not None for work in works) == sum(starts for _, starts, _, _ in said)
