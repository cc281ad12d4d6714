"""The board: what is known so far about each task, and the attempts that follow from it.

It votes again only on tasks about which something new came, so that a refresh costs milliseconds. Knows nothing of
processes, files or time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from arc_solver.candidates import Candidate, ProgramEvidence, Rejected
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import Challenges
from arc_solver.voting import TaskAttempts, choose_attempts


class Board:
    """Candidates by task, and the best attempts that they give."""

    def __init__(self, challenges: Challenges) -> None:
        self.challenges = challenges
        self.candidates: dict[str, list[Candidate]] = {task.task_id: [] for task in challenges.tasks}
        self.rejected: Counter[tuple[str, str]] = Counter()
        self.done: set[tuple[str, str]] = set()
        self._tasks = {task.task_id: task for task in challenges.tasks}
        self._attempts: dict[str, TaskAttempts] = {task.task_id: choose_attempts(task) for task in challenges.malformed}
        self._stale = set(self._tasks)
        self._seen: set[tuple[object, ...]] = set()
        self._fitting: set[str] = set()
        self._counts: Counter[str] = Counter()

    def add(self, event: Candidate | Rejected | TaskDone) -> bool:
        """Take in an event. False if it is about an unknown task or says nothing new."""
        if event.task_id not in self._tasks:
            return False
        if isinstance(event, TaskDone):
            self.done.add((event.proposer, event.task_id))
        elif isinstance(event, Rejected):
            self.rejected[event.proposer, event.reason] += 1
        else:
            identity = _identity(event)
            if identity in self._seen:
                return False
            self._seen.add(identity)
            self.candidates[event.task_id].append(event)
            self._stale.add(event.task_id)
            self._counts[event.origin.proposer] += 1
            if isinstance(event.evidence, ProgramEvidence) and event.evidence.passes_all:
                self._fitting.add(event.task_id)
        return True

    @property
    def changed(self) -> bool:
        """Whether `attempts` would differ from the last call's."""
        return bool(self._stale)

    def attempts(self) -> Mapping[str, TaskAttempts]:
        """Attempts for every task, malformed ones too: never a gap."""
        for task_id in sorted(self._stale):
            self._attempts[task_id] = choose_attempts(self._tasks[task_id], self.candidates[task_id])
        self._stale.clear()
        return self._attempts

    def n_fitting(self) -> int:
        """Tasks for which some program reproduces every training pair."""
        return len(self._fitting)

    def n_candidates(self) -> Counter[str]:
        """Candidates by proposer."""
        return self._counts.copy()

    def n_rejected(self) -> Counter[str]:
        """What was rejected, by proposer and reason."""
        return Counter({f"{proposer}: {reason}": n for (proposer, reason), n in self.rejected.items()})


def _identity(candidate: Candidate) -> tuple[object, ...]:
    """Equal for a candidate that a resumed run finds again; a second sample of the same grid is another candidate."""
    origin, evidence = candidate.origin, candidate.evidence
    outputs = tuple((index, grid.shape, grid.tobytes()) for index, grid in sorted(candidate.outputs.items()))
    if isinstance(evidence, ProgramEvidence):
        return (candidate.task_id, origin.proposer, evidence.source, outputs)
    return (candidate.task_id, origin.proposer, origin.detail, origin.seed, outputs)
