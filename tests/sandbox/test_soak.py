"""Thousands of mixed programs through one sandbox: nothing leaks, nothing grows, every verdict is right.

5,000 programs by default; `ARC_SOLVER_SOAK=100000` for as many as a run of hours has (`pytest -s` shows the figures).
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections import Counter
from pathlib import Path
from types import UnionType

import numpy as np

from arc_solver.grids import as_grid, frozen
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import (
    Crashed,
    Exited,
    InvalidOutput,
    NonDeterministic,
    Ok,
    OutOfMemory,
    Program,
    Raised,
    SyntaxInvalid,
    TimedOut,
    Verdict,
)

N_PROGRAMS = int(os.environ.get("ARC_SOLVER_SOAK", "5000"))
CHUNK = 500
INPUTS = tuple(frozen(np.random.default_rng(seed).integers(0, 10, (10, 10))) for seed in range(4))
LIMITS = Limits(cpu_s=0.05, solo_cpu_s=0.1, memory_mb=64)

# How often, what, and the class of its verdict; each source is made different by a number.
MIX: tuple[tuple[float, str, type[Verdict] | UnionType], ...] = (
    (0.40, "return (grid.astype(int) + {n}) % 10", Ok),
    (0.15, "return np.rot90(np.roll(grid, {n}, axis={n} % 2)).tolist()", Ok),
    (0.15, "return [[(cell * {n}) % 10 for cell in row] for row in grid.tolist()]", Ok),
    (0.10, "return grid[{n} + 10]", Raised),
    (0.06, "return grid.astype(int) + {n} + 10", InvalidOutput),
    (0.05, "return (grid + {n}", SyntaxInvalid),
    (0.03, "np.array = {n}; return grid", Ok),
    (0.02, "print('x' * {n})\n    return [[{n} % 10]]", Ok),
    (0.01, "import os; os._exit({n} % 256)", Exited),
    (0.01, "import ctypes; ctypes.string_at({n} % 9)", Crashed),
    (0.006, "return np.ones(({n} + (1 << 28),))", OutOfMemory),
    (0.006, "while {n} >= 0: pass", TimedOut),
    # To touch all that memory takes time, on a busy machine more than there is.
    (0.006, "a = [{n}]\n    while True: a.append(bytearray(1 << 20))", OutOfMemory | TimedOut),
    (0.001, "import time; time.sleep({n} + 1000)", TimedOut),
    (0.001, "import os; os.write(3, b'{n}'); return grid", Crashed),
)


def test_nothing_leaks_and_nothing_grows() -> None:
    rng = np.random.default_rng(3)
    shares = np.array([share for share, _, _ in MIX])
    found: Counter[str] = Counter()
    shared_memory, descriptors, children = os.listdir("/dev/shm"), _descriptors(), _children()
    started = time.monotonic()
    early: tuple[int, int] = (0, 0)
    with Sandbox(LIMITS, n_workers=2) as sandbox:
        for start in range(0, N_PROGRAMS, CHUNK):
            kinds = rng.choice(len(MIX), size=min(CHUNK, N_PROGRAMS - start), p=shares / shares.sum())
            programs = [
                Program(f"def task(grid):\n    {MIX[kind][1].format(n=start + index)}\n", INPUTS)
                for index, kind in enumerate(kinds)
            ]
            verdicts = sandbox.run(programs)
            wrong = [
                (programs[index].source, verdict)
                for index, (kind, verdict) in enumerate(zip(kinds, verdicts, strict=True))
                if not isinstance(verdict, MIX[kind][2])
            ]
            assert wrong == []
            good = [program for program, verdict in zip(programs, verdicts, strict=True) if isinstance(verdict, Ok)]
            confirmed = sandbox.confirm(good[:10])
            assert not any(isinstance(verdict, NonDeterministic) for verdict in confirmed)
            found.update(type(verdict).__name__ for verdict in verdicts)
            del verdicts, confirmed, programs, good
            if not early[0] and start + CHUNK >= N_PROGRAMS / 5:
                early = _memory_kb(), _zygotes_kb(sandbox)
        late = _memory_kb(), _zygotes_kb(sandbox)
        n_inside = [len(os.listdir(f"/proc/{pid}/fd")) for pid in sandbox.process_ids()]
    figures = {
        "n_programs": N_PROGRAMS,
        "seconds": round(time.monotonic() - started, 1),
        "verdicts": dict(found.most_common()),
        "parent_kb_at_a_fifth": early[0],
        "parent_kb_at_the_end": late[0],
        "zygotes_kb_at_a_fifth": early[1],
        "zygotes_kb_at_the_end": late[1],
        "descriptors_before": len(descriptors),
        "descriptors_after": len(_descriptors()),
        "descriptors_of_zygotes": n_inside,
    }
    print(json.dumps(figures))
    assert late[0] - early[0] < 4096, figures
    assert late[1] - early[1] < 4096, figures
    assert max(n_inside) < 12, figures
    assert _descriptors() == descriptors
    assert _children() == children
    assert os.listdir("/dev/shm") == shared_memory


def test_a_garbled_answer_leaks_nothing_either() -> None:
    """Zygotes that are lost in the middle of their work, again and again."""
    killer = Program("import os\ndef task(grid):\n    os.kill(os.getppid(), 9)\n    return grid", (as_grid([[1]]),))
    good = Program("def task(grid):\n    return grid", (as_grid([[1]]),))
    descriptors, children = _descriptors(), _children()
    with Sandbox(LIMITS, n_workers=2, without=("setuid", "landlock", "seccomp")) as sandbox:
        for _ in range(3):
            verdicts = sandbox.run([good, killer, good])
            assert isinstance(verdicts[0], Ok)
            assert isinstance(verdicts[1], Crashed)
            assert isinstance(verdicts[2], Ok)
    assert _descriptors() == descriptors
    assert _children() == children


def _memory_kb(pid: int | str = "self") -> int:
    """Memory of a process that it shares with nobody, file pages not counted."""
    gc.collect()
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    return 0


def _zygotes_kb(sandbox: Sandbox) -> int:
    return sum(map(_memory_kb, sandbox.process_ids()))


def _descriptors() -> list[str]:
    """Names of the open descriptors and what they lead to."""
    found = []
    for name in sorted(os.listdir("/proc/self/fd"), key=int):
        try:
            found.append(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
        except OSError:  # the one through which the list was read
            continue
    return found


def _children() -> str:
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
