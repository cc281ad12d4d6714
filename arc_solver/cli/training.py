"""`arc-solver train`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from arc_solver.cli.common import Duration, re_arc_option, told_plainly
from arc_solver.omni.generate import parse_recipe_weights
from arc_solver.omni.recipes import RECIPES
from arc_solver.prompts.templates import VERSIONS

_recipes_option = click.option(
    "--recipes", help=f"Learning tasks with weights, of {', '.join(RECIPES)}. Default: the bundled model's mix."
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
@re_arc_option
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
