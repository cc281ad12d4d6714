"""A child seen from its zygote: its clocks start when it says that it is ready."""

from __future__ import annotations

import os
import socket
import sys
import time

import pytest

if sys.platform != "linux":
    pytest.skip("zygotes are Linux's", allow_module_level=True)

from arc_solver.sandbox.frames import READY, End, Request
from arc_solver.sandbox.zygote import Watch

REQUEST = Request(
    job_id=1, cpu_s=0.05, wall_s=0.3, memory_bytes=1 << 28, max_result_bytes=1000, n_programs=1, parse_only=False
)


def watched(child):
    """The end of a process that runs `child(file descriptor)`."""
    read_fd, write_fd = os.pipe()
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            child(write_fd)
        finally:
            os._exit(0)
    os.close(write_fd)
    try:
        return Watch(REQUEST, pid, read_fd, ours.fileno()).until_end()
    finally:
        os.close(read_fd)
        ours.close()
        theirs.close()


def test_a_child_that_a_busy_machine_keeps_waiting_is_not_blamed():
    def late(fd):
        time.sleep(2 * REQUEST.wall_s)
        os.write(fd, READY)

    answer = watched(late)
    assert answer.end is End.EXITED
    assert answer.results == READY


def test_once_it_is_ready_its_time_runs():
    def hangs(fd):
        os.write(fd, READY)
        time.sleep(60)

    answer = watched(hangs)
    assert answer.end is End.WALL
    assert answer.results == READY
