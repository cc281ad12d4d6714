"""What the tests of the search share: a stand-in for the sandbox, and tasks written as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest

from arc_solver.budget import Deadline
from arc_solver.dsl.registry import PRIMITIVES, Object
from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid, grids_equal
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.sandbox.verdicts import InvalidOutput, Ok, Program, Raised, Verdict
from arc_solver.tasks import Pair, Task

Pairs = Sequence[tuple[str, str]]


class InProcessRunner:
    """Runs programs here, from their source alone. For programs that the search itself wrote only."""

    def __init__(self) -> None:
        self.n_programs = 0

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        self.n_programs += len(programs)
        return [self._run(program) for program in programs]

    def _run(self, program: Program) -> Verdict:
        names = {name: one.function for name, one in PRIMITIVES.items()} | {"np": np, "Object": Object}
        exec(compile(program.source, "<program>", "exec"), names)
        outputs: list[Grid] = []
        for grid in program.inputs:
            try:
                outputs.append(as_grid(names["task"](grid)))
            except GridError as error:
                return InvalidOutput(tuple(outputs), why=str(error))
            except (ValueError, IndexError, KeyError, TypeError, ArithmeticError) as error:
                return Raised(tuple(outputs), kind=type(error).__name__)
        return Ok(tuple(outputs))


def grid_of(text: str) -> Grid:
    """`"12/34"` has the rows 12 and 34."""
    return as_grid([[int(cell) for cell in row] for row in text.split("/")])


def task_of(pairs: Sequence[tuple[str, str]], *tests: str, task_id: str = "toy") -> Task:
    """A task from pairs of texts and the texts of its test inputs."""
    return Task(task_id, tuple(Pair(grid_of(a), grid_of(b)) for a, b in pairs), tuple(map(grid_of, tests)))


@pytest.fixture
def runner() -> InProcessRunner:
    return InProcessRunner()


@pytest.fixture
def toy_task() -> Callable[..., Task]:
    return task_of


@pytest.fixture
def toy_grid() -> Callable[[str], Grid]:
    return grid_of


@pytest.fixture
def assert_explained(runner: InProcessRunner) -> Callable[..., None]:
    """Each program of a solver reproduces the pairs of a task, and one of them gives what is wanted for the test."""

    def check(solve: Callable[[Examples], Iterable[Draft]], pairs: Pairs, test: str, wanted: str) -> None:
        task = task_of(pairs, test)
        inputs = (*(pair.input for pair in task.train), *task.test_inputs)
        programs = [Program(draft.source, inputs) for draft in solve(Examples.of_task(task))]
        verdicts = runner.confirm(programs)
        for verdict in verdicts:
            assert all(map(grids_equal, verdict.outputs, [pair.output for pair in task.train]))
        complete = [verdict for verdict in verdicts if len(verdict.outputs) == len(inputs)]
        assert any(grids_equal(verdict.outputs[-1], grid_of(wanted)) for verdict in complete)

    return check
