"""The lanes of a run, kept at work: listened to, watched, ended when they hang, started again when they died.

No more is known of a lane than what it says and how much processor time it takes. Knows nothing of votes, of files or
of what proposers do.
"""

from __future__ import annotations

import selectors
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from arc_solver.budget import Deadline
from arc_solver.lanes.process import LaneProcess
from arc_solver.lanes.remaining import LaneWork
from arc_solver.lanes.wire import Beat, Message
from arc_solver.memory import MemoryWatch, Relief
from arc_solver.proposers.base import PoolState
from arc_solver.tasks import Task
from arc_solver.watching import Patience, Watch

# Less than this share of a core is no computing: the sign of life alone takes about a tenth of it.
_WORKING_SHARE = 0.002
_SAMPLE_EVERY_S = 30.0


class Owner(Protocol):
    """Whose lanes they are."""

    def start_lane(self, name: str, proposers: tuple[str, ...], tasks: tuple[Task, ...]) -> LaneProcess:
        """Start one. An `OSError` counts as its death."""
        ...

    def take(self, name: str, messages: Sequence[Message]) -> None:
        """A lane said something."""
        ...

    def lane_failed(self, name: str, what: str, what_was_done: str) -> None:
        """A lane died, hung, raved, or will not be started again."""
        ...

    def finished(self) -> Collection[tuple[str, str]]:
        """(proposer, task id) of what nobody needs to do any more."""
        ...


@dataclass(slots=True)
class _Lane:
    """One lane through its lives."""

    name: str
    proposers: tuple[str, ...]
    work: LaneWork
    process: LaneProcess | None = None
    born_s: float = 0.0
    due_s: float | None = None
    life: Watch = field(default_factory=lambda: Watch(0.0, 1.0, 1.0))
    progress: Watch = field(default_factory=lambda: Watch(0.0, 1.0, 1.0))
    results: Watch = field(default_factory=lambda: Watch(0.0, 1.0, 1.0))
    n_steps: int = 0
    sampled_s: float = 0.0
    cpu_s: float = 0.0


