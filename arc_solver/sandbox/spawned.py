"""The worker where no zygote can be: one ordinary process that runs job after job itself, on any system.

It has the limits that the system offers and no isolation: a program that means harm can do what the user can do. It
ends after a job in which something changed what programs share, when its parent goes away, and when it takes too long.
Knows nothing of verdicts. Numpy and the standard library only.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import mmap
import os
import signal
import sys
from pathlib import Path
from typing import Any

from arc_solver.sandbox import child
from arc_solver.sandbox.frames import LENGTH, MAX_MESSAGE_BYTES, READY, Request, decode_request

_REQUEST_FD = 4
_N_FDS = 5
_GRACE_S = 30.0

# Bound here because a program may replace them where they came from.
_read, _exit, _collect, _alarm = os.read, os._exit, gc.collect, getattr(signal, "setitimer", None)


def main() -> None:
    """Run what comes on standard input, answer on standard output, until the input ends."""
    _claim_descriptors()
    names = child.load_vocabulary()
    guard = child.Guard(names)
    limits = _Limits()
    gc.collect()
    gc.freeze()
    _silence(2)
    code = 1
    try:
        _serve(names, guard, limits)
        code = 0
    finally:
        _exit(code)


def _serve(names: dict[str, Any], guard: child.Guard, limits: _Limits) -> None:
    while True:
        # Says that it is idle; the first time, that it has started.
        child.write_whole(READY)
        message = _read_message()
        if message is None:
            return
        request, body = decode_request(message)
        limits.put_on(request)
        child.run_all(request, body, names, guard)
        _collect()
        if guard.tampered():
            return
        limits.rest()


class _Limits:
    """What the system can limit, put on anew for every job."""

    def __init__(self) -> None:
        self._resource: Any = None
        with contextlib.suppress(ImportError):
            self._resource = importlib.import_module("resource")
        self._size_bytes = _own_size_bytes()
        self._is_first_job = True

    def put_on(self, request: Request) -> None:
        """Limit this process for one job."""
        if _alarm is not None:
            # If the parent is gone, nobody else ends a program that sleeps.
            _alarm(signal.ITIMER_REAL, request.n_programs * request.wall_s + _GRACE_S)
        if self._resource is None:
            return
        usage = self._resource.getrusage(self._resource.RUSAGE_SELF)
        cpu_s = int(usage.ru_utime + usage.ru_stime + request.n_programs * request.cpu_s) + 3
        self._set("RLIMIT_CPU", cpu_s, is_final=False)
        if self._is_first_job:
            self._is_first_job = False
            if self._size_bytes is not None:
                self._set("RLIMIT_AS", self._size_bytes + request.memory_bytes)
            for name, value in (("CORE", 0), ("FSIZE", 0), ("NOFILE", _N_FDS), ("NPROC", 0)):
                self._set(f"RLIMIT_{name}", value)

    def rest(self) -> None:
        """Waiting for a job is no work."""
        if _alarm is not None:
            _alarm(signal.ITIMER_REAL, 0)

    def _set(self, name: str, value: int, is_final: bool = True) -> None:
        # A system that does not know a limit, or not this value, goes without.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            limit = getattr(self._resource, name)
            hard = self._resource.getrlimit(limit)[1]
            self._resource.setrlimit(limit, (value, value if is_final else hard))


def _claim_descriptors() -> None:
    """Move the pipes away from where programs print and read; printing goes nowhere."""
    if sys.platform == "win32":
        import msvcrt

        for fd in (0, 1):
            msvcrt.setmode(fd, os.O_BINARY)
    os.dup2(1, child.RESULT_FD)
    os.dup2(0, _REQUEST_FD)
    _silence(0, 1)


def _silence(*fds: int) -> None:
    null_fd = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        os.dup2(null_fd, fd)
    os.close(null_fd)


def _own_size_bytes() -> int | None:
    """Address space of this process, None where nobody says."""
    try:
        n_pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return None
    return n_pages * mmap.PAGESIZE


def _read_message() -> bytes | None:
    header = _read_exactly(LENGTH.size)
    if header is None:
        return None
    length = LENGTH.unpack(header)[0]
    return _read_exactly(length) if length <= MAX_MESSAGE_BYTES else None


def _read_exactly(n_bytes: int) -> bytes | None:
    """That many bytes, or None if the parent is gone."""
    data = bytearray()
    while len(data) < n_bytes:
        chunk = _read(_REQUEST_FD, min(n_bytes - len(data), 1 << 20))
        if not chunk:
            return None
        data += chunk
    return bytes(data)
