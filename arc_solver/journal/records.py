"""What a journal records, as values and as JSON objects.

`to_json` and `from_json` are inverse for every kind. What is counted (`Rejected`, `Surplus`) is written by `writing` in
lines that sum up. Knows nothing of files and checksums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from arc_solver.candidates import Candidate, Rejected, Scored
from arc_solver.faults import Fault
from arc_solver.grids import Grid, read_grid, to_text
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import MalformedTask, Pair, Task


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run was: its journal can be understood without anything else.

    Attributes:
        version: Of the package.
        seed: Of all sampling.
        config: The configuration as plain values.
        machine: Facts about the machine, as plain values.
        challenges_hash: `datasets.challenges_hash` of the tasks.
        tasks_from: Where they came from: a file, or the name of a public set; empty if nobody said.
        command: The command line.
        date: When it started, for people.
    """

    version: str
    seed: int
    config: Mapping[str, Any]
    machine: Mapping[str, Any] = field(default_factory=dict)
    challenges_hash: str = ""
    tasks_from: str = ""
    command: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What a piece of work cost.

    Attributes:
        proposer: Who did it.
        task_id: On which task; empty for all of the proposer's.
        phase: Which part of the work: `pass 2`, `learning`; empty for all of it.
        wall_s: Seconds that it took.
        cpu_s: CPU-seconds, None where nobody measured them.
    """

    proposer: str
    task_id: str
    phase: str
    wall_s: float
    cpu_s: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided in a run, and why.

    Attributes:
        what: `started`, `stopped`, `restarted`, `admitted`, `dropped` or another short word.
        about: What it was decided about: a lane, a proposer, a step of it.
        why: In plain words.
        task_id: The task that it concerns; empty for none in particular.
        content: Whatever figures belong to it, as JSON values.
    """

    what: str
    about: str
    why: str
    task_id: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """Something else worth keeping.

    Attributes:
        kind: What it is, in a word.
        content: JSON values.
    """

    kind: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Surplus:
    """Candidates that could not change a vote any more: they are counted, not kept.

    Attributes:
        task_id: The task.
        proposer: Who found them.
        count: How many.
    """

    task_id: str
    proposer: str
    count: int


Record = (
    Candidate
    | Scored
    | Rejected
    | TaskDone
    | Note
    | RunRecord
    | Work
    | Decision
    | Fault
    | Surplus
    | Task
    | MalformedTask
)

_Plain = RunRecord | Work | Decision | Surplus | TaskDone
_PLAIN: dict[str, type[_Plain]] = {
    "run": RunRecord,
    "work": Work,
    "decision": Decision,
    "surplus": Surplus,
    "done": TaskDone,
}
_KIND_OF: dict[type, str] = {kind: name for name, kind in _PLAIN.items()}


def to_json(record: Record) -> dict[str, Any]:
    """A record as a JSON object with its `kind`; `from_json` is the inverse.

    Raises:
        TypeError: It is none of the kinds.
    """
    match record:
        case Candidate():
            return {"kind": "candidate", "candidate": record.to_json()}
        case Scored():
            return {"kind": "scored", "scored": record.to_json()}
        case Rejected():
            return {"kind": "rejected", **_fields(record, "task_id", "proposer", "reason"), "count": 1} | _repeats(
                record
            )
        case Note():
            return {"kind": "note", "note": record.kind, "content": dict(record.content)}
        case Fault():
            return {"kind": "fault", "fault": record.to_json()}
        case Task():
            train = [[to_text(pair.input), to_text(pair.output)] for pair in record.train]
            return {"kind": "task", "task_id": record.task_id, "train": train, "test": _texts(record.test_inputs)}
        case MalformedTask():
            fields = _fields(record, "task_id", "reason")
            return {"kind": "malformed task", **fields, "test": _texts(record.test_inputs)}
        case RunRecord() | Work() | Decision() | Surplus() | TaskDone():
            return {"kind": _KIND_OF[type(record)], **_fields(record, *record.__slots__)}
    raise TypeError(f"a journal has no place for a {type(record).__name__}")


def from_json(value: Mapping[str, Any]) -> Record:
    """The record that `to_json` wrote; of rejections that were counted together, one.

    Raises:
        KeyError, TypeError, ValueError, GridError: The value was not written by `to_json`.
    """
    kind = value["kind"]
    match kind:
        case "candidate":
            return Candidate.from_json(value["candidate"])
        case "scored":
            return Scored.from_json(value["scored"])
        case "rejected":
            (seed, repeats), *_ = value.get("repeats") or [(0, 0)]
            task_id, proposer, reason = _strings(value, "task_id", "proposer", "reason")
            return Rejected(task_id, proposer, reason, int(seed), int(repeats))
        case "note":
            return Note(str(value["note"]), dict(value["content"]))
        case "fault":
            return Fault.from_json(value["fault"])
        case "task":
            train = tuple(Pair(read_grid(given), read_grid(wanted)) for given, wanted in value["train"])
            return Task(str(value["task_id"]), train, tuple(map(read_grid, value["test"])))
        case "malformed task":
            inputs = tuple(None if grid is None else read_grid(grid) for grid in value["test"])
            return MalformedTask(str(value["task_id"]), str(value["reason"]), inputs)
        case _ if kind in _PLAIN:
            return _plain(_PLAIN[kind], value)
    raise ValueError(f"unknown record {kind!r}")


def _plain(kind: type[_Plain], value: Mapping[str, Any]) -> _Plain:
    """A record of plain fields, each of the type of the field."""
    return kind(**{name: _TYPES.get(name, str)(value[name]) for name in kind.__slots__})


def _seconds_if_known(value: Any) -> float | None:
    return None if value is None else float(value)


_TYPES: dict[str, Callable[[Any], Any]] = {
    "seed": int,
    "count": int,
    "wall_s": float,
    "cpu_s": _seconds_if_known,
    "config": dict,
    "machine": dict,
    "content": dict,
}
"""Of the fields that are no text."""


def _strings(value: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    return tuple(str(value[name]) for name in names)


def _fields(record: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _repeats(record: Rejected) -> dict[str, Any]:
    return {"repeats": [[record.seed, record.repeats]]} if record.repeats else {}


def _texts(grids: tuple[Grid | None, ...]) -> list[str | None]:
    return [None if grid is None else to_text(grid) for grid in grids]
