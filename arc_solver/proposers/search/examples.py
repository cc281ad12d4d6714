"""What the stages of the search pass to each other: examples to explain, and drafts of programs that may explain them.

Knows nothing of how drafts are found, run or ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from arc_solver.budget import Deadline
from arc_solver.grids import Grid
from arc_solver.tasks import Task

_T = TypeVar("_T")


class TimeUp(Exception):
    """The deadline passed while a solver was at work. Only the stages catch it; it never leaves the search."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A program that its stage believes to fit; only the sandbox's run of `source` decides.

    Attributes:
        stage: Which stage wrote it.
        body: The statements of `task(grid)`, without indentation.
        cost: Description length; one call of a primitive counts about 1.
    """

    stage: str
    body: tuple[str, ...]
    cost: float

    @property
    def source(self) -> str:
        """Python source that defines `task(grid)`."""
        return "\n".join(["def task(grid):", *(f"    {line}" for line in self.body)]) + "\n"


@dataclass(frozen=True, slots=True)
class Examples:
    """A task as the solvers see it, perhaps after a first step.

    Attributes:
        inputs: One grid for each training pair, then one for each test input.
        outputs: One grid for each training pair.
        prefix: Statements that turn the task's own `grid` into these inputs; empty for the task itself.
        prefix_cost: What those statements cost.
        deadline: When solvers must stop; None for never. A cut-off only: nothing that is found depends on it.
    """

    inputs: tuple[Grid, ...]
    outputs: tuple[Grid, ...]
    prefix: tuple[str, ...] = ()
    prefix_cost: float = 0.0
    deadline: Deadline | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of_task(cls, task: Task, deadline: Deadline | None = None) -> Examples:
        """The examples of a task as it stands."""
        inputs = (*(pair.input for pair in task.train), *task.test_inputs)
        return cls(inputs, tuple(pair.output for pair in task.train), deadline=deadline)

    @property
    def n_train(self) -> int:
        return len(self.outputs)

    @property
    def train_inputs(self) -> tuple[Grid, ...]:
        return self.inputs[: self.n_train]

    def same_size(self) -> bool:
        """True if every training output has the shape of its input."""
        return all(a.shape == b.shape for a, b in zip(self.train_inputs, self.outputs, strict=True))

    def without(self, index: int) -> Examples:
        """The same examples, training pair `index` left out."""
        inputs, outputs = self.inputs, self.outputs
        return replace(
            self, inputs=inputs[:index] + inputs[index + 1 :], outputs=outputs[:index] + outputs[index + 1 :]
        )

    def after(self, statements: tuple[str, ...], inputs: tuple[Grid, ...], cost: float) -> Examples:
        """The examples that remain when `statements` have turned `grid` into `inputs`."""
        return replace(self, inputs=inputs, prefix=self.prefix + statements, prefix_cost=self.prefix_cost + cost)

    def check_time(self) -> None:
        """For solvers that may take longer than a tenth of a second: ask every now and then.

        Raises:
            TimeUp: The deadline has passed.
        """
        if self.deadline is not None and self.deadline.passed():
            raise TimeUp

    def in_time(self, items: Iterable[_T]) -> Iterator[_T]:
        """The items, each only while there is time.

        Raises:
            TimeUp: The deadline has passed.
        """
        for item in items:
            self.check_time()
            yield item

    def draft(self, stage: str, body: tuple[str, ...], cost: float) -> Draft:
        """A draft whose statements follow the prefix."""
        return Draft(stage, self.prefix + body, self.prefix_cost + cost)


Solver = Callable[[Examples], Iterator[Draft]]
"""Infers parameters from the training pairs and writes programs. Deterministic, and fast on what it cannot solve."""
