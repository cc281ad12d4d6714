"""`arc-solver train` and `arc-solver generate`."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path

import click

from arc_solver.cli.common import Duration, told_plainly
from arc_solver.errors import InputError
from arc_solver.omni import generate as data_engine
from arc_solver.omni.generate import GenerateConfig, parse_recipe_weights
from arc_solver.omni.recipes import RECIPES
from arc_solver.prompts.templates import VERSIONS

_re_arc_option = click.option(
    "--re-arc",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="RE-ARC's archive (re_arc/tasks/<id>.json). Without it, the original training pairs only.",
)
_recipes_option = click.option(
    "--recipes", help=f"Learning tasks with weights, such as {','.join(RECIPES)}:2. Default: the bundled model's mix."
)
_version_option = click.option(
    "--prompts", "version", type=click.Choice(VERSIONS), help="Prompt version. Default: what suits the model."
)
_grid_option = click.option("--max-grid-cells", type=click.IntRange(1, 900), help="Leave out pairs with a larger grid.")


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the model or the adapter.")
@click.option(
    "--base", type=click.Path(path_type=Path), help="Model folder to start from. Without it: a new small model."
)
@click.option("--lora", "rank", type=click.IntRange(min=1), help="Train a LoRA of this rank on the base.")
@_re_arc_option
@_recipes_option
@_version_option
@_grid_option
@click.option(
    "--time-limit", type=Duration(), help="Seconds of training, those before a resume included: 30s, 60m, 8h."
)
@click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps. With neither limit: 1000.")
@click.option("--max-tokens", type=click.IntRange(min=64), help="Longest sample. Default: what suits the model.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--run", "run_dir", type=click.Path(path_type=Path), help="Folder for checkpoints and metrics.")
@click.option("--resume/--no-resume", default=False, show_default=True, help="Go on from the run folder's checkpoint.")
@told_plainly
def train(
    out: Path,
    base: Path | None,
    rank: int | None,
    re_arc: Path | None,
    recipes: str | None,
    version: str | None,
    max_grid_cells: int | None,
    time_limit: float | None,
    steps: int | None,
    max_tokens: int | None,
    seed: int,
    run_dir: Path | None,
    resume: bool,
) -> None:
    """Train a base from scratch, all weights of a model, or a LoRA on any Hugging Face causal LM.

    Held-out training tasks are never trained on; the held-out loss is reported by learning task while it runs. A run
    that was killed goes on from its last checkpoint with --resume and gives the same losses as an unbroken one.

    \b
    Examples:
      arc-solver train --out base --re-arc re_arc.zip --time-limit 60m
      arc-solver train --out adapter --base base --lora 16 --time-limit 10m
    """
    # torch is imported from here on only, so that --help stays quick and works without it.
    from arc_solver.finetune.session import DEFAULT_RECIPES, run_training, train_request

    request = train_request(
        out,
        base=base,
        lora_rank=rank,
        re_arc=re_arc,
        recipes=parse_recipe_weights(recipes) if recipes else DEFAULT_RECIPES,
        time_limit_s=time_limit,
        steps=steps,
        seed=seed,
        resume=resume,
        run_dir=run_dir,
        max_tokens=max_tokens,
        max_grid_cells=max_grid_cells,
        version=version,
        command=shlex.join(["arc-solver", *sys.argv[1:]]),
    )
    run_training(request, click.echo)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Write JSON lines to this file.")
@click.option("--n", "n_samples", type=click.IntRange(min=1), default=1000, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@_re_arc_option
@_recipes_option
@_version_option
@_grid_option
@click.option("--workers", "n_workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option("--show", "n_shown", type=click.IntRange(min=1), help="Print the first N samples instead of writing.")
@told_plainly
def generate(
    out: Path | None,
    n_samples: int,
    seed: int,
    re_arc: Path | None,
    recipes: str | None,
    version: str | None,
    max_grid_cells: int | None,
    n_workers: int,
    n_shown: int | None,
) -> None:
    """Make training samples: a weighted mix of learning tasks, the same for the same seed and any number of workers.

    \b
    Examples:
      arc-solver generate --show 3
      arc-solver generate --recipes output-from-examples,code-from-examples:2 --n 1000 --re-arc re_arc.zip --out
      samples.jsonl
    """
    config = _data(recipes, version, max_grid_cells)
    if n_shown is not None:
        for drawn in data_engine.draw_samples(config, n_shown, seed, re_arc=re_arc):
            click.echo(data_engine.format_sample(drawn))
        return
    if out is None:
        raise InputError("give --out FILE to write samples, or --show N to look at some")
    statistics = data_engine.generate_to_file(config, n_samples, seed, out, re_arc=re_arc, n_workers=n_workers)
    for line in statistics.lines():
        click.echo(line)


def _data(recipes: str | None, version: str | None, max_grid_cells: int | None) -> GenerateConfig:
    config = GenerateConfig()
    if recipes is not None:
        config = dataclasses.replace(config, recipe_weights=parse_recipe_weights(recipes))
    if version is not None:
        config = dataclasses.replace(config, version=version)
    if max_grid_cells is not None:
        config = dataclasses.replace(config, max_grid_cells=max_grid_cells)
    return config
