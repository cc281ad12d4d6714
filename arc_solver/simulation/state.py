"""A simulated run's clock, events and board: what is solved, and what the run believes to be.

Knows nothing of lanes.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from arc_solver.budget import Deadline, ManualClock
from arc_solver.simulation.cases import Case


@dataclass(slots=True)
class Standing:
    """How far a task is.

    Attributes:
        n_passes: Of the search, the most that one life of a lane finished.
        asked: Whether the model answered about it.
        passes: Whether a program of the text model passes every pair.
        solved: By whatever.
    """

    n_passes: int = 0
    asked: bool = False
    passes: bool = False
    solved: bool = False


@dataclass(slots=True)
class State:
    """What all parts of a simulated run share.

    Args:
        cases: The tasks.
        deadline: When lanes must end.

    Attributes:
        curve: (time, tasks solved), where it changed.
        used_s: Seconds of the scarce device (engines, or cores without any) in which it worked.
        useful_s: Those of them that went into tasks not solved yet.
        ran_out_s: When the model had nothing left to do, if it had.
    """

    cases: Sequence[Case]
    clock: ManualClock
    deadline: Deadline
    standings: dict[str, Standing] = field(default_factory=dict)
    curve: list[tuple[float, int]] = field(default_factory=list)
    used_s: float = 0.0
    useful_s: float = 0.0
    ran_out_s: float = math.inf
    n_restarts: int = 0
    left_out: set[str] = field(default_factory=set)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _n_events: int = 0

    def __post_init__(self) -> None:
        self.standings = {case.name: Standing() for case in self.cases}

    def at(self, time_s: float, event: Callable[[], None]) -> None:
        """Have something happen, unless the deadline comes before."""
        heapq.heappush(self._events, (time_s, self._n_events, event))
        self._n_events += 1

    def play(self, is_over: Callable[[], bool]) -> None:
        """Let everything happen until the deadline, or until nobody has anything left to do."""
        while self._events and not is_over():
            time_s, _, event = heapq.heappop(self._events)
            if time_s >= self.deadline.end_s:
                break
            self.clock.time_s = max(self.clock.time_s, time_s)
            event()
        if not is_over():
            self.clock.time_s = self.deadline.end_s

    def solve(self, case: Case) -> None:
        """A task has its answer among the attempts."""
        standing = self.standings[case.name]
        if not standing.solved:
            standing.solved = True
            n_solved = self.curve[-1][1] if self.curve else 0
            self.curve.append((self.clock.now_s(), n_solved + 1))

    def use(self, seconds: float, open_share: float) -> None:
        """The scarce device worked; so much of it on tasks that are not solved."""
        self.used_s += seconds
        self.useful_s += seconds * open_share

    def believed(self, case: Case) -> bool:
        """Whether the board has a program that passes every pair, so that the task is taken for solved."""
        standing = self.standings[case.name]
        return standing.passes or case.fits_after(standing.n_passes)

    @property
    def all_solved(self) -> bool:
        return bool(self.curve) and self.curve[-1][1] == len(self.cases)
