"""A pool that one thread fills while a proposer, in another, asks it. Knows nothing of where news comes from."""

from __future__ import annotations

from threading import Lock

from arc_solver.proposers.base import PoolState


class SharedPool:
    """The newest state of each task; empty until it is told something. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._states: dict[str, PoolState] = {}

    def put(self, state: PoolState) -> None:
        """Take the place of what was known of the task."""
        with self._lock:
            self._states[state.task_id] = state

    def state(self, task_id: str) -> PoolState:
        """What is known now; an empty state where nothing is."""
        with self._lock:
            return self._states.get(task_id) or PoolState(task_id)
