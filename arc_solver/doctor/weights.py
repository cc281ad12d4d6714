"""What speaks against a model and its adapter: their files, their hashes, and one pass over real prompts.

Puts the checks of `engines` and `finetune.manifest` in order, the cheap ones first; each failure is one message. It
starts no engine and knows nothing of machines.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from arc_solver.config import RunConfig
from arc_solver.engines.adapter_preflight import check_adapter
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.preflight import Remark, Severity, check_model, joins_digits, raise_refusals
from arc_solver.engines.rehearsal import rehearse
from arc_solver.finetune.manifest import read_adapter_format, read_prompt_format, verify_adapter
from arc_solver.grids import as_grid
from arc_solver.prompts.base import Prompt
from arc_solver.prompts.build import build_prompt
from arc_solver.prompts.encoders import get_encoder
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, OUTPUT_FROM_EXAMPLES
from arc_solver.tasks import Pair, Task

_N_TASKS = 4


def check_files(model: Path, adapter: Path | None, *, served: bool, context_length: int = 0) -> tuple[Remark, ...]:
    """Check a model and an adapter by their files alone.

    Args:
        model: The model's folder.
        adapter: A LoRA for it, or None.
        served: vLLM is to serve the adapter beside the weights; otherwise it is merged into them.
        context_length: What was asked for; 0 for the model's own.

    Returns:
        Warnings and notes.

    Raises:
        ModelError: Something is refused; one message with all of it and what to do.
    """
    remarks = check_model(model, context_length)
    raise_refusals(f"model {model}", remarks)
    if adapter is not None:
        of_adapter = check_adapter(model, adapter, served=served)
        raise_refusals(f"adapter {adapter}", of_adapter)
        verify_adapter(model, adapter)
        remarks += of_adapter
    return remarks


def asked_as_trained(config: RunConfig) -> RunConfig:
    """The settings with the prompts that the model understands: one of ours, and anybody else's with an adapter of
    ours, is asked in the words that it was trained on; anybody else's gets plain instructions (in the version that is
    set, unless that is `brief`), with spaces between cells where its tokenizer joins digits.

    Raises:
        ModelError: A model or an adapter of ours is damaged.
    """
    trained = read_prompt_format(config.model)
    if trained is None and config.adapter is not None:
        trained = read_adapter_format(config.adapter)

    def asked(version: str) -> dict[str, Any]:
        if trained is not None:
            return {"version": trained.version, "encoder": trained.encoder, "use_stop_strings": False}
        encoder = "spaced" if joins_digits(config.model) else "rows"
        return {"version": "v0" if version == "brief" else version, "encoder": encoder, "use_stop_strings": True}

    return dataclasses.replace(
        config,
        induction=dataclasses.replace(config.induction, **asked(config.induction.version)),
        transduction=dataclasses.replace(config.transduction, **asked(config.transduction.version)),
    )


def rehearse_on(config: RunConfig, engine: EnginePlan, tasks: Iterable[Task]) -> tuple[Remark, ...]:
    """Let a process of its own load the model as the plan says and read the prompts of some tasks.

    Args:
        config: Model, adapter and prompt format.
        engine: On which device, in which dtype.
        tasks: The smallest, the largest and two between them are asked about.

    Returns:
        Warnings and notes.

    Raises:
        ModelError: It cannot be used; the message says what to do.
    """
    prompts = sample_prompts(config, tasks)
    device = engine.devices[0] if engine.devices else "cpu"
    seen = rehearse(
        config.model, config.adapter, prompts, dtype=engine.dtype, device=device, context_length=engine.context_length
    )
    remarks = seen.remarks(engine.dtype)
    raise_refusals(f"model {config.model}", remarks)
    return remarks


def sample_prompts(config: RunConfig, tasks: Iterable[Task]) -> tuple[Prompt, ...]:
    """What the model will be asked about the smallest, the largest and two other tasks, in its own format."""
    ordered = sorted(tasks, key=_n_cells)
    if len(ordered) > _N_TASKS:
        ordered = [ordered[index] for index in np.linspace(0, len(ordered) - 1, _N_TASKS).astype(int)]
    prompts = []
    for task in ordered:
        for recipe, settings in (
            (CODE_FROM_EXAMPLES, config.induction),
            (OUTPUT_FROM_EXAMPLES, config.transduction),
        ):
            pairs = task.train[: settings.max_pairs or None]
            encoder = get_encoder(settings.encoder)
            prompts.append(build_prompt(recipe, settings.version, encoder, pairs, task.test_inputs[0]))
    return tuple(prompts)


def made_up_tasks() -> tuple[Task, ...]:
    """Tasks without a meaning, from the smallest size to a usual one, where no others are at hand."""
    rng = np.random.default_rng(0)
    tasks = []
    for side in (3, 8, 14):
        grids = [as_grid(rng.integers(0, 10, (side, side))) for _ in range(4)]
        pairs = tuple(Pair(grid, as_grid(grid[::-1])) for grid in grids[:3])
        tasks.append(Task(f"made-up-{side}", pairs, (grids[3],)))
    return tuple(tasks)


def worth_telling(remarks: Iterable[Remark]) -> list[str]:
    """The warnings among remarks, one line each."""
    return [remark.text() for remark in remarks if remark.severity is Severity.WARNING]


def _n_cells(task: Task) -> int:
    return sum(pair.input.size + pair.output.size for pair in task.train) + max(grid.size for grid in task.test_inputs)
