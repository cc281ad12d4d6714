"""Which step is next: the one with the most new solves expected per second.

First steps come before all others, so that every task has had a cheap look before any gets more. Equal ones come in
the order in which they were put. Knows nothing of what a step is.
"""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

from arc_solver.allocation.chances import Estimate, Estimator, Prospect

_T = TypeVar("_T")


class StepQueue(Generic[_T]):
    """Steps that may be taken, each with an item of whoever takes it.

    Args:
        chances: Says what a step is worth.
    """

    def __init__(self, chances: Estimator) -> None:
        self._chances = chances
        self._waiting: list[tuple[bool, float, int, Estimate, _T]] = []
        self._n_put = 0

    def put(self, item: _T, prospect: Prospect, *, first: bool = False) -> None:
        """Let a step wait; a task's first step is taken before any that is not."""
        estimate = self._chances.of(prospect)
        heapq.heappush(self._waiting, (not first, -estimate.rate, self._n_put, estimate, item))
        self._n_put += 1

    def take(self) -> tuple[_T, Estimate] | None:
        """The best step, which waits no more; None if none waits."""
        if not self._waiting:
            return None
        *_, estimate, item = heapq.heappop(self._waiting)
        return item, estimate

    def __len__(self) -> int:
        return len(self._waiting)
