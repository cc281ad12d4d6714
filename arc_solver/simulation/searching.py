"""Simulated search lanes: the real queue of passes, recorded passes in place of the search.

Knows nothing of models.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from arc_solver.allocation import Chances, Estimate, Prospect, StepQueue
from arc_solver.allocation.cores import yields
from arc_solver.allocation.records import Step
from arc_solver.proposers.search.prospects import prospect_at
from arc_solver.simulation.cases import Case
from arc_solver.simulation.lanes import SimulatedLane
from arc_solver.simulation.state import State
from arc_solver.watching import Patience

NAME = "search"
_NO_ESTIMATE = Estimate(1.0, 1.0)


class Turns:
    """The baseline: every task in turn, one pass each, as long as it is not settled."""

    def __init__(self) -> None:
        self._waiting: deque[Case] = deque()

    def put(self, item: Case, prospect: Prospect, *, first: bool = False) -> None:
        self._waiting.append(item)

    def take(self) -> tuple[Case, Estimate] | None:
        return (self._waiting.popleft(), _NO_ESTIMATE) if self._waiting else None


class SearchLane(SimulatedLane):
    """One search lane.

    Args:
        state: Of the run.
        cases: Its tasks.
        start_s: From birth until it works.
        patience: When silence is too long.
        chances: What a pass is worth; None for turns.
        budgets: Programs of each pass.
        speed: Asked for the speed of a pass that is about to begin, relative to the recorded one.
        counts: Whether its time counts as the scarce device's.
    """

    def __init__(
        self,
        state: State,
        cases: tuple[Case, ...],
        start_s: float,
        patience: Patience,
        chances: Chances | None,
        budgets: Sequence[int],
        speed: Callable[[], float],
        counts: bool,
    ) -> None:
        super().__init__(state, (NAME,), cases, start_s, patience)
        self._chances, self._budgets, self._speed, self._counts = chances, budgets, speed, counts
        self._queue: StepQueue[Case] | Turns = Turns()
        self._index: dict[str, int] = {}
        self.yields = False

    def begin(self, cases: list[Case]) -> None:
        self._queue = StepQueue[Case](self._chances) if self._chances else Turns()
        self._index = {case.name: 0 for case in cases}
        for case in cases:
            self._queue.put(case, self._prospect(case), first=True)
        self._next()

    def _prospect(self, case: Case) -> Prospect:
        index = self._index[case.name]
        return prospect_at(index, self._budgets[index], case.n_cells, _recorded(case, index)[0].features)

    def _next(self) -> None:
        taken = self._queue.take()
        if taken is None:
            self.end()
            return
        self.busy = True
        case, estimate = taken
        self.yields = self._chances is not None and yields(estimate)
        self.started(case)
        step, amount = _recorded(case, self._index[case.name])
        share = self._speed()
        seconds = amount * step.seconds / max(share, 1e-3)
        self.later(seconds, lambda: self._ended(case, step, seconds * share))

    def _ended(self, case: Case, step: Step, core_s: float) -> None:
        standing = self.state.standings[case.name]
        if self._counts:
            self.state.use(core_s, 0.0 if standing.solved else 1.0)
        self._index[case.name] += 1
        index = self._index[case.name]
        standing.n_passes = max(standing.n_passes, index)
        if step.solved:
            self.state.solve(case)
        if step.ended or index >= len(self._budgets):
            self.finished(case, NAME)
        else:
            self.progressed()
            self._queue.put(case, self._prospect(case))
        self._next()


def _recorded(case: Case, index: int) -> tuple[Step, float]:
    """The pass of a task as it was recorded, and how much more work it is; those beyond the last recorded one find
    nothing new.
    """
    if index < len(case.search):
        return case.search[index], 1.0
    last = case.search[-1]
    return Step(last.name, last.features, last.seconds, last.solved), 8.0 ** (index - len(case.search) + 1)
