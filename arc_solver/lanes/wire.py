"""What parent and lane say to each other: one JSON object a line, nothing pickled.

Knows the values that travel; nothing of processes, proposers or votes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arc_solver.augment import View
from arc_solver.candidates import Candidate, ProgramEvidence, Rejected, Scored
from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid, to_lists
from arc_solver.proposers.base import Decided, Event, PooledGrid, PoolState, TaskDone, TaskStarted
from arc_solver.tasks import Pair, Task


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """Everything that a lane needs to know.

    Attributes:
        proposers: Names, in the order in which they run.
        tasks: What to solve.
        done: (proposer, task id) that an earlier run finished.
        end_s: The deadline on the machine's monotonic clock.
        config: The run's configuration as `RunConfig.to_json` gives it.
        parent_pid: The process that reads what the lane says.
        fed: Lines of `encode_news` follow this spec on the same channel, and no other spec.
    """

    proposers: tuple[str, ...]
    tasks: tuple[Task, ...]
    done: frozenset[tuple[str, str]]
    end_s: float
    config: Mapping[str, Any]
    parent_pid: int
    fed: bool = False


@dataclass(frozen=True, slots=True)
class ProposerDone:
    """A proposer returned: it finished, or its share of the time was over. `seconds` is what it took."""

    proposer: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ProposerFailed:
    """A proposer broke; what it said before stays good. `message` is one line, the log has the rest."""

    proposer: str
    message: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something people should read: which engine, which sandbox grade, how many prompts were shortened."""

    text: str


@dataclass(frozen=True, slots=True)
class LaneFault:
    """Something broke within a lane and was lived with; the parent makes a `Fault` of it, which has a time as well."""

    where: str
    what: str
    what_was_done: str = ""


@dataclass(frozen=True, slots=True)
class Beat:
    """The lane lives, whatever it is busy with, and made so many steps. Said by a thread of its own."""

    n_steps: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """The lane's own process, all its threads but nothing that it started, took so much processor time until now. Said
    before a piece of work begins and after one ends.
    """

    cpu_s: float


Message = Event | Decided | ProposerDone | ProposerFailed | Note | LaneFault | Spent | Beat

_WITH_GRIDS: dict[str, type[Candidate] | type[Scored]] = {"candidate": Candidate, "scored": Scored}
_Plain = Rejected | TaskDone | TaskStarted | Decided | ProposerDone | ProposerFailed | Note | LaneFault | Spent | Beat
_PLAIN: dict[str, type[_Plain]] = {
    "rejected": Rejected,
    "task_done": TaskDone,
    "task_started": TaskStarted,
    "proposer_done": ProposerDone,
    "proposer_failed": ProposerFailed,
    "note": Note,
    "fault": LaneFault,
    "decided": Decided,
    "spent": Spent,
    "beat": Beat,
}
_NAME_OF = {kind: name for name, kind in _PLAIN.items()}
_NUMBERS = frozenset({"seconds", "seed", "repeats", "n_steps", "cpu_s"})
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError, GridError)


def encode(message: Message) -> bytes:
    """One line, newline included; `decode` is the inverse."""
    if isinstance(message, Candidate):
        value = {"say": "candidate", "value": message.to_json()}
    elif isinstance(message, Scored):
        value = {"say": "scored", "value": message.to_json()}
    else:
        fields = {name: getattr(message, name) for name in message.__slots__}
        value = {"say": _NAME_OF[type(message)], "value": fields}
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The message of a line.

    Raises:
        ValueError: The line is not what `encode` writes: a torn line, or something else wrote on the channel.
    """
    try:
        value = json.loads(line)
        kind, fields = value["say"], value["value"]
        if kind in _WITH_GRIDS:
            return _checked(_WITH_GRIDS[kind].from_json(fields))
        # A word where a number belongs would only break whoever reads it much later.
        if not all(_is_number(item) if name in _NUMBERS else isinstance(item, str) for name, item in fields.items()):
            raise TypeError("a field of the wrong type")
        return _PLAIN[kind](**fields)
    except _MALFORMED as error:
        raise ValueError(f"not a lane's message: {line[:80]!r}") from error


def _checked(found: Candidate | Scored) -> Candidate | Scored:
    """What would break a vote much later is no message at all.

    Raises:
        TypeError, ValueError: A field of the wrong type, or a view that is none.
    """
    if isinstance(found, Scored):
        return found
    origin, evidence = found.origin, found.evidence
    words: list[Any] = [origin.proposer, origin.detail]
    numbers: list[Any] = [origin.seed]
    if isinstance(evidence, ProgramEvidence):
        words += [evidence.source, evidence.view]
        numbers += [evidence.n_train_passed, evidence.n_train, evidence.cost]
        numbers += [] if evidence.logprob is None else [evidence.logprob]
        View.from_text(evidence.view)
    else:
        numbers += [evidence.logprob, evidence.n_tokens]
    if not all(isinstance(word, str) for word in words) or not all(map(_is_number, numbers)):
        raise TypeError("a field of the wrong type")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def encode_spec(spec: LaneSpec) -> bytes:
    """The spec as one line of JSON, newline included; `decode_spec` is the inverse."""
    tasks = [
        {
            "id": task.task_id,
            "train": [[to_lists(pair.input), to_lists(pair.output)] for pair in task.train],
            "test": [to_lists(grid) for grid in task.test_inputs],
        }
        for task in spec.tasks
    ]
    value = {
        "proposers": spec.proposers,
        "tasks": tasks,
        "done": sorted(spec.done),
        "end_s": spec.end_s,
        "config": dict(spec.config),
        "parent_pid": spec.parent_pid,
        "fed": spec.fed,
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def decode_spec(data: bytes) -> LaneSpec:
    """The spec that `encode_spec` wrote."""
    value = json.loads(data)
    tasks = tuple(
        Task(
            item["id"],
            tuple(Pair(as_grid(given), as_grid(wanted)) for given, wanted in item["train"]),
            _grids(item["test"]),
        )
        for item in value["tasks"]
    )
    done = frozenset((proposer, task_id) for proposer, task_id in value["done"])
    return LaneSpec(
        tuple(value["proposers"]), tasks, done, value["end_s"], value["config"], value["parent_pid"], value["fed"]
    )


def encode_news(state: PoolState) -> bytes:
    """What is known of a task as one line, newline included; `decode_news` is the inverse."""
    value = {
        "task_id": state.task_id,
        "outputs": [
            [[to_lists(one.grid), one.kind, one.n_hits, one.proposers] for one in pooled] for pooled in state.outputs
        ],
        "n_derivations": state.n_derivations,
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def decode_news(line: bytes) -> PoolState:
    """The state that `encode_news` wrote.

    Raises:
        ValueError: The line is none of these.
    """
    try:
        value = json.loads(line)
        outputs = tuple(
            tuple(
                PooledGrid(as_grid(grid), kind, int(n_hits), tuple(proposers))
                for grid, kind, n_hits, proposers in pooled
            )
            for pooled in value["outputs"]
        )
        return PoolState(str(value["task_id"]), outputs, int(value["n_derivations"]))
    except _MALFORMED as error:
        raise ValueError(f"no news of a task: {line[:80]!r}") from error


def _grids(values: Sequence[Any]) -> tuple[Grid, ...]:
    return tuple(as_grid(value) for value in values)
