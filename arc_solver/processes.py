"""What every program that we start as a child does first, and what is known of a process and its descendants.

Linux tells all of it; elsewhere less is done and less is known, and nothing here raises. Knows nothing of what a
process is a child for.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_GIVEN_WAY = 10

Write = Callable[[bytes], None]


def die_with_parent() -> None:
    """A parent that is killed takes this process along (Linux; elsewhere a closed channel must end it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Descendants whose parent dies become children of this process (Linux), which can find and end them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def take_standard_output() -> Write:
    """Keep standard output for messages, and send everything that libraries print to standard error.

    Returns:
        Writes all of its argument to what was standard output, from whatever thread, never two at once.
    """
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lock = threading.Lock()

    def write(data: bytes) -> None:
        rest = memoryview(data)
        with lock:
            while rest:
                rest = rest[channel.write(rest) :]

    return write


def started_s() -> float:
    """When this process was started, on the monotonic clock: before Python itself was loaded, where that is known."""
    try:
        born_s = int(_stat(os.getpid())[19]) / os.sysconf("SC_CLK_TCK")
        # One right after the other: on a busy machine much may lie between two lines.
        age_s, now_s = time.clock_gettime(time.CLOCK_BOOTTIME) - born_s, time.monotonic()
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic()
    # A container may have a clock of its own; no Python needs an hour to start.
    return now_s - age_s if 0.0 <= age_s < 3600.0 else now_s


def give_way() -> None:
    """Leave the cores to others from here on, as far as the system lets us: this process, what it starts, and its
    session, by which some kernels group processes before they look at single ones.
    """
    try:
        os.nice(_GIVEN_WAY)
        Path("/proc/self/autogroup").write_text(str(_GIVEN_WAY))
    except OSError:
        return  # no such system, or it groups nothing


def peak_memory_mb() -> float | None:
    """The most memory that this process ever held, in MB; None where nobody says."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        text = Path("/proc/self/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0]) / 1000
    return None


def descendants(pid: int) -> list[int]:
    """Every process below this one, nearest first; empty where nobody says."""
    children: dict[int, list[int]] = defaultdict(list)
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    children[int(_stat(int(name))[1])].append(int(name))
    found = children[pid]
    for one in found:
        found.extend(children.pop(one, ()))
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """Processor time that these processes, and children that they waited for, have used. 0 for those that are gone."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            ticks += sum(map(int, _stat(pid)[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else 0.0


def kill(pids: Iterable[int]) -> None:
    """SIGKILL to each that is still there and ours."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third on: the name before it may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
