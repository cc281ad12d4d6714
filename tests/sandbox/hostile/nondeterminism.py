"""Programs whose result is not a function of their input: what is used must not come from them."""

from __future__ import annotations

from hostile.base import NONDETERMINISTIC, Hostile, body, raised

_ONE = (NONDETERMINISTIC,)


def _cells(expression: str, *before: str) -> str:
    """Eighty-one cells of it, so that two runs do not agree by chance."""
    return body(*before, f"return [[int({expression}) % 10 for x in range(9)] for y in range(9)]")


NONDETERMINISM = [
    Hostile("hash of text", _cells("hash(f'{x} {y}')"), _ONE),
    Hostile("hash of bytes", _cells("hash(bytes((x, y)))"), _ONE),
    Hostile("hash of an object", _cells("hash(object()) >> (x + 9 * y) % 40"), _ONE),
    Hostile("identity", _cells("id(grid) >> (x + 9 * y) % 40"), _ONE),
    Hostile("identity of a function", _cells("id(task) >> (x + 9 * y) % 40"), _ONE),
    Hostile("text of an object", _cells("hash(repr(object())[-12:]) >> x"), _ONE),
    Hostile("order of a set", _cells("list({chr(97 + i) for i in range(26)}).index(chr(97 + x + y))"), _ONE),
    Hostile("popped from a set", _cells("ord({chr(97 + i) for i in range(26)}.pop())"), _ONE),
    Hostile("the time", _cells("time.time_ns() // 1000", "import time"), _ONE),
    Hostile("a clock", _cells("time.perf_counter_ns()", "import time"), _ONE),
    Hostile("time used", _cells("time.process_time_ns() >> (x + y) % 12", "import time"), _ONE),
    Hostile("the date", _cells("datetime.datetime.now().microsecond", "import datetime"), _ONE),
    Hostile("random", _cells("random.randrange(10)", "import random"), _ONE),
    Hostile("random, seeded anew", _cells("random.randrange(10)", "import random", "random.seed()"), _ONE),
    Hostile("random of the system", _cells("random.SystemRandom().randrange(10)", "import random"), _ONE),
    Hostile("os.urandom", _cells("os.urandom(1)[0]", "import os"), _ONE),
    Hostile("uuid", _cells("uuid.uuid4().int", "import uuid"), _ONE),
    Hostile("np.random", body("return np.random.randint(10, size=(9, 9))"), _ONE),
    Hostile("default_rng", body("return np.random.default_rng().integers(10, size=(9, 9))"), _ONE),
    Hostile("process id", _cells("os.getpid() >> (x + y) % 12", "import os"), _ONE),
    Hostile("process id of the parent", _cells("os.getppid() >> (x + y) % 12", "import os"), _ONE),
    Hostile(
        "np.empty",
        body(
            "kept = [np.full(81, id(object()), dtype=np.int64) for _ in range(9)]",
            "del kept",
            "return (np.empty((9, 9), dtype=np.int64) >> np.arange(81).reshape(9, 9) % 40) % 10",
        ),
        _ONE,
    ),
    Hostile(
        "memory beyond an array",
        body(
            "here = [object() for _ in range(99)]",
            "a = np.array(here, dtype=object).view(np.int64)",
            "return (np.lib.stride_tricks.as_strided(a, (9, 9), (72, 8)) >> np.arange(81).reshape(9, 9) % 40) % 10",
        ),
        (NONDETERMINISTIC, raised("TypeError")),
    ),
    Hostile("an address", _cells("ctypes.addressof(ctypes.c_int()) >> (x + 9 * y) % 40", "import ctypes"), _ONE),
    Hostile(
        "threads that race",
        body(
            "import threading, time",
            "cells = []",
            "def work():",
            "    for _ in range(2000): cells.append(time.perf_counter_ns() % 10)",
            "threads = [threading.Thread(target=work) for _ in range(4)]",
            "for thread in threads: thread.start()",
            "for thread in threads: thread.join()",
            "return np.array(cells[:81]).reshape(9, 9)",
        ),
        (raised("RuntimeError"), NONDETERMINISTIC),
    ),
    Hostile(
        "how often it gets its turn",
        _cells(
            "count()",
            "import time",
            "def count():",
            "    n, end = 0, time.perf_counter_ns() + 20000",
            "    while time.perf_counter_ns() < end: n += 1",
            "    return n",
        ),
        _ONE,
    ),
    Hostile(
        "memory used",
        _cells("sys.getrefcount(None) >> (x + y) % 3", "import sys"),
        (NONDETERMINISTIC, "returned another grid"),
    ),
]
