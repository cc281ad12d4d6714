"""Programs that use too much: time, memory, stack, source."""

from __future__ import annotations

from hostile.base import (
    CPU,
    DENIED,
    MEMORY,
    NO_GRID,
    NO_MODULE,
    NO_TASK,
    SAME,
    SYNTAX,
    TOO_LARGE,
    WALL,
    Hostile,
    body,
    raised,
    signal,
)

_LOOP_IN_MODULE = """
while True:
    try:
        while True: pass
    except BaseException:
        pass
"""
_LATE_FINALIZER = """
class T:
    def __del__(self):
        while True: pass
kept = T()
def task(grid): return grid
"""
_DEEP_RECURSION = """
import sys
sys.setrecursionlimit(10**9)
f = lambda n: g(n)
def g(n): return [f(n + 1)]
def task(grid): return f(0)
"""

TIME = [
    Hostile("loop", body("while True: pass"), (CPU,)),
    Hostile("loop in module", "while True: pass", (CPU,)),
    Hostile("loop in module behind an except", _LOOP_IN_MODULE, (CPU,)),
    Hostile("loop in numpy", body("a = np.ones((500, 500))", "while True: a = (a @ a) * 0"), (CPU,)),
    Hostile("loop in numpy in module", "a = np.ones((500, 500))\nwhile True: a = (a @ a) * 0", (CPU,)),
    Hostile("loop in C", body("return sum(iter(int, 1))"), (CPU,)),
    Hostile(
        "loop in C without an allocation",
        body("import collections, itertools", "collections.deque(itertools.repeat(0), maxlen=0)"),
        (CPU,),
    ),
    Hostile("loop in C in module", "import itertools\nall(itertools.repeat(1))", (CPU,)),
    Hostile("huge power", body("return 7 ** (7 ** 20)"), (CPU, MEMORY)),
    Hostile("huge factorial", body("import math", "return [[math.factorial(10**8) % 10]]"), (CPU, MEMORY)),
    Hostile("huge shift", body("return 1 << (1 << 45)"), (MEMORY, raised("OverflowError"))),
    Hostile("huge number as text", body("return [[len(str(1 << (1 << 22))) % 10]]"), (raised("ValueError"), CPU)),
    Hostile("huge text as number", body("return [[int('9' * 10**7) % 10]]"), (raised("ValueError"), CPU)),
    Hostile("regular expression", body("import re", "re.match(r'(a+)+$', 'a' * 60 + 'b')"), (CPU,)),
    Hostile("regular expression in module", "import re\nre.match(r'(a|aa)+$', 'a' * 99 + 'b')", (CPU,)),
    Hostile("sorting", body("rows = list(range(10**6))", "while True: rows.sort(key=lambda n: -n)"), (CPU, MEMORY)),
    Hostile("bare except", body("while True:", "    try:", "        while True: pass", "    except: pass"), (CPU,)),
    Hostile(
        "bare except around recursion",
        body("while True:", "    try: task(grid)", "    except: pass"),
        (CPU, signal(11), MEMORY),
    ),
    Hostile("returns in finally", body("while True:", "    try: 1 / 0", "    finally: continue"), (CPU,)),
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
        "handles the timer",
        body(
            "import signal",
            "try: signal.signal(signal.SIGPROF, lambda *a: None)",
            "except OSError: pass",
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
        "rearms the timer for ever",
        body("import signal", "while True: signal.setitimer(signal.ITIMER_PROF, 1000)"),
        (CPU,),
    ),
    Hostile(
        "disarms the timer in C",
        body("import ctypes", "ctypes.CDLL(None).setitimer(2, bytes(32), None)", "return sum(iter(int, 1))"),
        (CPU,),
    ),
    Hostile(
        "blocks signals",
        body("import signal", "signal.pthread_sigmask(0, range(1, 65))", "while True: pass"),
        (DENIED, CPU),
    ),
    Hostile("sleeps", body("import time", "time.sleep(1000)"), (WALL,)),
    Hostile("sleeps in module", "import time\ntime.sleep(1000)", (WALL,)),
    Hostile(
        "sleeps again and again",
        body("import time", "while True:", "    try: time.sleep(0.01)", "    except: pass"),
        (WALL, CPU),
    ),
    Hostile("sleeps in C", body("import ctypes", "ctypes.CDLL(None).usleep(900000000)"), (WALL,)),
    Hostile(
        "waits for a lock", body("import threading", "lock = threading.Lock()", "while lock.acquire(): pass"), (WALL,)
    ),
    Hostile("waits for a key", body("return [[len(input())]]"), (raised("EOFError"), raised("OSError"), WALL)),
    Hostile("waits for a signal", body("import signal", "signal.pause()"), (WALL, NO_GRID)),
    Hostile("stops itself", body("import os, signal", "os.kill(os.getpid(), signal.SIGSTOP)"), (DENIED, WALL)),
    Hostile(
        "loops in a finalizer", body("class T:", "    def __del__(self):", "        while True: pass", "T()"), (CPU,)
    ),
    Hostile("loops in a late finalizer", _LATE_FINALIZER, (CPU,)),
]

