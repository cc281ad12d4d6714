"""The guard and small supervisors that behave badly: real processes, no numpy, so that they are quick."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from arc_solver.faults import Fault
from arc_solver.oversight import Supervised, parse
from arc_solver.watching import Patience

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the guard needs Linux")

# What a supervisor does before it misbehaves. Each life adds a line to `lives`: its pid and what it was told.
PROGRAM = """
import os, signal, subprocess, sys, time
sys.path.insert(0, {root!r})
from arc_solver import guard, overseeing
from arc_solver.faults import Fault
from arc_solver.oversight import current
from arc_solver.watching import Patience

overseeing.REPORT_S = {report_s}
it = guard.enter()
lives = {folder!r} + "/lives"
told = [os.getpid(), os.getppid(), int(it.resume), int(it.end_s is not None and time.monotonic() >= it.end_s)]
told += [int(it.interrupted), it.settled or "-",  "|".join(f"{{f.where}}:{{f.what}}" for f in it.earlier) or "-"]
with open(lives, "a") as file:
    file.write("\\t".join(map(str, told)) + "\\n")
life = len(open(lives).readlines())
patience = Patience(silence_s=2.0, starting_s=30.0, stuck_s=60.0, factor=1.0, pause_s=0.1, max_deaths=3, grace_s=1.0,
                    closing_s=5.0)
limit_s = 60.0
closing = bool(told[3])

def end(code=0):
    it.written()
    it.leave()
    sys.exit(code)

def run_on(seconds=600):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        it.step(found=True)
        time.sleep(0.05)

def child(code="import time; time.sleep(600)", session=True):
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=session)
    with open({folder!r} + "/children", "a") as file:
        file.write(f"{{process.pid}}\\n")

def begin():
    it.limit(it.began_s + limit_s, patience)
    it.settle({{"seed": 3}})
    it.begin()

{body}
"""


@dataclass(frozen=True, slots=True)
class Life:
    """What a supervisor was, and was told."""

    pid: int
    guard: int
    resume: bool
    closing: bool
    interrupted: bool
    settled: str
    faults: str


@dataclass(slots=True)
class Room:
    """Starts programs under a guard in one folder."""

    folder: Path
    process: subprocess.Popen[str] | None = None

    def start(self, body: str, *arguments: str, report_s: float = 60.0, **environment: str) -> subprocess.Popen[str]:
        program = self.folder / "program.py"
        program.write_text(PROGRAM.format(root=str(ROOT), folder=str(self.folder), body=body, report_s=report_s))
        self.process = subprocess.Popen(
            [sys.executable, str(program), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | environment,
        )
        return self.process

    def run(self, body: str, report_s: float = 60.0) -> tuple[int, str]:
        said, _ = self.start(body, report_s=report_s).communicate()
        assert self.process is not None
        return self.process.returncode, said

    def finish(self) -> tuple[int, str]:
        assert self.process is not None
        said, _ = self.process.communicate()
        return self.process.returncode, said

    def lives(self) -> list[Life]:
        try:
            lines = [line.split("\t") for line in (self.folder / "lives").read_text().splitlines()]
        except FileNotFoundError:
            return []
        return [
            Life(int(pid), int(guard), resume == "1", closing == "1", interrupted == "1", settled, faults)
            for pid, guard, resume, closing, interrupted, settled, faults in lines
        ]

    def children(self) -> list[int]:
        try:
            return [int(line) for line in (self.folder / "children").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def wait_until(self, condition: Callable[[], object]) -> None:
        while not condition():
            assert self.process is not None
            assert self.process.poll() is None, self.process.communicate()[0]
            time.sleep(0.02)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    for pid in [*room.children(), *(life.pid for life in room.lives())]:
        if runs(pid):
            os.kill(pid, signal.SIGKILL)
    if room.process is not None and room.process.poll() is None:
        room.process.kill()
    if room.process is not None and room.process.stdout is not None and not room.process.stdout.closed:
        room.process.communicate()


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


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
    room.wait_until(lambda: len(room.children()) == 3 and _below(room.children()[-1]))
    grandchildren = _below(room.children()[-1])
    os.kill(room.process.pid, signal.SIGTERM)
    room.finish()
    assert not any(map(runs, [*room.children(), *grandchildren]))


def _below(pid: int) -> list[int]:
    from arc_solver.processes import descendants

    return descendants(pid)


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
                "overseeing",
                "oversight",
                "processes",
                "streams",
                "watching",
            )
        ),
    ]


def test_what_is_said_is_understood_and_nonsense_is_not() -> None:
    reading, writing = os.pipe()
    it = Supervised(writing)
    it.limit(12.5, Patience(silence_s=3.0, max_deaths=7))
    it.first_file()
    it.settle({"a": [1, "b"]})
    it.leave()
    it.begin()
    it.leave()
    it.wrote(0.25)
    it.fault(Fault("model", "has\nline breaks", 2.5, "nothing"))
    it.written()
    it.leave()
    data = os.read(reading, 1 << 16)
    os.close(reading)
    said = [one for one in map(parse, data.splitlines()) if one is not None and one.word != "beat"]
    words = ["limit", "settled", "bye", "begun", "wrote", "fault", "written", "bye"]
    assert [one.word for one in said] == words, "who leaves a run before its answers are written says nothing"
    assert (said[0].numbers, said[0].patience) == ((12.5,), Patience(silence_s=3.0, max_deaths=7))
    again = Supervised(settled=said[1].settled)
    assert (again.settled, again.first_file_s) == ({"a": [1, "b"]}, it.first_file_s)
    assert said[5].fault == Fault("model", "has\nline breaks", 2.5, "nothing")
    for line in (b"", b"beat", b"beat 1", b"limit [1]", b"limit [1, -1]", b"fault {}", b"settled {", b"\xff", b"hello"):
        assert parse(line) is None
