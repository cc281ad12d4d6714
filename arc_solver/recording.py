"""What a run writes about itself into its journal: what it is, and what its pieces of work cost.

Knows nothing of lanes, votes and files.
"""

from __future__ import annotations

import os
import platform
import sys
from collections import Counter
from typing import NamedTuple

from arc_solver import __version__
from arc_solver.budget import date_now
from arc_solver.config import RunConfig
from arc_solver.datasets import challenges_hash
from arc_solver.journal import RunRecord, Work
from arc_solver.lanes.wire import ProposerDone, ProposerFailed, Spent
from arc_solver.proposers.base import TaskDone, TaskStarted
from arc_solver.tasks import Challenges


def run_record(challenges: Challenges, config: RunConfig, tasks_from: str) -> RunRecord:
    """What this run is.

    Args:
        challenges: Its tasks.
        config: Its settings.
        tasks_from: Where the tasks came from: a file, or the name of a public set; empty if nobody said.
    """
    machine = {"system": platform.platform(), "python": platform.python_version(), "n_cores": os.cpu_count()}
    return RunRecord(
        __version__,
        config.seed,
        config.to_json(),
        machine,
        challenges_hash(challenges),
        tasks_from,
        " ".join(sys.argv),
        date_now(),
    )


class _Open(NamedTuple):
    proposer: str
    task_id: str
    phase: str
    started_s: float
    spent_s: float | None


class Meter:
    """What each piece of work took, told from what lanes say: a piece begins where a proposer turns to a task, and ends
    where it is done with it or turns to another. Time of proposers that never turn to one task alone is not split.
    """

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._n_passes: Counter[tuple[str, str]] = Counter()
        self._spent_s: dict[str, float] = {}
        self._spent_before_s: dict[str, float] = {}

    def hear(self, lane: str, message: object, now_s: float) -> Work | None:
        """The piece of work that ends with this message of a lane, if one does."""
        if isinstance(message, Spent):
            self._spent_s[lane] = message.cpu_s
            self._spent_before_s.setdefault(lane, message.cpu_s)
        elif isinstance(message, TaskStarted):
            ended = self._end(lane, now_s, self._spent_s.get(lane))
            which = (message.proposer, message.task_id)
            self._n_passes[which] += 1
            self._open[lane] = _Open(*which, f"pass {self._n_passes[which]}", now_s, self._spent_s.get(lane))
            return ended
        elif isinstance(message, ProposerDone):
            cpu_s = _between(self._spent_before_s.pop(lane, None), self._spent_s.get(lane))
            return Work(message.proposer, "", lane, round(message.seconds, 3), cpu_s)
        elif isinstance(message, ProposerFailed):
            self._spent_before_s.pop(lane, None)
        open_ = self._open.get(lane)
        if isinstance(message, TaskDone) and open_ and (message.proposer, message.task_id) == open_[:2]:
            return self._end(lane, now_s, self._spent_s.get(lane))
        return None

    def end(self, lane: str, now_s: float) -> Work | None:
        """The piece of work that a lane has in hand, which ends now: the lane is through, or it died."""
        self._spent_s.pop(lane, None)
        self._spent_before_s.pop(lane, None)
        return self._end(lane, now_s, None)

    def _end(self, lane: str, now_s: float, spent_s: float | None) -> Work | None:
        open_ = self._open.pop(lane, None)
        if open_ is None:
            return None
        cpu_s = _between(open_.spent_s, spent_s)
        return Work(open_.proposer, open_.task_id, open_.phase, round(now_s - open_.started_s, 3), cpu_s)


def _between(before_s: float | None, after_s: float | None) -> float | None:
    """What was spent meanwhile, None where nobody said."""
    return None if before_s is None or after_s is None else round(max(0.0, after_s - before_s), 3)
