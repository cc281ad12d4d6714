"""Ctrl-C and SIGTERM as one `KeyboardInterrupt`, however often and by whomever they are sent, and none while the last
vote is written. Knows nothing of what is interrupted.
"""

from __future__ import annotations

import signal
import threading
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interrupt:
    """Takes over both signals of this process while it is entered.

    Attributes:
        came: Whether there was one.
    """

    def __init__(self) -> None:
        self.came = False
        self._armed = True
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def disarm(self) -> None:
        """From here on signals are noticed, and nothing is raised."""
        self._armed = False

    def rearm(self) -> None:
        """From here on the next signal interrupts again."""
        self._armed = True

    def _take(self, number: int, frame: object) -> None:
        self.came = True
        if self._armed:
            self._armed = False  # a second one must not keep the answers from being written
            raise KeyboardInterrupt
