"""What samples are made from: pairs of a task, with a program or a wrong output beside them, or inputs alone.

Plain values. Knows nothing of prompts, nor of where lessons come from.
"""

from __future__ import annotations

from dataclasses import dataclass

from arc_solver.grids import Grid
from arc_solver.tasks import Pair


@dataclass(frozen=True, slots=True)
class Lesson:
    """A task.

    Attributes:
        task_id: The task, or an id of its own for a synthetic one.
        train_pairs: Demonstrations.
        test: A further pair of the same task.
        source: A program that computes every pair, where one is known; else empty.
    """

    task_id: str
    train_pairs: tuple[Pair, ...]
    test: Pair
    source: str = ""

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs, the test last."""
        return (*self.train_pairs, self.test)


@dataclass(frozen=True, slots=True)
class JudgingLesson:
    """A task, and a wrong output for its test input.

    Attributes:
        task: The task.
        wrong: A grid that is not the test output, but might be taken for it.
        mistake: What is wrong with it, to count by.
        right_comes_first: Where one output is shown: whether it is the right one. Where both are: which is shown first.
    """

    task: Lesson
    wrong: Grid
    mistake: str
    right_comes_first: bool

    @property
    def task_id(self) -> str:
        """The task's."""
        return self.task.task_id

    @property
    def candidates(self) -> tuple[Grid, Grid]:
        """Both outputs in the order shown."""
        right = self.task.test.output
        return (right, self.wrong) if self.right_comes_first else (self.wrong, right)


@dataclass(frozen=True, slots=True)
class InputsLesson:
    """Inputs of one task, or of none.

    Attributes:
        task_id: The task, or an id of its own for generated ones.
        inputs: Different grids, at least two.
        source: Text of the generator that makes them, `def generate(rng): ...`, where there is one; else empty.
        seeds: The generator makes `inputs[i]` from `seeds[i]`; empty without one.
    """

    task_id: str
    inputs: tuple[Grid, ...]
    source: str = ""
    seeds: tuple[int, ...] = ()


AnyLesson = Lesson | JudgingLesson | InputsLesson
