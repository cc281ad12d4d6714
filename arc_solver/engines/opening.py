"""Which engine answers: from wishes to a plan for this machine, and from a plan to an engine that started.

An engine that does not start is replaced by what the ladder of `degrading.py` says, down to transformers, and each step
is told. torch is imported only after the plan's variables are set. Knows nothing of tasks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from arc_solver.engines.base import Engine
from arc_solver.engines.degrading import Failure, next_step
from arc_solver.engines.devices import Machine, probe, probe_host
from arc_solver.engines.model_folder import read_facts
from arc_solver.engines.plans import EnginePlan, Refusal, Wishes, make_plan
from arc_solver.errors import EngineError, ModelError

Starter = Callable[[EnginePlan, Path, "Path | None", int], Engine]


def plan_engine(model: Path, wishes: Wishes, machine: Machine | None = None) -> EnginePlan:
    """How the model is run by one engine process on this machine.

    Args:
        model: The model's folder.
        wishes: What settings or user ask for.
        machine: Probed already; None looks at this one, at its GPUs only where they may be used.

    Raises:
        ModelError: It cannot be run as wished; says what to do.
    """
    if machine is None:
        host = probe_host()
        built_for_cpu = (host.version("torch") or "").endswith("+cpu")
        machine = host if built_for_cpu or wishes.device == "cpu" else probe()
    plan = make_plan(machine, read_facts(model), wishes)
    if isinstance(plan, Refusal):
        raise ModelError(plan.text())
    return plan.engines[0]


def start(plan: EnginePlan, model: Path, adapter: Path | None, n_threads: int) -> Engine:
    """The engine of a plan.

    Raises:
        ModelError: Model or adapter cannot be loaded.
        EngineError: The engine did not start.
    """
    os.environ.update(plan.environment())
    device: Literal["cpu", "cuda"] = "cuda" if plan.devices else "cpu"
    if plan.kind == "transformers":
        from arc_solver.engines.transformers_engine import TransformersEngine

        return TransformersEngine(
            model,
            adapter,
            device=device,
            dtype=plan.dtype,
            max_batch_size=plan.max_sequences,
            context_length=plan.context_length,
            n_threads=n_threads,
        )
    try:
        from arc_solver.engines.vllm_engine import VllmEngine
    except ImportError as error:
        raise EngineError(f"vllm cannot be imported: {error}") from error
    return VllmEngine(
        model,
        adapter,
        device=device,
        dtype=plan.dtype,
        attention=plan.attention,
        max_sequences=plan.max_sequences,
        context_length=plan.context_length,
        memory_share=plan.memory_share,
        eager=plan.eager,
        merge_adapter=plan.merge_adapter,
        n_devices=max(1, len(plan.devices)),
    )


def open_engine(
    plan: EnginePlan,
    model: Path,
    adapter: Path | None,
    *,
    n_threads: int,
    tell: Callable[[str], None],
    starter: Starter = start,
) -> Engine:
    """The engine of a plan, or of the first step down the ladder that starts.

    Args:
        plan: What to try first.
        model: The model's folder.
        adapter: A LoRA for it, or None.
        n_threads: CPU threads of torch.
        tell: Gets a line for every step down.
        starter: Starts an engine; tests put their own in its place.

    Raises:
        ModelError: Model or adapter cannot be loaded.
        EngineError: Nothing started; the last failure.
    """
    while True:
        try:
            return starter(plan, model, adapter, n_threads)
        except EngineError as error:
            failure = Failure.OUT_OF_MEMORY if "memory" in str(error).lower() else Failure.START
            weaker = next_step(plan, failure)
            if weaker is None:
                raise
            tell(f"{error}; {weaker.reasons[-1]}")
            plan = weaker
