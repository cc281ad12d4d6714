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


class Meter:
    """What each piece of work took, told from what lanes say: a piece begins where a proposer turns to a task, and ends
    where it is done with it or turns to another. Time of proposers that never turn to one task alone is not split.
    """

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._n_passes: Counter[tuple[str, str]] = Counter()

    def hear(self, lane: str, message: object, now_s: float) -> Work | None:
        """The piece of work that ends with this message of a lane, if one does."""
        if isinstance(message, TaskStarted):
            ended = self.end(lane, now_s)
            which = (message.proposer, message.task_id)
            self._n_passes[which] += 1
            self._open[lane] = _Open(*which, f"pass {self._n_passes[which]}", now_s)
            return ended
        open_ = self._open.get(lane)
        if isinstance(message, TaskDone) and open_ and (message.proposer, message.task_id) == open_[:2]:
            return self.end(lane, now_s)
        return None

    def end(self, lane: str, now_s: float) -> Work | None:
        """The piece of work that a lane has in hand, which ends now: the lane is through, or it died."""
        open_ = self._open.pop(lane, None)
        return open_ and Work(open_.proposer, open_.task_id, open_.phase, round(now_s - open_.started_s, 3))
