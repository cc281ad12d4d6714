"""Programs that a run found for training tasks, as training data: a file of JSON lines, written and read here.

A line holds the task, the program, and where it came from. A program counts only if it gives every original pair of its
task, demonstrations and tests, in the sandbox, and says it in the vocabulary: it is run in this process later. Whatever
is wrong with a file is told by line and task. Knows nothing of how programs were found.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.errors import InputError, one_line
from arc_solver.omni.plain_programs import beyond_vocabulary
from arc_solver.omni.solvers import Solver
from arc_solver.omni.sources import PairSource, TrainingTasks
from arc_solver.omni.verify import describe, verify
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox

LIMITS = Limits(cpu_s=2.0, solo_cpu_s=4.0, batch_size=64)
"""Wider than a run's: a program that ran there must not fail here because the machine is busy."""


@dataclass(frozen=True, slots=True)
class FoundProgram:
    """A program for a training task.

    Attributes:
        task_id: The task.
        source: Python source that defines `task(grid)`; `arc_solver.dsl` names and `np` are in scope.
        proposer: Who found it.
        stage: What within the proposer.
        cost: Its description length, in the proposer's own units.
    """

    task_id: str
    source: str
    proposer: str
    stage: str
    cost: float

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` is its exact inverse."""
        provenance = {"proposer": self.proposer, "stage": self.stage, "cost": self.cost}
        return {"task_id": self.task_id, "source": self.source, "provenance": provenance}

    @classmethod
    def from_json(cls, value: Any) -> FoundProgram:
        """The program that `to_json` wrote; what else the object holds is ignored.

        Raises:
            ValueError: It is no such object; the message says what is missing or of the wrong kind.
        """
        where = _member(value, "provenance", dict)
        cost = _member(where, "cost", (int, float))
        if isinstance(cost, bool) or not math.isfinite(cost):
            raise ValueError("cost is no number")
        return cls(
            _member(value, "task_id", str),
            _member(value, "source", str),
            _member(where, "proposer", str),
            _member(where, "stage", str),
            float(cost),
        )

    @property
    def solver(self) -> Solver:
        """The program as a solver of its task."""
        return Solver(self.task_id, f"Found by {self.proposer}, {self.stage}.", self.source)


def write_programs(path: Path, programs: Iterable[FoundProgram]) -> None:
    """Write programs as JSON lines; `path` appears only when it is complete.

    Raises:
        InputError: It cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text("".join(f"{json.dumps(one.to_json())}\n" for one in programs), encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InputError(f"programs cannot be written to {path}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def read_programs(path: Path) -> tuple[FoundProgram, ...]:
    """The programs of a file, as they are: nothing is run.

    Raises:
        InputError: The file cannot be read, holds no program, or a line is none; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"programs {path}: cannot be read: {reason}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found.append(FoundProgram.from_json(json.loads(line)))
            except (ValueError, RecursionError) as error:
                raise InputError(one_line(f"programs {path}, line {number}: {error}")) from error
    if not found:
        raise InputError(f"programs {path}: holds no program")
    return tuple(found)


def load_programs(path: Path, training: PairSource | None = None) -> tuple[FoundProgram, ...]:
    """The programs of a file, each checked: see `faults`.

    Args:
        path: The file.
        training: The original pairs; None for those of the training set.

    Raises:
        InputError: As `read_programs`, or a program is wrong; the message names it.
    """
    programs = read_programs(path)
    with Sandbox(LIMITS) as sandbox:
        wrong = [
            f"task {program.task_id}: {fault}"
            for program, fault in zip(programs, faults(programs, training or TrainingTasks(), sandbox), strict=True)
            if fault
        ]
    if wrong:
        more = f" (and {len(wrong) - 1} more programs that are wrong)" if len(wrong) > 1 else ""
        raise InputError(one_line(f"programs {path}: {wrong[0]}{more}"))
    return programs


def faults(programs: Sequence[FoundProgram], training: PairSource, sandbox: Sandbox) -> Iterator[str]:
    """What is wrong with each program, in order; empty where nothing is.

    Args:
        programs: Programs for training tasks.
        training: The original pairs.
        sandbox: Where the programs run.
    """
    known = set(training.task_ids())
    for program in programs:
        if program.task_id not in known:
            yield "is no training task"
        elif fault := beyond_vocabulary(program.source):
            yield f"the program {fault}"
        else:
            (report,) = verify([program.solver], training, None, sandbox)
            n_right, why = f"{report.n_pairs_right} of {report.n_pairs}", ""
            if report.misses:
                why = f": {describe(report.misses[0].verdict)}"
            yield "" if report.is_right else f"the program gives {n_right} pairs{why}"


def _member(value: Any, name: str, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(value, Mapping) or name not in value:
        raise ValueError(f"has no {name}")
    if not isinstance(value[name], kind):
        raise ValueError(f"{name} is of the wrong kind")
    return value[name]