MEMORIES = [
    Hostile("memory by list", body("a = []", "while True: a.append(bytearray(1 << 22))"), (MEMORY,)),
    Hostile("memory in module", "a = []\nwhile True: a.append(bytearray(1 << 22))", (MEMORY,)),
    Hostile("memory by doubling", body("a = [0]", "while True: a += a"), (MEMORY, CPU)),
    Hostile("memory by text", body("return 'x' * (1 << 34)"), (MEMORY,)),
    Hostile("memory by numpy", body("return np.ones((30000, 30000))"), (MEMORY,)),
    Hostile(
        "memory by numpy, kept",
        body("a = [np.zeros((1 << 20,))]", "while True: a.append(np.concatenate(a))"),
        (MEMORY, raised("_ArrayMemoryError")),
    ),
    Hostile("memory by broadcasting", body("a = np.arange(1 << 16)", "return a[:, None] * a"), (MEMORY,)),
    Hostile(
        "memory by mmap",
        body("import mmap", "a = [mmap.mmap(-1, 1 << 26) for _ in range(99)]"),
        (MEMORY, raised("OSError"), NO_MODULE),
    ),
    Hostile(
        "memory by memfd",
        body("import os", "fd = os.memfd_create('x')", "os.truncate(fd, 1 << 40)", "os.write(fd, b'x' * 99999999)"),
        (DENIED, raised("OSError"), MEMORY),
    ),
    Hostile(
        "memory by malloc",
        body("import ctypes", "c = ctypes.CDLL(None)", "while c.calloc(1, 1 << 22): pass", "return grid"),
        (SAME, CPU, MEMORY),
    ),
    Hostile(
        "memory by brk",
        body("import ctypes", "c = ctypes.CDLL(None)", "while c.sbrk(1 << 24) != -1: pass", "return grid"),
        (SAME, MEMORY, CPU, signal(11)),
    ),
    Hostile(
        "memory, absorbed",
        body("a = []", "while True:", "    try: a.append(bytearray(1 << 22))", "    except MemoryError: pass"),
        (CPU,),
    ),
    Hostile(
        "memory, hoarded where nobody looks",
        body("import json", "json.kept = bytearray(50 << 20)", "return grid"),
        (SAME, MEMORY),
    ),
    Hostile("recursion", body("return task(grid)"), (raised("RecursionError"),)),
    Hostile(
        "recursion in C",
        body("a = []", "for _ in range(10**5): a = [a]", "return repr(a) == repr([a])"),
        (raised("RecursionError"), signal(11), CPU),
    ),
    Hostile(
        "recursion in a comparison",
        body("a = []", "a.append(a)", "b = []", "b.append(b)", "return a == b"),
        (raised("RecursionError"), signal(11)),
    ),
    Hostile(
        "recursion in copy",
        body("import copy", "a = []", "for _ in range(10**4): a = [a]", "return copy.deepcopy(a)"),
        (raised("RecursionError"),),
    ),
    Hostile(
        "deep recursion", _DEEP_RECURSION, (signal(11), raised("RecursionError"), raised("SystemError"), MEMORY, CPU)
    ),
    Hostile(
        "deep destruction",
        body("a = None", "for _ in range(10**5): a = (a,)", "del a", "return grid"),
        (SAME, CPU),
    ),
]

SOURCES = [
    Hostile("deep source", "x = " + "(" * 5000 + ")" * 5000 + "\ndef task(grid): return grid", (SYNTAX,)),
    Hostile(
        "deep operators", "x = " + "-" * 15000 + "1\ndef task(grid): return grid", (SYNTAX, SAME, signal(11), MEMORY)
    ),
    Hostile(
        "deep blocks",
        "".join(" " * depth + "if 1:\n" for depth in range(110)) + " " * 110 + "pass",
        (SYNTAX,),
    ),
    Hostile(
        "deep attributes",
        "def task(grid): return grid" + ".T" * 9000,
        (SYNTAX, SAME, signal(11), raised("RecursionError"), MEMORY),
    ),
    Hostile(
        "deep subscripts", "def task(grid): return grid" + "[0]" * 6000, (SYNTAX, signal(11), raised("IndexError"))
    ),
    Hostile("deep lambdas", "x = " + "lambda: " * 2400 + "1\ndef task(grid): return grid", (SYNTAX, SAME, signal(11))),
    Hostile(
        "constants folded to megabytes",
        "x = 'x' * 4096 * 4096 * 4096 * 4096\ndef task(grid): return grid",
        (MEMORY, SAME, raised("OverflowError")),
    ),
    Hostile("NUL byte", "def task(grid): return grid\0", (SYNTAX,)),
    Hostile("lone surrogate", "def task(grid): return '\ud800'", (SYNTAX,)),
    Hostile("odd encoding", "# -*- coding: utf-7 -*-\ndef task(grid): return grid", (SAME, SYNTAX)),
    Hostile("unknown encoding", "# coding: no-such-thing\ndef task(grid): return grid", (SAME, SYNTAX)),
    Hostile("syntax error", "def task(grid) return grid", (SYNTAX,)),
    Hostile("empty source", "", (NO_TASK,)),
    Hostile("no task", "def solve(grid): return grid", (NO_TASK,)),
    Hostile("task is a number", "task = 3", (NO_TASK,)),
    Hostile("task is a class", "class task: pass", (raised("TypeError"),)),
    Hostile("task is a coroutine", "async def task(grid): return grid", (NO_GRID,)),
    Hostile("too long", "#" * 30000, (TOO_LARGE,)),
]
