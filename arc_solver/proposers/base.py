"""The seam between what proposes answers and what chooses among them.

A proposer knows tasks, engines and the sandbox; it knows nothing of votes, journals or files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, Rejected
from arc_solver.tasks import Task


@dataclass(frozen=True, slots=True)
class TaskDone:
    """The proposer has nothing more to say about this task: `--resume` will not ask it again."""

    task_id: str
    proposer: str


Event = Candidate | Rejected | TaskDone


class Proposer(Protocol):
    """Turns tasks into candidates."""

    @property
    def name(self) -> str:
        """`search`, `induction` or `transduction`."""
        ...

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        """Yield events as soon as they are known, until done or until the deadline.

        For the same tasks and seed the same events come (their order too) unless the deadline cuts them short.
        A task cut short by the deadline gets no `TaskDone`.
        """
        ...
