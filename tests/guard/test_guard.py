"""A supervisor that dies, hangs or is stuck has a successor, and all that it had started goes with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from guarded import ROOT, Room, runs

from arc_solver.processes import descendants

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the guard needs Linux")


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_exit_code_of_an_end_that_was_meant_is_passed_on(room: Room, code: int) -> None:
    assert room.run(f"begin(); print('done', flush=True); end({code})") == (code, "done\n")
    (life,) = room.lives()
    assert life.guard == room.process.pid != life.pid
    assert (life.resume, life.closing, life.faults) == (False, False, "-")


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by signal 9"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "was killed by signal 11"),
        ("os._exit(1)", "crashed (exit 1)"),
        ("raise RuntimeError('a mistake')", "crashed (exit 1)"),
        ("os._exit(0)", "crashed (exit 0)"),
        ("sys.exit(2)", "crashed (exit 2)"),
        ("it.leave(); sys.exit(0)", "crashed (exit 0)"),
        ("os.kill(os.getpid(), signal.SIGSTOP)", "hung: no sign of life for "),
    ],
)
def test_a_supervisor_that_goes_before_its_answers_are_written_has_a_successor(room: Room, bad: str, what: str) -> None:
    code, said = room.run(f"begin()\nif life == 1:\n    it.step(found=True)\n    {bad}\nend()")
    assert code == 0
    first, second = room.lives()
    assert (first.resume, second.resume, second.closing) == (False, True, False)
    assert second.settled == "{'seed': 3}"
    assert second.faults.startswith(f"supervisor:{what}")
    told = next(line for line in said.splitlines() if line.startswith("the supervisor"))
    assert told.startswith(f"the supervisor {what}")
    assert "another one goes on from the journal" in said


def test_all_that_a_supervisor_started_goes_with_it(room: Room) -> None:
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    grand = (
        f"import subprocess, sys, time;subprocess.Popen([sys.executable, '-c', {stubborn!r}], start_new_session=True)"
    )
    code, _ = room.run(
        f"begin()\nif life == 1:\n    child({stubborn!r})\n    child(); time.sleep(0.2)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\nend()"
    )
    assert code == 0
    assert len(room.children()) == 2
    assert not any(map(runs, room.children()))
    room.start(f"begin(); child({grand!r} + '; time.sleep(600)'); run_on()")
    room.wait_until(lambda: len(room.children()) == 3 and descendants(room.children()[-1]))
    grandchildren = descendants(room.children()[-1])
    os.kill(room.process.pid, signal.SIGTERM)
    room.finish()
    assert not any(map(runs, [*room.children(), *grandchildren]))


def test_one_that_lives_but_does_nothing_is_stuck(room: Room) -> None:
    code, said = room.run("""
import dataclasses
patience = dataclasses.replace(patience, silence_s=0.9)
begin()
if life == 1:
    it.step(found=False)
    time.sleep(600)
end()
""")
    assert code == 0
    assert "was stuck: it lived but did nothing for " in said
    assert len(room.lives()) == 2


def test_what_happened_to_one_after_the_other_is_handed_on(room: Room) -> None:
    body = """
begin()
it.fault(Fault("model", f"life {life}", 1.5))
it.step(found=True)
time.sleep(0.7)
if life < 5:
    os.kill(os.getpid(), signal.SIGKILL)
end()
"""
    code, _ = room.run(body)
    assert code == 0
    lives = room.lives()
    assert len(lives) == 5, "whoever finds something is not given up"
    killed = "supervisor:was killed by signal 9"
    assert lives[2].faults == f"model:life 1|{killed}|model:life 2|{killed}"


def test_one_that_never_gets_anything_done_is_given_up_after_a_last_vote(room: Room) -> None:
    code, said = room.run("begin()\nif closing: end()\nos._exit(1)")
    assert code == 0
    assert [life.closing for life in room.lives()] == [False, False, False, False, True]
    assert "another one votes on what the journal holds" in said


def test_a_vote_that_fails_twice_leaves_what_was_written(room: Room) -> None:
    code, said = room.run("begin(); os._exit(1)")
    assert code == 1
    assert [life.closing for life in room.lives()] == [False] * 4 + [True] * 2
    assert said.splitlines()[-1] == "the supervisor crashed (exit 1); the last answers that were written stay"


def test_one_that_is_refused_before_it_begins_has_no_successor(room: Room) -> None:
    assert room.run("print('no such file', flush=True); os._exit(2)") == (2, "no such file\n")
    assert len(room.lives()) == 1


def test_one_that_is_killed_before_it_begins_begins_anew(room: Room) -> None:
    code, said = room.run("if life == 1: os.kill(os.getpid(), signal.SIGKILL)\nbegin(); end()")
    assert code == 0
    assert [life.resume for life in room.lives()] == [False, False]
    assert "another one begins" in said


def test_a_guard_that_is_killed_takes_its_supervisor_along(room: Room) -> None:
    room.start("begin(); run_on()")
    room.wait_until(room.lives)
    (life,) = room.lives()
    room.wait_until(lambda: runs(life.pid))
    os.kill(room.process.pid, signal.SIGKILL)
    room.process.wait()
    while runs(life.pid):
        time.sleep(0.02)


def test_a_supervisor_does_not_wait_for_a_guard_that_is_stopped(room: Room) -> None:
    room.start("begin()\nfor _ in range(20000): it.fault(Fault('model', 'x' * 50, 1.0))\nchild(); end()")
    room.wait_until(room.lives)
    os.kill(room.process.pid, signal.SIGSTOP)
    while not room.children():
        time.sleep(0.02)
    os.kill(room.process.pid, signal.SIGCONT)
    assert room.finish()[0] == 0


@pytest.mark.parametrize(("arguments", "environment"), [(["--no-guard"], {}), ([], {"ARC_SOLVER_NO_GUARD": "1"})])
def test_who_wants_no_guard_has_none(room: Room, arguments: list[str], environment: dict[str, str]) -> None:
    room.start("begin(); end(3)", *arguments, **environment)
    assert room.finish() == (3, "")
    (life,) = room.lives()
    assert life.pid == room.process.pid


def test_a_guard_imports_the_standard_library_only() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import arc_solver.entry\n"
        "own = [name for name in sys.modules if name.split('.')[0] not in sys.stdlib_module_names]\n"
        "print(*sorted(name for name in own if not name.startswith('_')))"
    )
    said = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == [
        "arc_solver",
        *(
            f"arc_solver.{name}"
            for name in (
                "entry",
                "errors",
                "faults",
                "guard",
                "knowing",
                "overseeing",
                "oversight",
                "processes",
                "streams",
                "watching",
            )
        ),
    ]
