"""What is known of real processes and their descendants."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from arc_solver.processes import cpu_s, descendants, give_way, kill, peak_memory_mb, started_s

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


def test_who_gives_way_does_so_in_a_group_of_its_own_too() -> None:
    """How low a process is then is not asked: whoever runs this machine may have a say in that as well."""
    code = (
        "import os; from arc_solver.processes import give_way; give_way()\n"
        "print(open('/proc/self/autogroup').read() if os.path.exists('/proc/self/autogroup') else 'nice 10')"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, start_new_session=True).stdout
    assert said.strip().endswith("nice 10")


def test_who_gives_way_asks_for_less_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("os.nice", asked.append)
    monkeypatch.setattr("pathlib.Path.write_text", lambda path, text: asked.append((str(path), text)))
    give_way()
    assert asked == [10, ("/proc/self/autogroup", "10")]


@pytest.mark.parametrize("refused", ["os.nice", "pathlib.Path.write_text"])
def test_where_the_system_does_not_let_it_nobody_gives_way(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr("os.nice", lambda increment: increment)
    monkeypatch.setattr("pathlib.Path.write_text", lambda path, text: len(text))
    monkeypatch.setattr(refused, refuse)
    give_way()


def test_peak_memory_is_that_of_a_python_at_least() -> None:
    peak = peak_memory_mb()
    assert peak is not None
    assert peak > 5.0
