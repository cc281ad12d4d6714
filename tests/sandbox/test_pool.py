"""The sandbox from outside: order, repetition, replacement, nothing left behind. Real processes."""

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
from arc_solver.dsl import PRIMITIVES
from arc_solver.errors import SandboxError
from arc_solver.grids import Grid, as_grid
from arc_solver.sandbox.layers import LAYERS
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import (
    Failed,
    InvalidOutput,
    NonDeterministic,
    Normalised,
    NotRun,
    Ok,
    Program,
    Raised,
    SyntaxInvalid,
    TimedOut,
    TooLarge,
    Verdict,
)

GRID = as_grid([[1, 2], [3, 4]])
BUSY = """
import time

def task(grid):
    end = time.process_time() + 0.15
    while time.process_time() < end:
        pass
    return grid
"""


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


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


def constant(value: int) -> Program:
    return Program(f"def task(grid):\n    return grid * 0 + {value}", (GRID,))


def output(verdict: Verdict) -> Grid:
    assert isinstance(verdict, Ok), verdict
    return verdict.outputs[0]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(solo_cpu_s=0.3), n_workers=2) as sandbox:
        yield sandbox


def test_verdicts_come_in_the_order_of_the_programs(sandbox: Sandbox) -> None:
    verdicts = sandbox.run([constant(index % 10) for index in range(300)])
    assert [int(output(verdict)[0, 0]) for verdict in verdicts] == [index % 10 for index in range(300)]


def test_no_programs_no_verdicts(sandbox: Sandbox) -> None:
    assert sandbox.run([]) == []
    assert sandbox.confirm([]) == []


def test_outputs_before_the_failing_input_are_kept(sandbox: Sandbox) -> None:
    grids = tuple(as_grid([[value]]) for value in range(4))
    program = Program("def task(grid):\n    assert grid[0, 0] < 2\n    return grid", grids)
    (verdict,) = sandbox.run([program])
    assert isinstance(verdict, Raised)
    assert [int(grid[0, 0]) for grid in verdict.outputs] == [0, 1]
    assert verdict.reason == "program: raised AssertionError"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("sum(iter(int, 1))", "program: timeout cpu"),
        ("time.sleep(1000)", "program: timeout wall"),
        ("os._exit(3)", "program: exit 3"),
        ("ctypes.string_at(0)", "program: crashed (signal 11)"),
    ],
)
def test_outputs_before_the_input_that_killed_it_are_kept(sandbox: Sandbox, end: str, reason: str) -> None:
    grids = tuple(as_grid([[value]]) for value in range(4))
    source = f"import ctypes, os, time\ndef task(grid):\n    if grid[0, 0] == 2: {end}\n    return grid"
    verdicts = sandbox.run([constant(1), Program(source, grids), Program(source, grids[:2])])
    assert isinstance(verdicts[1], Failed)
    assert verdicts[1].reason == reason
    assert [int(grid[0, 0]) for grid in verdicts[1].outputs] == [0, 1]
    assert isinstance(verdicts[2], Ok)


def test_a_program_without_inputs_is_only_loaded(sandbox: Sandbox) -> None:
    assert sandbox.run([Program("def task(grid):\n    return 1 / 0", ())]) == [Ok(())]


@pytest.mark.parametrize(
    "expression",
    [
        "grid",
        "grid.tolist()",
        "[list(row) for row in grid]",
        "list(grid)",
        "grid.astype(float).astype(int)",
        "tuple(grid)",
    ],
)
def test_arrays_and_lists_are_grids(sandbox: Sandbox, expression: str) -> None:
    (verdict,) = sandbox.run([Program(f"def task(grid):\n    return {expression}", (GRID,))])
    assert np.array_equal(output(verdict), GRID)
    assert output(verdict).dtype == np.int8
    assert not output(verdict).flags.writeable


def test_more_output_than_a_pipe_holds_arrives_whole(sandbox: Sandbox) -> None:
    grids = tuple(np.full((30, 30), value, dtype=np.int8) for value in range(5))
    programs = [Program(f"def task(grid):\n    return (grid + {shift}) % 10", grids) for shift in range(80)]
    for shift, verdict in enumerate(sandbox.run(programs)):
        assert isinstance(verdict, Ok)
        assert [set(grid.ravel().tolist()) for grid in verdict.outputs] == [{(v + shift) % 10} for v in range(5)]


def test_a_truth_table_is_a_grid(sandbox: Sandbox) -> None:
    (verdict,) = sandbox.run([Program("def task(grid):\n    return grid > 2", (GRID,))])
    assert output(verdict).tolist() == [[0, 0], [1, 1]]


