"""Test-time fine-tuning: a cell model learns the demonstrations of all tasks of a run together, before it answers.

Each task gets a token of its own, which starts as the mean of the trained ones; then everything is trained on the
demonstrations, each in a random view. A few demonstrations are kept apart: if the loss on them does not fall, the
adaptation is dropped and the reason said. Source: field notes, section 6 (joint adaptation against each task alone:
38 to 44 against 24 of 100 for the published system).

Knows nothing of test inputs, answers and votes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from arc_solver.augment import IDENTITY
from arc_solver.budget import Deadline
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.batches import DrawConfig, PackedBatch, make_batch, one_a_row
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.finetune.cells.model import CellModel
from arc_solver.finetune.cells.sequences import N_HEADER, document, n_document_tokens
from arc_solver.finetune.cells.settings import JointConfig
from arc_solver.finetune.cells.training import GPU_PART_TOKENS, PART_TOKENS, FitConfig, FitResult, fit, measured_loss
from arc_solver.finetune.memory import is_out_of_memory
from arc_solver.tasks import Pair, Task

__all__ = ["MAX_TASKS", "Adapted", "Dropped", "JointConfig", "adapt_jointly", "is_finite_in", "renew_tasks"]

MAX_TASKS = words.N_TASK_SLOTS - 1
_GROUP = "demonstrations"
_MEASURED_STEPS = 4
"""After so many steps the speed is known."""
_FEWEST_TASKS = 8
"""Learned however short the time is."""
_N_LARGEST = 8
"""Documents that a precision is tried on."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """A model that knows the tasks.

    Attributes:
        slots: Task id -> number of its token, counted from TASK, of the tasks that were learned to the end.
        loss_before: On the demonstrations kept apart, in nats a token.
        loss_after: Likewise.
        n_tokens: Trained on, padding included.
        steps: Steps made.
        kept: The demonstrations kept apart.
    """

    slots: Mapping[str, int]
    loss_before: float
    loss_after: float
    n_tokens: int
    steps: int
    kept: Mapping[str, Pair]


@dataclass(frozen=True, slots=True)
class Dropped:
    """The adaptation was not used; why, in one line for people."""

    reason: str


def adapt_jointly(
    model: CellModel,
    tasks: Sequence[Task],
    deadline: Deadline,
    config: JointConfig,
    seed: int,
    *,
    log: Callable[[str], None],
    clock: Callable[[], float],
    is_wanted: Callable[[str], bool] = lambda task_id: True,
) -> Adapted | Dropped:
    """Train `model` on the demonstrations of `tasks` until the deadline.

    Args:
        model: On its device; changed. Its task tokens are replaced by the tasks'.
        tasks: Those of the run; the first `MAX_TASKS` get a token.
        deadline: When to stop.
        config: How.
        seed: Of views and order.
        log: Called with a line for people now and then.
        clock: Seconds, what `deadline` counts.
        is_wanted: Whether a task is still to be learned; asked again and again. A task that is not any more (others
            solved it) leaves its share to the rest.

    Returns:
        What it came to. A model that was dropped must not be used.
    """
    chosen = tasks[:MAX_TASKS]
    renew_tasks(model, len(chosen))
    learned, kept = _split(chosen, config)
    corpus = Corpus.build((_GROUP, task_id, pairs) for task_id, pairs in learned.items())
    numbers = {name.split("/", 1)[1]: int(number) for name, number in zip(corpus.names, corpus.numbers, strict=True)}
    slots = {task_id: number + 1 for task_id, number in numbers.items()}
    probe = _apart(kept, slots)
    before = measured_loss(model, probe, config.precision) if probe else 0.0
    lessons = _Lessons(corpus, DrawConfig({_GROUP: 1.0}, n_rows=config.n_rows), seed, config, deadline, is_wanted)
    try:
        result = _fitted(model, lessons, config, deadline, log, clock)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return Dropped("out of memory, even with one row of 2,048 tokens a step")
    after = measured_loss(model, probe, config.precision) if probe else 0.0
    if not math.isfinite(result.loss) or not math.isfinite(after):
        return Dropped("the loss is not finite")
    if probe is not None and after >= before:
        return Dropped(f"the loss on demonstrations kept apart rose from {before:.3f} to {after:.3f}")
    learned_slots = {task_id: slot for task_id, slot in slots.items() if task_id in lessons.chosen & lessons.taught}
    return Adapted(learned_slots, before, after, result.n_tokens, result.steps, kept)


def is_finite_in(model: CellModel, tasks: Sequence[Task], precision: str) -> bool:
    """Whether a model's loss on the largest demonstrations is a finite number when it computes in this precision."""
    largest = [max(task.train, key=lambda pair: pair.input.size + pair.output.size) for task in tasks]
    largest.sort(key=lambda pair: -pair.input.size - pair.output.size)
    batch = one_a_row([document(words.TASK, IDENTITY, [pair]) for pair in largest[:_N_LARGEST]])
    return math.isfinite(measured_loss(model, batch, precision))


