"""A journal's course: what it tells of times, costs, decisions and faults, as a page shows it.

Journals of older runs tell none of that; then there is nothing to show, which is not the same as zero. Knows nothing
of answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from arc_solver.journal import JournalContents, Work

MAX_DECISIONS = 300
MAX_REASONS = 40
MAX_REASONS_OF_TASK = 6
MIN_LEFT = 0.02
NO_TASK = "on no task alone"


def tells_course(journal: JournalContents | None) -> bool:
    """Whether the journal is of a kind that tells what broke and what was decided."""
    return journal is not None and bool(journal.runs)


def time_spent(journal: JournalContents | None, names: Sequence[str]) -> list[dict[str, Any]]:
    """Seconds by proposer, and by phase where it has phases: `{"by", "phase", "seconds", "tasks"}`.

    Work is told task by task, as a whole, or both: then what is left of the whole is a phase of its own.
    """
    rows = []
    for place, name in enumerate(names):
        work = [one for _, one in journal.work if one.proposer == name] if journal is not None else []
        by_task = _finest([one for one in work if one.task_id])
        phases = {phase: (_seconds(some), len({one.task_id for one in some})) for phase, some in _by_phase(by_task)}
        whole_s = _seconds([one for one in work if not one.task_id])
        left_s = whole_s - _seconds(by_task)
        if left_s > MIN_LEFT * whole_s:
            phases[NO_TASK if by_task else ""] = (left_s, 0)
        rows += [
            {"by": place, "phase": phase, "seconds": round(seconds, 3), "tasks": n_tasks}
            for phase, (seconds, n_tasks) in phases.items()
        ]
    return rows


def time_on_tasks(journal: JournalContents | None) -> dict[str, dict[str, float]]:
    """Task -> proposer -> seconds, as far as work was told task by task."""
    found: dict[str, dict[str, float]] = {}
    by_both: dict[tuple[str, str], list[Work]] = {}
    for _, one in journal.work if journal is not None else ():
        if one.task_id:
            by_both.setdefault((one.task_id, one.proposer), []).append(one)
    for (task_id, proposer), work in by_both.items():
        found.setdefault(task_id, {})[proposer] = round(_seconds(_finest(work)), 3)
    return found


def rejected(journal: JournalContents | None, names: Sequence[str]) -> list[dict[str, Any]]:
    """What could not become a candidate, the most frequent first: `{"by", "reason", "n"}`."""
    counts = journal.rejected if journal is not None else Counter[tuple[str, str]]()
    place_of = {name: place for place, name in enumerate(names)}
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    rows = [{"by": place_of[proposer], "reason": reason, "n": n} for (proposer, reason), n in ordered[:MAX_REASONS]]
    n_others = sum(n for _, n in ordered[MAX_REASONS:])
    return [*rows, {"by": len(names) - 1, "reason": "other reasons", "n": n_others}] if n_others else rows


def rejected_of_tasks(journal: JournalContents | None) -> dict[str, list[tuple[str, str, int]]]:
    """Task -> (proposer, reason, how often), the most frequent first."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    for (task_id, proposer, reason), n in journal.rejected_of.items() if journal is not None else ():
        found.setdefault(task_id, []).append((proposer, reason, n))
    return {
        task_id: sorted(rows, key=lambda row: (-row[2], row))[:MAX_REASONS_OF_TASK] for task_id, rows in found.items()
    }


def faults(journal: JournalContents | None) -> list[dict[str, Any]] | None:
    """What broke, in order; None where the journal does not tell."""
    if journal is None or not tells_course(journal):
        return None
    return [fault.to_json() for fault in journal.faults]


def decisions(journal: JournalContents | None) -> list[dict[str, Any]]:
    """What was decided, in order, the first `MAX_DECISIONS` of it."""
    told = journal.decisions[:MAX_DECISIONS] if journal is not None else ()
    return [
        {"when_s": round(when_s, 2), "what": one.what, "about": one.about, "why": one.why, "task": one.task_id}
        for when_s, one in told
    ]


def settings(journal: JournalContents | None) -> list[list[str]]:
    """How the run was made, as names and values; the last of several runs that wrote to the journal."""
    if journal is None or not journal.runs:
        return []
    record = journal.runs[-1][1]
    rows = [["command", record.command], ["started", record.date], ["version", record.version]]
    rows += [["seed", str(record.seed)], ["tasks", record.tasks_from]]
    rows += [[str(name), _plain(value)] for name, value in record.machine.items()]
    rows += [["resumed", f"{len(journal.runs) - 1} times"]] if len(journal.runs) > 1 else []
    rows += [[str(name), _plain(value)] for name, value in record.config.items()]
    return [[name, value] for name, value in rows if value]


def _finest(work: Sequence[Work]) -> list[Work]:
    """Work on tasks without what is told a second time as a sum: a task's phases rather than the task."""
    phased = {one.task_id for one in work if one.phase}
    return [one for one in work if one.phase or one.task_id not in phased]


def _by_phase(work: Sequence[Work]) -> list[tuple[str, list[Work]]]:
    phases: dict[str, list[Work]] = {}
    for one in work:
        phases.setdefault(one.phase, []).append(one)
    return sorted(phases.items())


def _seconds(work: Sequence[Work]) -> float:
    return sum(one.wall_s for one in work)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items() if inner not in (None, ""))
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return "" if value is None else str(value)
