"""The program search as a proposer: drafts from every stage, run in the sandbox, ranked, yielded.

Knows nothing of what the stages try, nor of votes and journals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, Origin, ProgramEvidence, Rejected
from arc_solver.proposers.base import Event, TaskDone
from arc_solver.proposers.search.examples import Draft
from arc_solver.proposers.search.ranking import Ranked, choose, judge
from arc_solver.proposers.search.settings import SearchSettings
from arc_solver.proposers.search.stages import find_drafts
from arc_solver.sandbox.verdicts import Failed, NotRun, Program, Verdict
from arc_solver.tasks import Task


class Runner(Protocol):
    """Runs programs from their source alone: the sandbox, or a stand-in for tests."""

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        """One verdict for each program, in order; what the deadline cuts off is `NotRun`."""
        ...


class SearchProposer:
    """Proposes programs that reproduce the training pairs, found without a model.

    Args:
        runner: Runs every program that becomes a candidate.
        settings: How much the search may do for one task.
    """

    name = "search"

    def __init__(self, runner: Runner, settings: SearchSettings | None = None) -> None:
        self._runner = runner
        self._settings = settings or SearchSettings()

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        """Yield the candidates of each task, best first, then its `TaskDone`; stop in the task that the deadline cuts.

        Args:
            tasks: The tasks, in the order in which they are worked on.
            deadline: When to stop.
        """
        for task in tasks:
            drafts = find_drafts(task, self._settings.max_programs, deadline)
            if deadline.passed():
                return
            yield from self._events(task, drafts, deadline)
            if deadline.passed():
                return
            yield TaskDone(task.task_id, self.name)

    def _events(self, task: Task, drafts: Sequence[Draft], deadline: Deadline) -> Iterator[Event]:
        if not drafts:
            return
        inputs = (*(pair.input for pair in task.train), *task.test_inputs)
        verdicts = self._runner.confirm([Program(draft.source, inputs) for draft in drafts], deadline)
        judged = []
        for draft, verdict in zip(drafts, verdicts, strict=True):
            ranked = judge(task, draft, verdict)
            if ranked is not None:
                judged.append(ranked)
            elif isinstance(verdict, Failed) and not isinstance(verdict, NotRun):
                yield Rejected(task.task_id, self.name, verdict.reason)
        for ranked in choose(task, judged):
            yield _candidate(task, ranked)


def _candidate(task: Task, ranked: Ranked) -> Candidate:
    evidence = ProgramEvidence(ranked.draft.source, ranked.n_train_passed, len(task.train), ranked.cost)
    return Candidate(task.task_id, dict(ranked.outputs), Origin("search", detail=ranked.draft.stage), evidence)
