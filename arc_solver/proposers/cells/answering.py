"""Asks the cell model for answers, each test input in one view after the other, and notes what it thinks of the grids
that stand.

Knows nothing of how the model was taught, and of ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arc_solver.augment import View
from arc_solver.candidates import Candidate, GridEvidence, Origin
from arc_solver.grids import Grid, frozen, grids_equal
from arc_solver.proposers.base import Event, Pool
from arc_solver.proposers.cells.opinions import Opinions
from arc_solver.proposers.cells.ordering import Progress, Promise, most_promising_first
from arc_solver.proposers.cells.settings import CellSettings
from arc_solver.proposers.waves import Ledger, describe_view
from arc_solver.tasks import Task

if TYPE_CHECKING:
    from arc_solver.finetune.cells.drafting import Opinion
    from arc_solver.finetune.cells.model import CellModel
    from arc_solver.finetune.cells.scoring import Question

NAME = "cells"


@dataclass(frozen=True, slots=True)
class Asked:
    """A test input and what is known of its answer."""

    task: Task
    index: int
    opinions: Opinions

    @property
    def test_input(self) -> Grid:
        """The input as it is."""
        return self.task.test_inputs[self.index]

    @property
    def n_views(self) -> int:
        """Views in which it was answered, the number of the next one."""
        return self.opinions.progress().n_views


class Answering:
    """The test inputs of a run and their answers.

    Args:
        tasks: Those of the run.
        slots: Task id -> number of its token. Where there are any, a task without one is not asked until it has one.
        chosen: Views, in their order.
        settings: How the model is used.
        seed: For `Origin`.
        pool: What others found.
        say: Told in lines for people.

    Attributes:
        asked: Test inputs, the smallest first.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        slots: Mapping[str, int],
        chosen: Sequence[View],
        settings: CellSettings,
        seed: int,
        pool: Pool | None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._slots, self._views, self._settings, self._seed, self._pool = slots, tuple(chosen), settings, seed, pool
        self._say, self._n_together = say, 0
        made = (Asked(task, i, Opinions(task.task_id, i)) for task in tasks for i in range(len(task.test_inputs)))
        self.asked = sorted(made, key=lambda one: one.test_input.size)
        self._ledger = Ledger(NAME, {task.task_id: len(chosen) * len(task.test_inputs) for task in tasks})

    def go_on(self, further: Sequence[View], settings: CellSettings) -> None:
        """There will be further views, after those before; what was answered so far stands."""
        self._views, self._settings = (*self._views, *further), settings

    def take(self, slots: Mapping[str, int]) -> None:
        """Another model answers from now on: the numbers of its tokens."""
        self._slots = slots

    def waiting(self, n_views: int, least: Promise = Promise.SETTLED) -> Iterator[Asked]:
        """Test inputs that were answered in fewer views, the most promising first; those of solved tasks have fewer
        and wait for the others.

        Args:
            n_views: Of each.
            least: Those that promise less do not wait.
        """
        settings = self._settings
        left: list[Asked] = []
        known: list[Progress] = []
        n_behind: list[int] = []
        for one in self.asked:
            progress = one.opinions.progress()
            if progress.n_views >= n_views or (self._slots and one.task.task_id not in self._slots):
                continue
            solved = not is_open(one.task.task_id, self._pool, settings)
            # A model that learned nothing has no opinion that is worth hearing.
            if solved and progress.n_views >= settings.second_opinions * bool(self._slots):
                continue
            left.append(one)
            known.append(progress)
            n_behind.append(settings.second_opinions_after if solved else 0)
        for at in most_promising_first(known, settings, n_behind):
            if known[at].promise(settings) > least:
                return
            yield left[at]

    def ask(self, model: CellModel, part: Sequence[Asked], detail: str = "cells") -> Iterator[Event]:
        """Answers to some test inputs, each in its next view, a batch of them.

        Args:
            model: What `ReadyModel.for_answers` made.
            part: Which test inputs.
            detail: For people, what the model was taught.
        """
        numbers = [one.n_views for one in part]
        for one, number, (grid, logprob) in zip(part, numbers, self._answers(model, part), strict=True):
            origin = Origin(NAME, f"{detail}; {describe_view(self._views[number])}", self._seed + number)
            yield Candidate(one.task.task_id, {one.index: grid}, origin, GridEvidence(logprob, grid.size + 3))
            # After 1, 2, 4, 8, ... views: each telling replaces the one before.
            if (number + 1) & number == 0:
                yield from self.news([one])
            # Views of later rounds come on top: the task was done before.
            ended = self._ledger.settle(one.task.task_id) if self._ledger.is_open(one.task.task_id) else ()
            if ended:
                yield from self.news([other for other in self.asked if other.task is one.task])
            yield from ended

    def news(self, part: Sequence[Asked]) -> Iterator[Event]:
        """Scores that were not told yet."""
        for one in part:
            yield from one.opinions.news(NAME)

    def _answers(self, model: CellModel, part: Sequence[Asked]) -> list[tuple[Grid, float]]:
        from arc_solver.finetune.cells import vocabulary as words
        from arc_solver.finetune.cells.scoring import Question

        questions = []
        for one in part:
            token = words.TASK + self._slots.get(one.task.task_id, 0)
            drafts = one.opinions.drafts(self._settings.n_drafts, self._others(one))
            questions.append(Question(token, self._views[one.n_views], one.test_input, drafts))
        answers = []
        for one, question, opinion in zip(part, questions, self._consulted(model, questions), strict=True):
            grid, logprob = frozen(opinion.answer.grid), opinion.answer.logprob
            for draft, score in zip(question.grids, opinion.scores, strict=True):
                one.opinions.scored(draft, score.logprob)
            if not any(grids_equal(grid, draft) for draft in question.grids):
                one.opinions.scored(grid, logprob)
            one.opinions.answered(grid, logprob)
            answers.append((grid, logprob))
        return answers

    def _consulted(self, model: CellModel, questions: Sequence[Question]) -> list[Opinion]:
        """The model's opinions; where the memory does not suffice, with half as many answers together from then on."""
        from arc_solver.finetune.cells.drafting import consult
        from arc_solver.finetune.memory import free_memory, is_out_of_memory

        self._n_together = self._n_together or self._settings.batch_size_on(model.embedding.device.type)
        while True:
            try:
                return consult(model, questions, batch_size=self._n_together)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error) or self._n_together == 1:
                    raise
            free_memory()  # out here nothing holds on any more to what was computed
            self._n_together //= 2
            self._say(f"out of memory: {self._n_together} answers together from now on")

    def _others(self, one: Asked) -> list[Grid]:
        """Outputs of programs that pass every training pair, and what another model wrote, in their order."""
        if self._pool is None:
            return []
        found = self._pool.state(one.task.task_id).of(one.index)
        return [
            pooled.grid
            for pooled in found
            if pooled.kind == "program" or (pooled.kind in ("voted", "doubted") and pooled.proposers != (NAME,))
        ]


def is_open(task_id: str, pool: Pool | None, settings: CellSettings) -> bool:
    """Whether the task is worth the time: not solved, or programs disagree and a score may tell them apart."""
    if pool is None or not settings.skip_solved:
        return True
    state = pool.state(task_id)
    if not state.solved:
        return True
    return any(sum(pooled.kind == "program" for pooled in outputs) > 1 for outputs in state.outputs)
