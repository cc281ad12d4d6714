"""Programs that mean harm, each alone and between good neighbours. Real processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from arc_solver.grids import as_grid
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import (
    Crashed,
    Exited,
    Failed,
    InvalidOutput,
    Ok,
    OutOfMemory,
    Program,
    Raised,
    SyntaxInvalid,
    TimedOut,
    TooLarge,
    Verdict,
)

GRID = as_grid([[1, 2, 3], [4, 5, 6]])
FLIPPED = as_grid([[4, 5, 6], [1, 2, 3]])
GOOD = Program("def task(grid):\n    assert np.array([[1]]).sum() == 1\n    return np.flipud(grid)", (GRID, GRID))
SECRET = Path("/tmp") / f"arc-solver-hostile-{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Hostile:
    """A program and the verdicts that are right for it, depending on which layer stops it."""

    name: str
    source: str
    verdicts: tuple[Verdict, ...]


def body(*lines: str) -> str:
    return "def task(grid):\n" + "".join(f"    {line}\n" for line in lines)


def ok(rows: list[list[int]]) -> Ok:
    return Ok((as_grid(rows),))


SAME = ok([[1, 2, 3], [4, 5, 6]])
CPU, WALL, MEMORY = TimedOut(kind="cpu"), TimedOut(kind="wall"), OutOfMemory()
DENIED = Raised(kind="PermissionError")
EVIL_EXCEPTION = """
class M(type):
    def __getattribute__(cls, name):
        while True: pass

class X(Exception, metaclass=M):
    def __str__(self):
        while True: pass

