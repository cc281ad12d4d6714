"""The processes of a run as one sees them from outside: who they are, what they hold, what processor time they took.

Reads `/proc` (Linux); elsewhere nothing is seen. Knows nothing of journals and of costs.
"""

from __future__ import annotations

import bisect
import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arc_solver.memory import held_by
from arc_solver.processes import cpu_s, descendants

_LANE = b"arc_solver.lanes"
_PARENT, _BORN = 1, 19
"""Places in /proc/PID/stat, counted behind the name."""


@dataclass(frozen=True, slots=True)
class LaneLook:
    """A lane at a moment, with all that it started.

    Attributes:
        born_s: When it was started, on a clock of the machine's.
        cpu_s: Processor time that it took so far.
        held_bytes: What it holds.
    """

    born_s: float
    cpu_s: float
    held_bytes: int


@dataclass(frozen=True, slots=True)
class Look:
    """A run at a moment.

    Attributes:
        at_s: Since its start.
        supervisor_bytes: What its supervisor holds; 0 where there is none.
        lanes: Process -> what is seen of it.
        cpu_s: Processor time of all its processes.
        machine_s: Processor time of all processes of the machine, None where nobody says.
    """

    at_s: float
    supervisor_bytes: int = 0
    lanes: Mapping[int, LaneLook] = field(default_factory=dict)
    cpu_s: float = 0.0
    machine_s: float | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """All looks at a run, in their order."""

    looks: Sequence[Look] = ()

    def lanes(self) -> tuple[int, ...]:
        """Every lane that was seen, in the order of birth."""
        born = {pid: lane.born_s for look in self.looks for pid, lane in look.lanes.items()}
        return tuple(sorted(born, key=lambda pid: (born[pid], pid)))

    def cpu_s(self, pid: int, since_s: float, until_s: float) -> float:
        """Processor time that a lane took between two moments."""
        known = [(look.at_s, look.lanes[pid].cpu_s) for look in self.looks if pid in look.lanes]
        return _at(known, until_s) - _at(known, since_s)

    def held(self, pid: int) -> list[tuple[float, int]]:
        """(seconds, bytes) of a lane."""
        return [(look.at_s, look.lanes[pid].held_bytes) for look in self.looks if pid in look.lanes]

    def supervisor(self) -> list[tuple[float, int]]:
        """(seconds, bytes) of the supervisor, from when there are lanes."""
        return [(look.at_s, look.supervisor_bytes) for look in self.looks if look.lanes]

    def others_share(self, n_cores: int) -> float | None:
        """Share of the machine's processors that went to others; None where nobody says."""
        known = [(look.at_s, look.cpu_s, look.machine_s) for look in self.looks if look.machine_s is not None]
        if len(known) < 2 or known[-1][0] <= known[0][0]:
            return None
        (since_s, ours, machine), (until_s, ours_then, machine_then) = known[0], known[-1]
        assert machine is not None
        assert machine_then is not None
        others_s = (machine_then - machine) - (ours_then - ours)
        return max(0.0, others_s / (n_cores * (until_s - since_s)))


def look_at(root_pid: int, at_s: float) -> Look:
    """What is seen of a run that was started as this process."""
    pids = descendants(root_pid)
    facts = {pid: fact for pid in pids if (fact := _facts(pid)) is not None}
    # What a lane starts may bear its name for a moment, or for good where it is forked.
    lanes = [pid for pid, (parent, _, named) in facts.items() if named and not facts.get(parent, (0, 0.0, False))[2]]
    below = {pid: [pid, *descendants(pid)] for pid in lanes}
    supervisors = {facts[pid][0] for pid in lanes}
    return Look(
        at_s,
        held_by(supervisors),
        {pid: LaneLook(facts[pid][1], cpu_s(below[pid]), held_by(below[pid])) for pid in lanes},
        cpu_s([root_pid, *pids]),
        machine_s(),
    )


def machine_s(root: Path = Path("/")) -> float | None:
    """Processor time that all processes of the machine took since it was started."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        name, *ticks = (root / "proc" / "stat").read_text().splitlines()[0].split()
        user, nice, system, _, _, irq, softirq, steal = map(int, ticks[:8])
        if name == "cpu":
            return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return None


def now_s() -> float:
    """The clock of `Look.at_s`, before the start is taken off."""
    return time.monotonic()


def _facts(pid: int) -> tuple[int, float, bool] | None:
    """Parent, birth and whether the process is named as lanes are."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        folder = Path(f"/proc/{pid}")
        stat = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        named = _LANE in (folder / "cmdline").read_bytes().split(b"\0")
        return int(stat[_PARENT]), int(stat[_BORN]) / os.sysconf("SC_CLK_TCK"), named
    return None


def _at(known: Sequence[tuple[float, float]], at_s: float) -> float:
    """The value at a moment, between those that are known."""
    if not known:
        return 0.0
    place = bisect.bisect_left(known, (at_s, float("-inf")))
    if place == 0:
        # Before it was first seen: it was born with none.
        return known[0][1] if at_s >= known[0][0] else 0.0
    if place == len(known):
        return known[-1][1]
    (before_s, before), (after_s, after) = known[place - 1], known[place]
    return before + (after - before) * (at_s - before_s) / max(1e-9, after_s - before_s)
