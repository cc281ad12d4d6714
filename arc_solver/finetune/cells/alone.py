"""Test-time fine-tuning on one task at a time: a few more steps on a task's own demonstrations, after the joint ones.

Each task starts from the same jointly adapted model, so none sees another's steps. Whether it helps is asked first of
the demonstrations that joint adaptation kept apart: where the loss on them does not fall in the mean, nothing is
learned alone, and the reason is said. What a task costs is measured on these, and a task is admitted only if that fits
the time that is left.

Knows nothing of test inputs, answers and votes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from arc_solver.augment import IDENTITY
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.batches import DrawConfig, one_a_row, stream
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.finetune.cells.joint import Dropped
from arc_solver.finetune.cells.model import CellModel
from arc_solver.finetune.cells.sequences import document
from arc_solver.finetune.cells.settings import AloneConfig
from arc_solver.finetune.cells.training import GPU_PART_TOKENS, PART_TOKENS, FitConfig, fit, measured_loss
from arc_solver.finetune.memory import is_out_of_memory
from arc_solver.tasks import Pair, Task

_GROUP = "demonstrations"


@dataclass(frozen=True, slots=True)
class Helpful:
    """Learning alone helped on the demonstrations kept apart.

    Attributes:
        n_tasks: So many tasks were tried.
        loss_before: Their mean loss, in nats a token.
        loss_after: Likewise.
        seconds_a_task: What learning one task took.
    """

    n_tasks: int
    loss_before: float
    loss_after: float
    seconds_a_task: float


class Tutor:
    """Teaches a model one task after the other, and has it forget in between.

    Args:
        model: Jointly adapted, on its device; what `teach` leaves it with is that task's model.
        slots: Task id -> number of its token.
        config: How.
        precision: `bf16`, `fp16` or `fp32`.
        seed: Of views and order.
        clock: Seconds.
    """

    def __init__(
        self,
        model: CellModel,
        slots: Mapping[str, int],
        config: AloneConfig,
        *,
        precision: str,
        seed: int,
        clock: Callable[[], float],
    ) -> None:
        self._model, self._slots, self._config = model, slots, config
        self._precision, self._seed, self._clock = precision, seed, clock
        self._start: dict[str, Tensor] = copy.deepcopy(model.state_dict())

    def forget(self) -> None:
        """Back to the jointly adapted model."""
        self._model.load_state_dict(self._start)

    def teach(self, task_id: str, pairs: Sequence[Pair]) -> float | Dropped:
        """Let the model, as it was adapted jointly, learn one task's demonstrations.

        Returns:
            The seconds that it took, or why the model must not be used; it is the jointly adapted one again then.
        """
        config, started = self._config, self._clock()
        self.forget()
        corpus = Corpus.build([(_GROUP, task_id, pairs)])
        # The only entry has the number 0, so that its token would be the first one's.
        corpus.numbers[:] = self._slots[task_id] - 1
        how = FitConfig(
            math.inf,
            config.steps,
            lr=config.lr,
            table_lr=config.table_lr,
            warmup_steps=2,
            decay_share=0.5,
            optimizer="adamw",
            precision=self._precision,
            part_tokens=PART_TOKENS if self._model.embedding.device.type == "cpu" else GPU_PART_TOKENS,
            log_every_steps=config.steps,
        )
        draw = DrawConfig({_GROUP: 1.0}, n_rows=1, n_tokens=config.n_tokens)
        try:
            result = fit(self._model, stream(corpus, draw, self._seed), how, log=lambda record: None, clock=self._clock)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            self._model.zero_grad(set_to_none=True)
            self.forget()
            return Dropped("out of memory")
        if not math.isfinite(result.loss):
            self.forget()
            return Dropped("the loss is not finite")
        return self._clock() - started

    def try_out(self, tasks: Sequence[Task], kept: Mapping[str, Pair]) -> Helpful | Dropped:
        """Learn some tasks whose last demonstration was kept apart, and see whether the loss on these falls.

        Args:
            tasks: Those of the run.
            kept: Task id -> the demonstration kept apart; it is not learned here either.
        """
        chosen = [task for task in tasks if task.task_id in kept and task.task_id in self._slots]
        chosen = sorted(chosen, key=lambda task: (_n_cells(task.train), task.task_id))[: self._config.n_tried]
        if not chosen:
            return Dropped("no demonstration was kept apart, so nothing shows whether it helps")
        before, after, seconds = [], [], []
        for task in chosen:
            self.forget()
            before.append(self._loss(task.task_id, kept[task.task_id]))
            took_s = self.teach(task.task_id, task.train[:-1])
            if isinstance(took_s, Dropped):
                return took_s
            after.append(self._loss(task.task_id, kept[task.task_id]))
            seconds.append(took_s)
        self.forget()
        found = Helpful(len(chosen), sum(before) / len(before), sum(after) / len(after), sum(seconds) / len(seconds))
        if not found.loss_after < found.loss_before:
            return Dropped(
                f"the loss on demonstrations of {found.n_tasks} tasks kept apart went from {found.loss_before:.3f} to "
                f"{found.loss_after:.3f}"
            )
        return found

    def _loss(self, task_id: str, pair: Pair) -> float:
        one = document(words.TASK + self._slots[task_id], IDENTITY, [pair])
        return measured_loss(self._model, one_a_row([one]), self._precision)


def _n_cells(pairs: Sequence[Pair]) -> int:
    return sum(pair.input.size + pair.output.size for pair in pairs)
