"""Tasks as a solver may see them: training pairs and test inputs, no test outputs.

Test outputs are a separate value, `Solutions`: only scoring may hold it, and a test checks who names it.
Reading files is `datasets.py`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arc_solver.grids import Grid


@dataclass(frozen=True, slots=True)
class Pair:
    """One demonstration."""

    input: Grid
    output: Grid


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    Attributes:
        task_id: Its name in the file, such as `007bbfb7`.
        train: At least one demonstration pair.
        test_inputs: At least one input whose output is asked for.
    """

    task_id: str
    train: tuple[Pair, ...]
    test_inputs: tuple[Grid, ...]


@dataclass(frozen=True, slots=True)
class MalformedTask:
    """A task that could not be read. It still gets well-formed attempts, so that it costs the others nothing.

    Attributes:
        task_id: Its name in the file.
        reason: What is wrong and where, for the warning.
        test_inputs: One entry per test input, None where it is unreadable; at least one entry.
    """

    task_id: str
    reason: str
    test_inputs: tuple[Grid | None, ...]


@dataclass(frozen=True, slots=True)
class Challenges:
    """The content of a challenges file: what can be solved, and what cannot be read. `order` is the file's."""

    tasks: tuple[Task, ...]
    malformed: tuple[MalformedTask, ...]
    order: tuple[str, ...]

    def n_outputs(self) -> int:
        """How many outputs are asked for."""
        solvable = sum(len(task.test_inputs) for task in self.tasks)
        return solvable + sum(len(task.test_inputs) for task in self.malformed)

    def by_id(self) -> dict[str, Task | MalformedTask]:
        """Every task by its id, in the file's order."""
        found: dict[str, Task | MalformedTask] = {task.task_id: task for task in self.tasks}
        found.update((task.task_id, task) for task in self.malformed)
        return {task_id: found[task_id] for task_id in self.order}


@dataclass(frozen=True, slots=True)
class Solutions:
    """The true test outputs, task id -> one grid per test input. No solver code may hold this."""

    outputs: Mapping[str, tuple[Grid, ...]]
