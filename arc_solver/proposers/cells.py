"""Transduction by the bundled cell model: it learns the demonstrations of all tasks, then writes grids in many views.

The first share of its time goes to test-time fine-tuning (`finetune.cells.joint`). What that comes to is said; where it
does not help it is dropped, and the model answers as it was. Then every task is answered in one view after the other,
so that no task is starved for another. Knows nothing of votes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from arc_solver.augment import View
from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, GridEvidence, Origin
from arc_solver.finetune.cells.settings import JointConfig
from arc_solver.grids import Grid, frozen
from arc_solver.proposers.base import Event
from arc_solver.proposers.waves import Ledger, describe_view
from arc_solver.tasks import Task

if TYPE_CHECKING:
    from arc_solver.finetune.cells.model import CellModel

_NAME = "transduction"
_SAY_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class CellSettings:
    """How the cell model is used.

    Attributes:
        n_views: Views of each test input; the first is the task as it is.
        ttft: `joint` adapts to the demonstrations first, `off` does not.
        ttft_share: Share of the proposer's time that adaptation may take.
        batch_size: Test inputs that are answered together.
        joint: How demonstrations are learned.

    Raises:
        ValueError: A setting that makes no sense.
    """

    n_views: int = 16
    ttft: str = "joint"
    ttft_share: float = 0.7
    batch_size: int = 64
    joint: JointConfig = field(default_factory=JointConfig)

    def __post_init__(self) -> None:
        if self.n_views < 1 or self.batch_size < 1:
            raise ValueError("n_views and batch_size must be at least 1")
        if self.ttft not in ("off", "joint"):
            raise ValueError(f"ttft is off or joint, not {self.ttft!r}")
        if not 0 < self.ttft_share < 1:
            raise ValueError("ttft_share must lie between 0 and 1")


class CellProposer:
    """Proposes grids that the cell model writes.

    Args:
        model_dir: Folder with the compact model.
        settings: How it is used.
        seed: Of adaptation and views.
        n_threads: CPU threads.
        say: Told in one line for people how the adaptation went.
    """

    def __init__(
        self, model_dir: Path, settings: CellSettings, seed: int, *, n_threads: int, say: Callable[[str], None]
    ) -> None:
        self._model_dir = model_dir
        self._settings = settings
        self._seed = seed
        self._n_threads = n_threads
        self._say = say

    @property
    def name(self) -> str:
        return _NAME

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        from arc_solver.finetune.cells.adapting import views
        from arc_solver.finetune.cells.device import prepare

        chosen = views(self._settings.n_views, self._seed)
        ledger = Ledger(_NAME, {task.task_id: len(chosen) * len(task.test_inputs) for task in tasks})
        device, precision = prepare(self._n_threads)
        model, slots = self._ready_model(tasks, deadline, device, precision)
        questions = sorted(
            ((task, index) for task in tasks for index in range(len(task.test_inputs))),
            key=lambda question: question[0].test_inputs[question[1]].size,
        )
        for number, view in enumerate(chosen):
            for start in range(0, len(questions), self._settings.batch_size):
                if deadline.passed():
                    return
                part = questions[start : start + self._settings.batch_size]
                for (task, index), found in zip(part, _answers(model, part, slots, view), strict=True):
                    grid, logprob = found
                    detail = f"cells; {describe_view(view)}"
                    evidence = GridEvidence(logprob, grid.size + 3)
                    yield Candidate(task.task_id, {index: grid}, Origin(_NAME, detail, self._seed + number), evidence)
                    yield from ledger.settle(task.task_id)

    def _ready_model(
        self, tasks: Sequence[Task], deadline: Deadline, device: str, precision: str
    ) -> tuple[CellModel, dict[str, int]]:
        """The model that answers, and the number of each task's token."""
        import dataclasses

        from arc_solver.finetune.cells.checkpoint import load_compact
        from arc_solver.finetune.cells.decoding import inference_copy
        from arc_solver.finetune.cells.device import torch_dtype
        from arc_solver.finetune.cells.joint import Dropped, adapt_jointly, renew_tasks

        settings = self._settings
        model = load_compact(self._model_dir).to(device)
        n_parameters = sum(parameter.numel() for parameter in model.parameters())
        self._say(f"cell model {n_parameters / 1e6:.1f}M on {device} in {precision}")
        slots: dict[str, int] = {}
        if settings.ttft == "joint":
            started = time.monotonic()
            found = adapt_jointly(
                model,
                tasks,
                deadline.within(settings.ttft_share * deadline.remaining_s()),
                dataclasses.replace(settings.joint, precision=precision),
                self._seed,
                log=self._now_and_then(),
                clock=time.monotonic,
            )
            took_s = time.monotonic() - started
            if isinstance(found, Dropped):
                self._say(f"test-time fine-tuning dropped after {took_s:.0f}s: {found.reason}")
                model = load_compact(self._model_dir).to(device)
            else:
                slots = dict(found.slots)
                self._say(
                    f"test-time fine-tuning: {found.steps} steps, {found.n_tokens:,} tokens in {took_s:.0f}s; loss on "
                    f"demonstrations kept apart {found.loss_before:.3f} -> {found.loss_after:.3f}"
                )
        if not slots:
            renew_tasks(model, 0)
        return inference_copy(model, torch_dtype(precision)), slots

    def _now_and_then(self) -> Callable[[str], None]:
        """Pass on a line at most once a minute."""
        last_s = time.monotonic()

        def log(line: str) -> None:
            nonlocal last_s
            if time.monotonic() - last_s >= _SAY_EVERY_S:
                last_s = time.monotonic()
                self._say(f"test-time fine-tuning: {line}")

        return log


def _answers(
    model: CellModel, questions: Sequence[tuple[Task, int]], slots: dict[str, int], view: View
) -> list[tuple[Grid, float]]:
    from arc_solver.finetune.cells import vocabulary as words
    from arc_solver.finetune.cells.adapting import answer_in_views

    asked = [(words.TASK + slots.get(task.task_id, 0), (), task.test_inputs[index]) for task, index in questions]
    found = answer_in_views(model, asked, (view,), batch_size=len(asked))
    return [(frozen(one.grid), one.logprob) for (one,) in found]
