"""Proposes with a model that learns from the tasks before it is asked about them.

First, where somebody writes programs, a few are written, so that they can be learned from too; then comes learning;
then the questions. Knows nothing of how a model learns or is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from arc_solver.budget import Deadline
from arc_solver.finetune.hindsight import Written
from arc_solver.proposers.base import Event, Proposer, TaskDone
from arc_solver.tasks import Task

EXPLORING_SHARE = 0.15
"""Of the time, for programs that are written before anything is learned."""

Explore = Callable[[Callable[[Written], None]], Proposer]
"""(told of every program) -> what writes the first programs."""

Learn = Callable[[Sequence[Task], Sequence[Written], Deadline], Proposer]
"""Tasks, programs that were written for them, when to be through -> what asks the model that learned from them."""


@dataclass(frozen=True, slots=True)
class AdaptingProposer:
    """Learns, then proposes.

    Attributes:
        name: Of the proposer that asks.
        learn: Lets the model learn.
        share: Of the time that is left after the first programs, for learning.
        explore: Writes the first programs; None where none are to be learned from.
    """

    name: str
    learn: Learn
    share: float
    explore: Explore | None = None

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        written: list[Written] = []
        if self.explore is not None:
            first = deadline.within(EXPLORING_SHARE * deadline.remaining_s())
            for event in self.explore(written.append).propose(tasks, first):
                if not isinstance(event, TaskDone):  # it will be asked about again
                    yield event
        asking = self.learn(tasks, written, deadline.within(self.share * deadline.remaining_s()))
        yield from asking.propose(tasks, deadline)
