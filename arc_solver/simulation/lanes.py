"""What simulated lanes have in common: lives and deaths, by the rules that real lanes are started again by.

Knows nothing of what a lane does.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from arc_solver.grids import as_grid
from arc_solver.lanes.remaining import LaneWork
from arc_solver.proposers.base import TaskDone, TaskStarted
from arc_solver.simulation.cases import Case
from arc_solver.simulation.mishaps import Kind
from arc_solver.simulation.state import State
from arc_solver.tasks import Pair, Task
from arc_solver.watching import BEAT_S, Patience, Watch

_CELL = as_grid([[0]])


class SimulatedLane:
    """One lane through all of its lives.

    Args:
        state: Of the run.
        proposers: Their names.
        cases: Its tasks.
        start_s: From birth until it works.
        patience: When silence is too long.

    Attributes:
        alive: Its process is there.
        busy: It works.
        through: It has nothing left to do, and its process is gone.
    """

    def __init__(
        self, state: State, proposers: tuple[str, ...], cases: tuple[Case, ...], start_s: float, patience: Patience
    ) -> None:
        self.state, self.proposers, self.start_s = state, proposers, start_s
        self.cases = {case.name: case for case in cases}
        self.done: set[tuple[str, str]] = set()
        self.alive = self.busy = False
        self.through = not (cases and proposers)
        self._patience = patience
        tasks = tuple(Task(case.name, (Pair(_CELL, _CELL),), (_CELL,)) for case in cases)
        self._work = LaneWork(proposers, tasks, patience)
        self._life = 0
        self._born_s = 0.0
        self._progress = Watch(0.0, patience.stuck_s, patience.factor, max_step_s=math.inf)

    def be_born(self) -> None:
        """Start the lane with what is left to do."""
        _, tasks = self._work.left(self.done)
        self.through = not tasks
        if self.through:
            return
        self._work.begin()
        self._life += 1
        self.alive, self._born_s = True, self.state.clock.now_s()
        self._progress = Watch(self._born_s, self._patience.stuck_s, self._patience.factor, max_step_s=math.inf)
        self.later(self.start_s, lambda: self.begin([self.cases[task.task_id] for task in tasks]))

    def be_born_again(self) -> None:
        """Start the lane, unless it runs: a new supervisor does so."""
        if not self.alive:
            self.be_born()

    def begin(self, cases: list[Case]) -> None:
        """The lane works from here on."""
        raise NotImplementedError

    def later(self, seconds: float, event: Callable[[], None]) -> None:
        """Have something happen in this life."""
        life = self._life

        def in_this_life() -> None:
            if self.alive and self._life == life:
                event()

        self.state.at(self.state.clock.now_s() + seconds, in_this_life)

    def started(self, case: Case) -> None:
        """It turns to a task."""
        self._work.hear(TaskStarted(case.name, self.proposers[0]), self._age_s())
        self.progressed()

    def finished(self, case: Case, proposer: str) -> None:
        """It has nothing more to say about a task."""
        self.done.add((proposer, case.name))
        self._work.hear(TaskDone(case.name, proposer), self._age_s())
        self.progressed()

    def progressed(self) -> None:
        """It said something, or made a step."""
        self._work.step(self._age_s())
        self._progress.look(self.state.clock.now_s())
        self._progress.hear()

    def end(self) -> None:
        """It has nothing left to do."""
        self.busy, self.through = False, True

    def suffer(self, kind: Kind) -> None:
        """Something happens to it; from here on it does nothing, until it is noticed and started again."""
        if not self.alive or self.through:
            return
        self.alive = self.busy = False
        noticed_s = self.state.clock.now_s() + self._noticed_after_s(kind)
        self.state.at(noticed_s, self._bury)

    def _noticed_after_s(self, kind: Kind) -> float:
        if kind == "hang":
            beats = Watch(0.0, self._patience.silence_s, self._patience.factor)
            for n in range(1, 4):
                beats.look(n * BEAT_S)
                beats.hear()
            return beats.allowed_s
        if kind == "stuck":
            return self._progress.allowed_s
        return 0.0

    def _bury(self) -> None:
        now_s = self.state.clock.now_s()
        sequel = self._work.die(now_s - self._born_s, self.state.deadline.remaining_s(), self.done)
        if sequel.left_out:
            self.state.left_out.add(sequel.left_out)
        if sequel.pause_s is None:
            self.through = True
        else:
            self.state.n_restarts += 1
            self.state.at(now_s + sequel.pause_s, self.be_born)

    def _age_s(self) -> float:
        return self.state.clock.now_s() - self._born_s
