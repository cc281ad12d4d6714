"""From a run's settings and a machine to the plan of its engines, and in which words people read it.

The rules are those of `engines.plans`; here they meet the configuration. Knows nothing of tasks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from arc_solver.config import EngineSettings, RunConfig
from arc_solver.engines.devices import GIB, Machine
from arc_solver.engines.model_folder import read_facts
from arc_solver.engines.plans import AMPERE, OLDEST_VLLM, Plan, Refusal, Wishes, make_plan


def preset_for(machine: Machine) -> str:
    """The preset that suits a machine; `kaggle` for GPUs that none was written for."""
    gpus = machine.gpus
    if not gpus:
        return "cpu"
    if all(gpu.capability < OLDEST_VLLM for gpu in gpus):
        return "kaggle-p100"
    if all(OLDEST_VLLM <= gpu.capability < AMPERE for gpu in gpus):
        return "kaggle-t4x2"
    if all(gpu.name.endswith(" L4") for gpu in gpus):
        return "kaggle-l4x4"
    return "kaggle"


def wishes_of(settings: EngineSettings) -> Wishes:
    """What the settings of a run ask of its engines."""
    return Wishes(
        kind=settings.kind,
        device=settings.device,
        dtype=settings.dtype,
        max_sequences=settings.max_batch_size,
        context_length=settings.context_length,
    )


def plan_for(config: RunConfig, machine: Machine) -> Plan | Refusal:
    """How the model of a run would be run on a machine.

    Raises:
        ModelError: The model's folder cannot be read.
    """
    return make_plan(machine, read_facts(config.model), wishes_of(config.engine))


def describe_devices(machine: Machine) -> str:
    """GPUs, or that there are none, in one line; equal ones are counted."""
    if not machine.gpus:
        torch = machine.version("torch")
        return "no GPU" + (f" that torch {torch} can see" if torch else "")
    counts: dict[str, int] = {}
    for gpu in machine.gpus:
        text = gpu.text() + (f", which does not work: {gpu.problem}" if gpu.problem else "")
        counts[text] = counts.get(text, 0) + 1
    return "; ".join(f"{count} x {text}" for text, count in counts.items())


def describe_host(machine: Machine) -> str:
    """Cores, memory and disk in one line."""
    memory, disk = machine.memory_bytes / GIB, machine.disk_bytes / GIB
    return f"{machine.n_cores} cores, {memory:.1f} GiB of memory and {disk:.1f} GiB of disk free"


def describe_plan(plan: Plan | Refusal) -> Iterator[str]:
    """A line for each engine, then the reasons; or why there is none."""
    if isinstance(plan, Refusal):
        yield f"no model here: {plan.reason}"
        yield f"what to do: {plan.advice}"
        return
    for number, engine in enumerate(plan.engines, start=1):
        yield f"engine {number}: {engine.text()}"
    for reason in dict.fromkeys((*plan.reasons, *(reason for engine in plan.engines for reason in engine.reasons))):
        yield f"- {reason}"


def plan_json(plan: Plan | Refusal) -> dict[str, Any]:
    """`engines` and `reasons`, or `refused` with reason and advice."""
    return {"refused": plan.to_json()} if isinstance(plan, Refusal) else plan.to_json()
