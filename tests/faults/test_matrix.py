"""The fault matrix: every part of a real run, broken in every way, in the middle of its work.

Each cell starts `make_submission.py`, waits until half of the answers are in its journal, breaks one part, lets the run
go on, and asks four things: the submission is valid; it holds every answer that was found before; the run ends in time;
its report names the fault. A part that can be replaced costs no answer that comes after the fault either.

The default is a part of the matrix in which every row and every column occurs; `ARC_SOLVER_ALL_FAULTS=1` is all of it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("processes are found and broken as Linux lets one", allow_module_level=True)

from real_runs import RealRun, check_nothing_lost, check_told

ALL = bool(os.environ.get("ARC_SOLVER_ALL_FAULTS"))
FROM_OUTSIDE = {"SIGKILL": signal.SIGKILL, "SIGSTOP": signal.SIGSTOP}
FROM_WITHIN = {"exit 1": "exit", "garbage": "garbage", "out of memory": "memory"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One part, broken in one way.

    Attributes:
        part: Which process.
        fault: What happens to it.
        told: What the report says of it, a regular expression.
        by_default: Whether it belongs to the part of the matrix that always runs.
        in_figures: Whether `--json` has it as well: what only the guard saw of a supervisor that went on, people read.
    """

    part: str
    fault: str
    told: str
    by_default: bool = False
    in_figures: bool = True

    @property
    def proposer(self) -> str:
        """What has to run so that there is such a part."""
        return "induction" if self.part == "engine" else "search"


MATRIX = (
    Cell("lane", "SIGKILL", r"search 0: .*signal 9", by_default=True),
    Cell("lane", "SIGSTOP", r"search 0: .*no sign of life", by_default=True),
    Cell("lane", "exit 1", r"search 0: .*exit 1"),
    Cell("lane", "garbage", r"search 0: .*cannot be read", by_default=True),
    Cell("lane", "out of memory", r"search.*: .*out of memory"),
    Cell("engine", "SIGKILL", r"engine: .*signal 9", by_default=True),
    Cell("engine", "SIGSTOP", r"engine: .*no sign of work"),
    Cell("engine", "exit 1", r"engine: .*exit 1"),
    Cell("engine", "garbage", r"engine: .*garbage"),
    Cell("engine", "out of memory", r"engine: .*out of memory", by_default=True),
    Cell("zygote", "SIGKILL", r"sandbox: .*signal 9", by_default=True),
    Cell("zygote", "SIGSTOP", r"sandbox: .*hung"),
    Cell("zygote", "exit 1", r"sandbox: .*exit status 1"),
    Cell("zygote", "garbage", r"sandbox: .*garbage"),
    Cell("zygote", "out of memory", r"sandbox: .*out of memory"),
    Cell("supervisor", "SIGKILL", r"supervisor: .*signal 9", by_default=True),
    Cell("supervisor", "SIGSTOP", r"supervisor: .*no sign of life", by_default=True),
    Cell("supervisor", "exit 1", r"supervisor: .*exit 1"),
    Cell("supervisor", "garbage", r"^the supervisor wrote garbage", in_figures=False),
    Cell("supervisor", "out of memory", r"supervisor: .*out of memory"),
)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RealRun]:
    """A run in a folder of its own, not started; whatever is left of it in the end is killed."""
    run = RealRun(tmp_path, tmp_path / "submission.json")
    yield run
    run.stop()


def cells() -> Iterator[object]:
    for cell in MATRIX:
        rare = pytest.mark.skipif(not (ALL or cell.by_default), reason="only with ARC_SOLVER_ALL_FAULTS=1")
        yield pytest.param(cell, id=f"{cell.part}-{cell.fault.replace(' ', '-')}", marks=rare)


def strike(run: RealRun, cell: Cell) -> None:
    """Break the part as the cell says."""
    os.kill(run.pid_of(cell.part), FROM_OUTSIDE.get(cell.fault, signal.SIGUSR1))


@pytest.mark.parametrize("cell", list(cells()))
def test_a_part_breaks(run: RealRun, cell: Cell) -> None:
    run.proposers = cell.proposer
    if cell.fault in FROM_WITHIN:
        run.environment["FAULT"] = FROM_WITHIN[cell.fault]
    run.start()
    before = run.wait_until_half_done(n_solved=2)
    strike(run, cell)
    run.go_on()
    assert run.finish() == 0, run.report()
    check_nothing_lost(run, before)
    assert len(run.answered()) == 6, run.report()
    check_told(run, cell.told, in_figures=cell.in_figures)
