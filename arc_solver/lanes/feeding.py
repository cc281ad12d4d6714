"""The parent's writing to a lane's standard input, from a thread of its own: specs, then news of the pool.

A lane that does not read, reads slowly or is dead holds up nobody: what is newer of a task takes the place of what was
not yet written of it, so that no more waits than there are tasks. Knows nothing of processes or of what is said.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import IO

from arc_solver.lanes.wire import encode_news
from arc_solver.proposers.base import PoolState

_PARTING_S = 1.0


class Feed:
    """A lane's standard input.

    Args:
        pipe: Unbuffered; it is closed here, and nobody else may write to it.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._changed = threading.Condition()
        self._specs: deque[bytes] = deque()
        self._news: dict[str, PoolState] = {}
        self._closing = False
        self._ended = False
        self._thread = threading.Thread(target=self._write_all, daemon=True, name="feed of a lane")
        self._thread.start()

    def give(self, spec: bytes, *, last: bool) -> None:
        """Send a spec; after the last one nothing more is sent."""
        with self._changed:
            self._specs.append(spec)
            self._closing = last
            self._changed.notify()

    def tell(self, states: Iterable[PoolState]) -> None:
        """Send what is known of tasks, when the lane takes it."""
        with self._changed:
            if not (self._closing or self._ended):
                self._news.update((state.task_id, state) for state in states)
                self._changed.notify()

    def n_waiting(self) -> int:
        """Tasks of which news was not written yet."""
        with self._changed:
            return len(self._news)

    def end(self) -> None:
        """Send nothing more. To be called when nobody can read any more, so that no write is left hanging."""
        with self._changed:
            self._ended = True
            self._news.clear()
            self._changed.notify()
        self._thread.join(_PARTING_S)

    def _write_all(self) -> None:
        try:
            with self._pipe:
                while (data := self._next()) is not None:
                    view = memoryview(data)
                    while view:
                        view = view[self._pipe.write(view) :]
        except OSError:
            pass  # the lane died; reading its channel tells
        with self._changed:
            self._ended = True
            self._news.clear()

    def _next(self) -> bytes | None:
        """What is to be written next, waiting for it; None if nothing will be."""
        with self._changed:
            self._changed.wait_for(lambda: self._specs or self._news or self._closing or self._ended)
            if self._ended:
                return None
            if self._specs:
                return self._specs.popleft()
            if self._closing:
                return None
            state = self._news.pop(next(iter(self._news)))
        return encode_news(state)
