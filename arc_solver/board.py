"""The board: what is known so far about each task, and the attempts and the pool that follow from it.

It votes again only on tasks about which something new came, so that a refresh costs milliseconds. What it keeps is
bounded (`shelf`): candidates that cannot change a vote any more are counted only. Knows nothing of processes, files or
time.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from arc_solver.candidates import Candidate, ProgramEvidence, Rejected, Scored
from arc_solver.grids import Grid, grid_key
from arc_solver.journal import JournalContents, Surplus
from arc_solver.proposers.base import Event, PooledGrid, PoolState, TaskDone, TaskStarted
from arc_solver.shelf import Shelf, ShelfLimits, outputs_key
from arc_solver.tasks import Challenges
from arc_solver.voting import RankedGrid, TaskAttempts, attempts_of, choose_attempts, rank_outputs

MAX_POOLED = 8
"""Grids of a test input that other proposers are told of: the best ranked ones."""

MAX_SCORES = 512
"""Outputs of a task of which a model's scores are kept: the first so many. Eight times as many scores are taken in."""


class Board:
    """Candidates by task, and the best attempts that they give.

    Args:
        challenges: The tasks.
        limits: How many candidates of a proposer are kept for a task.
    """

    def __init__(self, challenges: Challenges, limits: ShelfLimits | None = None) -> None:
        self.challenges = challenges
        self.candidates: dict[str, list[Candidate]] = {task.task_id: [] for task in challenges.tasks}
        self.rejected: Counter[tuple[str, str]] = Counter()
        self.done: set[tuple[str, str]] = set()
        self._tasks = {task.task_id: task for task in challenges.tasks}
        self._attempts: dict[str, TaskAttempts] = {task.task_id: choose_attempts(task) for task in challenges.malformed}
        self._stale = set(self._tasks)
        self._limits = limits or ShelfLimits()
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self._seen: set[bytes] = set()
        self._outputs: dict[str, dict[bytes, Mapping[int, Grid]]] = {task.task_id: {} for task in challenges.tasks}
        self._surplus: Counter[tuple[str, str]] = Counter()
        self._n_scored: Counter[tuple[str, str]] = Counter()
        self._n_scores: Counter[tuple[str, str]] = Counter()
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

    def take_over(self, contents: JournalContents, proposers: Iterable[str] | None = None) -> int:
        """Take in what a journal holds, in its order; what it counted stays counted there.

        Args:
            contents: The journal's.
            proposers: Whose candidates and scores to take; None for everybody's.

        Returns:
            How many candidates were new.
        """
        wanted = None if proposers is None else frozenset(proposers)
        n_new = 0
        for candidate in contents.candidates:
            if wanted is None or candidate.origin.proposer in wanted:
                n_new += self.add(candidate)
        for score in contents.scores:
            if wanted is None or score.proposer in wanted:
                self.add(score)
        for proposer, task_id in sorted(contents.done):
            self.add(TaskDone(task_id, proposer))
        return n_new

    def _add_candidate(self, candidate: Candidate) -> bool:
        task_id, proposer = candidate.task_id, candidate.origin.proposer
        key = outputs_key(candidate.outputs)
        identity = _identity(candidate, key)
        if identity in self._seen:
            return False
        self._counts[proposer] += 1
        # Many votes are for the same grid, which need not be in memory once for each.
        known = self._outputs[task_id].get(key)
        candidate = candidate if known is None else replace(candidate, outputs=known)
        placed = self._shelves.setdefault((task_id, proposer), Shelf(self._limits)).put(candidate)
        if not placed.kept:
            self._surplus[task_id, proposer] += 1
            return False
        self._seen.add(identity)
        self._outputs[task_id][key] = candidate.outputs
        if placed.replaced is not None:
            self._forget(placed.replaced)
        self.candidates[task_id].append(candidate)
        self._stale.add(task_id)
        if isinstance(candidate.evidence, ProgramEvidence) and candidate.evidence.passes_all:
            self._fitting.add(task_id)
        return True

    def _forget(self, candidate: Candidate) -> None:
        """Let go of one that gave up its place; that it was here stays known."""
        kept = self.candidates[candidate.task_id]
        kept[:] = [one for one in kept if one is not candidate]
        if not any(one.outputs is candidate.outputs for one in kept):
            self._outputs[candidate.task_id].pop(outputs_key(candidate.outputs), None)

    def _add_score(self, score: Scored) -> bool:
        known, of_whom = self._scores[score.task_id], (score.task_id, score.proposer)
        what = score.what
        if not math.isfinite(score.logprob) or (what in known and not score.is_better_than(known[what])):
            return False
        if (what not in known and self._n_scored[of_whom] >= MAX_SCORES) or self._n_scores[of_whom] >= 8 * MAX_SCORES:
            return False
        self._n_scored[of_whom] += what not in known
        self._n_scores[of_whom] += 1
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

    def surplus(self) -> list[Surplus]:
        """What was counted and not kept since the last call."""
        counted = [Surplus(task_id, proposer, count) for (task_id, proposer), count in self._surplus.items()]
        self._surplus.clear()
        return counted

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


def _identity(candidate: Candidate, outputs: bytes) -> bytes:
    """Equal for a candidate that a resumed run finds again; a second sample of the same grid is another candidate."""
    origin, evidence = candidate.origin, candidate.evidence
    how = (evidence.source,) if isinstance(evidence, ProgramEvidence) else (origin.detail, origin.seed)
    what = repr((candidate.task_id, origin.proposer, how, outputs))
    return hashlib.blake2b(what.encode("utf-8", "surrogatepass"), digest_size=16).digest()
