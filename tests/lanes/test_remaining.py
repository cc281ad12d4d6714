"""What a lane is asked in its next life, and whether it gets one."""

from __future__ import annotations

import pytest

from arc_solver.candidates import Candidate, GridEvidence, Origin
from arc_solver.grids import as_grid
from arc_solver.lanes.remaining import LaneWork
from arc_solver.lanes.wire import Beat, Note, ProposerDone, ProposerFailed
from arc_solver.proposers.base import TaskDone, TaskStarted
from arc_solver.tasks import Challenges, Task
from arc_solver.watching import Patience

NOTHING: frozenset[tuple[str, str]] = frozenset()


@pytest.fixture
def tasks(flip_challenges: Challenges) -> tuple[Task, ...]:
    return flip_challenges.tasks


def ids(work: LaneWork, done: frozenset[tuple[str, str]] = NOTHING) -> list[str]:
    return [task.task_id for task in work.left(done)[1]]


def search(tasks: tuple[Task, ...], **patience: float) -> LaneWork:
    return LaneWork(("search",), tasks, Patience(**patience))  # type: ignore[arg-type]


def dies_over(work: LaneWork, task_id: str, done: frozenset[tuple[str, str]] = NOTHING, remaining_s: float = 1e6):
    work.begin()
    work.hear(TaskStarted(task_id, "search"), 0.5)
    return work.die(10.0, remaining_s, done)


def test_what_is_done_is_not_asked_again(tasks: tuple[Task, ...]) -> None:
    assert ids(search(tasks), frozenset({("search", "task1")})) == ["task0", "task2"]
    both = LaneWork(("induction", "transduction"), tasks, Patience())
    assert ids(both, frozenset({("induction", "task0")})) == ["task0", "task1", "task2"]
    both.hear(ProposerDone("transduction", 1.0), 1.0)
    assert both.left(frozenset({("induction", "task0")}))[0] == ("induction",)
    assert ids(both, frozenset({("induction", "task0")})) == ["task1", "task2"]


def test_a_task_in_hand_at_a_death_comes_last_and_at_a_second_one_it_is_left_out(tasks: tuple[Task, ...]) -> None:
    work = search(tasks)
    first = dies_over(work, "task0")
    assert (first.pause_s, first.what_was_done, first.left_out) == (1.0, "started again with 3 unfinished tasks", "")
    assert ids(work) == ["task1", "task2", "task0"]
    second = dies_over(work, "task0")
    assert (second.pause_s, second.left_out) == (1.0, "task0"), "leaving one out is getting on"
    assert ids(work) == ["task1", "task2"]


def test_a_task_that_was_finished_is_not_to_blame(tasks: tuple[Task, ...]) -> None:
    work = search(tasks)
    work.begin()
    work.hear(TaskStarted("task0", "search"), 0.5)
    work.hear(TaskDone("task0", "search"), 0.6)
    work.die(1.0, 1e6, frozenset({("search", "task0")}))
    assert ids(work) == ["task0", "task1", "task2"], "nobody else said that it is done"


def test_pauses_grow_until_it_is_given_up(tasks: tuple[Task, ...]) -> None:
    work = LaneWork(("transduction",), tasks, Patience(max_deaths=4))
    sequels = []
    for _ in range(4):
        work.begin()
        work.hear(Candidate("task0", {0: as_grid([[1]])}, Origin("transduction"), GridEvidence(-1.0, 2)), 0.1)
        sequels.append(work.die(1.0, 1e6, NOTHING))
    assert [sequel.pause_s for sequel in sequels] == [1.0, 2.0, 4.0, None]
    assert sequels[-1].what_was_done == "given up after 4 times in a row: 3 tasks were not finished"


def test_a_lane_that_gets_something_done_is_started_again_and_again(tasks: tuple[Task, ...]) -> None:
    work = search(tasks, max_deaths=2)
    for _ in range(10):
        work.begin()
        work.hear(TaskDone("task0", "search"), 0.1)
        assert work.die(1.0, 1e6, NOTHING).pause_s == 1.0


def test_what_never_began_to_work_is_tried_once_more_only(tasks: tuple[Task, ...]) -> None:
    work = search(tasks)
    pauses = []
    for _ in range(2):
        work.begin()
        work.hear(Beat(), 0.1)
        work.hear(Note("hello"), 0.1)
        pauses.append(work.die(1.0, 1e6, NOTHING).pause_s)
    assert pauses == [1.0, None]


def test_a_lane_is_started_again_only_if_it_can_load_in_the_time_that_is_left(tasks: tuple[Task, ...]) -> None:
    def sequel(remaining_s: float):
        work = LaneWork(("transduction",), tasks, Patience())
        work.begin()
        work.hear(Note("loading"), 1.0)
        work.hear(TaskDone("task0", "transduction"), 60.0)
        return work.die(500.0, remaining_s, NOTHING)

    assert sequel(121.5).pause_s == 1.0
    refused = sequel(120.5)
    assert refused.pause_s is None
    assert "120s that were left are too few, it takes 60s to load; 3 tasks were not finished" in refused.what_was_done


def test_hours_of_learning_are_no_loading(tasks: tuple[Task, ...]) -> None:
    work = LaneWork(("cells",), tasks, Patience(max_deaths=4))
    pauses = []
    for _ in range(4):
        work.begin()
        work.step(20.0)
        pauses.append(work.die(4 * 3600.0, 3600.0, NOTHING).pause_s)
    assert pauses == [1.0, 2.0, 4.0, None], "it is no broken installation either"


def test_nothing_left_is_no_reason_to_start(tasks: tuple[Task, ...]) -> None:
    work = search(tasks)
    done = frozenset(("search", task.task_id) for task in tasks)
    assert work.left(done) == ((), ())
    assert dies_over(work, "task0", done).pause_s is None


def test_a_proposer_that_broke_after_it_had_worked_is_asked_once_more(tasks: tuple[Task, ...]) -> None:
    work = search(tasks)
    work.begin()
    work.hear(TaskDone("task0", "search"), 0.1)
    work.hear(ProposerFailed("search", "no sandbox any more"), 0.2)
    assert work.broke
    assert work.die(1.0, 1e6, frozenset({("search", "task0")})).pause_s == 1.0
    work.begin()
    work.hear(TaskDone("task1", "search"), 0.1)
    work.hear(ProposerFailed("search", "no sandbox any more"), 0.2)
    assert not work.broke
    assert work.left(NOTHING) == ((), ())


def test_a_proposer_that_never_worked_is_not_asked_again(tasks: tuple[Task, ...]) -> None:
    work = search(tasks)
    work.begin()
    work.hear(ProposerFailed("search", "no weights"), 0.2)
    assert not work.broke
    assert work.left(NOTHING) == ((), ())
