"""The zygote: an interpreter with numpy and the DSL loaded that forks a child for every job and watches it.

It never runs a program and never looks into what a child writes; it counts bytes and time, kills, and relays. It ends
when its parent does. Knows nothing of verdicts.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import time
from typing import Any

import numpy as np

from arc_solver.sandbox import child
from arc_solver.sandbox.frames import (
    LENGTH,
    MAX_MESSAGE_BYTES,
    OUT_OF_MEMORY_STATUS,
    Answer,
    End,
    Request,
    decode_request,
    encode_answer,
    encode_program,
    max_result_bytes,
)
from arc_solver.sandbox.layers import Plan

_READ_BYTES = 1 << 16
_N_OWN_FDS = 64
_POLL_SLICE_S = 0.002
# Short enough that a child rarely fills its pipe meanwhile, and would wait only so long if it did.
_START_WALL_S, _START_CPU_S = 20.0, 2.0
"""What a child may take until it says that it is ready."""
_FETCH_S = 0.003


def main(socket_fd: str, parent_pid: str, *disabled: str) -> None:
    """Serve the parent on `socket_fd` until it goes away. The arguments are those of a command line."""
    # The parent may have ignored or blocked what stops a program here; both survive exec.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    zygote = Zygote(int(socket_fd), int(parent_pid), disabled)
    zygote.warm_up()
    zygote.send_hello()
    _silence()
    try:
        zygote.serve()
    except MemoryError:
        os._exit(OUT_OF_MEMORY_STATUS)


class Zygote:
    """State of the process: the parent's socket, the isolation plan, the names that programs see."""

    def __init__(self, socket_fd: int, parent_pid: int, disabled: tuple[str, ...]) -> None:
        self._socket_fd = socket_fd
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (_N_OWN_FDS, hard))
        self._names = child.load_vocabulary()
        self._plan = Plan(disabled)
        self._plan.go_first_when_memory_ends()
        self._plan.adopt_orphans()
        self._plan.die_with_parent(parent_pid)
        self._pid = os.getpid()
        self._statm_fd = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._page_bytes = resource.getpagesize()
        self._guard: child.Guard

    def warm_up(self) -> None:
        """Touch what every program touches, once, before it is shared with all children.

        Raises:
            RuntimeError: A trivial program does not run: the sandbox is broken.
        """
        matrix = np.ones((8, 8))
        np.matmul(matrix, matrix)
        child.grid_bytes(np.zeros((1, 1), dtype=np.int8))
        self._guard = child.Guard(self._names)
        gc.collect()
        gc.freeze()
        body = encode_program(b"def task(grid):\n    return grid", [(1, 1, b"\0")])
        answer = self.run(Request(0, 10.0, 60.0, 256 << 20, 4 * max_result_bytes(1), 1), body)
        if answer.end is not End.EXITED or answer.status != 0 or not answer.results.endswith(b"\x01\x01\0"):
            raise RuntimeError(f"a trivial program does not run in the sandbox: {answer}")

    def send_hello(self) -> None:
        """Tell the parent which layers hold."""
        isolation = self._plan.isolation
        text = json.dumps({"active": isolation.active, "missing": isolation.missing}).encode()
        _write_all(self._socket_fd, LENGTH.pack(len(text)) + text)

    def serve(self) -> None:
        """Answer requests, one after the other."""
        while True:
            header = _read_exactly(self._socket_fd, LENGTH.size)
            if header is None:
                return
            length = LENGTH.unpack(header)[0]
            message = _read_exactly(self._socket_fd, length) if length <= MAX_MESSAGE_BYTES else None
            if message is None:
                return
            request, body = decode_request(message)
            _write_all(self._socket_fd, encode_answer(self.run(request, body)))

    def run(self, request: Request, body: bytes) -> Answer:
        """Run one job in a forked child."""
        size_bytes = int(os.pread(self._statm_fd, 64, 0).split()[0]) * self._page_bytes
        request = request._replace(memory_bytes=request.memory_bytes + size_bytes)
        read_fd, write_fd = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(write_fd)
            os.close(read_fd)
            return Answer(request.job_id, End.NO_CHILD, 0, b"")
        if pid == 0:
            child.run_child(request, body, write_fd, self._plan, self._pid, self._names, self._guard)
        os.close(write_fd)
        try:
            return Watch(request, pid, read_fd, self._socket_fd).until_end()
        finally:
            os.close(read_fd)
            _reap_strays(self._pid)


