"""A zygote that is lost costs no verdict, and somebody is told what it did."""

from __future__ import annotations

import os
import signal
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("zygotes are Linux's", allow_module_level=True)

from arc_solver.grids import as_grid
from arc_solver.sandbox import pool, worker
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Ok, Program

SAME = Program("def task(grid):\n    return grid", (as_grid([[1]]),))


def test_a_killed_zygote_is_replaced_and_named() -> None:
    told: list[str] = []
    with Sandbox(tell=told.append) as sandbox:
        assert isinstance(sandbox.run([SAME])[0], Ok)
        (pid,) = sandbox.process_ids()
        os.kill(pid, signal.SIGKILL)
        assert isinstance(sandbox.run([SAME])[0], Ok)
        assert sandbox.process_ids() != (pid,)
    assert told == ["was killed by signal 9"]


def test_a_stopped_zygote_is_replaced_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_GRACE_S", 1.0)
    told: list[str] = []
    with Sandbox(Limits(cpu_s=0.2), tell=told.append) as sandbox:
        assert isinstance(sandbox.run([SAME])[0], Ok)
        os.kill(sandbox.process_ids()[0], signal.SIGSTOP)
        assert isinstance(sandbox.run([SAME])[0], Ok)
    assert told[0].startswith("hung: no answer within ")


def test_garbage_from_a_zygote_costs_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    whole, n_decoded = worker.decode_answer, 0

    def first_is_garbled(message: bytes) -> object:
        nonlocal n_decoded
        n_decoded += 1
        return whole(message if n_decoded > 1 else message[:3])

    monkeypatch.setattr(worker, "decode_answer", first_is_garbled)
    with Sandbox(tell=told.append) as sandbox:
        assert isinstance(sandbox.run([SAME])[0], Ok)
    assert told[0].startswith("wrote garbage on its channel")


def test_a_zygote_starts_where_no_temporary_file_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with Sandbox(portable=False) as sandbox:
        assert isinstance(sandbox.run([SAME])[0], Ok)
