"""The board: what is known so far about each task, and the attempts and the pool that follow from it.

It votes again only on tasks about which something new came, so that a refresh costs milliseconds. Knows nothing of
processes, files or time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from arc_solver.candidates import Candidate, ProgramEvidence, Rejected, Scored
from arc_solver.grids import grid_key
from arc_solver.proposers.base import Event, PooledGrid, PoolState, TaskDone, TaskStarted
from arc_solver.tasks import Challenges
from arc_solver.voting import RankedGrid, TaskAttempts, attempts_of, choose_attempts, rank_outputs

MAX_POOLED = 8
"""Grids of a test input that other proposers are told of: the best ranked ones."""


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
        self._scores: dict[str, dict[tuple[object, ...], Scored]] = {task.task_id: {} for task in challenges.tasks}
        self._news: dict[str, PoolState] = {}
        self._pooled: dict[str, object] = {}
        self._fitting: set[str] = set()
        self._counts: Counter[str] = Counter()

    def add(self, event: Event) -> bool:
        """Take in an event. False if it is about an unknown task or says nothing new."""
        if event.task_id not in self._tasks or isinstance(event, TaskStarted):
            return False
        if isinstance(event, TaskDone):
            self.done.add((event.proposer, event.task_id))
        elif isinstance(event, Rejected):
            self.rejected[event.proposer, event.reason] += 1
        elif isinstance(event, Scored):
            return self._add_score(event)
        else:
            return self._add_candidate(event)
        return True

    def _add_candidate(self, candidate: Candidate) -> bool:
        identity = _identity(candidate)
        if identity in self._seen:
            return False
        self._seen.add(identity)
        self.candidates[candidate.task_id].append(candidate)
        self._stale.add(candidate.task_id)
        self._counts[candidate.origin.proposer] += 1
        if isinstance(candidate.evidence, ProgramEvidence) and candidate.evidence.passes_all:
            self._fitting.add(candidate.task_id)
        return True

    def _add_score(self, score: Scored) -> bool:
        known = self._scores[score.task_id]
        what = score.what
        if not math.isfinite(score.logprob) or (what in known and not score.is_better_than(known[what])):
            return False
        known[what] = score
        self._stale.add(score.task_id)
        return True

    @property
    def changed(self) -> bool:
        """Whether `attempts` would differ from the last call's."""
        return bool(self._stale)

    def attempts(self) -> Mapping[str, TaskAttempts]:
        """Attempts for every task, malformed ones too: never a gap."""
        for task_id in sorted(self._stale):
            task = self._tasks[task_id]
            ranked = rank_outputs(task, self.candidates[task_id], self._scores[task_id].values())
            self._attempts[task_id] = attempts_of(task, ranked)
            self._pool(task_id, ranked)
        self._stale.clear()
        return self._attempts

    def news(self) -> list[PoolState]:
        """Tasks whose pool changed since the last call, as it was when `attempts` last voted on them."""
        news = list(self._news.values())
        self._news.clear()
        return news

    def scores(self) -> list[Scored]:
        """Of each output that was scored the score to go by."""
        return [score for known in self._scores.values() for score in known.values()]

    def n_fitting(self) -> int:
        """Tasks for which some program reproduces every training pair."""
        return len(self._fitting)

    def n_candidates(self) -> Counter[str]:
        """Candidates by proposer."""
        return self._counts.copy()

    def n_rejected(self) -> Counter[str]:
        """What was rejected, by proposer and reason."""
        return Counter({f"{proposer}: {reason}": n for (proposer, reason), n in self.rejected.items()})

    def _pool(self, task_id: str, ranked: Sequence[Sequence[RankedGrid]]) -> None:
        state = pool_state(task_id, ranked)
        told = [
            [(grid_key(one.grid), one.kind, one.n_hits, one.proposers) for one in pooled] for pooled in state.outputs
        ]
        if any(told) and told != self._pooled.get(task_id):
            self._pooled[task_id] = told
            self._news[task_id] = state


def pool_state(task_id: str, ranked: Sequence[Sequence[RankedGrid]]) -> PoolState:
    """What other proposers are told of a task, given what `rank_outputs` ranked."""
    outputs = tuple(
        tuple(PooledGrid(entry.grid, entry.kind, entry.n_hits, entry.proposers) for entry in found[:MAX_POOLED])
        for found in ranked
    )
    passing = [found[0].n_hits for found in ranked if found and found[0].kind == "program"]
    return PoolState(task_id, outputs, passing[0] if passing else 0)


def _identity(candidate: Candidate) -> tuple[object, ...]:
    """Equal for a candidate that a resumed run finds again; a second sample of the same grid is another candidate."""
    origin, evidence = candidate.origin, candidate.evidence
    outputs = tuple((index, grid.shape, grid.tobytes()) for index, grid in sorted(candidate.outputs.items()))
    if isinstance(evidence, ProgramEvidence):
        return (candidate.task_id, origin.proposer, evidence.source, outputs)
    return (candidate.task_id, origin.proposer, origin.detail, origin.seed, outputs)
