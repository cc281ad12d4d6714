"""The program search as a proposer: passes over all tasks, their drafts run in the sandbox, ranked, yielded.

A cheap pass sees every task before any task gets more; then the pass with the highest estimated chance of a new solve
per CPU-second is next, whichever task's it is. Tasks that are settled get no more. Knows nothing of what the stages
try, nor of votes and journals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from arc_solver.allocation import Estimator, Prospect, StepQueue, load_chances
from arc_solver.allocation.cores import yields
from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, Origin, ProgramEvidence, Rejected
from arc_solver.grids import grid_key
from arc_solver.proposers.base import Event, TaskDone, TaskStarted
from arc_solver.proposers.search.examples import Draft
from arc_solver.proposers.search.prospects import progress_of, prospect_of
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
    """A task between passes: what ran so far, and for which outputs candidates were yielded.

    Attributes:
        index: Of its next pass.
    """

    task: Task
    search: TaskSearch
    index: int = 0
    judged: list[Ranked] = field(default_factory=list)
    yielded: set[tuple[object, ...]] = field(default_factory=set)

    def cost(self) -> float:
        """Of the best program that reproduces every training pair; infinite if there is none."""
        n_train = len(self.task.train)
        fitting = [one.cost for one in choose(self.task, self.judged) if one.n_train_passed == n_train]
        return min(fitting, default=math.inf)

    def prospect(self, budgets: Sequence[int]) -> Prospect:
        """Its next pass, for the estimate of what it is worth."""
        n_cells = sum(grid.size for grid in self.search.examples.inputs)
        progress = progress_of(self.task, self.judged, self.cost()) if self.index else None
        return prospect_of(self.index, budgets[self.index], n_cells, self.search.analysis, progress)

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
        chances: What a pass is worth; those that come with the package if None.
        give_way: Called once, when passes begin to be worth less than what a model could do with the core.
    """

    name = "search"

    def __init__(
        self,
        runner: Runner,
        settings: SearchSettings | None = None,
        chances: Estimator | None = None,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self._runner = runner
        self._settings = settings or SearchSettings()
        self._chances = chances or load_chances()
        self._give_way = give_way

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        """Yield what each pass finds for each task, best first; `TaskDone` after a task's last pass.

        Every task gets its first pass before any gets its second. Which pass is next depends on the tasks and on what
        earlier passes found, not on time. The deadline ends it in the task that it cuts.

        Args:
            tasks: The tasks.
            deadline: When to stop.
        """
        budgets = self._settings.budgets()
        waiting = StepQueue[_Work](self._chances)
        for task in tasks:
            if deadline.passed():
                return
            work = _Work(task, TaskSearch(task, deadline))
            waiting.put(work, work.prospect(budgets), first=True)
        has_given_way = False
        while (taken := waiting.take()) and not deadline.passed():
            work, estimate = taken
            if not has_given_way and yields(estimate):
                has_given_way = True
                self._give_way()
            yield TaskStarted(work.task.task_id, self.name)
            yield from self._pass(work, budgets, deadline)
            if deadline.passed():
                return
            if work.index < len(budgets):
                waiting.put(work, work.prospect(budgets))

    def _pass(self, work: _Work, budgets: Sequence[int], deadline: Deadline) -> Iterator[Event]:
        """The next pass of a task; without one after it, its index is past the last one's."""
        index = work.index
        drafts = _drafts(work.search, index, budgets[index])
        if deadline.passed():
            return
        yield from self._run(work, drafts, deadline)
        cut = deadline.passed()
        settled = work.cost() <= SETTLED_COST[min(index, 1)]
        work.index = len(budgets) if settled else index + 1
        last = cut or work.index == len(budgets)
        yield from work.candidates(None if last else N_EARLY)
        if last and not cut:
            yield TaskDone(work.task.task_id, self.name)

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


def _candidate(task: Task, ranked: Ranked) -> Candidate:
    evidence = ProgramEvidence(ranked.draft.source, ranked.n_train_passed, len(task.train), ranked.cost)
    return Candidate(task.task_id, dict(ranked.outputs), Origin("search", detail=ranked.draft.stage), evidence)