def test_a_program_may_write_into_its_input_without_harm(sandbox: Sandbox) -> None:
    program = Program("def task(grid):\n    grid[0, 0] = 9\n    return grid", (GRID, GRID))
    (verdict,) = sandbox.run([program])
    assert output(verdict).tolist() == [[9, 2], [3, 4]]
    assert GRID[0, 0] == 1


def test_programs_do_not_see_names_of_their_neighbours(sandbox: Sandbox) -> None:
    leaving = Program("left_behind = 1\ndef task(grid):\n    return grid", (GRID,))
    looking = Program("def task(grid):\n    return grid * left_behind", (GRID,))
    verdicts = sandbox.run([leaving, looking])
    assert isinstance(verdicts[0], Ok)
    assert isinstance(verdicts[1], Raised)
    assert verdicts[1].kind == "NameError"


def test_slow_programs_get_their_time_when_alone() -> None:
    slow = Program(BUSY, (GRID,))
    with Sandbox(Limits(cpu_s=0.05, solo_cpu_s=2.0)) as sandbox:
        assert isinstance(sandbox.run([slow])[0], Ok)
    with Sandbox(Limits(cpu_s=0.05, solo_cpu_s=0.05)) as sandbox:
        assert sandbox.run([slow]) == [TimedOut(kind="cpu")]


@pytest.mark.parametrize(
    "expression",
    [
        "hash('a') % 10",
        "np.random.randint(10, size=(9, 9))",
        "list({chr(97 + i) for i in range(9)}).index('a')",
    ],
)
def test_what_differs_between_two_runs_is_nondeterministic(sandbox: Sandbox, expression: str) -> None:
    program = Program(f"def task(grid):\n    return np.zeros((9, 9), dtype=int) + {expression}", (GRID,))
    verdicts = sandbox.confirm([constant(3), program, constant(4)])
    assert [type(verdict) for verdict in verdicts] == [Ok, NonDeterministic, Ok]


def test_screening_does_not_depend_on_the_worker(sandbox: Sandbox) -> None:
    program = Program("def task(grid):\n    return [[hash('a') % 10]]", (GRID,))
    outputs = {output(verdict).tobytes() for verdict in sandbox.run([program] * 200)}
    assert len(outputs) == 1


def test_confirm_keeps_the_reason_of_a_failure(sandbox: Sandbox) -> None:
    assert sandbox.confirm([Program("def task(grid):\n    return None", (GRID,))]) == [InvalidOutput(why="no grid")]


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_killed_zygote_is_replaced_and_nobody_is_blamed(confirmed: bool) -> None:
    slow = Program("import time\ndef task(grid):\n    time.sleep(0.2)\n    return grid", (GRID,))
    with Sandbox() as sandbox:
        (victim,) = sandbox.process_ids()

        def kill_at_work() -> None:
            wait_until(lambda: bool(children_of(victim)))
            os.kill(victim, signal.SIGKILL)

        killer = threading.Thread(target=kill_at_work)
        killer.start()
        work = sandbox.confirm if confirmed else sandbox.run
        verdicts = work([slow, constant(1), constant(2)])
        killer.join()
        assert [type(verdict) for verdict in verdicts] == [Ok, Ok, Ok]
        assert victim not in sandbox.process_ids()


def test_a_deadline_ends_the_work_and_the_sandbox_goes_on() -> None:
    hang = Program("def task(grid):\n    while True: pass", (GRID,))
    with Sandbox(Limits(cpu_s=60.0, solo_cpu_s=60.0)) as sandbox:
        assert sandbox.run([hang, constant(1)], Deadline.after(0.3)) == [NotRun(), NotRun()]
        assert sandbox.confirm([hang], Deadline.after(0.3)) == [NotRun()]
        assert isinstance(sandbox.run([constant(1)])[0], Ok)


def test_nothing_is_left_after_close() -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    children, n_descriptors = children_of(os.getpid()), descriptors()
    with Sandbox(n_workers=2) as sandbox:
        sandbox.run([constant(1), Program("def task(grid):\n    while True: pass", (GRID,))])
        sandbox.confirm([constant(1)])
        started = sandbox.process_ids()
        assert len(started) == 4
    assert not any(is_running(pid) for pid in started)
    assert children_of(os.getpid()) == children
    assert descriptors() == n_descriptors
    with pytest.raises(SandboxError, match="closed"):
        sandbox.run([constant(1)])


