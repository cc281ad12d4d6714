"""What the two language-model proposers share: samples in waves, seeds, views, and who is done.

The first wave gives every task one sample, later ones several at a time, more of them to tasks that they are likelier
to solve (`allocation.sampling`). A sample is the same whenever it is asked for. Knows nothing of grids, programs or
what is asked.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.allocation.sampling import UNSOLVED_THOUGH_FITTING, Standing, next_wave, sample_cost
from arc_solver.augment import View
from arc_solver.engines.base import Request
from arc_solver.proposers.base import Pool, TaskDone
from arc_solver.tasks import Pair, Task


@dataclass(frozen=True, slots=True)
class Question:
    """One sample that is asked for, with what it takes to read the answer.

    Attributes:
        request: What the engine gets.
        task: The task as it is, not as it is viewed.
        test_index: The test input that the question is about.
        view: How the task is shown.
        detail: For `Origin.detail`.
        number: Its place among the samples of the task.
    """

    request: Request
    task: Task
    test_index: int
    view: View
    detail: str
    number: int = 0


class Ledger:
    """Counts the samples of each task that are still open.

    Args:
        proposer: Name for `TaskDone`.
        n_samples: Samples of each task, by task id.
    """

    def __init__(self, proposer: str, n_samples: Mapping[str, int]) -> None:
        self._proposer = proposer
        self._open = dict(n_samples)

    def is_open(self, task_id: str) -> bool:
        """Whether more samples of the task are wanted."""
        return task_id in self._open

    def expect(self, task_id: str) -> None:
        """One more sample is asked for."""
        self._open[task_id] += 1

    def settle(self, task_id: str) -> tuple[TaskDone, ...]:
        """One sample is through; `TaskDone` with the last one."""
        self._open[task_id] -= 1
        return self.close(task_id) if self._open[task_id] == 0 else ()

    def close(self, task_id: str) -> tuple[TaskDone, ...]:
        """No more samples are wanted, however many are open."""
        del self._open[task_id]
        return (TaskDone(task_id, self._proposer),)


@dataclass(frozen=True, slots=True)
class Portion:
    """Samples of a task that are asked for together.

    Attributes:
        task: The task.
        number: Which of its portions.
        samples: Their numbers.
    """

    task: Task
    number: int
    samples: range


class WavePlan:
    """Which samples of which tasks are asked for next.

    Args:
        tasks: The tasks.
        n_samples: Of each.
        wave_size: Of a portion, after the first, which is one sample.
        unsolved: How likely it is that a task is not solved yet.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        n_samples: int,
        wave_size: int,
        unsolved: Callable[[str], float] = lambda task_id: 1.0,
    ) -> None:
        self._tasks, self._wave_size, self._unsolved = tasks, wave_size, unsolved
        self._portions = waves(n_samples, wave_size)
        self._n_samples = n_samples
        self._n_dealt = [0] * len(tasks)

    def next(self, is_open: Callable[[str], bool]) -> list[Portion]:
        """The next wave, empty when nothing is left; tasks in their order.

        Args:
            is_open: Whether more samples of a task are wanted.
        """
        standings = []
        for task, n_dealt in zip(self._tasks, self._n_dealt, strict=True):
            n_asked = self._portions[n_dealt].start if n_dealt < len(self._portions) else self._n_samples
            n_left = self._n_samples - n_asked if is_open(task.task_id) else 0
            n_cells = sum(pair.input.size for pair in task.train) + sum(grid.size for grid in task.test_inputs)
            standings.append(Standing(n_asked, n_left, sample_cost(n_cells), self._unsolved(task.task_id)))
        wave = next_wave(standings, self._wave_size)
        found = []
        for index, (task, n_more) in enumerate(zip(self._tasks, wave, strict=True)):
            while n_more > 0:
                samples = self._portions[self._n_dealt[index]]
                found.append(Portion(task, self._n_dealt[index], samples))
                self._n_dealt[index] += 1
                n_more -= len(samples)
        return found


def unsolved_share(pool: Pool | None, task_id: str) -> float:
    """How likely it is that a task is not solved yet, going by what others found."""
    return UNSOLVED_THOUGH_FITTING if pool is not None and pool.state(task_id).solved else 1.0


def waves(n_samples: int, wave_size: int) -> tuple[range, ...]:
    """Sample numbers wave by wave: the first alone, then `wave_size` at a time."""
    starts = range(1, n_samples, wave_size)
    return (range(min(1, n_samples)), *(range(start, min(start + wave_size, n_samples)) for start in starts))


def task_rng(seed: int, task_id: str, *parts: int) -> np.random.Generator:
    """A generator for one task and purpose: independent of other tasks, the same in every process."""
    # Their number as well: numpy takes trailing zeros for nothing.
    return np.random.default_rng([seed, zlib.crc32(task_id.encode()), len(parts), *parts])


def sampling_seed(seed: int, task_id: str, *parts: int) -> int:
    """A seed for one sample, as `task_rng`."""
    return int(task_rng(seed, task_id, *parts).integers(2**31))


def shown_pairs(view: View, train: Sequence[Pair], max_pairs: int) -> tuple[Pair, ...]:
    """The training pairs in this view; of too many, the first of its order. 0 shows all."""
    pairs = view.apply_pairs(tuple(train))
    return pairs[:max_pairs] if max_pairs else pairs


def describe_view(view: View) -> str:
    """A few words for people."""
    words = [view.text()] if view.text() else []
    if view.pair_order is not None and view.pair_order != tuple(range(len(view.pair_order))):
        words.append("order " + " ".join(map(str, view.pair_order)))
    return ", ".join(words) or "as it is"
