"""How runs end: in time, on demand, and with their answers."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest
from guarded import Room, runs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the guard needs Linux")


def test_the_end_of_the_time_is_enforced_and_answers_are_written(room: Room) -> None:
    code, said = room.run("limit_s = 2.0\nbegin()\nif closing: print('voted', flush=True); end()\nrun_on()")
    assert code == 0
    assert [life.closing for life in room.lives()] == [False, True]
    assert said.splitlines() == [
        "the supervisor did not end at the end of the time; another one votes on what the journal holds and writes the "
        "answers",
        "voted",
    ]


def test_one_that_dies_in_its_last_second_leaves_its_answers_to_a_successor(room: Room) -> None:
    code, _ = room.run("limit_s = 1.0\nbegin()\nif closing: end()\nrun_on(1.2); os.kill(os.getpid(), signal.SIGKILL)")
    assert code == 0
    assert [life.closing for life in room.lives()] == [False, True]


def test_one_that_hangs_after_its_answers_were_written_is_ended(room: Room) -> None:
    code, said = room.run("begin()\nif closing: end()\nit.written(); run_on()\n", report_s=4.0)
    assert "did not end 4s after the answers were written" in said
    assert code == 0
    assert [life.closing for life in room.lives()] == [False, True]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_passed_on_and_the_end_is_orderly(room: Room, number: signal.Signals) -> None:
    room.start("""
def stop(*_):
    print("stopped", flush=True)
    end(1)
signal.signal(signal.SIGTERM, stop)
begin(); child(); run_on()
""")
    room.wait_until(room.children)
    os.kill(room.process.pid, number)
    assert room.finish() == (1, "stopped\n")
    assert len(room.lives()) == 1
    assert not any(map(runs, room.children()))


def test_a_signal_that_is_not_heeded_is_enforced_and_answers_are_written(room: Room) -> None:
    room.start(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nbegin()\nif closing: print('voted'); end(1)\nchild(); run_on()"
    )
    room.wait_until(room.children)
    os.kill(room.process.pid, signal.SIGTERM)
    code, said = room.finish()
    assert code == 1
    assert said.splitlines()[-1] == "voted"
    assert [(life.closing, life.interrupted) for life in room.lives()] == [(False, False), (True, True)]


def test_a_second_signal_ends_it_at_once(room: Room) -> None:
    room.start("signal.signal(signal.SIGTERM, signal.SIG_IGN)\npatience = Patience()\nbegin(); child(); run_on()")
    room.wait_until(room.children)
    os.kill(room.process.pid, signal.SIGTERM)
    time.sleep(1.2)
    os.kill(room.process.pid, signal.SIGTERM)
    code, said = room.finish()
    assert code == 1
    assert "was told to end twice" in said
    assert len(room.lives()) == 1
    assert not any(map(runs, room.children()))