def test_nothing_survives_a_killed_parent() -> None:
    script = (
        "from arc_solver.sandbox.limits import Limits\n"
        "from arc_solver.sandbox.pool import Sandbox\n"
        "from arc_solver.sandbox.verdicts import Program\n"
        "from arc_solver.grids import as_grid\n"
        "with Sandbox(Limits(cpu_s=600.0)) as sandbox:\n"
        "    print(*sandbox.process_ids(), flush=True)\n"
        "    sandbox.run([Program('def task(grid):\\n    while True: pass', (as_grid([[1]]),))])\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        zygote = int(parent.stdout.readline())
        wait_until(lambda: bool(children_of(zygote)))
        (child,) = children_of(zygote)
        parent.kill()
    wait_until(lambda: not is_running(zygote) and not is_running(child))


def test_a_sandbox_that_cannot_start_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SandboxError, match="does not start"), Sandbox():
        pass


def test_a_zygote_holds_only_what_programs_need() -> None:
    script = (
        "import arc_solver.sandbox.zygote, sys\n"
        "print(*(name for name in sys.modules if name.split('.')[0] in ('arc_solver', 'torch', 'click', 'rich')))"
    )
    names = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    inside = {f"arc_solver.sandbox.{name}" for name in ("zygote", "child", "frames", "layers", "normalise", "seccomp")}
    assert set(names) == inside | {"arc_solver", "arc_solver.sandbox"}


def test_programs_do_not_see_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_PARENT", "1")
    program = Program("import os\ndef task(grid):\n    return [[int('SECRET_OF_THE_PARENT' in os.environ)]]", (GRID,))
    with Sandbox() as sandbox:
        assert output(sandbox.run([program])[0]).tolist() == [[0]]


def test_layers_are_named_and_can_be_left_off() -> None:
    with Sandbox(without=LAYERS) as sandbox:
        isolation = sandbox.describe()
        assert isolation.grade == "C"
        assert isolation.active == ()
        assert set(isolation.missing) == set(LAYERS)
        assert "grade C" in isolation.text()
        assert isinstance(sandbox.run([constant(1)])[0], Ok)


def test_a_program_that_kills_its_zygote_is_blamed_and_its_neighbours_are_not() -> None:
    killer = Program("import os\ndef task(grid):\n    os.kill(os.getppid(), 9)\n    return grid", (GRID,))
    with Sandbox(without=("setuid", "landlock", "seccomp")) as sandbox:
        verdicts = sandbox.run([constant(1), killer, constant(2)])
    assert isinstance(verdicts[0], Ok)
    assert verdicts[1].reason == "program: crashed (took its zygote down)"
    assert isinstance(verdicts[2], Ok)


def test_every_primitive_and_numpy_are_in_scope(sandbox: Sandbox) -> None:
    names = sorted(PRIMITIVES)
    assert names
    by_scope = f"def task(grid):\n    assert all(map(callable, [{', '.join(names)}, np.flipud]))\n    return grid"
    by_import = "from arc_solver.dsl import *\nimport numpy\n" + by_scope
    assert [type(verdict) for verdict in sandbox.run([Program(by_scope, (GRID,)), Program(by_import, (GRID,))])] == [
        Ok,
        Ok,
    ]


def test_sources_are_normalised_in_the_sandbox_and_not_run(sandbox: Sandbox) -> None:
    named = "def task(grid):\n    return grid + LIMIT\nLIMIT = {}\nwhile True: pass"
    found = sandbox.normalise([named.format(1), "# hi\n" + named.format(1), named.format(2), "def task(", "\ud800"])
    assert isinstance(found[0], Normalised)
    assert found[:2] == [found[0]] * 2
    assert found[2] not in found[:2]
    assert found[3:] == [SyntaxInvalid(), SyntaxInvalid()]
    assert sandbox.normalise([]) == []


def test_names_of_the_vocabulary_are_not_normalised_away(sandbox: Sandbox) -> None:
    source = "def task(grid):\n    def f():\n        {0} = grid\n    return {0}(grid)"
    found = sandbox.normalise([source.format(name) for name in ("np", "len", sorted(PRIMITIVES)[0], "a", "b")])
    assert len(set(found)) == 4
    assert found[3] == found[4]


def test_what_harms_a_parser_harms_nobody_else(sandbox: Sandbox) -> None:
    good = [f"def task(grid):\n    return grid + {index}" for index in range(3)]
    deep = "x = " + "-" * 15000 + "1"
    found = sandbox.normalise([good[0], deep, good[1], "#" * 30000, good[2], "x = " + "(" * 9000])
    assert all(isinstance(each, Normalised) for each in found[::2])
    assert len(set(found[::2])) == 3
    assert found[3] == TooLarge()
    assert not isinstance(found[5], Normalised)


def test_a_deadline_ends_normalising_as_well(sandbox: Sandbox) -> None:
    assert sandbox.normalise(["x = 1"], Deadline.after(0.0)) == [NotRun()]
