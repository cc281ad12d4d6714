"""Ctrl-C and SIGTERM as one `KeyboardInterrupt`, however often and by whomever they are sent, and none while the last
vote is written. Knows nothing of what is interrupted.
"""

from __future__ import annotations

import signal
import threading


class Interrupt:
    """Takes over both signals of this process, where that is possible.

    Attributes:
        came: Whether there was one.
    """

    def __init__(self) -> None:
        self.came = False
        self._armed = True
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._take)
            signal.signal(signal.SIGINT, self._take)

    def disarm(self) -> None:
        """From here on signals are noticed, and nothing is raised."""
        self._armed = False

    def _take(self, number: int, frame: object) -> None:
        self.came = True
        if self._armed:
            self._armed = False  # a second one must not keep the answers from being written
            raise KeyboardInterrupt