class Watch:
    """One child, seen from outside: its bytes, its CPU time, the wall time since its last frame."""

    def __init__(self, request: Request, pid: int, read_fd: int, socket_fd: int) -> None:
        self._request = request
        self._pid = pid
        self._read_fd = read_fd
        # Linux's name for the CPU time of a whole process.
        self._cpu_clock = (~pid << 3) | 2
        # A program may have disarmed the timer that its child set: then this one gets it, a little later.
        self._cpu_limit_s = 1.25 * request.cpu_s + 0.03
        self._chunks: list[bytes] = []
        self._n_bytes = 0
        self._killed_for: End | None = None
        # A frame may arrive in two pieces, but a program that drips bytes must not live for ever.
        self._n_restarts_left = 2 * request.n_programs
        os.set_blocking(read_fd, False)
        self._poller = select.poll()
        self._poller.register(read_fd, select.POLLIN)
        self._poller.register(socket_fd, 0)
        self._end_poller = select.poll()
        self._end_poller.register(socket_fd, 0)
        self._socket_fd = socket_fd
        self._pid_fd = _open_pid_fd(pid)
        if self._pid_fd is not None:
            self._poller.register(self._pid_fd, select.POLLIN)
            self._end_poller.register(self._pid_fd, select.POLLIN)
        # To wake up for every frame would cost a batch a tenth: while frames come, they are fetched now and then.
        self._frames_come = self._pid_fd is not None
        # Until its first frame the child runs our code alone, which a busy machine may keep waiting.
        self._wall_end_s = time.monotonic() + max(_START_WALL_S, request.wall_s)
        self._cpu_end_s = self._cpu_used_s() + max(_START_CPU_S, self._cpu_limit_s)

    def until_end(self) -> Answer:
        """Wait for the child's end, and bring it about where it is due."""
        try:
            while (status := self._exit_status()) is None:
                self._wait()
                self._enforce()
            self._drain()
        finally:
            if self._pid_fd is not None:
                os.close(self._pid_fd)
        end = self._killed_for or (End.SIGNALED if status < 0 else End.EXITED)
        return Answer(self._request.job_id, end, abs(status), b"".join(self._chunks))

    def _exit_status(self) -> int | None:
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def _wait(self) -> None:
        now_s = time.monotonic()
        wait_s = min(self._wall_end_s - now_s, max(_POLL_SLICE_S, self._cpu_end_s - self._cpu_used_s()))
        if self._pid_fd is None:
            wait_s = min(wait_s, _POLL_SLICE_S)
        poller = self._poller
        if self._frames_come:
            poller, wait_s = self._end_poller, min(wait_s, _FETCH_S)
        for fd, event in poller.poll(max(0.0, wait_s) * 1000):
            if fd == self._socket_fd and event & (select.POLLHUP | select.POLLERR):
                self._kill()
                os._exit(0)
        took = self._drain()
        if took:
            self._restart_clocks()
        self._frames_come = took and self._pid_fd is not None

    def _drain(self) -> bool:
        """Take what the child has written; False if that was nothing."""
        took = False
        while True:
            try:
                chunk = os.read(self._read_fd, _READ_BYTES)
            except BlockingIOError:
                return took
            if not chunk:
                with contextlib.suppress(KeyError):
                    self._poller.unregister(self._read_fd)
                return took
            took = True
            self._n_bytes += len(chunk)
            self._chunks.append(chunk)
            if self._n_bytes > self._request.max_result_bytes:
                self._kill_for(End.FLOOD)
                return took
            if len(chunk) < _READ_BYTES:
                return took

    def _enforce(self) -> None:
        if time.monotonic() >= self._wall_end_s:
            self._kill_for(End.WALL)
        elif self._cpu_used_s() >= self._cpu_end_s:
            self._kill_for(End.CPU)

    def _restart_clocks(self) -> None:
        if not self._n_restarts_left:
            return
        self._n_restarts_left -= 1
        self._wall_end_s = time.monotonic() + self._request.wall_s
        self._cpu_end_s = self._cpu_used_s() + self._cpu_limit_s

    def _cpu_used_s(self) -> float:
        try:
            return time.clock_gettime(self._cpu_clock)
        except OSError:
            return 0.0

    def _kill_for(self, end: End) -> None:
        self._killed_for = self._killed_for or end
        self._kill()

    def _kill(self) -> None:
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self._pid, signal.SIGKILL)


def _open_pid_fd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _reap_strays(own_pid: int) -> None:
    """Kill and bury descendants that outlived their child; this process adopted them."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            continue
        for stray in _children(own_pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(stray, signal.SIGKILL)
        time.sleep(_POLL_SLICE_S)


def _children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return [int(child) for child in children.read().split()]
    except FileNotFoundError:
        # Not every kernel keeps that list.
        return [other for other in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent_of(other) == pid]


def _parent_of(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _silence() -> None:
    """Start-up is over: from here on nothing may reach the parent's terminal."""
    null_fd = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null_fd, fd)
    os.close(null_fd)


def _read_exactly(fd: int, n_bytes: int) -> bytes | None:
    """That many bytes, or None if the parent is gone."""
    chunks: list[Any] = []
    while n_bytes:
        try:
            chunk = os.read(fd, min(n_bytes, 1 << 20))
        except ConnectionResetError:
            return None
        if not chunk:
            return None
        chunks.append(chunk)
        n_bytes -= len(chunk)
    return b"".join(chunks)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
