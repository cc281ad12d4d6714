"""Time: an injected clock and deadlines made from it.

Nothing else in the package reads the time. A test passes a `ManualClock`, so that what a run does depends on the work
and the seed only. This module knows nothing of what the time is spent on.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from arc_solver.errors import InputError

_DURATION = re.compile(r"(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m)?(?:(?P<s>\d+(?:\.\d+)?)s?)?")


def date_now() -> str:
    """Date and time (UTC), for records that people read: nothing is decided by it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Clock(Protocol):
    """Seconds that only grow, comparable between the processes of one machine."""

    def now_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class MonotonicClock:
    """The system's monotonic clock (on Linux one clock for all processes)."""

    def now_s(self) -> float:
        return time.monotonic()


@dataclass(slots=True)
class ManualClock:
    """A clock for tests: it moves only when told to."""

    time_s: float = 0.0

    def now_s(self) -> float:
        return self.time_s

    def advance(self, seconds: float) -> None:
        self.time_s += seconds


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on a clock after which work must stop."""

    clock: Clock
    end_s: float

    @classmethod
    def after(cls, seconds: float, clock: Clock | None = None) -> Deadline:
        """The moment `seconds` from now."""
        clock = clock or MonotonicClock()
        return cls(clock, clock.now_s() + seconds)

    def remaining_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.end_s - self.clock.now_s())

    def passed(self) -> bool:
        return self.clock.now_s() >= self.end_s

    def within(self, seconds: float) -> Deadline:
        """The earlier of this deadline and `seconds` from now."""
        return Deadline(self.clock, min(self.end_s, self.clock.now_s() + seconds))

    def minus(self, seconds: float) -> Deadline:
        """This deadline, moved `seconds` earlier: a tail reserved for what comes after."""
        return Deadline(self.clock, self.end_s - seconds)


def parse_duration(text: str) -> float:
    """Seconds from `90s`, `15m`, `11h50m`, `1.5h` or a plain number of seconds.

    Raises:
        InputError: Anything else, or a duration of zero.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = 0.0
    if match:
        seconds = sum(float(match[unit] or 0) * factor for unit, factor in (("h", 3600), ("m", 60), ("s", 1)))
    if seconds <= 0:
        raise InputError(f"time limit {text!r}: write it as 90s, 15m or 11h50m")
    return seconds


def format_duration(seconds: float) -> str:
    """`1h02m`, `3m05s` or `12.3s`, for people."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
