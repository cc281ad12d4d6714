"""The program search as a proposer: passes over all tasks, their drafts run in the sandbox, ranked, yielded.

A cheap pass sees every task before any task gets more; tasks that are settled get no more. Knows nothing of what the
stages try, nor of votes and journals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, Origin, ProgramEvidence, Rejected
from arc_solver.grids import grid_key
from arc_solver.proposers.base import Event, TaskDone
from arc_solver.proposers.search.examples import Draft
from arc_solver.proposers.search.ranking import Ranked, choose, judge
from arc_solver.proposers.search.settings import SearchSettings
from arc_solver.proposers.search.stages import TaskSearch
from arc_solver.sandbox.verdicts import Failed, NotRun, Program, Verdict
from arc_solver.tasks import Task

SETTLED_COST = (3.0, 8.0)
"""A task whose best fitting program costs no more after the first (a later) pass gets no further one."""

N_EARLY = 2
"""Candidates of a task that wait for no later pass: as many as there are attempts."""


class Runner(Protocol):
    """Runs programs from their source alone: the sandbox, or a stand-in for tests."""

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        """One verdict for each program, in order; what the deadline cuts off is `NotRun`."""
        ...


@dataclass(slots=True)
class _Work:
    """A task between passes: what ran so far, and for which outputs candidates were yielded."""

    task: Task
    search: TaskSearch
    judged: list[Ranked] = field(default_factory=list)
    yielded: set[tuple[object, ...]] = field(default_factory=set)

    def cost(self) -> float:
        """Of the best program that reproduces every training pair; infinite if there is none."""
        n_train = len(self.task.train)
        fitting = [one.cost for one in choose(self.task, self.judged) if one.n_train_passed == n_train]
        return min(fitting, default=math.inf)

    def candidates(self, n_most: int | None) -> Iterator[Candidate]:
        """The best candidates, at most `n_most`, except those whose outputs an earlier candidate gave.

        A second program for the same outputs would count as another derivation, though it may be the same idea.
        """
        for ranked in choose(self.task, self.judged)[:n_most]:
            outputs = tuple((index, grid_key(grid)) for index, grid in sorted(ranked.outputs.items()))
            key = (ranked.n_train_passed, *outputs)
            if key not in self.yielded:
                self.yielded.add(key)
                yield _candidate(self.task, ranked)


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
        """Yield what each pass finds for each task, best first; `TaskDone` after a task's last pass.

        The first pass goes through the tasks in the order given, later ones from small grids to large ones: those are
        searched sooner. The deadline ends it in the task that it cuts.

        Args:
            tasks: The tasks.
            deadline: When to stop.
        """
        budgets = self._settings.budgets()
        waiting = [_Work(task, TaskSearch(task, deadline)) for task in tasks]
        for index, budget in enumerate(budgets):
            again = []
            for work in waiting:
                if deadline.passed():
                    return
                drafts = _drafts(work.search, index, budget)
                if deadline.passed():
                    return
                yield from self._run(work, drafts, deadline)
                cut = deadline.passed()
                last = cut or index + 1 == len(budgets) or work.cost() <= SETTLED_COST[min(index, 1)]
                yield from work.candidates(None if last else N_EARLY)
                if cut:
                    return
                if last:
                    yield TaskDone(work.task.task_id, self.name)
                else:
                    again.append(work)
            waiting = sorted(again, key=_n_cells)

    def _run(self, work: _Work, drafts: Sequence[Draft], deadline: Deadline) -> Iterator[Rejected]:
        """Run drafts in the sandbox; yield what failed."""
        task = work.task
        if not drafts:
            return
        inputs = (*(pair.input for pair in task.train), *task.test_inputs)
        verdicts = self._runner.confirm([Program(draft.source, inputs) for draft in drafts], deadline)
        for draft, verdict in zip(drafts, verdicts, strict=True):
            ranked = judge(task, draft, verdict)
            if ranked is not None:
                work.judged.append(ranked)
            elif isinstance(verdict, Failed) and not isinstance(verdict, NotRun):
                yield Rejected(task.task_id, self.name, verdict.reason)


def _drafts(search: TaskSearch, index: int, budget: int) -> list[Draft]:
    return (search.quick, search.thorough, search.deeper)[min(index, 2)](budget)


def _n_cells(work: _Work) -> int:
    return sum(grid.size for grid in work.search.examples.inputs)


def _candidate(task: Task, ranked: Ranked) -> Candidate:
    evidence = ProgramEvidence(ranked.draft.source, ranked.n_train_passed, len(task.train), ranked.cost)
    return Candidate(task.task_id, dict(ranked.outputs), Origin("search", detail=ranked.draft.stage), evidence)