"""

HOSTILES = [
    Hostile("loop", body("while True: pass"), (CPU,)),
    Hostile("loop in module", "while True: pass", (CPU,)),
    Hostile("loop in numpy", body("a = np.ones((500, 500))", "while True: a = (a @ a) * 0"), (CPU,)),
    Hostile("loop in C", body("return sum(iter(int, 1))"), (CPU,)),
    Hostile("huge power", body("return 7 ** (7 ** 20)"), (CPU, MEMORY)),
    Hostile("regular expression", body("import re", "re.match(r'(a+)+$', 'a' * 60 + 'b')"), (CPU,)),
    Hostile("bare except", body("while True:", "    try:", "        while True: pass", "    except: pass"), (CPU,)),
    Hostile(
        "ignores the timer",
        body("import signal", "signal.signal(signal.SIGPROF, signal.SIG_IGN)", "while True: pass"),
        (DENIED, CPU),
    ),
    Hostile(
        "ignores the timer quietly",
        body(
            "import signal",
            "for s in (signal.SIGPROF, signal.SIGXCPU, signal.SIGTERM):",
            "    try: signal.signal(s, signal.SIG_IGN)",
            "    except OSError: pass",
            "while True: pass",
        ),
        (CPU,),
    ),
    Hostile(
        "disarms the timer",
        body("import signal", "signal.setitimer(signal.ITIMER_PROF, 0)", "while True: pass"),
        (CPU,),
    ),
    Hostile(
        "blocks signals",
        body("import signal", "signal.pthread_sigmask(0, range(1, 65))", "while True: pass"),
        (DENIED, CPU),
    ),
    Hostile("sleeps", body("import time", "time.sleep(1000)"), (WALL,)),
    Hostile("stops itself", body("import os, signal", "os.kill(os.getpid(), signal.SIGSTOP)"), (DENIED, WALL)),
    Hostile(
        "loops in a finalizer", body("class T:", "    def __del__(self):", "        while True: pass", "T()"), (CPU,)
    ),
    Hostile(
        "loops in a late finalizer",
        "class T:\n    def __del__(self):\n        while True: pass\nkept = T()\ndef task(grid): return grid",
        (CPU,),
    ),
    Hostile("memory by list", body("a = []", "while True: a.append(bytearray(1 << 22))"), (MEMORY,)),
    Hostile("memory by numpy", body("return np.ones((30000, 30000))"), (MEMORY,)),
    Hostile(
        "memory by mmap",
        body("import mmap", "a = [mmap.mmap(-1, 1 << 26) for _ in range(99)]"),
        (MEMORY, Raised(kind="OSError"), Raised(kind="ModuleNotFoundError")),
    ),
    Hostile(
        "memory, absorbed",
        body("a = []", "while True:", "    try: a.append(bytearray(1 << 22))", "    except MemoryError: pass"),
        (CPU,),
    ),
    Hostile("recursion", body("return task(grid)"), (Raised(kind="RecursionError"),)),
    Hostile(
        "deep recursion",
        body(
            "import sys",
            "sys.setrecursionlimit(10**9)",
            "f = lambda n: repr_(n)",
            "def repr_(n): return [f(n + 1)]",
            "return f(0)",
        ),
        (Crashed(detail="signal 11"), Raised(kind="RecursionError"), MEMORY, CPU),
    ),
    Hostile("deep source", "x = " + "(" * 5000 + ")" * 5000 + "\ndef task(grid): return grid", (SyntaxInvalid(),)),
    Hostile(
        "deep operators",
        "x = " + "-" * 15000 + "1\ndef task(grid): return grid",
        (SyntaxInvalid(), SAME, Crashed(detail="signal 11")),
    ),
    Hostile("_exit", body("import os", "os._exit(3)"), (Exited(status=3),)),
    Hostile("_exit 0", body("import os", "os._exit(0)"), (Exited(status=0),)),
    Hostile("sys.exit", body("import sys", "sys.exit(4)"), (Exited(status=4),)),
    Hostile("exit in module", "raise SystemExit('bye')", (Exited(status=1),)),
    Hostile("KeyboardInterrupt", body("raise KeyboardInterrupt"), (Raised(kind="KeyboardInterrupt"),)),
    Hostile("null pointer", body("import ctypes", "ctypes.string_at(0)"), (Crashed(detail="signal 11"),)),
    Hostile(
        "strides",
        body("return np.lib.stride_tricks.as_strided(grid, (9, 9), (1 << 40, 1))"),
        (Crashed(detail="signal 11"),),
    ),
    Hostile("abort", body("import os", "os.abort()"), (Crashed(detail="signal 11"), Crashed(detail="signal 6"))),
    Hostile(
        "forks",
        body(
            "import os",
            "for _ in range(50):",
            "    if os.fork() == 0:",
            "        import time",
            "        time.sleep(1000)",
            "return grid",
        ),
        (DENIED, Raised(kind="BlockingIOError"), SAME),
    ),
    Hostile(
        "threads",
        body(
            "import threading, time",
            "t = threading.Thread(target=time.sleep, args=(1000,), daemon=True)",
            "t.start()",
            "return grid",
        ),
        (Raised(kind="RuntimeError"), SAME),
    ),
    Hostile(
        "starts a shell",
        body("import os", "os.execv('/bin/sh', ['sh', '-c', 'sleep 1000'])"),
        (DENIED, Raised(kind="FileNotFoundError")),
    ),
    Hostile(
        "kills its parent",
        body("import os, signal", "os.kill(os.getppid(), signal.SIGKILL)", "return grid"),
        (DENIED, Crashed(detail="took its zygote down")),
    ),
    Hostile(
        "writes a file",
        body(f"open({str(SECRET)!r}, 'w').write('x')", "return grid"),
        (DENIED, Raised(kind="OSError"), Raised(kind="FileNotFoundError")),
    ),
    Hostile(
        "reads a file",
        body("open('/etc/passwd').read()", "return grid"),
        (DENIED, Raised(kind="OSError"), Raised(kind="FileNotFoundError")),
    ),
    Hostile(
        "opens a socket",
        body("import _socket", "_socket.socket()", "return grid"),
        (DENIED, Raised(kind="OSError"), Raised(kind="ModuleNotFoundError")),
    ),
    Hostile(
        "raises its limits",
        body("import resource", "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))", "return grid"),
        (DENIED, Raised(kind="ValueError")),
    ),
    Hostile(
        "imports what is not there",
        "import scipy.ndimage\ndef task(grid): return grid",
        (Raised(kind="ModuleNotFoundError"),),
    ),
    Hostile("prints megabytes", body("for _ in range(200): print('x' * 100000)", "return grid"), (SAME,)),
    Hostile(
        "closes descriptors", body("import os", "os.closerange(0, 100)", "return grid"), (Exited(status=1),)
    ),
    Hostile(
        "writes to every descriptor",
        body(
            "import os",
            "for fd in range(9):",
            "    try: os.write(fd, b'\\xff' * 999)",
            "    except OSError: pass",
            "return grid",
        ),
        (Crashed(detail="wrote to the result pipe"),),
    ),
    Hostile(
        "floods every descriptor",
        body(
            "import os",
            "while True:",
            "    for fd in range(9):",
            "        try: os.write(fd, b'\\xff' * 99999)",
            "        except OSError: pass",
        ),
        (Crashed(detail="wrote to the result pipe"),),
    ),
    Hostile("ragged", body("return [[1, 2], [3]]"), (InvalidOutput(why="ragged"),)),
    Hostile("31 wide", body("return np.zeros((3, 31), dtype=int)"), (InvalidOutput(why="side above 30"),)),
    Hostile("31 high", body("return [[0]] * 31"), (InvalidOutput(why="side above 30"),)),
    Hostile("value 10", body("return grid * 0 + 10"), (InvalidOutput(why="symbol outside 0..9"),)),
    Hostile("value 256", body("return np.full((2, 2), 256)"), (InvalidOutput(why="symbol outside 0..9"),)),
    Hostile("negative", body("return [[-1]]"), (InvalidOutput(why="symbol outside 0..9"),)),
    Hostile("floats", body("return grid * 1.0"), (InvalidOutput(why="not integers"),)),
    Hostile("list of floats", body("return [[1.0]]"), (InvalidOutput(why="not integers"),)),
    Hostile("objects", body("return np.array([[object()]])"), (InvalidOutput(why="not integers"),)),
    Hostile("None", body("return None"), (InvalidOutput(why="no grid"),)),
    Hostile("text", body("return 'grid'"), (InvalidOutput(why="no grid"),)),
    Hostile("empty", body("return []"), (InvalidOutput(why="empty"),)),
    Hostile("empty rows", body("return np.zeros((0, 3), dtype=int)"), (InvalidOutput(why="empty"),)),
    Hostile("3-D", body("return np.zeros((1, 1, 1), dtype=int)"), (InvalidOutput(why="not 2 dimensions"),)),
    Hostile("endless iterator", body("import itertools", "return itertools.count()"), (InvalidOutput(why="no grid"),)),
    Hostile(
        "evil __array__",
        body("class E:", "    def __array__(self, *a, **k):", "        while True: pass", "return E()"),
        (InvalidOutput(why="no grid"),),
    ),
    Hostile(
        "evil list",
        body("class L(list):", "    def __len__(self): raise SystemExit", "return L([[1]])"),
        (InvalidOutput(why="no grid"),),
    ),
    Hostile(
        "evil int",
        body("class I(int):", "    def __lt__(self, o): raise SystemExit", "return [[I(1)]]"),
        (InvalidOutput(why="not integers"),),
    ),
    Hostile("evil exception", EVIL_EXCEPTION + body("raise X()"), (Raised(kind="X"),)),
    Hostile("exception named oddly", body("raise type('a b\\n' * 999, (Exception,), {})"), (Raised(kind="Exception"),)),
    Hostile("syntax error", "def task(grid) return grid", (SyntaxInvalid(),)),
    Hostile("NUL byte", "def task(grid): return grid\0", (SyntaxInvalid(),)),
    Hostile("lone surrogate", "def task(grid): return '\ud800'", (SyntaxInvalid(),)),
    Hostile("no task", "def solve(grid): return grid", (SyntaxInvalid(reason_text="no function task"),)),
    Hostile("task is a number", "task = 3", (SyntaxInvalid(reason_text="no function task"),)),
    Hostile("too long", "#" * 30000, (TooLarge(),)),
    Hostile("patches numpy", body("np.array = np.flipud = None", "return grid"), (SAME,)),
    Hostile(
        "patches built-ins",
        body("import builtins", "builtins.AssertionError = builtins.len = None", "return grid"),
        (SAME,),
    ),
    Hostile("patches its names", body("__builtins__['np'] = None", "return grid"), (SAME,)),
    Hostile("patches the child", body("import os", "os.write = os._exit = lambda *a: 0", "return grid"), (SAME,)),
    Hostile("swaps modules", body("import sys", "sys.modules['numpy'] = None", "return grid"), (SAME,)),
    Hostile(
        "error handling",
        body("np.seterr(all='raise')", "import warnings", "warnings.simplefilter('error')", "return grid"),
        (SAME,),
    ),
    Hostile(
        "traces",
        body("import sys", "def t(*a): raise ValueError", "sys.setprofile(t)", "sys.settrace(t)", "return grid"),
        (Raised(kind="ValueError"), SAME),
    ),
]
BY_NAME = {hostile.name: hostile for hostile in HOSTILES}


def reasons(verdicts: tuple[Verdict, ...]) -> set[str]:
    return {"ok" if isinstance(verdict, Ok) else verdict.reason for verdict in verdicts}


def is_expected(verdict: Verdict, hostile: Hostile) -> bool:
    if isinstance(verdict, Ok):
        return any(
            isinstance(other, Ok) and np.array_equal(verdict.outputs[0], other.outputs[0]) for other in hostile.verdicts
        )
    return any(isinstance(other, Failed) and verdict.reason == other.reason for other in hostile.verdicts)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(cpu_s=0.1, solo_cpu_s=0.2, memory_mb=64), n_workers=2) as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", BY_NAME)
def test_alone(sandbox: Sandbox, name: str) -> None:
    hostile = BY_NAME[name]
    (verdict,) = sandbox.run([Program(hostile.source, (GRID,))])
    assert is_expected(verdict, hostile), (verdict, reasons(hostile.verdicts))
    assert not SECRET.exists()


def test_between_good_neighbours(sandbox: Sandbox) -> None:
    programs = [GOOD]
    for hostile in HOSTILES:
        programs += [Program(hostile.source, (GRID,)), GOOD]
    verdicts = sandbox.run(programs)
    wrong = {h.name: v for h, v in zip(HOSTILES, verdicts[1::2], strict=True) if not is_expected(v, h)}
    assert not wrong
    for verdict in verdicts[::2]:
        assert isinstance(verdict, Ok), verdict
        assert all(np.array_equal(output, FLIPPED) for output in verdict.outputs)
        assert len(verdict.outputs) == 2
    assert not SECRET.exists()
