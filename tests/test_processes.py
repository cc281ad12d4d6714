"""What is known of real processes and their descendants."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from arc_solver.processes import cpu_s, descendants, kill, peak_memory_mb, started_s

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells it")

FAMILY = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("all there", flush=True)
    time.sleep(600)
time.sleep(600)
"""


def runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_descendants_are_found_whatever_their_session_and_can_be_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "all there\n"
        found = descendants(parent.pid)
        assert len(found) == 2
        assert parent.pid in descendants(os.getpid())
        kill([parent.pid, *found])
        parent.wait()
    while any(map(runs, found)):
        time.sleep(0.05)
    kill(found)  # of those that are gone nothing is said
    assert descendants(parent.pid) == []


def test_processor_time_grows_with_work() -> None:
    before = cpu_s([os.getpid()])
    while cpu_s([os.getpid()]) <= before:
        sum(range(10**5))
    assert cpu_s([]) == 0.0


def test_a_process_was_started_before_it_can_tell() -> None:
    code = "import time; from arc_solver.processes import started_s; print(started_s(), time.monotonic())"
    before = time.monotonic()
    started, now = map(float, subprocess.run([sys.executable, "-c", code], capture_output=True).stdout.split())
    assert before - 0.02 <= started < now  # the kernel counts in hundredths of a second
    assert started_s() < time.monotonic()


def test_peak_memory_is_that_of_a_python_at_least() -> None:
    peak = peak_memory_mb()
    assert peak is not None
    assert peak > 5.0
