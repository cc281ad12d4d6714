"""A lane's sign of life: a thread of its own says every moment that the process runs, and how many steps it made.

A stopped or frozen process does not, and a busy one does: the thread needs microseconds. Knows nothing of who listens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from arc_solver.advancing import n_steps
from arc_solver.lanes.wire import Beat, Message
from arc_solver.watching import BEAT_S


def beat(say: Callable[[Message], None]) -> None:
    """Say so from now on; `say` must bear calls from several threads."""

    def beat_on() -> None:
        while True:
            try:
                say(Beat(n_steps()))
            except (OSError, ValueError):  # nobody listens any more, or Python is ending
                return
            time.sleep(BEAT_S)

    threading.Thread(target=beat_on, daemon=True, name="sign of life").start()
