"""Disk and memory: what the long run is expected to take of them, at most, and what is there.

What grows is carried on from the trial: findings with the time, tasks with their number. Knows nothing of processes.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from arc_solver.board import MAX_SCORES
from arc_solver.config import RunConfig
from arc_solver.dry_run.costs import Evidence, start_s
from arc_solver.dry_run.trial import Trial
from arc_solver.memory import Memory
from arc_solver.shelf import ShelfLimits

_PER_TASK = ("task", "malformed task")
_ONCE = ("header", "run")
_BYTES_A_FINDING = 500
_FILES = 3
"""The answers, and room for them twice."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the long run takes, at most.

    Attributes:
        journal_bytes: Of journal and log.
        disk_bytes: Of these and of the answers.
        disk_free_bytes: What there is where the answers go; None where nobody says.
        supervisor_bytes: Of memory; None where it was not seen.
        search_bytes: Of all search lanes together, likewise.
        model_bytes: Of the lane of the model on the host, likewise.
        memory_free_bytes: What there is before it begins; None where nobody says.
        memory_reserve_bytes: What has to stay free.
    """

    journal_bytes: int
    disk_bytes: int
    disk_free_bytes: int | None
    supervisor_bytes: int | None
    search_bytes: int | None
    model_bytes: int | None
    memory_free_bytes: int | None
    memory_reserve_bytes: int = 0

    @property
    def memory_bytes(self) -> int | None:
        """Of all processes; None where none was seen."""
        known = [one for one in (self.supervisor_bytes, self.search_bytes, self.model_bytes) if one is not None]
        return sum(known) if known else None

    @property
    def lacks_disk(self) -> bool:
        return self.disk_free_bytes is not None and self.disk_bytes > self.disk_free_bytes

    @property
    def lacks_memory(self) -> bool:
        wanted, free = self.memory_bytes, self.memory_free_bytes
        return wanted is not None and free is not None and wanted + self.memory_reserve_bytes > free

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"memory_bytes": self.memory_bytes}


def expect(
    trial: Trial,
    evidence: Evidence | None,
    config: RunConfig,
    n_tasks: int,
    answers_bytes: int,
    disk_free_bytes: int | None,
    memory: Memory | None,
) -> Expected:
    """What the long run takes, at most.

    Args:
        trial: The short one.
        evidence: Of the same; None where it left none.
        config: Of the long run.
        n_tasks: Its tasks.
        answers_bytes: Of as many answers.
        disk_free_bytes: Where they go.
        memory: Before the trial.
    """
    journal_bytes = expected_journal_bytes(trial, config, n_tasks)
    kept = journal_bytes / max(1, sum(trial.kind_bytes.values()) + trial.log_bytes)
    supervisor = search = model = None
    if evidence is not None:
        supervisor = _grown([held for _, held in evidence.timeline.supervisor()], kept)
        search = _search_bytes(evidence, n_tasks / max(1, trial.n_tasks))
        model = _model_bytes(evidence, trial.n_tasks, n_tasks)
    return Expected(
        journal_bytes,
        journal_bytes + _FILES * answers_bytes,
        disk_free_bytes,
        supervisor,
        search,
        model,
        memory.free_bytes if memory else None,
        memory.reserve_bytes if memory else 0,
    )


def expected_journal_bytes(trial: Trial, config: RunConfig, n_tasks: int) -> int:
    """Bytes of journal and log: tasks by their number, findings by the time or, if all was done before the time was
    over, by the number of tasks; never more than a journal takes in.
    """
    scale = n_tasks / max(1, trial.n_tasks)
    once = sum(trial.kind_bytes.get(kind, 0) for kind in _ONCE)
    tasks = sum(trial.kind_bytes.get(kind, 0) for kind in _PER_TASK)
    findings = sum(trial.kind_bytes.values()) - once - tasks + trial.log_bytes
    was_through = trial.seconds < 0.8 * trial.time_limit_s
    grown = findings * (scale if was_through else max(scale, config.time_limit_s / max(1.0, trial.seconds)))
    limits = ShelfLimits()
    n_most = limits.n_changes * (limits.n_passing + limits.n_partial + limits.n_voted + MAX_SCORES)
    bound = n_tasks * len(config.proposers) * n_most * _BYTES_A_FINDING
    return int(once + tasks * scale + min(grown, max(bound, findings)))


def _grown(held: Sequence[int], times: float) -> int | None:
    """What is held at the end if what came since the start comes so many times."""
    if not held:
        return None
    return int(held[0] + max(0, max(held) - held[0]) * max(1.0, times))


def _search_bytes(evidence: Evidence, scale: float) -> int | None:
    """Of all search lanes: the most that each held, and what tasks leave behind, for all tasks that it will have."""
    begun = start_s(evidence)
    since_s = begun[0] if begun else 0.0
    found = [
        [held for at_s, held in evidence.timeline.held(pid) if at_s >= since_s]
        for name, pids in evidence.lanes().items()
        if name.startswith("search")
        for pid in pids
    ]
    if not any(found):
        return None
    # Before the first pass they only grow by what they load.
    return int(sum(max(held) + _left_behind(held) * max(0.0, scale - 1.0) for held in found if held))


def _left_behind(held: Sequence[int]) -> float:
    """What stays, as far as it shows: the usual of the last quarter of a life above that of the second."""
    if len(held) < 8:
        return 0.0
    quarter = len(held) // 4
    return max(0.0, statistics.median(held[-quarter:]) - statistics.median(held[quarter : 2 * quarter]))


def _model_bytes(evidence: Evidence, n_measured: int, n_tasks: int) -> int | None:
    """Of the model's lane: what it held while it learned, or while it answered as many as it will answer together."""
    pids = evidence.lanes().get("model", [])
    held = [moment for pid in pids for moment in evidence.timeline.held(pid)]
    if not held:
        return None
    most = max(n_bytes for _, n_bytes in held)
    since_s = evidence.answering_since()
    if not evidence.answers_by_cells or since_s is None:
        return most
    # What learning left is there either way; what comes on top of it comes for each answer of a batch.
    answering = [n_bytes for at_s, n_bytes in held if at_s >= since_s] or [most]
    base = min(answering)
    batch = evidence.config.cell_model.batch_size
    together = min(n_tasks, batch) / max(1, min(n_measured, batch))
    return max(most, int(base + (max(answering) - base) * max(1.0, together)))
