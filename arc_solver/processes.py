"""What every program that we start as a child does first. Knows nothing of what it is a child for."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1

Write = Callable[[bytes], None]


def die_with_parent() -> None:
    """A parent that is killed takes this process along (Linux; elsewhere a closed channel must end it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def take_standard_output() -> Write:
    """Keep standard output for messages, and send everything that libraries print to standard error.

    Returns:
        Writes all of its argument to what was standard output.
    """
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def write(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[channel.write(rest) :]

    return write
