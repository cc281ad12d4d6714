"""The worker for systems without zygotes, on this one. Real processes, no isolation: only harmless programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from arc_solver.budget import Deadline
from arc_solver.errors import SandboxError
from arc_solver.grids import as_grid
from arc_solver.sandbox import interpreter, portable, worker
from arc_solver.sandbox.layers import LAYERS
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import (
    NonDeterministic,
    Normalised,
    NotRun,
    Ok,
    Program,
    SyntaxInvalid,
    TimedOut,
    Verdict,
)

GRID = as_grid([[1, 2, 3], [4, 5, 6]])
LIMITS = Limits(cpu_s=0.1, solo_cpu_s=0.2, memory_mb=64)


def body(*lines: str) -> str:
    return "def task(grid):\n" + "".join(f"    {line}\n" for line in lines)


GOOD = Program(body("assert np.array([[1]]).sum() == 1", "return np.flipud(grid)"), (GRID, GRID))
HANG = body("while True: pass")

BAD = {
    "loop": (HANG, {"timeout cpu"}),
    "loop in module": ("while True: pass", {"timeout cpu"}),
    "loop in numpy": (body("a = np.ones((500, 500))", "while True: a = (a @ a) * 0"), {"timeout cpu"}),
    "bare except": (
        body("while True:", "    try:", "        while True: pass", "    except: pass"),
        {"timeout cpu"},
    ),
    "disarms the timer": (
        body("import signal", "signal.setitimer(signal.ITIMER_PROF, 0)", "while True: pass"),
        {"timeout cpu"},
    ),
    "sleeps": (body("import time", "time.sleep(1000)"), {"timeout wall"}),
    "memory by list": (body("a = []", "while True: a.append(bytearray(1 << 22))"), {"memory"}),
    "memory by numpy": (body("return np.ones((30000, 30000))"), {"memory"}),
    "recursion": (body("return task(grid)"), {"raised RecursionError"}),
    "_exit": (body("import os", "os._exit(3)"), {"exit 3"}),
    "_exit 0": (body("import os", "os._exit(0)"), {"exit 0"}),
    "SystemExit": (body("raise SystemExit(4)"), {"exit 4"}),
    "KeyboardInterrupt": (body("raise KeyboardInterrupt"), {"raised KeyboardInterrupt"}),
    "null pointer": (body("import ctypes", "ctypes.string_at(0)"), {"crashed (signal 11)"}),
    "kills itself": (body("import os", "os.kill(os.getpid(), 9)"), {"crashed (signal 9)"}),
    "raises": (body("return grid[9]"), {"raised IndexError"}),
    "no grid": (body("return None"), {"invalid output (no grid)"}),
    "ragged": (body("return [[1, 2], [3]]"), {"invalid output (ragged)"}),
    "syntax": ("def task(grid) return", {"syntax"}),
    "no task": ("x = 1", {"no function task"}),
    "too long": ("#" * 30000, {"source too large"}),
    "floods": (body("import os", "while True: os.write(3, b'x' * 999)"), {"crashed (wrote to the result pipe)"}),
    "forges": (body("import os", "os.write(3, b'\\xff' * 99)", "return grid"), {"crashed (wrote to the result pipe)"}),
    "says that it is idle": (
        body("import os, arc_solver.sandbox.frames as f", "os.write(3, f.READY)", "return grid"),
        {"ok", "exit 0", "crashed (wrote to the result pipe)"},
    ),
    "closes descriptors": (body("import os", "os.closerange(0, 100)", "return grid"), {"exit 1"}),
    "prints and reads": (body("print('x' * 100000)", "input()"), {"raised EOFError"}),
    "patches numpy": (body("np.array = np.flipud = None", "return grid"), {"ok"}),
    "patches built-ins": (body("import builtins", "builtins.len = None", "return grid"), {"ok"}),
    "leaves a thread": (
        body("import threading, time", "t = threading.Thread(target=time.sleep, args=(99,), daemon=True)", "t.start()",
             "return grid"),
        {"ok", "raised RuntimeError"},
    ),
}  # fmt: skip


def reason(verdict: Verdict) -> str:
    return "ok" if isinstance(verdict, Ok) else verdict.reason.removeprefix("program: ")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(fact: Callable[[], bool]) -> None:
    for _ in range(3000):
        if fact():
            return
        time.sleep(0.01)
    pytest.fail("waited in vain")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS, n_workers=2, portable=True) as sandbox:
        yield sandbox


def test_between_good_neighbours(sandbox: Sandbox) -> None:
    programs = [GOOD]
    for source, _ in BAD.values():
        programs += [Program(source, (GRID,)), GOOD]
    verdicts = sandbox.run(programs)
    wrong = {
        name: reason(verdict)
        for (name, (_, right)), verdict in zip(BAD.items(), verdicts[1::2], strict=True)
        if reason(verdict) not in right
    }
    assert not wrong
    for verdict in verdicts[::2]:
        assert isinstance(verdict, Ok), verdict
        assert all(np.array_equal(output, GRID[::-1]) for output in verdict.outputs)


@pytest.mark.parametrize("name", ["loop", "_exit", "kills itself", "forges", "ragged", "says that it is idle"])
def test_alone(sandbox: Sandbox, name: str) -> None:
    source, right = BAD[name]
    assert reason(sandbox.run([Program(source, (GRID,))])[0]) in right


def test_a_process_lives_on_while_nothing_in_it_changes(sandbox: Sandbox) -> None:
    sandbox.run([GOOD] * 4)
    before = sandbox.process_ids()
    assert all(isinstance(verdict, Ok) for verdict in sandbox.run([GOOD] * 300))
    assert sandbox.process_ids() == before
    spoiler = Program(BAD["patches numpy"][0], (GRID,))
    assert isinstance(sandbox.run([spoiler])[0], Ok)
    assert all(isinstance(verdict, Ok) for verdict in sandbox.run([GOOD] * 4))
    assert len(set(before) & set(sandbox.process_ids())) == 1


def test_what_is_confirmed_runs_in_processes_of_its_own(sandbox: Sandbox) -> None:
    marks = Program(body("import json", "seen = getattr(json, 'seen', 0)", "json.seen = 1", "return [[seen]]"), (GRID,))
    sandbox.run([marks] * 4)
    hashes = Program(body("return [[hash(c) % 10 for c in 'abcdefgh']]"), (GRID,))
    first, second, third, good = sandbox.confirm([marks, marks, hashes, GOOD])
    for verdict in (first, second):
        assert isinstance(verdict, Ok)
        assert verdict.outputs[0].tolist() == [[0]]
    assert third == NonDeterministic()
    assert isinstance(good, Ok)


def test_sources_are_normalised(sandbox: Sandbox) -> None:
    found = sandbox.normalise(["def task(g): return g", "def task(x): return x  # same", "def", "while True: pass"])
    assert isinstance(found[0], Normalised)
    assert found[0] == found[1]
    assert found[2] == SyntaxInvalid()
    assert isinstance(found[3], Normalised)


def test_a_deadline_ends_the_work_and_the_sandbox_goes_on() -> None:
    with Sandbox(Limits(cpu_s=60.0, solo_cpu_s=60.0), portable=True) as sandbox:
        assert sandbox.run([Program(HANG, (GRID,)), GOOD], Deadline.after(0.3)) == [NotRun(), NotRun()]
        assert isinstance(sandbox.run([GOOD])[0], Ok)


@pytest.mark.parametrize("when", ["idle", "at work", "alone"])
def test_a_killed_process_is_replaced_and_nobody_is_blamed(when: str) -> None:
    slow = Program("import time\ndef task(grid):\n    time.sleep(0.3)\n    return grid", (GRID,))
    with Sandbox(portable=True) as sandbox:
        (victim,) = sandbox.process_ids()
        if when == "idle":
            os.kill(victim, signal.SIGKILL)
            verdicts = sandbox.run([slow, GOOD])
        else:
            killer = threading.Timer(0.1, os.kill, (victim, signal.SIGKILL))
            killer.start()
            verdicts = (sandbox.run if when == "at work" else sandbox.confirm)([slow, GOOD])
            killer.join()
        assert [type(verdict) for verdict in verdicts] == [Ok, Ok]
        assert victim not in sandbox.process_ids()


def test_nothing_is_left_after_close() -> None:
    threads, n_descriptors = set(threading.enumerate()), len(os.listdir("/proc/self/fd"))
    with Sandbox(LIMITS, n_workers=2, portable=True) as sandbox:
        sandbox.run([GOOD, Program(HANG, (GRID,)), GOOD])
        sandbox.confirm([GOOD])
        started = sandbox.process_ids()
    assert not any(map(is_running, started))
    assert len(os.listdir("/proc/self/fd")) == n_descriptors
    wait_until(lambda: set(threading.enumerate()) <= threads)


def test_nothing_survives_a_killed_parent() -> None:
    script = (
        "from arc_solver.sandbox.limits import Limits\n"
        "from arc_solver.sandbox.pool import Sandbox\n"
        "from arc_solver.sandbox.verdicts import Program\n"
        "from arc_solver.grids import as_grid\n"
        "with Sandbox(Limits(cpu_s=1.0), n_workers=2, portable=True) as sandbox:\n"
        "    print(*sandbox.process_ids(), flush=True)\n"
        "    sandbox.run([Program('def task(grid):\\n    while True: pass', (as_grid([[1]]),))])\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(workers) == 2
    wait_until(lambda: not any(map(is_running, workers)))


def test_it_is_of_grade_c_and_says_why() -> None:
    with Sandbox(portable=True) as sandbox:
        isolation = sandbox.describe()
    assert isolation.grade == "C"
    assert set(isolation.missing) == set(LAYERS)
    assert "portable worker, because it was asked for" in isolation.text()


def test_elsewhere_than_on_linux_it_is_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        sandbox = Sandbox()
    with sandbox:
        assert "this is darwin" in sandbox.describe().text()
        assert isinstance(sandbox.run([GOOD])[0], Ok)


def test_where_zygotes_do_not_start_it_is_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise SandboxError("no zygotes here")

    monkeypatch.setattr(worker, "_exec_zygote", refuse)
    with Sandbox() as sandbox:
        assert sandbox.describe().grade == "C"
        assert "no zygotes here" in sandbox.describe().text()
        assert isinstance(sandbox.confirm([GOOD])[0], Ok)
    with pytest.raises(SandboxError, match="no zygotes here"), Sandbox(portable=False):
        pass


def test_a_sandbox_that_has_worked_becomes_no_weaker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise SandboxError("no zygotes any more")

    with Sandbox() as sandbox:
        monkeypatch.setattr(worker, "_exec_zygote", refuse)
        (zygote,) = sandbox.process_ids()
        os.kill(zygote, signal.SIGKILL)
        with pytest.raises(SandboxError, match="no zygotes any more"):
            sandbox.run([GOOD])
        with pytest.raises(SandboxError, match="no zygotes any more"):
            sandbox.describe()


def test_one_that_cannot_start_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SandboxError, match="does not start"), Sandbox(portable=True):
        pass


HIDE = """
import os, signal, sys
for name in ("resource", "fcntl", "pwd", "grp", "termios"):
    sys.modules[name] = None
