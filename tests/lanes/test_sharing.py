"""Who gets what, and what becomes of it: a cluster that exists on paper, with time that is told to pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from arc_solver.budget import Deadline, ManualClock
from arc_solver.config import EngineSettings, RunConfig
from arc_solver.grids import as_grid
from arc_solver.lanes.node import Heard, Order, Sameness
from arc_solver.lanes.ray_cluster import Event, Joined, Lost, Machine, Said
from arc_solver.lanes.sharing import Sharing
from arc_solver.lanes.wire import (
    LaneSpec,
    Message,
    Note,
    ProposerDone,
    ProposerFailed,
    decode_spec,
    encode,
)
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import Pair, Task

GRID = as_grid([[1]])
A, B = Machine("a", "A", 1, 0), Machine("b", "B", 1, 0)
GPU = Machine("g", "G", 0, 2)

Work = Callable[[str, Order], list[Heard]]


def well(node_id: str, order: Order) -> list[Heard]:
    """Everything that was asked is done."""
    spec = decode_spec(order.spec)
    said: list[Message] = []
    for name in spec.proposers:
        said += [TaskDone(task.task_id, name) for task in spec.tasks if (name, task.task_id) not in spec.done]
        said.append(ProposerDone(name, 1.0))
    return [Heard(order.slot, b"".join(encode(message) for message in said))]


def failing(node_id: str, order: Order) -> list[Heard]:
    spec = decode_spec(order.spec)
    return [Heard(order.slot, b"".join(encode(ProposerFailed(name, "no luck")) for name in spec.proposers))]


class Paper:
    """A cluster whose machines do what `work` says, one event a second."""

    def __init__(self, clock: ManualClock, machines: Sequence[Machine], work: Work = well) -> None:
        self.present = list(machines)
        self.work = work
        self.sameness: dict[str, Sameness] = {}
        self.orders: list[tuple[str, LaneSpec, float]] = []
        self.later: list[Event] = []
        self._clock = clock

    def machines(self) -> list[Machine]:
        return list(self.present)

    def join(self, machine: Machine, config: dict[str, object]) -> None:
        here = Sameness.here(RunConfig.from_json(config))
        self.later.append(Joined(machine.node_id, self.sameness.get(machine.node_id, here)))

    def exchange(self, node_id: str, orders: Sequence[Order], wait_s: float) -> None:
        heard: list[Heard] = []
        for order in orders:
            self.orders.append((node_id, decode_spec(order.spec), order.remaining_s))
            heard += self.work(node_id, order)
        gone = node_id not in {machine.node_id for machine in self.present}
        self.later.append(Lost(node_id, "unplugged") if gone else Said(node_id, tuple(heard)))

    def events(self, wait_s: float) -> list[Event]:
        self._clock.advance(wait_s)
        return [self.later.pop(0)] if self.later else []


def share(
    cluster: Paper, clock: ManualClock, n_tasks: int, *proposers: str, limit_s: float = 1000.0, device: str = "cpu"
) -> list[Message]:
    tasks = tuple(Task(f"t{index}", (Pair(GRID, GRID),), (GRID,)) for index in range(n_tasks))
    config = RunConfig(limit_s, proposers=proposers, cells=None)
    config = dataclasses.replace(config, engine=EngineSettings(device=device))  # type: ignore[arg-type]
    spec = LaneSpec(proposers, tasks, frozenset(), clock.now_s() + limit_s, config.to_json(), 1)
    said: list[Message] = []
    Sharing(cluster, spec, Deadline(clock, spec.end_s), said.append).run()
    return said


def done(said: Sequence[Message], proposer: str = "search") -> list[str]:
    return sorted(one.task_id for one in said if isinstance(one, TaskDone) and one.proposer == proposer)


def notes(said: Sequence[Message]) -> str:
    return "\n".join(one.text for one in said if isinstance(one, Note))


def failures(said: Sequence[Message]) -> dict[str, str]:
    return {one.proposer: one.message for one in said if isinstance(one, ProposerFailed)}


def finished(said: Sequence[Message]) -> set[str]:
    return {one.proposer for one in said if isinstance(one, ProposerDone)}


def test_both_machines_work_and_each_task_is_done_once() -> None:
    clock = ManualClock()
    cluster = Paper(clock, [A, B])
    said = share(cluster, clock, 6, "search", "induction", "transduction")
    for proposer in ("search", "induction", "transduction"):
        assert done(said, proposer) == [f"t{index}" for index in range(6)]
    assert {node for node, _, _ in cluster.orders} == {"a", "b"}
    assert finished(said) == {"search", "induction", "transduction"}
    assert failures(said) == {}


def test_the_model_shares_its_time_evenly_among_slices_and_the_search_takes_what_it_needs() -> None:
    clock = ManualClock()
    cluster = Paper(clock, [A, B])
    share(cluster, clock, 8, "search", "induction")
    of_model = [(len(spec.tasks), time_s) for _, spec, time_s in cluster.orders if spec.proposers == ("induction",)]
    assert [n_tasks for n_tasks, _ in of_model] == [2, 2, 2, 2]
    assert 490 < of_model[0][1] < 500  # the first of two rounds
    assert 970 < of_model[-1][1] < 1000  # the last
    assert all(time_s > 950 for _, spec, time_s in cluster.orders if spec.proposers == ("search",))


def test_one_machine_gets_all_of_the_model_s_tasks_at_once() -> None:
    clock = ManualClock()
    cluster = Paper(clock, [A])
    share(cluster, clock, 8, "induction")
    assert [len(spec.tasks) for _, spec, _ in cluster.orders] == [8]


def test_a_machine_that_is_unplugged_costs_nothing_but_time() -> None:
    clock = ManualClock()
    cluster = Paper(clock, [A, B])

    def unplug(node_id: str, order: Order) -> list[Heard]:
        if node_id == "b" and len(cluster.orders) > 3:
            cluster.present = [A]
        return well(node_id, order)

    cluster.work = unplug
    said = share(cluster, clock, 8, "search")
    assert done(said) == [f"t{index}" for index in range(8)]
    assert "node B was lost (unplugged); unfinished tasks that others take over: 1" in notes(said)
    assert failures(said) == {}


def test_a_machine_that_joins_later_is_used() -> None:
    clock = ManualClock()
    cluster = Paper(clock, [A])

    def plug_in(node_id: str, order: Order) -> list[Heard]:
        cluster.present = [A, B]
        return well(node_id, order)

    cluster.work = plug_in
    said = share(cluster, clock, 20, "search")
    assert {node for node, _, _ in cluster.orders} == {"a", "b"}
    assert len(done(said)) == 20


def test_without_any_machine_it_waits_for_one_and_says_so() -> None:
    clock = ManualClock()
    cluster = Paper(clock, [])
    said = share(cluster, clock, 2, "search", limit_s=20.0)
    assert "waiting for one to join" in notes(said)
    assert finished(said) == set()
    assert clock.now_s() >= 20.0


def test_where_there_are_gpus_only_they_run_the_model() -> None:
    for device, running in (("auto", {"g"}), ("cuda", {"g"}), ("cpu", {"a", "b"})):
        clock = ManualClock()
        cluster = Paper(clock, [A, B, GPU])
        said = share(cluster, clock, 6, "search", "induction", device=device)
        asked = {node for node, spec, _ in cluster.orders if spec.proposers == ("induction",)}
        assert asked == running
        assert len(done(said, "induction")) == 6


def test_a_model_that_no_machine_can_run_is_given_up_at_once() -> None:
    clock = ManualClock()
    said = share(Paper(clock, [A, B]), clock, 3, "search", "induction", device="cuda")
    assert failures(said) == {"induction": "3 tasks given up: no node of the cluster can run it"}
    assert finished(said) == {"search"}
    assert clock.now_s() < 100


def test_another_version_is_left_out_and_other_weights_only_search() -> None:
    clock = ManualClock()
    cluster = Paper(clock, [A, B])
    cluster.sameness["b"] = Sameness("0.0.1", ())
    said = share(cluster, clock, 4, "search", "induction")
    assert {node for node, _, _ in cluster.orders} == {"a"}
    assert "node B is left out: arc_solver 0.0.1 there" in notes(said)

    cluster = Paper(clock, [A, B])
    cluster.sameness["b"] = dataclasses.replace(Sameness.here(RunConfig(1.0, cells=None)), weights=("other",))
    said = share(cluster, clock, 4, "search", "induction")
    assert {node for node, spec, _ in cluster.orders if spec.proposers == ("induction",)} == {"a"}
    assert {node for node, spec, _ in cluster.orders if spec.proposers == ("search",)} == {"a", "b"}
    assert "node B runs no model: its weights differ" in notes(said)
    assert len(done(said, "induction")) == 4


def test_a_broken_machine_is_asked_no_more_and_others_do_its_work() -> None:
    clock = ManualClock()
    cluster = Paper(clock, [A, B], lambda node_id, order: (failing if node_id == "b" else well)(node_id, order))
    said = share(cluster, clock, 20, "search")
    assert done(said) == sorted(f"t{index}" for index in range(20))
    assert [node for node, _, _ in cluster.orders].count("b") == 3
    assert failures(said) == {}
    assert notes(said).count("search failed: no luck") == 1


def test_a_task_that_breaks_lanes_everywhere_is_given_up_alone() -> None:
    def poisoned(node_id: str, order: Order) -> list[Heard]:
        if decode_spec(order.spec).tasks[0].task_id == "t3":
            return [Heard(order.slot, b"", "signal 11")]
        return well(node_id, order)

    clock = ManualClock()
    cluster = Paper(clock, [A, B], poisoned)
    said = share(cluster, clock, 8, "search")
    assert done(said) == [f"t{index}" for index in range(8) if index != 3]
    assert failures(said) == {"search": "1 tasks given up: the lane of search died (signal 11)"}
    assert finished(said) == {"search"}
    assert sorted(node for node, spec, _ in cluster.orders if spec.tasks[0].task_id == "t3") == ["a", "b"]


def test_a_proposer_that_fails_everywhere_fails_once_and_the_next_one_goes_on() -> None:
    def half(node_id: str, order: Order) -> list[Heard]:
        spec = decode_spec(order.spec)
        failed = Heard(order.slot, encode(ProposerFailed("induction", "grade C")))
        rest = tuple(name for name in spec.proposers if name != "induction")
        if not rest:
            return [failed]
        good = well(node_id, dataclasses.replace(order, spec=_with(spec, rest)))
        return [failed, *good] if "induction" in spec.proposers else good

    clock = ManualClock()
    said = share(Paper(clock, [A, B], half), clock, 6, "induction", "transduction")
    assert failures(said) == {"induction": "6 tasks given up: grade C"}
    assert finished(said) == {"transduction"}
    assert len(done(said, "transduction")) == 6


def _with(spec: LaneSpec, proposers: tuple[str, ...]) -> bytes:
    from arc_solver.lanes.wire import encode_spec

    return encode_spec(dataclasses.replace(spec, proposers=proposers))


def test_what_is_done_twice_is_told_once() -> None:
    def twice(node_id: str, order: Order) -> list[Heard]:
        (heard,) = well(node_id, order)
        first, *rest = heard.lines.splitlines(keepends=True)
        return [Heard(order.slot, b"".join([first, first, *rest]))]

    clock = ManualClock()
    said = share(Paper(clock, [A], twice), clock, 3, "search")
    assert done(said) == ["t0", "t1", "t2"]
