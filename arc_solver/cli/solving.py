"""`arc-solver solve`, which is also `make_submission.py`: flags, tasks, and a valid file before anything slow.

Imports nothing that takes long: what a run needs beyond that is in `running`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_args

import click

from arc_solver.choices import PROPOSERS, Dtype, EngineKind, preset_names
from arc_solver.cli.common import Duration, new_console, read_challenges, task_options, told_plainly
from arc_solver.datasets import limited
from arc_solver.errors import ArcSolverError, InputError
from arc_solver.finetune.test_time.settings import MODES
from arc_solver.interrupting import Interrupt
from arc_solver.oversight import current
from arc_solver.standing import stand_by
from arc_solver.submission import check_output_path


@click.command(
    short_help="Solve tasks and write a submission.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@task_options
@click.option(
    "--solutions", type=click.Path(path_type=Path), help="Score the result with this file. No solver sees it."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("submission.json"),
    show_default=True,
    help="Where the answers go. A journal and a log are kept beside it.",
)
@click.option("--time-limit", type=Duration(), help="All of the run: 90s, 15m, 11h50m. Default: the preset's.")
@click.option(
    "--preset",
    help=f"One of {', '.join(preset_names())}, or a .toml file with settings of your own (docs/settings.md). Default: "
    "cpu; kaggle in Kaggle's scoring run.",
)
@click.option(
    "--proposers",
    help=f"Which run, of {','.join(PROPOSERS)}: programs without a model, the text model's programs and its grids, the "
    "cell model's grids. Default: the preset's; all with a model of your own.",
)
@click.option("--model", type=click.Path(path_type=Path), help="Folder of a Hugging Face causal LM. Default: bundled.")
@click.option(
    "--adapter", help="Folder of a LoRA for the model, or `none`. Default: the bundled model's own; none with --model."
)
@click.option("--engine", type=click.Choice(get_args(EngineKind)), help="What runs the model. Default: the preset's.")
@click.option(
    "--dtype", type=click.Choice(get_args(Dtype)), help="Format of the model's numbers. Default: the preset's."
)
@click.option(
    "--ttft",
    type=click.Choice(MODES),
    help="Test-time fine-tuning: before it answers, the model learns the demonstrations of the tasks, all together "
    "(joint) or then each with an adapter of its own (per-task). What does not lower the loss on demonstrations kept "
    "apart is dropped and told. Default: the preset's; joint for the cell model, off for text models.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N tasks, as if the file held no more.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same samples.")
@click.option(
    "--resume/--no-resume",
    default=False,
    show_default=True,
    help="Go on from the journal of an earlier run that was cut short.",
)
@click.option(
    "--allow-unsafe-sandbox",
    is_flag=True,
    help="Run programs that the model wrote even where the sandbox has grade C (see `arc-solver doctor`).",
)
@click.option(
    "--ray",
    "ray_address",
    metavar="ADDRESS",
    default="",
    help="Run the proposers on a Ray cluster: host:port of its head, auto, or local (see docs/scaling.md).",
)
@click.option(
    "--export-programs",
    "programs_file",
    type=click.Path(path_type=Path),
    help="Write programs that solve their task to this file, to train on (`train --programs`). Tasks of the "
    "ARC-AGI-1 training set only.",
)
@click.option(
    "--rehearse",
    "n_rehearsed",
    metavar="N",
    type=click.IntRange(min=1),
    help="Solve nothing: measure this configuration in a short real run on a few training tasks (--limit of them, else "
    "12), simulate N tasks over the whole time limit, slow devices and mishaps included, and say whether it would "
    "finish (exit code 0) or not (1). Writes nothing to --output. See docs/rehearsal.md. (Not to be confused: "
    "scripts/rehearse-kaggle plays the notebook in an image like Kaggle's.)",
)
@click.option("--rehearse-for", type=Duration(), help="How long --rehearse measures. Default: 3m; 10m with engines.")
@click.option("--no-guard", "unguarded", is_flag=True, hidden=True, help="Run without the guard (see `guard`).")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures and scores to this file.")
@told_plainly
def solve(
    dataset: str | None,
    challenges: Path | None,
    solutions: Path | None,
    output: Path,
    time_limit: float | None,
    preset: str | None,
    proposers: str | None,
    model: Path | None,
    adapter: str | None,
    engine: EngineKind | None,
    dtype: Dtype | None,
    ttft: str | None,
    limit: int | None,
    seed: int,
    resume: bool,
    allow_unsafe_sandbox: bool,
    ray_address: str,
    programs_file: Path | None,
    n_rehearsed: int | None,
    rehearse_for: float | None,
    unguarded: bool,
    json_file: Path | None,
) -> None:
    """Solve ARC tasks and write a submission.

    With no flags: Kaggle's hidden test where it is mounted, else the 400 public evaluation tasks of ARC-AGI-1, with the
    bundled model, in about ten minutes on two CPU cores. A valid file stands from the first second; stop it whenever
    you like.

    \b
    Examples:
      python make_submission.py --limit 20 --time-limit 2m
      python make_submission.py --challenges arc-agi_test_challenges.json --time-limit 11h30m
      python make_submission.py --model /kaggle/input/qwen --adapter /kaggle/input/my-lora --ttft per-task
      python make_submission.py --resume        after a crash: nothing that was found is lost
      python make_submission.py --preset kaggle-t4x2 --rehearse 240     would it finish?

    Exit codes: 0 done, 1 failed or interrupted (what was found is in the file), 2 wrong usage or unreadable input.
    """
    console, supervised = new_console(), current()
    flags: dict[str, Any] = {
        "solutions": solutions,
        "output": output,
        "time_limit": time_limit,
        "preset": preset,
        "proposers": proposers,
        "model": model,
        "adapter": adapter,
        "engine": engine,
        "dtype": dtype,
        "ttft": ttft,
        "seed": seed,
        "resume": resume or supervised.resume,
        "allow_unsafe_sandbox": allow_unsafe_sandbox,
        "ray_address": ray_address,
        "programs_file": programs_file,
        "json_file": json_file,
    }
    if n_rehearsed is not None:
        from arc_solver.cli.rehearsing import Wanted, rehearse

        rehearse(Wanted(n_rehearsed, rehearse_for, dataset, challenges, limit, flags), console)
        return
    if rehearse_for is not None:
        raise InputError("--rehearse-for is of --rehearse only")
    tasks, where, public_name = read_challenges(dataset, challenges)
    if limit is not None and os.environ.get("KAGGLE_IS_COMPETITION_RERUN"):
        console.print("warning: --limit is ignored in Kaggle's scoring run, where every task must be answered")
    elif limit is not None:
        tasks = limited(tasks, limit)
    check_output_path(output)
    standing = stand_by(tasks, output, resume=resume or supervised.resume)
    supervised.first_file()
    try:
        from arc_solver.cli.running import Asked, run

        with Interrupt() as interrupt:
            run(Asked(tasks=tasks, where=where, public_name=public_name, **flags), console, interrupt, supervised)
    except ArcSolverError:
        if not supervised.begun:
            standing.take_back()
        raise