def _fitted(
    model: CellModel,
    lessons: _Lessons,
    config: JointConfig,
    deadline: Deadline,
    log: Callable[[str], None],
    clock: Callable[[], float],
) -> FitResult:
    """Train, with fewer rows a step where the memory does not suffice."""
    while True:
        steps = max(1, math.ceil(config.max_passes * lessons.pass_tokens / lessons.batch_tokens))
        how = FitConfig(
            max(0.1, deadline.remaining_s()),
            steps,
            lr=config.lr,
            table_lr=config.table_lr,
            warmup_steps=min(20, max(1, steps // 10)),
            decay_share=0.5,
            optimizer=config.optimizer,
            precision=config.precision,
            part_tokens=PART_TOKENS if model.embedding.device.type == "cpu" else GPU_PART_TOKENS,
            log_every_steps=10,
        )

        def told(record: Mapping[str, float], steps: int = steps) -> None:
            log(f"step {record['step']} of {steps}, loss {record['loss']:.3f}, {record['tokens_per_s']} tokens/s")

        try:
            return fit(model, lessons.batches(clock), how, log=told, clock=clock)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error) or lessons.draw.n_rows == 1:
                raise
            model.zero_grad(set_to_none=True)
            lessons.draw = dataclasses.replace(lessons.draw, n_rows=lessons.draw.n_rows // 2)
            log(f"out of memory: {lessons.draw.n_rows} rows of 2,048 tokens a step from now on")


class _Lessons:
    """Which demonstrations are learned next.

    Attributes:
        chosen: The tasks that are learned; all, until the speed is known.
        taught: Those of which something may have been seen.
        pass_tokens: Tokens of all demonstrations.
        draw: How batches are drawn.
    """

    def __init__(
        self,
        corpus: Corpus,
        draw: DrawConfig,
        seed: int,
        config: JointConfig,
        deadline: Deadline,
        is_wanted: Callable[[str], bool],
    ) -> None:
        self.draw = draw
        self._corpus, self._seed, self._deadline, self._is_wanted = corpus, seed, deadline, is_wanted
        self._min_passes = config.min_passes
        self._ids = [name.split("/", 1)[1] for name in corpus.names]
        self._costs = {
            task_id: n_document_tokens(corpus.pairs(entry)) + N_HEADER * (corpus.n_pairs(entry) - 1)
            for entry, task_id in enumerate(self._ids)
        }
        self.chosen = set(self._ids)
        self.taught: set[str] = set()
        self.pass_tokens = sum(self._costs.values())

    @property
    def batch_tokens(self) -> int:
        """Tokens of a step."""
        return self.draw.n_rows * self.draw.n_tokens

    def batches(self, clock: Callable[[], float]) -> Iterator[PackedBatch]:
        """Batches as long as anything is wanted; what is not any more is left out from the next one in tens on."""
        index, started, corpus = 0, clock(), self._corpus
        while True:
            if index == _MEASURED_STEPS:
                seconds = max(1e-9, clock() - started)
                self._focus(index * self.batch_tokens * (1 + self._deadline.remaining_s() / seconds))
            if index % 10 == 0 or index == _MEASURED_STEPS:
                corpus = self._restricted()
                if not len(corpus.groups[_GROUP]):
                    return
            yield make_batch(corpus, self.draw, self._seed, index)
            index += 1

    def _focus(self, affordable_tokens: float) -> None:
        """Keep the tasks with the smallest demonstrations, as many as can be seen often enough."""
        wanted = sorted(filter(self._is_wanted, self._ids), key=lambda task_id: (self._costs[task_id], task_id))
        totals = np.cumsum([self._costs[task_id] for task_id in wanted])
        n_chosen = int(np.searchsorted(totals * self._min_passes, affordable_tokens, side="right"))
        self.chosen = set(wanted[: max(n_chosen, _FEWEST_TASKS)])

    def _restricted(self) -> Corpus:
        entries = [i for i, task_id in enumerate(self._ids) if task_id in self.chosen and self._is_wanted(task_id)]
        self.taught.update(self._ids[i] for i in entries)
        return dataclasses.replace(self._corpus, groups={_GROUP: np.array(entries, dtype=np.int64)})


@torch.no_grad()
def renew_tasks(model: CellModel, n_tasks: int) -> None:
    """Replace the trained task tokens by `n_tasks` new ones, each their mean; the unknown task's becomes it as well."""
    trained = model.tasks[1:] if len(model.tasks) > 1 else model.tasks
    model.tasks = torch.nn.Parameter(trained.mean(0, keepdim=True).repeat(n_tasks + 1, 1))
    model.factor_rows = torch.tensor(words.factors(n_tasks + 1), device=model.tasks.device)


def _split(tasks: Sequence[Task], config: JointConfig) -> tuple[dict[str, list[Pair]], dict[str, Pair]]:
    """Demonstrations to learn, and one of some tasks kept apart: the last, of tasks spread over all."""
    able = [task.task_id for task in tasks if len(task.train) >= config.min_pairs]
    stride = max(1, math.ceil(len(able) / config.n_kept)) if config.n_kept else len(able) + 1
    apart = set(able[::stride]) if config.n_kept else set()
    learned = {task.task_id: list(task.train[:-1] if task.task_id in apart else task.train) for task in tasks}
    return learned, {task.task_id: task.train[-1] for task in tasks if task.task_id in apart}


def _apart(kept: Mapping[str, Pair], slots: Mapping[str, int]) -> PackedBatch | None:
    made = [document(words.TASK + slots[task_id], IDENTITY, [pair]) for task_id, pair in kept.items()]
    return one_a_row(made) if made else None
