"""Transduction by the bundled cell model: it learns the demonstrations of all tasks, then writes grids in many views.

The first share of its time goes to test-time fine-tuning (`finetune.cells.joint`). What that comes to is said; where it
does not help it is dropped, and the model answers as it was. Then every task is answered in one view after the other,
so that no task is starved for another. Knows nothing of votes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arc_solver.augment import View
from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, GridEvidence, Origin
from arc_solver.grids import Grid, frozen, grids_equal
from arc_solver.proposers.base import Event, Pool
from arc_solver.proposers.cells.opinions import Opinions
from arc_solver.proposers.cells.settings import CellSettings
from arc_solver.proposers.waves import Ledger, describe_view
from arc_solver.tasks import Task

if TYPE_CHECKING:
    from arc_solver.finetune.cells.model import CellModel

_NAME = "transduction"
_SAY_EVERY_S = 60.0
_TELLING_S = 3.0


class CellProposer:
    """Proposes grids that the cell model writes.

    Args:
        model_dir: Folder with the compact model.
        settings: How it is used.
        seed: Of adaptation and views.
        n_threads: CPU threads.
        say: Told in one line for people how the adaptation went.
        pool: What others found; their programs' outputs are scored as well.
    """

    def __init__(
        self,
        model_dir: Path,
        settings: CellSettings,
        seed: int,
        *,
        n_threads: int,
        say: Callable[[str], None],
        pool: Pool | None = None,
    ) -> None:
        self._model_dir = model_dir
        self._settings = settings
        self._seed = seed
        self._n_threads = n_threads
        self._say = say
        self._pool = pool

    @property
    def name(self) -> str:
        return _NAME

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        from arc_solver.finetune.cells.adapting import views

        chosen = views(self._settings.n_views, self._seed)
        ledger = Ledger(_NAME, {task.task_id: len(chosen) * len(task.test_inputs) for task in tasks})
        model, slots = self._ready_model(tasks, deadline)
        asked = sorted(
            (
                _Asked(task, index, Opinions(task.task_id, index))
                for task in tasks
                for index in range(len(task.test_inputs))
            ),
            key=lambda one: one.test_input.size,
        )
        if slots:
            # Who has no token was not learned: there was not the time, or others solved it.
            asked = [one for one in asked if one.task.task_id in slots]
        # What is known must be told before the end.
        answering = deadline.minus(min(_TELLING_S, 0.05 * deadline.remaining_s()))
        for number, view in enumerate(chosen):
            for start in range(0, len(asked), self._settings.batch_size):
                if answering.passed():
                    yield from _news(asked)
                    return
                part = [
                    one for one in asked[start : start + self._settings.batch_size] if self._is_open(one.task.task_id)
                ]
                for one, (grid, logprob) in zip(part, self._answers(model, part, slots, view), strict=True):
                    detail = f"cells; {describe_view(view)}"
                    evidence = GridEvidence(logprob, grid.size + 3)
                    origin = Origin(_NAME, detail, self._seed + number)
                    yield Candidate(one.task.task_id, {one.index: grid}, origin, evidence)
                    ended = ledger.settle(one.task.task_id)
                    if ended:
                        yield from _news([other for other in asked if other.task is one.task])
                    yield from ended
            # At 1, 2, 4, 8, ... views: each telling replaces the one before.
            if (number + 1) & number == 0:
                yield from _news(asked)

    def _answers(
        self, model: CellModel, part: Sequence[_Asked], slots: dict[str, int], view: View
    ) -> list[tuple[Grid, float]]:
        """What the model answers in this view; what it thinks of the grids that stand is noted on the way."""
        from arc_solver.finetune.cells import vocabulary as words
        from arc_solver.finetune.cells.drafting import consult
        from arc_solver.finetune.cells.scoring import Question

        questions = []
        for one in part:
            token = words.TASK + slots.get(one.task.task_id, 0)
            drafts = one.opinions.drafts(self._settings.n_drafts, self._others(one))
            questions.append(Question(token, view, one.test_input, drafts))
        answers = []
        for one, question, found in zip(part, questions, consult(model, questions, batch_size=len(part)), strict=True):
            grid = frozen(found.answer.grid)
            for draft, score in zip(question.grids, found.scores, strict=True):
                one.opinions.scored(draft, score.logprob)
            if not any(grids_equal(grid, draft) for draft in question.grids):
                one.opinions.scored(grid, found.answer.logprob)
            one.opinions.answered(grid, found.answer.logprob)
            answers.append((grid, found.answer.logprob))
        return answers

    def _is_open(self, task_id: str) -> bool:
        """Whether the task is worth the time: not solved, or programs disagree and a score may tell them apart."""
        if self._pool is None or not self._settings.skip_solved:
            return True
        state = self._pool.state(task_id)
        if not state.solved:
            return True
        return any(sum(pooled.kind == "program" for pooled in outputs) > 1 for outputs in state.outputs)

    def _others(self, one: _Asked) -> list[Grid]:
        """Outputs of programs that pass every training pair."""
        if self._pool is None:
            return []
        return [pooled.grid for pooled in self._pool.state(one.task.task_id).of(one.index) if pooled.kind == "program"]

    def _ready_model(self, tasks: Sequence[Task], deadline: Deadline) -> tuple[CellModel, dict[str, int]]:
        """The model that answers, and the number of each task's token."""
        import dataclasses

        from arc_solver.finetune.cells.checkpoint import load_compact
        from arc_solver.finetune.cells.decoding import inference_copy
        from arc_solver.finetune.cells.device import prepare, torch_dtype
        from arc_solver.finetune.cells.joint import Dropped, adapt_jointly, renew_tasks

        settings = self._settings
        device, precision = prepare(self._n_threads)
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
                is_wanted=self._is_open,
            )
            took_s = time.monotonic() - started
            if isinstance(found, Dropped):
                self._say(f"test-time fine-tuning dropped after {took_s:.0f}s: {found.reason}")
                model = load_compact(self._model_dir).to(device)
            else:
                slots = dict(found.slots)
                self._say(
                    f"test-time fine-tuning: {len(slots)} of {len(tasks)} tasks, {found.steps} steps, "
                    f"{found.n_tokens:,} tokens in {took_s:.0f}s; loss on demonstrations kept apart "
                    f"{found.loss_before:.3f} -> {found.loss_after:.3f}"
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A test input and what is known of its answer."""

    task: Task
    index: int
    opinions: Opinions

    @property
    def test_input(self) -> Grid:
        return self.task.test_inputs[self.index]


def _news(asked: Sequence[_Asked]) -> Iterator[Event]:
    for one in asked:
        yield from one.opinions.news(_NAME)
