"""Sharing a run's work among the machines of a cluster: who gets which slice, for how long, and what if one is lost.

Machines that join are used, the work of those that are lost goes to the others, and each message passes through here
once. Knows slices and a cluster's events; nothing of Ray, of processes or of votes.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from arc_solver.advancing import step
from arc_solver.budget import Deadline
from arc_solver.config import RunConfig
from arc_solver.lanes.node import Heard, Order, Sameness
from arc_solver.lanes.ray_cluster import Event, Joined, Lost, Machine, Said
from arc_solver.lanes.slices import Lane, Ledger, Slice
from arc_solver.lanes.wire import LaneSpec, Message, Note, ProposerDone, ProposerFailed, decode, encode_spec
from arc_solver.proposers.base import TaskDone

Say = Callable[[Message], None]

MODEL_ROUNDS = 2
"""Slices of the model's tasks for each machine that runs it. Few: the cell model learns from all tasks of a slice, and
engines batch. But more than one, so that there is time to do again what a lost machine had.
"""
MAX_BREAKAGES = 3
"""A machine on which a proposer broke so often in a row is asked for it no more, and neither is one that was lost so
often while Ray called it alive.
"""
_EXCHANGE_S = 1.0
_LOOK_S = 3.0
_PATIENCE_S = 30.0


class Cluster(Protocol):
    """What is needed of a cluster; `ray_cluster.RayCluster` says what each does."""

    def machines(self) -> list[Machine]: ...
    def join(self, machine: Machine, config: dict[str, object]) -> None: ...
    def exchange(self, node_id: str, orders: Sequence[Order], wait_s: float) -> None: ...
    def events(self, wait_s: float) -> list[Event]: ...


@dataclass(slots=True)
class _Member:
    """A machine that is used."""

    machine: Machine
    slots: dict[str, Lane]
    since_s: float
    refused: set[str] = field(default_factory=set)
    busy: dict[str, Slice] = field(default_factory=dict)
    failures: dict[str, dict[str, str]] = field(default_factory=dict)
    breakages: Counter[str] = field(default_factory=Counter)
    joined: bool = False
    called: bool = False


class Sharing:
    """One run on a cluster.

    Args:
        cluster: The machines.
        spec: What is to do; its deadline is on this machine's clock.
        deadline: When the lanes must stop.
        say: Where messages go.
    """

    def __init__(self, cluster: Cluster, spec: LaneSpec, deadline: Deadline, say: Say) -> None:
        self._cluster, self._spec, self._deadline, self._say = cluster, spec, deadline, say
        self._config = RunConfig.from_json(spec.config)
        self._here = Sameness.here(self._config)
        self._started_s = deadline.clock.now_s()
        self._members: dict[str, _Member] = {}
        self._useless: Counter[str] = Counter()  # machines that were lost or left out, by how often
        self._told: set[str] = set()
        self._open = list(spec.proposers)
        self._worked: set[str] = set()
        self._lanes_seen: set[Lane] = set()
        self._looked_s = float("-inf")
        machines = cluster.machines()
        n_model = sum("model" in self._slots(machine, machines).values() for machine in machines)
        n_slices = n_model * (MODEL_ROUNDS if n_model > 1 else 1)  # alone, it works as a run without a cluster does
        self._ledger = Ledger(spec.proposers, spec.tasks, spec.done, n_slices)

    def run(self) -> None:
        """Have the work done, until all of it is or the time is over."""
        self._close_proposers()
        while not self._ledger.finished() and not self._deadline.passed():
            self._look_for_machines()
            self._hand_out()
            for event in self._cluster.events(min(_EXCHANGE_S, self._deadline.remaining_s())):
                self._take(event)
            self._give_up()
            self._close_proposers()
        self._listen_to_the_end()

    def _listen_to_the_end(self) -> None:
        """What lanes say as their time ends; their machines answer what they were asked last."""
        if any(member.busy for member in self._members.values()):
            for event in self._cluster.events(_EXCHANGE_S):
                self._take(event)

    # -- machines ----------------------------------------------------------------------------------------------------

    def _look_for_machines(self) -> None:
        now_s = self._deadline.clock.now_s()
        if now_s - self._looked_s < _LOOK_S:
            return
        self._looked_s = now_s
        machines = self._cluster.machines()
        for machine in machines:
            slots = self._slots(machine, machines)
            if slots and machine.node_id not in self._members and self._useless[machine.node_id] < MAX_BREAKAGES:
                self._members[machine.node_id] = _Member(machine, slots, since_s=now_s)
                self._lanes_seen |= set(slots.values())
                self._cluster.join(machine, dict(self._spec.config))
        if not self._members:
            self._tell_once(None, "no node of the cluster can be used now; waiting for one to join")
        for member in self._members.values():
            if self._is_late(member):
                self._tell_once(member, "does not start; is all of it taken by other work?")

    def _slots(self, machine: Machine, machines: Sequence[Machine]) -> dict[str, Lane]:
        """Lanes of a machine: the search on every CPU, and the model beside it. Where some machines have GPUs, only
        those run the model, unless it shall run on CPUs.
        """
        slots: dict[str, Lane] = {}
        if "search" in self._spec.proposers:
            n_lanes = min(self._config.n_search_lanes or machine.n_cpus, machine.n_cpus)
            slots |= {f"search {index}": "search" for index in range(n_lanes)}
        device = self._config.engine.device
        on_gpus = device == "cuda" or (device == "auto" and any(other.n_gpus for other in machines))
        if set(self._spec.proposers) - {"search"} and (machine.n_gpus if on_gpus else machine.n_cpus):
            slots["model"] = "model"
        return slots

    def _take(self, event: Event) -> None:
        step()  # whoever answers lives, and what its lanes compute is its own to watch
        member = self._members.get(event.node_id)
        if member is None:
            return
        member.called = False
        if isinstance(event, Lost):
            self._lose(member, event.reason)
        elif isinstance(event, Joined):
            self._welcome(member, event.sameness)
        else:
            self._hear(member, event)

    def _welcome(self, member: _Member, there: Sameness) -> None:
        if there.version != self._here.version:
            self._useless[member.machine.node_id] = MAX_BREAKAGES
            del self._members[member.machine.node_id]
            self._note(
                f"{_node(member)} is left out: arc_solver {there.version} there, {self._here.version} here; install "
                "the same version"
            )
            return
        if there.weights != self._here.weights:
            member.refused |= set(self._spec.proposers) - {"search"}
            if "model" in member.slots.values():
                self._note(
                    f"{_node(member)} runs no model: its weights differ from those here; copy them to the same path"
                )
        member.joined = True
        n_search = sum(lane == "search" for lane in member.slots.values())
        parts = [f"{n_search} search lanes"] if n_search else []
        parts += [f"the model on {member.machine.n_gpus or 'no'} GPUs"] if "model" in member.slots.values() else []
        self._note(f"{_node(member)} joined: {', '.join(parts)}")

    def _lose(self, member: _Member, reason: str) -> None:
        node_id = member.machine.node_id
        self._useless[node_id] += 1
        del self._members[node_id]
        n_back = self._ledger.lose_node(node_id)
        self._note(f"{_node(member)} was lost ({reason}){_taken_over(n_back)}")
        self._looked_s = float("-inf")

    # -- work --------------------------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        for member in self._members.values():
            if not member.joined or member.called:
                continue
            orders = []
            for slot, lane in member.slots.items():
                taken = None
                if slot not in member.busy:
                    taken = self._ledger.take(lane, member.machine.node_id, slot, member.refused)
                if taken is not None:
                    member.busy[slot], member.failures[slot] = taken, {}
                    orders.append(Order(slot, encode_spec(self._spec_of(taken)), self._time_for(lane)))
            if member.busy:
                self._cluster.exchange(member.machine.node_id, orders, _EXCHANGE_S)
                member.called = True

    def _spec_of(self, taken: Slice) -> LaneSpec:
        ids = {task.task_id for task in taken.tasks}
        done = frozenset((name, task_id) for name, task_id in self._ledger.done if task_id in ids)
        return dataclasses.replace(self._spec, proposers=taken.proposers, tasks=taken.tasks, done=done)

    def _time_for(self, lane: Lane) -> float:
        """The search takes as long as it takes; the model shares the time evenly among its slices, this one too."""
        remaining_s = self._deadline.remaining_s()
        if lane == "search":
            return remaining_s
        n_lanes = sum(
            "model" in member.slots.values() for member in self._members.values() if not self._is_late(member)
        )
        return remaining_s / -(-(self._ledger.n_waiting("model") + 1) // max(1, n_lanes))

    def _is_late(self, member: _Member) -> bool:
        return not member.joined and self._deadline.clock.now_s() - member.since_s > _PATIENCE_S

    def _hear(self, member: _Member, said: Said) -> None:
        for heard in said.heard:
            for line in heard.lines.splitlines():
                self._pass_on(member, heard, decode(line))
            if heard.died and heard.slot in member.busy:
                self._bury(member, heard)

    def _pass_on(self, member: _Member, heard: Heard, message: Message) -> None:
        if isinstance(message, Note):
            self._tell_once(member, message.text)
        elif isinstance(message, ProposerDone | ProposerFailed):
            self._end_proposer(member, heard.slot, message)
        else:
            if isinstance(message, TaskDone):
                if (message.proposer, message.task_id) in self._ledger.done:
                    return
                self._ledger.hear_done(message.proposer, message.task_id)
            self._say(message)

    def _end_proposer(self, member: _Member, slot: str, message: ProposerDone | ProposerFailed) -> None:
        name, failures = message.proposer, member.failures[slot]
        if isinstance(message, ProposerFailed):
            failures[name] = message.message
            self._tell_once(member, f"{name} failed: {message.message}")
            self._count_breakage(member, name)
        else:
            member.breakages[name] = 0
            self._worked.add(name)
        if name == member.busy[slot].proposers[-1]:
            del member.busy[slot]
            self._ledger.end(member.machine.node_id, slot, failures)

    def _bury(self, member: _Member, heard: Heard) -> None:
        """A lane died over its slice."""
        taken = member.busy.pop(heard.slot)
        message = f"the lane of {', '.join(taken.proposers)} died ({heard.died})"
        n_back = self._ledger.lose_slot(member.machine.node_id, heard.slot, message)
        self._note(f"{_node(member)}: {message}{_taken_over(n_back)}")
        for name in taken.proposers:
            self._count_breakage(member, name)

    def _count_breakage(self, member: _Member, proposer: str) -> None:
        member.breakages[proposer] += 1
        if member.breakages[proposer] == MAX_BREAKAGES:
            member.refused.add(proposer)

    def _give_up(self) -> None:
        """Let go of what no machine can do. Where the last one that could was lost, another may join."""
        lanes: tuple[Lane, ...] = ("search", "model")
        for lane in lanes if self._members else ():
            able = {id_: member.refused for id_, member in self._members.items() if lane in member.slots.values()}
            if able or lane not in self._lanes_seen:
                self._ledger.give_up_where(lane, able)
            elif self._ledger.n_waiting(lane):
                self._tell_once(None, f"no node of the cluster runs the {lane} now; waiting for one to join")

    def _close_proposers(self) -> None:
        """Say of each proposer, once, that it is through."""
        for name in [name for name in self._open if not self._ledger.is_open(name)]:
            self._open.remove(name)
            n_given_up = self._ledger.n_given_up[name]
            if n_given_up:
                message = self._ledger.breakages.get(name, "no node of the cluster can run it")
                self._say(ProposerFailed(name, f"{n_given_up} tasks given up: {message}"))
            if name in self._worked or not n_given_up:
                self._say(ProposerDone(name, self._deadline.clock.now_s() - self._started_s))

    def _tell_once(self, member: _Member | None, text: str) -> None:
        """What lanes on many machines say alike is told of the first."""
        if text not in self._told:
            self._told.add(text)
            self._note(f"{_node(member)}: {text}" if member else text)

    def _note(self, text: str) -> None:
        self._say(Note(text))


def _node(member: _Member) -> str:
    return f"node {member.machine.name}"


def _taken_over(n_back: int) -> str:
    return f"; unfinished tasks that others take over: {n_back}" if n_back else ""
