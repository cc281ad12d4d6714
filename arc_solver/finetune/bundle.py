"""Figures for a base and its adapter, and the manifest that says so: the last step before weights are committed.

    python -m arc_solver.finetune.bundle weights

Losses are measured on held-out training tasks, which neither was trained on, as their files have them (large grids
included), and on synthetic programs over those tasks' inputs. Knows nothing of how the weights were trained but what
their records say.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from arc_solver.errors import ModelError
from arc_solver.finetune.dataset import Encoding, encode
from arc_solver.finetune.lora import load_adapter
from arc_solver.finetune.losses import held_out_losses
from arc_solver.finetune.manifest import RECORD, read_prompt_format, write_manifest
from arc_solver.finetune.nano import load_model
from arc_solver.finetune.session import HELD_OUT_SEED
from arc_solver.json_files import read_json
from arc_solver.omni.config import PAIRS, SYNTHESIS
from arc_solver.omni.splits import HELD_OUT_SEED as SPLIT_SEED
from arc_solver.omni.splits import LEAKING_IDS, N_HELD_OUT
from arc_solver.omni.stream import GenerateConfig, open_engine
from arc_solver.prompts.base import Sample
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, OUTPUT_FROM_EXAMPLES

MEASURED_RECIPES = (OUTPUT_FROM_EXAMPLES, CODE_FROM_EXAMPLES)
MAX_TOKENS = 2048
N_SAMPLES = 200


def measured_samples(version: str, encoder: str, recipe: str) -> Iterator[Sample]:
    """Held-out samples of one recipe, always the same."""
    data = GenerateConfig(
        recipe_weights=((recipe, 1.0),),
        source_weights=(("training", 1.0),),
        program_weights=((PAIRS if recipe == OUTPUT_FROM_EXAMPLES else SYNTHESIS, 1.0),),
        split="held-out",
        version=version,
        encoder=encoder,
        max_chars=MAX_TOKENS - 100,
    )
    return open_engine(data).stream(HELD_OUT_SEED)


def measure(weights_dir: Path, *, n_samples: int = N_SAMPLES) -> dict[str, dict[str, float]]:
    """Held-out loss by recipe of the base alone (`base`) and with its adapter (`with_adapter`), in nats a token.

    Raises:
        ModelError: They cannot be loaded or do not belong together, or the base does not say how it is to be asked.
    """
    base_dir, adapter_dir = weights_dir / "base", weights_dir / "adapter"
    known = read_prompt_format(base_dir)
    if known is None:
        raise ModelError(f"{base_dir}: {RECORD} is missing: nothing says how this model is to be asked")
    model, tokenizer = load_model(base_dir)
    drawn = [
        sample
        for recipe in MEASURED_RECIPES
        for sample in itertools.islice(measured_samples(known.version, known.encoder, recipe), n_samples)
    ]
    encoded = [item for sample in drawn if (item := encode(tokenizer, sample, Encoding(MAX_TOKENS))) is not None]
    pad_id = tokenizer.pad_token_id
    figures = {"base": held_out_losses(model, encoded, pad_id=pad_id)}
    figures["with_adapter"] = held_out_losses(load_adapter(model, base_dir, adapter_dir), encoded, pad_id=pad_id)
    return {which: {recipe: round(loss, 4) for recipe, loss in losses.items()} for which, losses in figures.items()}


def bundle(weights_dir: Path, *, n_samples: int = N_SAMPLES) -> dict[str, Any]:
    """Measure, and write the manifest of `weights_dir`.

    Returns:
        What was written besides the files' hashes.

    Raises:
        ModelError: As `measure`, or the adapter does not lower the loss of every recipe: it must not be shipped then.
    """
    losses = measure(weights_dir, n_samples=n_samples)
    worse = [recipe for recipe, loss in losses["base"].items() if losses["with_adapter"][recipe] >= loss]
    if worse:
        raise ModelError(f"the adapter does not lower the held-out loss of {', '.join(worse)}: {losses}")
    base = read_json(weights_dir / "base" / RECORD)
    adapter = read_json(weights_dir / "adapter" / RECORD)
    names = ("command", "seed", "recipes", "sources", "steps", "n_samples", "n_tokens", "hours")
    facts: dict[str, Any] = {name: base[name] for name in names}
    facts["adapter"] = {name: adapter[name] for name in names}
    facts["prompt_format"] = base["prompt_format"]
    facts["held_out_tasks"] = f"numpy.random.default_rng({SPLIT_SEED}).permutation(sorted(ids))[:{N_HELD_OUT}]"
    facts["excluded_task_ids"] = sorted(LEAKING_IDS)
    facts["held_out_loss"] = {"unit": "nats per token", "n_samples_per_recipe": n_samples, **losses}
    write_manifest(weights_dir, facts)
    return facts


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bundle(Path(sys.argv[1])), indent=2) + "\n")
