"""Which engines answer: from wishes to plans for this machine, and from plans to engines that started.

On GPUs, and wherever vLLM runs, engines live in processes of their own (`fleet.py`); transformers on a CPU runs in this
one. An engine that does not start is replaced by what the ladder of `degrading.py` says, down to transformers, and each
step is told. Knows nothing of tasks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from arc_solver.engines.base import Engine
from arc_solver.engines.degrading import failure_of, next_step
from arc_solver.engines.devices import Machine, probe, probe_host
from arc_solver.engines.fleet import EngineFleet
from arc_solver.engines.model_folder import read_facts
from arc_solver.engines.plans import EnginePlan, Refusal, Wishes, make_plan
from arc_solver.errors import EngineError, ModelError
from arc_solver.prompts.rendering import PromptEncoder

Starter = Callable[[EnginePlan, Path, "Path | None", int], Engine]


def plan_engines(model: Path, wishes: Wishes, machine: Machine | None = None) -> tuple[EnginePlan, ...]:
    """How the model is run on this machine: one plan for each engine process.

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
    return plan.engines


def start(plan: EnginePlan, model: Path, adapter: Path | None, n_threads: int) -> Engine:
    """The engine of a plan, in this process.

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
        max_loras=plan.max_loras,
        n_devices=max(1, len(plan.devices)),
        own_process=False,  # this process was made for it
    )


def open_engines(
    plans: Sequence[EnginePlan],
    model: Path,
    adapter: Path | None,
    *,
    n_threads: int,
    tell: Callable[[str], None],
) -> Engine:
    """What answers with these plans: a fleet of processes, or one engine in this process, where a CPU has to do with
    transformers.

    Args:
        plans: One for each engine.
        model: The model's folder.
        adapter: A LoRA for it, or None.
        n_threads: CPU threads of each engine.
        tell: Gets a line for every engine that is lost and every step down.

    Raises:
        ModelError: Model or adapter cannot be loaded.
        EngineError: Nothing started; the last failure.
    """
    if len(plans) == 1 and plans[0].kind == "transformers" and not plans[0].devices:
        return open_engine(plans[0], model, adapter, n_threads=n_threads, tell=tell)
    return EngineFleet(plans, model, adapter, prompt_encoder(model).encode, n_threads=n_threads, tell=tell)


def prompt_encoder(model: Path) -> PromptEncoder:
    """What turns prompts into the tokens of this model, without its weights.

    Raises:
        ModelError: The folder holds no tokenizer that can be read.
    """
    from transformers import AutoTokenizer

    from arc_solver.engines.weights import first_line

    try:
        tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise ModelError(f"model {model}: its tokenizer cannot be loaded: {first_line(error)}") from error
    tokenizer.model_max_length = sys.maxsize  # who counts tokens may count too many of them, without a warning
    return PromptEncoder(tokenizer)


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
            weaker = next_step(plan, failure_of(str(error), started=False))
            if weaker is None:
                raise
            tell(f"{error}; {weaker.reasons[-1]}")
            plan = weaker
