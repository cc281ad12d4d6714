"""The seam between what proposes answers and what chooses among them.

A proposer knows tasks, engines and the sandbox; it knows nothing of votes, journals or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from arc_solver.budget import Deadline
from arc_solver.candidates import Candidate, Rejected, Scored
from arc_solver.grids import Grid
from arc_solver.tasks import Task

GridKind = Literal["program", "voted", "partial program", "doubted"]
"""What speaks for a grid, best first: programs that pass every training pair, votes, programs that pass some pairs,
votes that the model itself hardly believes in.
"""


@dataclass(frozen=True, slots=True)
class TaskDone:
    """The proposer has nothing more to say about this task: `--resume` will not ask it again."""

    task_id: str
    proposer: str


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """The proposer turns to this task now: if its process dies, this is the task that it had in hand."""

    task_id: str
    proposer: str


Event = Candidate | Scored | Rejected | TaskDone | TaskStarted


@dataclass(frozen=True, slots=True)
class Decided:
    """Something was decided by what it costs and brings, such as whether a task is learned. No event: nothing is to be
    done about it, but a run writes it down.

    Attributes:
        what: `admitted` or `refused`.
        about: Which kind of work.
        why: In plain words.
        task_id: The task that it concerns; empty for all together.
        seconds: What it takes, or took.
    """

    what: str
    about: str
    why: str
    task_id: str = ""
    seconds: float = 0.0


Decide = Callable[[Decided], None]
"""Is told what a proposer decided."""


@dataclass(frozen=True, slots=True)
class PooledGrid:
    """An output that stands in the ranking of its test input, whoever proposed it.

    Attributes:
        grid: The output.
        kind: What speaks for it.
        n_hits: Programs of different source, or votes, that say so.
        proposers: Who, sorted.
    """

    grid: Grid
    kind: GridKind
    n_hits: int
    proposers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PoolState:
    """What is known of a task so far, of all proposers together.

    Attributes:
        task_id: The task.
        outputs: Per test input its distinct grids, best first, only the first few of them; empty as long as nothing is
            known of the task.
        n_derivations: Programs of different source that pass every training pair and agree on all test outputs, of the
            best ranked such group; 0 where no program passes.
    """

    task_id: str
    outputs: tuple[tuple[PooledGrid, ...], ...] = ()
    n_derivations: int = 0

    @property
    def solved(self) -> bool:
        """Whether some program passes every training pair."""
        return self.n_derivations > 0

    def of(self, test_index: int) -> tuple[PooledGrid, ...]:
        """The grids of one test input, best first; empty where nothing is known."""
        return self.outputs[test_index] if test_index < len(self.outputs) else ()


class Pool(Protocol):
    """What the other proposers found meanwhile, for a proposer that wants to know: an argument of its constructor.

    What it says depends on the time at which it is asked, and on a cluster it says nothing.
    """

    def state(self, task_id: str) -> PoolState:
        """What is known now, without waiting; an empty state where nothing is."""
        ...


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