for name in ("setitimer", "ITIMER_PROF", "ITIMER_REAL", "SIGPROF", "SIGXCPU", "SIGALRM", "pthread_sigmask"):
    delattr(signal, name)
for name in ("fork", "forkpty", "pidfd_open", "sysconf"):
    delattr(os, name)
"""


def test_the_package_imports_where_there_is_no_unix() -> None:
    modules = ("pool", "portable", "spawned", "screening", "judging", "fleet", "worker", "layers", "normalise")
    script = HIDE + "import importlib\n" + "".join(
        f"importlib.import_module('arc_solver.sandbox.{name}')\n" for name in modules
    )  # fmt: skip
    script += "from arc_solver.sandbox.pool import Sandbox\nSandbox(portable=True).close()\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_worker_without_unix_runs_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_unix(module: str, arguments: tuple[str, ...]) -> list[str]:
        words = interpreter.command(module, arguments)
        return [HIDE + word if word.startswith("import sys") else word for word in words]

    monkeypatch.setattr(portable, "command", without_unix)
    monkeypatch.setattr(portable._Worker, "_cpu_used_s", lambda self: None)
    with Sandbox(Limits(cpu_s=0.05, solo_cpu_s=0.1), portable=True) as sandbox:
        verdicts = sandbox.run([GOOD, Program(HANG, (GRID,)), GOOD, Program(body("return grid[9]"), (GRID,))])
        assert isinstance(sandbox.confirm([GOOD])[0], Ok)
    assert [reason(verdict) for verdict in verdicts] == ["ok", "timeout wall", "ok", "raised IndexError"]
    assert verdicts[1] == TimedOut(kind="wall")


def test_a_worker_holds_only_what_programs_need() -> None:
    script = (
        "import arc_solver.sandbox.spawned, sys\n"
        "print(*(name for name in sys.modules if name.split('.')[0] in ('arc_solver', 'torch', 'click', 'rich')))"
    )
    names = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    inside = {f"arc_solver.sandbox.{name}" for name in ("spawned", "child", "frames", "layers", "normalise", "seccomp")}
    assert set(names) == inside | {"arc_solver", "arc_solver.sandbox"}
