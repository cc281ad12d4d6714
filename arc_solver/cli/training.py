"""`arc-solver train`."""

from __future__ import annotations

import dataclasses
import shlex
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import click

from arc_solver.cli.common import Duration, re_arc_option, told_plainly
from arc_solver.config import build, preset_names
from arc_solver.errors import InputError
from arc_solver.finetune.precision import PRECISIONS
from arc_solver.finetune.request import DEVICES, Choices, train_request
from arc_solver.omni.config import FOUND, FOUND_WEIGHT
from arc_solver.omni.generate import parse_recipe_weights
from arc_solver.omni.recipes import RECIPES
from arc_solver.prompts.templates import VERSIONS

_IN_TRAIN_TABLE = ("lr", "batch_tokens", "micro_tokens", "precision", "gradient_checkpointing", "ema_decay")
"""Flags that are named like the setting of training that they change."""

_preset_option = click.option(
    "--preset",
    help=f"Settings of training: one of {', '.join(preset_names(training=True))}, or a .toml file. Flags change "
    "what it says.",
)
_recipes_option = click.option(
    "--recipes",
    help=f"Learning tasks with weights (A,B:2), of {', '.join(RECIPES)}; `all` for all alike. Default: a mix of all.",
)
_programs_option = click.option(
    "--programs",
    type=click.Path(path_type=Path),
    help=f"A file of `solve --export-programs`: its programs join what is learned (source `{FOUND}`, weight "
    f"{FOUND_WEIGHT:g}, if a preset's `sources` do not name it). Each is run first.",
)
_version_option = click.option(
    "--prompts", type=click.Choice(VERSIONS), help="Prompt version. Default: what suits the model."
)
_grid_option = click.option("--max-grid-cells", type=click.IntRange(1, 900), help="Leave out pairs with a larger grid.")
_batch_option = click.option("--batch-tokens", type=click.IntRange(min=1), help="Tokens of a step, padding included.")
_micro_option = click.option(
    "--micro-tokens", type=click.IntRange(min=1), help="Tokens that go through the model together. Default: all."
)
_precision_option = click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    help="auto: bf16 where the device computes in it, else fp16 on a GPU, fp32 on a CPU.",
)
_checkpointing_option = click.option(
    "--gradient-checkpointing/--no-gradient-checkpointing",
    default=None,
    help="Less memory, a third more time.",
)
_ema_option = click.option(
    "--ema-decay",
    type=click.FloatRange(0, 1, max_open=True),
    help="Keep a moving average of the weights (0.995, say); it is saved if its held-out loss is lower. 0: none.",
)
_words_option = click.option(
    "--add-words/--no-add-words",
    default=None,
    help="Give a base of ours the words that the DSL gained since it was trained, and train it on like a new model.",
)
_solve_option = click.option(
    "--solve-tasks",
    "n_solved",
    type=click.IntRange(min=0),
    default=8,
    show_default=True,
    help="Held-out tasks that the model is asked to solve now and then, for each way of answering.",
)


@click.command(short_help="Train a model, or a LoRA on one of yours.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the model or the adapter.")
@click.option(
    "--base", type=click.Path(path_type=Path), help="Model folder to start from. Without it: a new small model."
)
@click.option("--lora", "lora_rank", type=click.IntRange(min=1), help="Train a LoRA of this rank on the base.")
@_preset_option
@re_arc_option
@_programs_option
@_recipes_option
@_version_option
@_words_option
@_grid_option
@click.option(
    "--time-limit",
    "time_limit_s",
    type=Duration(),
    help="Seconds of training, those before a resume included: 30s, 60m, 8h.",
)
@click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps. With neither limit: 1000.")
@click.option("--max-tokens", type=click.IntRange(min=64), help="Longest sample. Default: what suits the model.")
@click.option("--lr", type=click.FloatRange(min=0, min_open=True), help="Peak learning rate.")
@_batch_option
@_micro_option
@_precision_option
@_checkpointing_option
@_ema_option
@_solve_option
@click.option(
    "--device", type=click.Choice(DEVICES), default="auto", show_default=True, help="auto: the GPU if there is one."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of data and weights.")
@click.option(
    "--run", "run_dir", type=click.Path(path_type=Path), help="Folder for checkpoints and metrics. Default: OUT.run."
)
@click.option("--resume/--no-resume", default=False, show_default=True, help="Go on from the run folder's checkpoint.")
@told_plainly
def train(
    out: Path,
    base: Path | None,
    preset: str | None,
    re_arc: Path | None,
    programs: Path | None,
    recipes: str | None,
    n_solved: int,
    device: str,
    seed: int,
    run_dir: Path | None,
    resume: bool,
    **flags: Any,
) -> None:
    """Train a base from scratch, all weights of a model, or a LoRA on any Hugging Face causal LM.

    Held-out training tasks are never trained on; their loss by learning task, and how many of them the model solves,
    are reported while it runs and drawn in metrics.svg in the run folder. A run that was killed goes on from its last
    checkpoint with --resume and gives the same losses as an unbroken one.

    \b
    Examples:
      arc-solver train --out base --re-arc re_arc.zip --time-limit 60m
      arc-solver train --out adapter --base base --lora 16 --time-limit 10m
      arc-solver train --out adapter --base base --lora 16 --programs found.jsonl
      arc-solver train --preset train-qwen2.5-coder-0.5b --base DIR --out adapter

    Then: python make_submission.py --model DIR --adapter adapter. See docs/training.md.

    Exit codes: 0 done, 1 failed or interrupted (--resume goes on), 2 something cannot be used.
    """
    # torch is imported from here on only, so that --help stays quick and works without it.
    from arc_solver.finetune.session import run_training

    choices = with_flags(read_training_preset(preset) if preset else Choices(), recipes, flags)
    request = train_request(
        out,
        choices,
        base=base,
        re_arc=re_arc,
        programs=programs,
        seed=seed,
        resume=resume,
        run_dir=run_dir,
        device=device,
        n_solved=n_solved,
        command=shlex.join(["arc-solver", *sys.argv[1:]]),
    )
    run_training(request, click.echo)


def read_training_preset(name: str) -> Choices:
    """The choices of a shipped training preset, or of a TOML file of the user's own.

    Raises:
        InputError: No such preset, a file that cannot be read, or a setting that does not exist.
    """
    known = preset_names(training=True)
    try:
        if name in known:
            text = (resources.files("arc_solver") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
        elif name.endswith(".toml"):
            text = Path(name).read_text(encoding="utf-8")
        else:
            raise InputError(f"preset {name!r}: choose from {', '.join(known)}, or name a .toml file")
        value = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else f"is no TOML file: {error}"
        raise InputError(f"preset {name}: {reason}") from error
    return build(Choices, value, f"preset {name}")


def with_flags(choices: Choices, recipes: str | None, flags: dict[str, Any]) -> Choices:
    """`choices` with what the flags say; flags that were not given are None."""
    given = {name: value for name, value in flags.items() if value is not None}
    in_train = {name: given.pop(name) for name in _IN_TRAIN_TABLE if name in given}
    if recipes:
        given["recipes"] = dict(parse_recipe_weights(recipes))
    return dataclasses.replace(choices, **given, train=choices.train | in_train)