class Lanes:
    """The lanes of one run.

    Args:
        owner: Starts them and is told what they say.
        patience: When silence is too long, and how often a lane is started again.
        deadline: When they have to end.
    """

    def __init__(self, owner: Owner, patience: Patience, deadline: Deadline) -> None:
        self._owner, self._patience, self._deadline = owner, patience, deadline
        self._lanes: list[_Lane] = []
        self._selector = selectors.DefaultSelector()
        self._memory = MemoryWatch()
        self._dead: list[LaneProcess] = []
        self.garbage: dict[str, int] = {}

    def add(self, name: str, proposers: Sequence[str], tasks: Sequence[Task]) -> None:
        """Start a lane, if it has something to do."""
        lane = _Lane(name, tuple(proposers), LaneWork(proposers, tasks, self._patience))
        self._lanes.append(lane)
        self._start(lane)

    @property
    def busy(self) -> bool:
        """Whether some lane runs or is to be started again."""
        return any(lane.process is not None or lane.due_s is not None for lane in self._lanes)

    def listen(self, wait_s: float) -> None:
        """Take what lanes say, waiting at most so long for it; end what hangs, start what is due."""
        now_s = self._deadline.clock.now_s()
        for lane in self._lanes:
            if lane.due_s is not None and now_s >= lane.due_s:
                self._start(lane)
        for key, _ in self._selector.select(wait_s) if self._selector.get_map() else self._wait(wait_s):
            self._read(key.data)
        now_s = self._deadline.clock.now_s()
        for lane in self._lanes:
            if lane.process is not None:
                self._watch(lane, lane.process, now_s)
        relief = self._memory.look(now_s, self._held)
        if relief is not None:
            self._relieve(relief)

    def tell(self, news: Iterable[PoolState]) -> None:
        """Tell lanes that want to know what stands on the board."""
        states = list(news)
        for lane in self._lanes:
            if lane.process is not None:
                lane.process.tell(states)

    def stop(self) -> None:
        """End every lane; what it had said already is still taken. `bury` must follow, which may take a while."""
        running = [(lane, lane.process) for lane in self._lanes if lane.process is not None]
        for _, process in running:
            process.kill()
        for lane, process in running:
            self._part_from(lane, process)
            self._dead.append(process)
        for lane in self._lanes:
            lane.due_s = None
        self._selector.close()

    def bury(self) -> None:
        """Wait until those that were stopped are gone, and take away what they left behind."""
        while self._dead:
            self._dead.pop().stop()

    def _wait(self, wait_s: float) -> tuple[()]:
        """Where no lane runs, there is only a pause to wait for."""
        self._selector.select(wait_s)
        return ()

    def _start(self, lane: _Lane) -> None:
        lane.due_s = None
        proposers, tasks = lane.work.left(self._owner.finished())
        if not tasks or self._deadline.passed():
            return
        lane.work.begin()
        lane.born_s = now_s = self._deadline.clock.now_s()
        try:
            lane.process = self._owner.start_lane(lane.name, proposers, tasks)
        except OSError as error:
            self._died(lane, f"cannot be started: {error.strerror or error}")
            return
        patience = self._patience
        lane.life = Watch(now_s, patience.silence_s, patience.factor, first_s=patience.starting_s)
        lane.progress = Watch(now_s, patience.stuck_s, patience.factor, first_s=patience.starting_s)
        lane.results = Watch(now_s, patience.spinning_s, patience.factor, first_s=patience.starting_s)
        lane.n_steps = 0
        lane.sampled_s, lane.cpu_s = now_s, 0.0
        self._selector.register(lane.process.channel, selectors.EVENT_READ, lane)

    def _read(self, lane: _Lane) -> None:
        assert lane.process is not None
        messages = lane.process.read()
        if messages is None:
            self._ended(lane, lane.process)
        else:
            self._hear(lane, messages)

    def _hear(self, lane: _Lane, messages: Sequence[Message]) -> None:
        if messages:
            lane.life.hear()
        age_s = self._deadline.clock.now_s() - lane.born_s
        n_steps = max((message.n_steps for message in messages if isinstance(message, Beat)), default=0)
        said = [message for message in messages if not isinstance(message, Beat)]
        if said or n_steps > lane.n_steps:
            lane.progress.hear()
            lane.results.hear()
        if n_steps > lane.n_steps:
            lane.work.step(age_s)
        lane.n_steps = max(lane.n_steps, n_steps)
        for message in said:
            lane.work.hear(message, age_s)
        if said:
            self._owner.take(lane.name, said)

    def _watch(self, lane: _Lane, process: LaneProcess, now_s: float) -> None:
        """End a lane that is silent, stuck, spins or raves."""
        for watch in (lane.life, lane.progress, lane.results):
            watch.look(now_s)
        self._sample(lane, process, now_s)
        if lane.life.overdue:
            what = f"hangs: no sign of life for {lane.life.silent_s:.0f}s"
        elif lane.progress.overdue:
            what = f"is stuck: it lives but did nothing for {lane.progress.silent_s:.0f}s"
        elif lane.results.overdue:
            what = f"spins: it computes but got nothing done for {lane.results.silent_s:.0f}s"
        elif process.raves:
            what = f"says only what cannot be read ({process.garbage} messages were dropped)"
        else:
            return
        process.kill()
        self._bury(lane, process)
        self._died(lane, what)

    def _held(self) -> dict[str, int]:
        """Bytes of memory that each lane holds."""
        return {lane.name: lane.process.held_bytes() for lane in self._lanes if lane.process is not None}

    def _relieve(self, relief: Relief) -> None:
        """End the lane that holds most, before the kernel ends somebody without a word."""
        lane = next(lane for lane in self._lanes if lane.name == relief.name)
        assert lane.process is not None
        lane.process.kill()
        self._bury(lane, lane.process)
        if relief.may_return:
            self._died(lane, f"was ended: {relief.text()}")
        else:
            what = f"the lane of {', '.join(lane.proposers)} was ended again: {relief.text()}"
            self._owner.lane_failed(lane.name, what, "it is not started any more; what it found stays")

    def _sample(self, lane: _Lane, process: LaneProcess, now_s: float) -> None:
        """Computing counts as progress, but for the search: it says something about every task that it turns to."""
        if now_s - lane.sampled_s < _SAMPLE_EVERY_S or lane.progress.silent_s < _SAMPLE_EVERY_S:
            return
        cpu_s = process.cpu_s()
        working = cpu_s - lane.cpu_s >= _WORKING_SHARE * (now_s - lane.sampled_s)
        lane.sampled_s, lane.cpu_s = now_s, cpu_s
        if working and lane.proposers != ("search",):
            lane.progress.hear()

    def _ended(self, lane: _Lane, process: LaneProcess) -> None:
        """A lane's channel closed."""
        status = process.ended()
        # On a busy machine Python may take longer to leave than we wait.
        is_well = status == 0 or (status is None and process.through)
        self._bury(lane, process)
        if not is_well:
            how = "hangs at its end" if status is None else f"signal {-status}" if status < 0 else f"exit {status}"
            self._died(lane, f"died ({how})")
        elif lane.work.broke:
            self._died(lane, "broke")

    def _bury(self, lane: _Lane, process: LaneProcess) -> None:
        self._part_from(lane, process)
        process.stop()

    def _part_from(self, lane: _Lane, process: LaneProcess) -> None:
        """Take what it said last."""
        self._selector.unregister(process.channel)
        self._hear(lane, process.drain())
        if process.garbage:
            self.garbage[lane.name] = self.garbage.get(lane.name, 0) + process.garbage
        lane.process = None

    def _died(self, lane: _Lane, how: str) -> None:
        now_s = self._deadline.clock.now_s()
        sequel = lane.work.die(now_s - lane.born_s, self._deadline.remaining_s(), self._owner.finished())
        what = f"the lane of {', '.join(lane.proposers)} {how}"
        self._owner.lane_failed(lane.name, what, sequel.what_was_done)
        if sequel.left_out:
            twice = f"task {sequel.left_out} was in hand both times that the lane died"
            self._owner.lane_failed(lane.name, twice, "it is left out; what was found of it before stays")
        if sequel.pause_s is not None:
            lane.due_s = now_s + sequel.pause_s
