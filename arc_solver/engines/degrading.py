"""What an engine tries next after it failed: fewer sequences, a shorter context, eager mode, transformers.

The ladder is data: each rung says which failures it may cure and what it changes. Whoever runs an engine asks for the
next step, logs its reason and starts again; it knows nothing of how an engine is started.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from arc_solver.engines.plans import EnginePlan

_MIN_SEQUENCES = 8
_MIN_CONTEXT = 2048


class Failure(enum.StrEnum):
    """How an engine failed."""

    OUT_OF_MEMORY = "out of memory"
    START = "did not start"  # compilation, kernels, an attention backend
    DIED = "died or hung"
    NOT_FINITE = "logits not finite"


def failure_of(message: str, *, started: bool) -> Failure:
    """What an engine's message says about its failure.

    Args:
        message: Of the exception.
        started: Whether it had run before.
    """
    text = message.lower()
    if "not finite" in text:
        return Failure.NOT_FINITE
    if "out of resource" in text:
        return Failure.START  # a kernel wants more shared memory than the chip has: fewer sequences do not help
    if "memory" in text:
        return Failure.OUT_OF_MEMORY
    return Failure.DIED if started else Failure.START


@dataclass(frozen=True, slots=True)
class Change:
    """What a rung gives up: fields of the plan, and why in words."""

    reason: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to ask for less.

    Attributes:
        name: For messages.
        cures: The failures that it may cure.
        change: What it gives up of a plan, or None where nothing of the kind is left.
    """

    name: str
    cures: frozenset[Failure]
    change: Callable[[EnginePlan], Change | None]


def _fewer_sequences(plan: EnginePlan) -> Change | None:
    fewer = max(_MIN_SEQUENCES, plan.max_sequences // 4)
    if fewer >= plan.max_sequences:
        return None
    return Change(f"{fewer} sequences instead of {plan.max_sequences}", {"max_sequences": fewer})


def _shorter_context(plan: EnginePlan) -> Change | None:
    shorter = max(_MIN_CONTEXT, plan.context_length // 2)
    if shorter >= plan.context_length:
        return None
    reason = f"{shorter} tokens of context instead of {plan.context_length}: longer prompts show fewer pairs"
    return Change(reason, {"context_length": shorter})


def _eager(plan: EnginePlan) -> Change | None:
    if plan.eager or plan.kind != "vllm":
        return None
    return Change("eager mode: no compilation, and 0.6 GiB of graphs less", {"eager": True})


def _transformers(plan: EnginePlan) -> Change | None:
    # transformers sees one GPU: a model that had to be split does not fit there.
    if plan.kind != "vllm" or len(plan.devices) > 1:
        return None
    share = 0.5 if plan.devices else 0.0
    return Change(
        "transformers instead of vllm: slower, but it runs wherever torch does",
        {"kind": "transformers", "attention": None, "memory_share": share, "eager": True, "merge_adapter": True},
    )


def _float32(plan: EnginePlan) -> Change | None:
    if plan.dtype != "float16":
        return None
    fewer = max(1, plan.max_sequences // 2)
    return Change("float32 instead of float16, which overflows", {"dtype": "float32", "max_sequences": fewer})


_MEMORY, _START, _DIED = Failure.OUT_OF_MEMORY, Failure.START, Failure.DIED
LADDER = (
    Rung("float32", frozenset({Failure.NOT_FINITE}), _float32),
    Rung("fewer sequences", frozenset({_MEMORY, _DIED}), _fewer_sequences),
    Rung("shorter context", frozenset({_MEMORY}), _shorter_context),
    Rung("eager", frozenset({_MEMORY, _START, _DIED}), _eager),
    Rung("transformers", frozenset({_MEMORY, _START, _DIED}), _transformers),
)


def next_step(plan: EnginePlan, failure: Failure) -> EnginePlan | None:
    """What to try after a failure: the first rung that may cure it and has something left to give up.

    Returns:
        A plan whose last reason explains the step, or None at the ladder's end.
    """
    for rung in LADDER:
        change = rung.change(plan) if failure in rung.cures else None
        if change is not None:
            reasons = (*plan.reasons, f"after '{failure}': {change.reason}")
            return replace(plan, reasons=reasons, **change.fields)
    return None
