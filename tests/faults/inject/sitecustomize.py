"""Faults from within, in real processes of a run: Python imports this file at the start of every one that finds it.

The environment says what is to break:

    FAULTS_FOLDER   where `go` and other signs of the test appear
    FAULTS_LANE     a program that stands in for a lane's
    FAULTS_PACE_S   what every task takes in it, seconds
    FAULT           `exit`, `garbage`, `memory`, `hold` (memory): what a process does to itself when it gets SIGUSR1
    FAULTS_CLOCK    the wall clock jumps when the file `jump` says by how many seconds
    FAULTS_MISSING  packages that cannot be imported, comma-separated
    FAULTS_ROOT     the folder whose `proc/meminfo` tells of the memory of this machine
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from pathlib import Path

_HELD: list[bytes] = []


def break_as_told(channel: int) -> None:
    """Do to this process what `FAULT` says.

    Args:
        channel: The descriptor on which it speaks to its parent.
    """
    how = os.environ.get("FAULT", "")
    if how == "exit":
        os._exit(1)
    if how == "garbage":
        channel = channel if channel >= 0 else _first_pipe()
        os.set_blocking(channel, True)
        for _ in range(300):
            os.write(channel, b"\xff\xfe\0 no message \x07\n")
    if how == "memory":
        run_out_of_memory()
    if how == "hold":
        _HELD.append(b"x" * (300 << 20))
        (Path(os.environ["FAULTS_FOLDER"]) / "held").touch()


def _first_pipe() -> int:
    """The pipe that this process got first and may write to: a supervisor's to its guard."""
    for name in sorted(os.listdir("/proc/self/fd"), key=int):
        if int(name) > 2 and os.readlink(f"/proc/self/fd/{name}").startswith("pipe:"):
            flags = Path(f"/proc/self/fdinfo/{name}").read_text().partition("flags:")[2].split()[0]
            if int(flags, 8) & os.O_ACCMODE == os.O_WRONLY:
                return int(name)
    raise OSError("there is no pipe")


def run_out_of_memory() -> None:
    """Ask for memory until the kernel refuses it, and leave no room for what comes next.

    Raises:
        MemoryError: Always.
    """
    import resource

    size_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size_bytes + (32 << 20), resource.RLIM_INFINITY))
    held = []
    while True:
        held.append(bytearray(8 << 20))


def break_on_signal(channel: int) -> None:
    """From now on SIGUSR1 breaks this process; in the main thread, where its work is done."""
    signal.signal(signal.SIGUSR1, lambda number, frame: break_as_told(channel))


class _After(importlib.abc.MetaPathFinder):
    """Lets a test change a module right after its import."""

    def __init__(self, name: str, change) -> None:
        self._name, self._change = name, change

    def find_spec(self, name, path, target=None):
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module) -> None:
            run(module)
            self._change(module)

        spec.loader.exec_module = exec_module
        return spec


class _Missing(importlib.abc.MetaPathFinder):
    """Packages that are not there."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


class _Versions:
    """Nor does anybody know a version of theirs."""

    def __init__(self, names: set[str]) -> None:
        from importlib import metadata

        known = metadata.version

        def version(name: str) -> str:
            if name.lower().replace("-", "_") in names:
                raise metadata.PackageNotFoundError(name)
            return known(name)

        metadata.version = version


def _with_jumps(read, sign: Path, per_second: int):
    def now():
        try:
            return read() + type(read())(float(sign.read_text()) * per_second)
        except (OSError, ValueError):
            return read()

    return now


def _begin() -> None:
    folder = Path(os.environ.get("FAULTS_FOLDER", "/nonexistent"))
    if lane := os.environ.get("FAULTS_LANE"):

        def replace_lane(module) -> None:
            module.LANE_COMMAND = (sys.executable, lane)

        sys.meta_path.insert(0, _After("arc_solver.lanes.process", replace_lane))
    if root := os.environ.get("FAULTS_ROOT"):

        def replace_root(module) -> None:
            read = module.read_memory
            module.read_memory = lambda: read(Path(root))

        sys.meta_path.insert(0, _After("arc_solver.memory", replace_root))
    if os.environ.get("FAULTS_CLOCK"):
        time.time = _with_jumps(time.time, folder / "jump", 1)
        time.time_ns = _with_jumps(time.time_ns, folder / "jump", 10**9)
    if missing := os.environ.get("FAULTS_MISSING"):
        names = set(missing.split(","))
        sys.meta_path.insert(0, _Missing(names))
        _Versions(names)
    if "make_submission.py" in " ".join(sys.orig_argv) and os.environ.get("FAULT"):
        break_on_signal(-1)  # the supervisor, which is a fork of the guard


if os.environ.get("FAULTS_FOLDER"):
    _begin()
