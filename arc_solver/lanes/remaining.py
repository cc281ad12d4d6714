"""What a lane still has to do, and whether to start it again when it died: pure bookkeeping.

A task that a lane had in hand when it died is put last; one that was in hand at two deaths is left out. A lane is
started again as long as it gets something done between its deaths and the time that is left is of use to it. Knows
nothing of processes and reads no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from arc_solver.candidates import Candidate, Rejected, Scored
from arc_solver.lanes.wire import Message, ProposerDone, ProposerFailed
from arc_solver.proposers.base import TaskDone, TaskStarted
from arc_solver.tasks import Task
from arc_solver.watching import Patience

MAX_DEATHS_OF_A_TASK = 2
MAX_DEATHS_OF_A_BEGINNER = 2
"""A lane that never made a step is started this often: a broken installation stays broken."""

_USEFUL_LOADS = 2.0
"""A lane must have this many times as long left as it took to load."""


@dataclass(frozen=True, slots=True)
class Sequel:
    """What follows a death.

    Attributes:
        pause_s: After this long the lane is started again; None if it is not.
        what_was_done: In words.
        left_out: A task that will not be asked again, since it was in hand at this death and an earlier one; "" for
            none.
    """

    pause_s: float | None
    what_was_done: str
    left_out: str = ""


class LaneWork:
    """The work of one lane through all of its lives.

    Args:
        proposers: In the order in which they run.
        tasks: What they are asked.
        patience: How often a lane is started again, and after which pause.
    """

    def __init__(self, proposers: Sequence[str], tasks: Sequence[Task], patience: Patience) -> None:
        self._tasks, self._patience = tuple(tasks), patience
        self._open = list(proposers)
        self._in_hand = ""
        self._deaths: Counter[str] = Counter()
        self._n_in_a_row = 0
        self._finished_one = False
        self._worked: set[str] = set()
        self._loaded = False
        self._broke: set[str] = set()
        self._tried_again: set[str] = set()
        self._load_s = 0.0

    def left(self, done: Collection[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[Task, ...]]:
        """Proposers and tasks to start a lane with; both empty if nothing is left.

        Args:
            done: (proposer, task id) of what is finished.
        """
        wanted = [
            task
            for task in self._tasks
            if self._deaths[task.task_id] < MAX_DEATHS_OF_A_TASK
            and any((name, task.task_id) not in done for name in self._open)
        ]
        if not wanted:
            return (), ()
        return tuple(self._open), tuple(sorted(wanted, key=lambda task: self._deaths[task.task_id]))

    def begin(self) -> None:
        """A life begins."""
        self._in_hand, self._finished_one = "", False
        self._tried_again |= self._broke
        self._broke.clear()

    def hear(self, message: Message, age_s: float) -> None:
        """The lane said something, so long after this life began."""
        if isinstance(message, TaskStarted):
            self._in_hand = message.task_id
            self._work(message.proposer, age_s)
        elif isinstance(message, TaskDone):
            self._finished_one = True
            self._in_hand = "" if self._in_hand == message.task_id else self._in_hand
            self._work(message.proposer, age_s)
        elif isinstance(message, Scored | Rejected):
            self._work(message.proposer, age_s)
        elif isinstance(message, Candidate):
            self._work(message.origin.proposer, age_s)
        elif isinstance(message, ProposerFailed) and self._may_try_again(message.proposer):
            self._in_hand = ""
            self._broke.add(message.proposer)
        elif isinstance(message, ProposerDone | ProposerFailed):
            self._in_hand = ""
            if message.proposer in self._open:
                self._open.remove(message.proposer)

    def step(self, age_s: float) -> None:
        """It got on without a word, so long after this life began: it is loaded, and learns, or engines answer."""
        self._load(age_s)

    @property
    def broke(self) -> bool:
        """Whether a proposer that had worked broke in this life, and may be asked once more."""
        return bool(self._broke)

    def die(self, age_s: float, remaining_s: float, done: Collection[tuple[str, str]]) -> Sequel:
        """The lane is dead.

        Args:
            age_s: How long this life took.
            remaining_s: Time that is left to the run's lanes.
            done: (proposer, task id) of what is finished.
        """
        left_out = self._blame()
        self._n_in_a_row = 1 if self._finished_one or left_out else self._n_in_a_row + 1
        if not self._loaded:
            self._load_s = max(self._load_s, age_s)
        _, tasks = self.left(done)
        if not tasks:
            return Sequel(None, "nothing else was left to do", left_out)
        unfinished = "1 task was not finished" if len(tasks) == 1 else f"{len(tasks)} tasks were not finished"
        beginner = not self._loaded and self._n_in_a_row >= MAX_DEATHS_OF_A_BEGINNER
        if beginner or self._n_in_a_row >= self._patience.max_deaths:
            return Sequel(None, f"given up after {self._n_in_a_row} times in a row: {unfinished}", left_out)
        pause_s = self._patience.pause_after(self._n_in_a_row)
        if remaining_s < pause_s + _USEFUL_LOADS * self._load_s:
            short = f"the {remaining_s:.0f}s that were left are too few, it takes {self._load_s:.0f}s to load"
            return Sequel(None, f"not started again: {short}; {unfinished}", left_out)
        again = "1 unfinished task" if len(tasks) == 1 else f"{len(tasks)} unfinished tasks"
        return Sequel(pause_s, f"started again with {again}", left_out)

    def _work(self, proposer: str, age_s: float) -> None:
        self._load(age_s)
        self._worked.add(proposer)

    def _load(self, age_s: float) -> None:
        if not self._loaded:
            self._load_s = max(self._load_s, age_s)
        self._loaded = True

    def _may_try_again(self, proposer: str) -> bool:
        return proposer in self._worked and proposer not in self._tried_again

    def _blame(self) -> str:
        """Count the death against the task in hand; its id if it is now left out."""
        if not self._in_hand:
            return ""
        self._deaths[self._in_hand] += 1
        return self._in_hand if self._deaths[self._in_hand] >= MAX_DEATHS_OF_A_TASK else ""
