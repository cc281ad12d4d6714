"""What is known of one task's programs: which were seen, in which views, and which of them are still to be mended.

Programs of one view are executed and told apart in that view; what they answer is compared in the task as it is. Knows
nothing of prompts, engines or how programs are run.
"""

from __future__ import annotations

from dataclasses import dataclass

from arc_solver.augment import View
from arc_solver.candidates import Candidate, Origin, ProgramEvidence
from arc_solver.engines.base import Completion
from arc_solver.grids import Grid, grid_key
from arc_solver.proposers.induction.settings import NAME
from arc_solver.proposers.waves import Question
from arc_solver.sandbox.screening import Screened, TaskPrograms
from arc_solver.tasks import Task


@dataclass(frozen=True, slots=True)
class Draft:
    """A program that waits to be run.

    Attributes:
        question: What it answers.
        completion: The answer.
        source: The program in it.
    """

    question: Question
    completion: Completion
    source: str

    @property
    def view(self) -> View:
        """What it was shown, as far as grids go."""
        return self.question.view.on_grids

    @property
    def seed(self) -> int:
        """Of the sample that it is; every sample has its own."""
        return self.question.request.sampling.seed

    def answers(self, known: Screened) -> tuple[Grid, ...]:
        """What it says about the test inputs, in the task as it is."""
        return tuple(map(self.view.invert, known.answers))

    def candidate(self, known: Screened) -> Candidate:
        """The candidate that it makes."""
        question, completion = self.question, self.completion
        cost = float(len(completion.token_ids))
        return Candidate(
            question.task.task_id,
            dict(enumerate(self.answers(known))),
            Origin(NAME, question.detail, self.seed),
            ProgramEvidence(
                self.source, known.n_passed, known.n_train, cost, completion.logprob, view=self.view.text()
            ),
        )


class TaskRecord:
    """What is known of one task's programs.

    Args:
        task: The task as it is.

    Attributes:
        n_passing: Candidates that pass every training pair.
        n_repairs: Repairs asked for so far.
        wrong: Programs of this wave or round that are wrong on a training pair, with what they did.
    """

    def __init__(self, task: Task) -> None:
        self.n_passing = 0
        self.n_repairs = 0
        self.wrong: list[tuple[Draft, Screened]] = []
        self._task = task
        self._programs: dict[View, TaskPrograms] = {}
        self._sources: dict[tuple[View, str], int] = {}
        self._behaviours: dict[tuple[object, ...], int] = {}
        self._n_partial = 0
        self._most_passed = 0

    def programs(self, draft: Draft) -> TaskPrograms:
        """The programs of the draft's view, which see the task in that view."""
        view = draft.view
        if view not in self._programs:
            seen = view.apply_task(self._task)
            self._programs[view] = TaskPrograms(seen.train, seen.test_inputs)
        return self._programs[view]

    def is_new(self, draft: Draft) -> bool:
        """Whether this very source is new in its view; from now on it is not."""
        return self.first_with_source(draft) == draft.seed

    def first_with_source(self, draft: Draft) -> int:
        """The seed of the first sample of this very source in its view: from now on this one, if there was none."""
        return self._sources.setdefault((draft.view, draft.source), draft.seed)

    def does_something_new(self, draft: Draft, known: Screened) -> bool:
        """Whether no other view brought the same program with the same answers; from now on one did.

        The same program is no second derivation. Different programs with the same answers are.
        """
        return self._behaviours.setdefault(self._behaviour(draft, known), draft.seed) == draft.seed

    def first_with_behaviour(self, draft: Draft, known: Screened) -> int:
        """The seed of the sample that did the same first and was worth keeping, 0 if there is none."""
        return self._behaviours.get(self._behaviour(draft, known), 0)

    def _behaviour(self, draft: Draft, known: Screened) -> tuple[object, ...]:
        answers = tuple(map(grid_key, draft.answers(known)))
        return (self.programs(draft).key_of(draft.source), known.n_passed, answers)

    def may_keep_partial(self, known: Screened, max_partial: int) -> bool:
        """Whether a program that passes some pairs is one of the first, or better than all before."""
        return self._n_partial < max_partial or known.n_passed > self._most_passed

    def keep_partial(self, known: Screened) -> None:
        """Count it among those that are kept."""
        self._n_partial += 1
        self._most_passed = max(self._most_passed, known.n_passed)
