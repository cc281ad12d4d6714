"""Host memory: how much is left before the kernel kills somebody, and whose turn it is when that is too little.

The kernel's own choice is final and comes without a word; ours comes a little earlier, takes the part that holds most,
and says so. Reads `/proc` and the container's limits (Linux); elsewhere nothing is known and nothing is done. Knows
nothing of lanes, nor of how anything is ended.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_MIB = 1 << 20
_LEAST_RESERVE, _MOST_RESERVE = 256 * _MIB, 1024 * _MIB
_RESERVE_SHARE = 0.04
_LOOK_EVERY_S = 0.5
_SETTLE_S = 5.0
"""What was ended does not give its memory back at once, and a second victim would be one too many."""

_VOLUNTEER = "500"
"""Half of all memory is added to what this process seems to hold; the sandbox's zygotes offer even more."""

MAX_ENDS = 3
"""So often a part is ended and started again; what runs out of memory once more is left out of the run."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How much memory there is.

    Attributes:
        free_bytes: What can still be taken, the cache of files included.
        total_bytes: All of the machine's or of the container's, whichever is less.
    """

    free_bytes: int
    total_bytes: int

    @property
    def reserve_bytes(self) -> int:
        """With less than this free, something must end."""
        return min(_MOST_RESERVE, max(_LEAST_RESERVE, int(_RESERVE_SHARE * self.total_bytes)))

    @property
    def is_short(self) -> bool:
        return self.free_bytes < self.reserve_bytes


@dataclass(frozen=True, slots=True)
class Relief:
    """A part that has to end, because it holds most while memory is short.

    Attributes:
        name: The part.
        held_bytes: What it holds.
        free_bytes: What was left.
        may_return: Whether it may be started again; not if that was tried often enough.
    """

    name: str
    held_bytes: int
    free_bytes: int
    may_return: bool

    def text(self) -> str:
        """What happened, for people."""
        held, free = (f"{n_bytes / (1 << 30):.1f} GiB" for n_bytes in (self.held_bytes, self.free_bytes))
        return f"host memory was short ({free} left) and it held the most ({held})"


def choose(memory: Memory, held: Mapping[str, int], n_ends: Mapping[str, int]) -> Relief | None:
    """Who has to end now, if anybody.

    Args:
        memory: What is left.
        held: Part -> bytes that its processes hold.
        n_ends: Part -> how often it had to end so far.

    Returns:
        The part that holds most; None while memory is not short, and where even that part holds so little that somebody
        else on this machine is the cause.
    """
    if not memory.is_short or not held:
        return None
    name = max(held, key=lambda part: (held[part], part))
    if held[name] < memory.reserve_bytes // 2:
        return None
    return Relief(name, held[name], memory.free_bytes, n_ends.get(name, 0) + 1 <= MAX_ENDS)


class MemoryWatch:
    """Looks at the memory now and then.

    Args:
        read: Gives the memory, or None where nothing is known of it.
    """

    def __init__(self, read: Callable[[], Memory | None] | None = None) -> None:
        self._read = read or read_memory
        self._next_s = float("-inf")
        self._n_ends: Counter[str] = Counter()

    def look(self, now_s: float, held: Callable[[], Mapping[str, int]]) -> Relief | None:
        """Who has to end now; to be called often, costs next to nothing while there is memory.

        Args:
            now_s: On a monotonic clock.
            held: Gives part -> bytes that its processes hold; asked only where memory is short.
        """
        if now_s < self._next_s:
            return None
        self._next_s = now_s + _LOOK_EVERY_S
        memory = self._read()
        if memory is None or not memory.is_short:
            return None
        relief = choose(memory, held(), self._n_ends)
        if relief is not None:
            self._n_ends[relief.name] += 1
            self._next_s = now_s + _SETTLE_S
        return relief


def read_memory(root: Path = Path("/")) -> Memory | None:
    """The memory of this machine, within the limits of the container (cgroup, version 1 or 2) that this process is in.

    Args:
        root: Where `proc` and `sys` are; another folder in tests.
    """
    try:
        facts = _numbers(root / "proc" / "meminfo")
        free, total = facts["MemAvailable:"] * 1024, facts["MemTotal:"] * 1024
    except (OSError, KeyError):
        return None
    for folder in _groups(root):
        for limit_name, usage_name, cache_names in _FILES:
            with contextlib.suppress(OSError, ValueError):  # not there, or the word "max"
                limit = int((folder / limit_name).read_text())
                usage = int((folder / usage_name).read_text())
                stat = _numbers(folder / "memory.stat")
                # The cache of files counts as used and is given back when it is needed.
                room = limit - usage + sum(stat.get(name, 0) for name in cache_names)
                free, total = min(free, max(0, room)), min(total, limit)
    return Memory(free, total)


_FILES = (
    ("memory.max", "memory.current", ("inactive_file", "active_file")),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_inactive_file", "total_active_file")),
)


def volunteer() -> None:
    """Where the kernel has to kill, it takes this process, or what it starts, before those that are as large."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_VOLUNTEER)


def held_by(pids: Iterable[int], root: Path = Path("/")) -> int:
    """Bytes that processes hold and that nobody else could use: without files that are only mapped."""
    kib = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            status = _numbers(root / "proc" / str(pid) / "status")
            kib += status.get("RssAnon:", 0) + status.get("RssShmem:", 0)
    return kib * 1024


def _groups(root: Path) -> Iterator[Path]:
    """The folders of the memory controller that hold for this process, with those above it, whose limits hold too."""
    with contextlib.suppress(OSError):
        for line in (root / "proc" / "self" / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            base = root / "sys" / "fs" / "cgroup"
            if controllers and "memory" not in controllers.split(","):
                continue
            base = base / "memory" if controllers else base
            folder = base / path.lstrip("/")
            while folder != base and base in folder.parents:
                yield folder
                folder = folder.parent
            yield base


def _numbers(path: Path) -> dict[str, int]:
    """First word -> number, of the lines that begin so."""
    found = {}
    for line in path.read_text(errors="replace").splitlines():
        words = line.split()
        if len(words) >= 2 and words[1].isdigit():
            found[words[0]] = int(words[1])
    return found
