"""The simulated cell model on a CPU: it learns, then answers in views, in the real order.

Knows nothing of searches.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from arc_solver.allocation.records import Step
from arc_solver.config import RunConfig
from arc_solver.finetune.test_time.settings import OFF
from arc_solver.proposers.cells.ordering import Promise
from arc_solver.simulation.cases import Case
from arc_solver.simulation.lanes import SimulatedLane
from arc_solver.simulation.profiles import Profile
from arc_solver.simulation.state import State
from arc_solver.watching import Patience

NAME = "cells"
_CHUNK_S = 60.0
_BATCH = 16


class CellLane(SimulatedLane):
    """The model lane of a machine without engines.

    Args:
        state: Of the run.
        cases: Its tasks.
        profile: The machine.
        slowness: Of the run.
        patience: When silence is too long.
        config: Of the run.
        speed: Asked for the core-seconds of one thread that it does each second.
        held: For each of them, the core-seconds that its threads hold.
        allocated: In the order of promise, those that the search solved later and less often; else in rounds.
    """

    def __init__(
        self,
        state: State,
        cases: tuple[Case, ...],
        profile: Profile,
        slowness: float,
        patience: Patience,
        config: RunConfig,
        speed: Callable[[], float],
        held: float,
        allocated: bool,
    ) -> None:
        super().__init__(state, (NAME,), cases, profile.load_s * slowness, patience)
        self._profile, self._settings, self._speed, self._allocated = profile, config.cell_model, speed, allocated
        self._held = held
        self._n_views: dict[str, int] = {}
        self._learned: set[str] = set()
        self._promises: dict[str, list[int]] = {}
        self._to_learn_s = 0.0
        self._learning = state.deadline

    def begin(self, cases: list[Case]) -> None:
        self.busy = True
        self._n_views = {case.name: 0 for case in cases if case.views}
        wanted = [case for case in cases if self._is_open(case)]
        self._learned = {case.name for case in wanted}
        learns = self._settings.ttft != OFF
        self._to_learn_s = self._profile.learn_s * self._settings.joint.max_passes * len(wanted) * learns
        deadline = self.state.deadline
        self._learning = deadline.within(self._settings.ttft_share * deadline.remaining_s())
        self._learn()

    def _is_open(self, case: Case) -> bool:
        return not (self._allocated and self.state.believed(case))

    def _learn(self) -> None:
        self.progressed()
        if self._to_learn_s <= 0 or self._learning.passed():
            self._answer()
            return
        speed = self._speed()
        seconds = min(_CHUNK_S, self._to_learn_s / max(speed, 1e-3))

        def learned() -> None:
            # All tasks learn together: that some are solved by now takes nothing from it.
            self._to_learn_s -= seconds * speed
            self.state.use(seconds * speed * self._held, 0.0 if self.state.all_solved else 1.0)
            self._learn()

        self.later(seconds, learned)

    def _answer(self) -> None:
        n_most = self._settings.n_views
        batch = [case for *_, case in heapq.nsmallest(_BATCH, self._waiting())]
        if not batch:
            self.end()
            self.state.ran_out_s = min(self.state.ran_out_s, self.state.clock.now_s())
            return
        steps = [(case, self._view(case)) for case in batch]
        core_s = sum(step.seconds for _, step in steps) * self._profile.view_scale
        open_s = sum(step.seconds for case, step in steps if not self.state.standings[case.name].solved)
        open_share = open_s * self._profile.view_scale / max(core_s, 1e-9)

        def answered() -> None:
            self.state.use(core_s * self._held, open_share)
            for case, step in steps:
                self._n_views[case.name] += 1
                self.state.standings[case.name].asked = True
                if step.solved:
                    self.state.solve(case)
                if self._n_views[case.name] >= n_most:
                    self.finished(case, NAME)
            self.progressed()
            self._answer()

        self.later(core_s / max(self._speed(), 1e-3), answered)

    def _view(self, case: Case) -> Step:
        # Views beyond the recorded ones are like the last.
        return case.views[min(self._n_views[case.name], len(case.views) - 1)]

    def _waiting(self) -> Iterator[tuple[int, int, int, int, Case]]:
        """Tasks that have views to come; the order of these is that of the answers."""
        settings = self._settings
        for number, case in enumerate(self.cases.values()):
            n_views = self._n_views.get(case.name)
            if n_views is None or n_views >= settings.n_views:
                continue
            n_ahead = 0
            if not self._is_open(case):
                # What was not learned cannot be answered.
                if n_views >= settings.second_opinions or case.name not in self._learned:
                    continue
                n_ahead = settings.second_opinions_after
            yield self._promise(case, n_views), n_views + n_ahead, case.n_cells, number, case

    def _promise(self, case: Case, n_views: int) -> int:
        """What the next view of it is worth."""
        if not self._allocated:
            return int(Promise.OPEN)
        if case.name not in self._promises:
            names = [step.features[0] if step.features else "open" for step in case.views]
            self._promises[case.name] = [int(Promise[name.upper()]) for name in names]
        promises = self._promises[case.name]
        return promises[min(n_views, len(promises) - 1)]
