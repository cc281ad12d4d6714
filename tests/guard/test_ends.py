"""How runs end: in time, on demand, and with their answers."""

from __future__ import annotations

import os
import re
import signal
import sys
import time

import pytest
from guarded import Room, runs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the guard needs Linux")


# From now on, whatever a busy machine needed until now.
SOON = "limit_s = time.monotonic() - it.began_s + "


def test_nobody_outlives_the_end_of_the_time(room: Room) -> None:
    code, said = room.run(f"{SOON} 2.0\nbegin(); it.wrote(0.1); run_on()")
    assert code == 0, "what was written last is as good as an end"
    assert len(room.lives()) == 1, "nobody begins after the end"
    (line,) = said.splitlines()
    told = r"the supervisor did not end at the end of the time; the answers stay that were written \ds before the end"
    assert re.match(told, line)


@pytest.mark.parametrize(("does", "code"), [("it.wrote(0.1)", 0), ("pass", 1)])
def test_a_successor_that_only_votes_has_no_more_than_what_is_left(room: Room, does: str, code: int) -> None:
    """With `closing_s` beyond the end of the time it would be given far more."""
    started_s = time.monotonic()
    found, said = room.run(f"""
patience = Patience(closing_s=300.0)
if not os.path.exists({str(room.folder / "end")!r}):
    open({str(room.folder / "end")!r}, "w").write(str(time.monotonic() + 4.0))
limit_s = float(open({str(room.folder / "end")!r}).read()) - it.began_s
tail_s = 3.9
begin()
if life == 1:
    {does}
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
run_on()
""")
    assert found == code
    assert [life.closing for life in room.lives()] == [False, True]
    assert "did not end at the end of the time" in said
    assert ("no answer was found yet: fall-backs stay" in said) == (code == 1)
    assert time.monotonic() - started_s < 150.0


def test_what_is_not_there_before_the_end_leaves_the_first_file(room: Room) -> None:
    code, said = room.run(f"{SOON} 1.0\nit.limit(it.began_s + limit_s, patience); run_on()")
    assert code == 1
    assert len(room.lives()) == 1
    assert "no answer was found yet: fall-backs stay in the file" in said


def test_one_that_is_silent_when_the_last_vote_is_due_makes_way_for_a_successor(room: Room) -> None:
    code, said = room.run("""
patience = Patience(silence_s=500.0)
limit_s, tail_s = 600.0, 598.0
begin()
if closing: print("voted", flush=True); end()
os.kill(os.getpid(), signal.SIGSTOP)
""")
    assert code == 0
    assert [life.closing for life in room.lives()] == [False, True]
    assert "hung: no sign of life for " in said
    assert said.splitlines()[-1] == "voted"


def test_one_that_lives_when_the_last_vote_is_due_is_left_alone(room: Room) -> None:
    code, said = room.run("limit_s, tail_s = 600.0, 598.0\nbegin(); run_on(6.0); end()")
    assert (code, said) == (0, "")


def test_one_that_dies_in_its_last_seconds_leaves_its_answers_to_a_successor(room: Room) -> None:
    code, _ = room.run("tail_s = 59.0\nbegin()\nif closing: end()\nrun_on(1.5); os.kill(os.getpid(), signal.SIGKILL)")
    assert code == 0
    assert [life.closing for life in room.lives()] == [False, True]


def test_scores_may_come_after_the_end_of_the_time(room: Room) -> None:
    code, said = room.run(f"{SOON} 1.0\nbegin(); it.scoring(); it.written(); run_on(5.0); print('scored'); end()")
    assert (code, said) == (0, "scored\n")


def test_nothing_else_may(room: Room) -> None:
    code, said = room.run(f"{SOON} 1.0\nbegin(); it.written(); run_on()")
    assert code == 0
    assert len(room.lives()) == 1
    assert "every answer was written, scores and figures were not" in said


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
