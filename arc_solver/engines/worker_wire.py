"""What a fleet of engines and its workers say to each other: one JSON object a line, nothing pickled.

Knows the values that travel; nothing of processes and models.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.engines.base import Completion, Finish, Request, Sampling
from arc_solver.engines.plans import EnginePlan
from arc_solver.prompts.base import Prompt


@dataclass(frozen=True, slots=True)
class Open:
    """The first order: start the engine of this plan."""

    plan: EnginePlan
    model: Path
    adapter: Path | None
    n_threads: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer these requests, as assignment `number`."""

    number: int
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    """These requests of an assignment are not wanted any more."""

    number: int
    request_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing more of this assignment is wanted."""

    number: int


Order = Open | Ask | Drop | Stop


@dataclass(frozen=True, slots=True)
class Ready:
    """The engine runs."""

    context_length: int
    description: str


@dataclass(frozen=True, slots=True)
class Answered:
    """One completion."""

    number: int
    request_id: str
    completion: Completion


@dataclass(frozen=True, slots=True)
class Through:
    """The assignment is over: the worker waits for the next one. `refusal` says why it could not be done at all."""

    number: int
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Beat:
    """The worker lives; `n_looks` grows with every step of its engine."""

    n_looks: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The engine did not start, or broke; the worker ends.

    Attributes:
        message: One line.
        by_model: Model or adapter cannot be used: another plan would not help.
    """

    message: str
    by_model: bool = False


Report = Ready | Answered | Through | Beat | Broken

_PLAIN: dict[str, type[Ready] | type[Through] | type[Beat] | type[Broken]] = {
    "ready": Ready,
    "through": Through,
    "beat": Beat,
    "broken": Broken,
}
_NAME_OF = {kind: name for name, kind in _PLAIN.items()}


def encode_order(order: Order) -> bytes:
    """One line, newline included; `decode_order` is the inverse."""
    value: dict[str, Any]
    if isinstance(order, Open):
        value = {
            "do": "open",
            "plan": dataclasses.asdict(order.plan),
            "model": str(order.model),
            "adapter": _text(order.adapter),
            "n_threads": order.n_threads,
        }
    elif isinstance(order, Ask):
        value = {"do": "ask", "number": order.number} | _requests_to_json(order.requests)
    elif isinstance(order, Drop):
        value = {"do": "drop", "number": order.number, "request_ids": order.request_ids}
    else:
        value = {"do": "stop", "number": order.number}
    return _line(value)


def decode_order(line: bytes) -> Order:
    """The order of a line.

    Raises:
        ValueError: The line is not what `encode_order` writes.
    """
    value = json.loads(line)
    match value.get("do"):
        case "open":
            plan = EnginePlan(**{name: _tupled(item) for name, item in value["plan"].items()})
            return Open(plan, Path(value["model"]), _path(value["adapter"]), value["n_threads"])
        case "ask":
            return Ask(value["number"], _requests_from_json(value))
        case "drop":
            return Drop(value["number"], tuple(value["request_ids"]))
        case "stop":
            return Stop(value["number"])
    raise ValueError(f"not an order: {line[:80]!r}")


def encode_report(report: Report) -> bytes:
    """One line, newline included; `decode_report` is the inverse."""
    if isinstance(report, Answered):
        given = report.completion
        completion = [given.text, given.token_ids, given.logprob, given.finish.value]
        return _line({"say": "answered", "of": [report.number, report.request_id], "completion": completion})
    return _line({"say": _NAME_OF[type(report)], "value": dataclasses.asdict(report)})


def decode_report(line: bytes) -> Report:
    """The report of a line.

    Raises:
        ValueError: The line is not what `encode_report` writes: a torn line, or something else wrote on the channel.
    """
    try:
        value = json.loads(line)
        if value["say"] == "answered":
            text, token_ids, logprob, finish = value["completion"]
            number, request_id = value["of"]
            return Answered(number, request_id, Completion(text, tuple(token_ids), logprob, Finish(finish)))
        return _PLAIN[value["say"]](**value["value"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a worker's report: {line[:80]!r}") from error


def _requests_to_json(requests: Sequence[Request]) -> dict[str, Any]:
    """Each prompt once: all samples of a task share theirs."""
    prompts = {prompt: index for index, prompt in enumerate(dict.fromkeys(request.prompt for request in requests))}
    return {
        "prompts": [[prompt.user, prompt.system, prompt.prefill] for prompt in prompts],
        "requests": [
            [request.request_id, prompts[request.prompt], dataclasses.asdict(request.sampling), _text(request.adapter)]
            for request in requests
        ],
    }


def _requests_from_json(value: dict[str, Any]) -> tuple[Request, ...]:
    prompts = [Prompt(*texts) for texts in value["prompts"]]
    return tuple(
        Request(
            request_id,
            prompts[index],
            Sampling(**{name: _tupled(item) for name, item in sampling.items()}),
            _path(adapter),
        )
        for request_id, index, sampling, adapter in value["requests"]
    )


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
