"""Programs in this process, and everything that a proposer says about some tasks."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.engines.scripted import Script, ScriptedEngine
from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid
from arc_solver.proposers.base import Event
from arc_solver.proposers.induction import InductionProposer, InductionSettings
from arc_solver.sandbox.normalise import digest
from arc_solver.sandbox.verdicts import (
    Failed,
    InvalidOutput,
    NonDeterministic,
    Normalised,
    Ok,
    Program,
    Raised,
    SyntaxInvalid,
    Verdict,
)
from arc_solver.tasks import Task


class InProcessRunner:
    """Runs the harmless programs of these tests; remembers what it was given."""

    def __init__(self, unstable: frozenset[str] = frozenset()) -> None:
        self.screened: list[list[Program]] = []
        self.confirmed: list[list[Program]] = []
        self._unstable = unstable

    def normalise(self, sources: Sequence[str], deadline: Deadline | None = None) -> list[Normalised | Failed]:
        digests = [digest(source, dir(builtins)) for source in sources]
        return [SyntaxInvalid() if each is None else Normalised(each) for each in digests]

    def run(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        self.screened.append(list(programs))
        return [self._verdict(program) for program in programs]

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        self.confirmed.append(list(programs))
        return [
            NonDeterministic() if program.source in self._unstable else self._verdict(program) for program in programs
        ]

    def _verdict(self, program: Program) -> Verdict:
        names: dict[str, object] = {"np": np}
        try:
            exec(program.source, names)
        except SyntaxError:
            return SyntaxInvalid()
        outputs: list[Grid] = []
        for grid in program.inputs:
            try:
                outputs.append(as_grid(np.array(names["task"](grid))))  # type: ignore[operator]
            except GridError:
                return InvalidOutput(tuple(outputs), "shape")
            except Exception as error:  # noqa: BLE001  (whatever a program raises is its verdict)
                return Raised(tuple(outputs), type(error).__name__)
        return Ok(tuple(outputs))


def propose_all(
    script: Script | ScriptedEngine,
    tasks: Sequence[Task],
    runner: InProcessRunner | None = None,
    seed: int = 0,
    deadline: Deadline | None = None,
    **changes: object,
) -> list[Event]:
    engine = script if isinstance(script, ScriptedEngine) else ScriptedEngine(script)
    proposer = InductionProposer(engine, runner or InProcessRunner(), InductionSettings(**changes), seed)
    return list(proposer.propose(tasks, deadline or Deadline(ManualClock(), 100.0)))


@pytest.fixture
def new_runner() -> type[InProcessRunner]:
    return InProcessRunner


@pytest.fixture
def propose() -> Callable[..., list[Event]]:
    return propose_all
