"""`arc-solver solve`, which is also `make_submission.py`."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any, get_args

import click
from rich.console import Console

from arc_solver import __version__
from arc_solver.budget import MonotonicClock, format_duration
from arc_solver.cli.common import Duration, new_console, read_challenges, task_options, told_plainly
from arc_solver.cli.exporting import check_export, export_programs
from arc_solver.config import PROPOSERS, Dtype, EngineKind, RunConfig, default_preset, load_preset, preset_names
from arc_solver.datasets import limited, limited_solutions, load_named, load_solutions
from arc_solver.doctor.planning import describe_plan, plan_for
from arc_solver.doctor.weights import asked_as_trained, check_files, rehearse_on, worth_telling
from arc_solver.engines.devices import probe
from arc_solver.engines.plans import Refusal
from arc_solver.errors import ArcSolverError, ModelError
from arc_solver.evaluation import evaluate_submission, render_table, to_json
from arc_solver.finetune.manifest import read_prompt_format
from arc_solver.finetune.test_time.settings import MODES, OFF
from arc_solver.interrupting import Interrupt
from arc_solver.lanes.process import LANE_COMMAND
from arc_solver.lanes.ray_child import RAY_COMMAND
from arc_solver.lanes.ray_cluster import check_cluster
from arc_solver.oversight import current
from arc_solver.pipeline import RunFiles, RunResult
from arc_solver.pipeline import solve as run_pipeline
from arc_solver.processes import peak_memory_mb
from arc_solver.progress import ConsoleProgress
from arc_solver.standing import stand_by
from arc_solver.submission import check_output_path, load, write_json
from arc_solver.tasks import Challenges, Solutions


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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
    "--preset", help=f"One of {', '.join(preset_names())}, or a .toml file with settings of your own. Default: cpu."
)
@click.option("--proposers", help=f"Which of {','.join(PROPOSERS)} run. Default: the preset's; all with `--model`.")
@click.option("--model", type=click.Path(path_type=Path), help="Folder of a Hugging Face causal LM. Default: bundled.")
@click.option("--adapter", help="Folder of a LoRA for the model, or `none`. Default: the bundled model's own.")
@click.option("--engine", type=click.Choice(get_args(EngineKind)), help="What runs the model. Default: the preset's.")
@click.option("--dtype", type=click.Choice(get_args(Dtype)), help="Of the model's numbers. Default: the preset's.")
@click.option(
    "--ttft",
    type=click.Choice(MODES),
    help="Test-time fine-tuning: before it answers, the model learns the demonstrations of the tasks, all together "
    "(joint) or then each with an adapter of its own (per-task). What does not lower the loss on demonstrations kept "
    "apart is dropped and told. Default: the preset's; joint for the bundled grid model, off for text models.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N tasks, as if the file held no more.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all sampling.")
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
    help="Write programs that solve their task to this file, to train on (`generate --programs`). Tasks of the "
    "ARC-AGI-1 training set only.",
)
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
    """
    console, interrupt, supervised = new_console(), Interrupt(), current()
    config = _configure(preset, time_limit, proposers, model, adapter, seed)
    if engine is not None:
        config = dataclasses.replace(config, engine=dataclasses.replace(config.engine, kind=engine))
    if dtype is not None:
        config = dataclasses.replace(config, engine=dataclasses.replace(config.engine, dtype=dtype))
    if ttft is not None:
        config = config.with_ttft(ttft)
    if allow_unsafe_sandbox:
        config = dataclasses.replace(config, allow_unsafe_sandbox=True)
    if ray_address:
        config = _on_cluster(config, ray_address)
    supervised.limit(supervised.began_s + config.time_limit_s, config.patience)
    tasks, where, public_name = read_challenges(dataset, challenges)
    if limit is not None and os.environ.get("KAGGLE_IS_COMPETITION_RERUN"):
        console.print("warning: --limit is ignored in Kaggle's scoring run, where every task must be answered")
    elif limit is not None:
        tasks = limited(tasks, limit)
    check_output_path(output)
    resume = resume or supervised.resume
    standing = stand_by(tasks, output, resume=resume)
    first_file_s = MonotonicClock().now_s() - supervised.began_s
    try:
        truth = _truth(public_name, solutions, tasks)
        if programs_file is not None:
            check_export(programs_file, tasks)
        config = _settled(console, config, tasks, where, output)
        with ConsoleProgress(console) as progress:
            result = run_pipeline(
                tasks,
                config,
                RunFiles(output),
                resume=resume,
                clock=MonotonicClock(),
                progress=progress,
                lane_command=RAY_COMMAND if ray_address else LANE_COMMAND,
                tasks_from=where,
                supervised=supervised,
                closing=interrupt.disarm,
            )
    except ArcSolverError:
        standing.take_back()
        raise
    result.interrupted = result.interrupted or interrupt.came
    scores = _report(console, result, truth, output)
    if programs_file is not None:
        console.print(export_programs(result.board.candidates, programs_file), markup=False, highlight=False)
    if json_file is not None:
        beginning = {"first_file_s": round(first_file_s, 3), "supervisor_peak_mb": peak_memory_mb()}
        write_json(json_file, _figures(result, config, where, tasks) | beginning | scores)
    if result.interrupted or (result.failures and not result.proposer_seconds and not supervised.resume):
        sys.exit(1)


def _settled(console: Console, config: RunConfig, tasks: Challenges, where: str, output: Path) -> RunConfig:
    """The configuration with which the run is done, checked and told; as it was where a supervisor before this one had
    come so far.
    """
    supervised = current()
    if supervised.resume and supervised.settled:
        return RunConfig.from_json(json.loads(supervised.settled))
    cluster = check_cluster(config.ray_address) if config.ray_address else ""
    config = _with_a_model_that_works(console, config, tasks)
    _introduce(console, tasks, where, config, output)
    if cluster:
        console.print(f"cluster: {cluster}", markup=False, highlight=False)
    supervised.settle(config.to_json())
    return config


def _configure(
    preset: str | None,
    time_limit: float | None,
    proposers: str | None,
    model: Path | None,
    adapter: str | None,
    seed: int,
) -> RunConfig:
    overrides: dict[str, Any] = {"seed": seed}
    if time_limit is not None:
        overrides["time_limit_s"] = time_limit
    if proposers is not None:
        overrides["proposers"] = tuple(name.strip() for name in proposers.split(",") if name.strip())
    if model is not None:
        # The bundled adapter belongs to the bundled base: another model comes with its own or none.
        overrides |= {"model": model, "adapter": None}
        if proposers is None and not (preset or "").endswith(".toml"):
            overrides["proposers"] = PROPOSERS
    if adapter is not None:
        overrides["adapter"] = None if adapter == "none" else Path(adapter)
    config = load_preset(preset or default_preset(), **overrides)
    if time_limit is not None and config.reserve_s > 0.1 * time_limit:
        config = dataclasses.replace(config, reserve_s=0.1 * time_limit)
    return config


def _on_cluster(config: RunConfig, address: str) -> RunConfig:
    """The configuration for a cluster: its nodes have working folders of their own."""
    adapter, cells = (folder and folder.absolute() for folder in (config.adapter, config.cells))
    return dataclasses.replace(config, ray_address=address, model=config.model.absolute(), adapter=adapter, cells=cells)


def _with_a_model_that_works(console: Console, config: RunConfig, tasks: Challenges) -> RunConfig:
    """The configuration, once its model is known to work here and is asked in the way that it understands.

    In Kaggle's scoring run, where nobody reads the message, a model that does not work costs its own proposers only.

    Raises:
        ModelError: Something is wrong with model, adapter or device; the message says what to do.
    """
    if not {"induction", "transduction"} & set(config.proposers):
        return config
    try:
        _check_model(console, config)
        config = asked_as_trained(config)
        # The nodes of a cluster have devices of their own.
        if not config.ray_address and (config.engine.device != "cpu" or config.engine.dtype == "float16"):
            _check_on_device(console, config, tasks)
    except ModelError as error:
        if not os.environ.get("KAGGLE_IS_COMPETITION_RERUN") or "search" not in config.proposers:
            raise
        console.print(f"warning: the search runs alone: {error}", markup=False, highlight=False)
        return dataclasses.replace(config, proposers=("search",))
    return config


def _check_on_device(console: Console, config: RunConfig, tasks: Challenges) -> None:
    """Say how the model is run here, and try float16 on real prompts with a model that was not trained here."""
    plan = plan_for(config, probe())
    if isinstance(plan, Refusal):
        raise ModelError(plan.text())
    for line in describe_plan(plan):
        console.print(line, markup=False, highlight=False)
    engine = plan.engines[0]
    if not engine.merge_adapter:
        check_files(config.model, config.adapter, served=True, context_length=config.engine.context_length)
    if engine.dtype == "float16" and read_prompt_format(config.model) is None and tasks.tasks:
        for text in worth_telling(rehearse_on(config, engine, tasks.tasks)):
            console.print(f"warning: {text}", markup=False, highlight=False)


def _check_model(console: Console, config: RunConfig) -> None:
    """Refuse weights that cannot work before any time is spent, and say what makes them work worse than they could."""
    remarks = check_files(config.model, config.adapter, served=False, context_length=config.engine.context_length)
    for text in worth_telling(remarks):
        console.print(f"warning: {text}", markup=False, highlight=False)


def _truth(public_name: str | None, solutions: Path | None, tasks: Challenges) -> Solutions | None:
    """The right answers where they are known, for the score at the end only."""
    if solutions is not None:
        return limited_solutions(load_solutions(solutions), tasks)
    if public_name is not None:
        return limited_solutions(load_named(public_name)[1], tasks)
    return None


def _introduce(console: Console, tasks: Challenges, where: str, config: RunConfig, output: Path) -> None:
    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    line(f"arc-solver {__version__}: {len(tasks.order)} tasks, {tasks.n_outputs()} outputs from {where}")
    for task in tasks.malformed:
        line(f"warning: {task.reason}; it gets fall-back attempts")
    used = f"{', '.join(config.proposers)}; seed {config.seed}; time limit {format_duration(config.time_limit_s)}"
    line(f"proposers: {used}")
    if {"induction", "transduction"} & set(config.proposers):
        line(f"model: {config.model}, adapter: {config.adapter or 'none'}")
    if "transduction" in config.proposers and config.uses_cells():
        learns = "" if config.cell_model.ttft == OFF else ", which learns the demonstrations first"
        line(f"grids by: {config.cells}{learns}")
    if config.ttft.mode != OFF and {"induction", "transduction"} & set(config.proposers):
        line(f"the text model learns the demonstrations first: {config.ttft.mode}")
    line(f"answers: {output}")


def _report(console: Console, result: RunResult, truth: Solutions | None, output: Path) -> dict[str, Any]:
    found = result.board.n_candidates()
    for proposer, seconds in result.proposer_seconds.items():
        console.print(f"{proposer}: {found[proposer]} candidates in {format_duration(seconds)}", highlight=False)
    for proposer in sorted(set(found) - set(result.proposer_seconds)):
        console.print(f"{proposer}: {found[proposer]} candidates, cut short", highlight=False)
    for reason, count in result.board.n_rejected().most_common(8):
        console.print(f"  rejected {count} x {reason}", markup=False, highlight=False)
    for fault in result.faults:
        console.print(f"fault after {format_duration(fault.when_s)}: {fault.text()}", markup=False, highlight=False)
    if result.faults.n_left_out:
        console.print(f"and {result.faults.n_left_out} more faults", highlight=False)
    console.print(
        f"{output}: {len(result.board.challenges.order)} tasks answered in {format_duration(result.seconds)}, "
        f"{result.board.n_fitting()} by a program that fits all training pairs",
        markup=False,
        highlight=False,
    )
    if truth is None:
        return {}
    evaluation = evaluate_submission(
        load(output),
        truth,
        [candidate for found in result.board.candidates.values() for candidate in found],
        result.board.challenges,
        result.board.scores(),
    )
    console.print(render_table(evaluation))
    return to_json(evaluation)


def _figures(result: RunResult, config: RunConfig, where: str, tasks: Challenges) -> dict[str, Any]:
    """What a run was and did, for programs."""
    return {
        "version": __version__,
        "command": " ".join(sys.argv),
        "machine": {"system": platform.platform(), "python": platform.python_version(), "n_cores": os.cpu_count()},
        "tasks": where,
        "n_tasks": len(tasks.order),
        "n_outputs": tasks.n_outputs(),
        "n_malformed": len(tasks.malformed),
        "seconds": round(result.seconds, 2),
        "proposer_seconds": {name: round(seconds, 2) for name, seconds in result.proposer_seconds.items()},
        "candidates": {name: result.board.n_candidates()[name] for name in config.proposers},
        "n_fitting": result.board.n_fitting(),
        "n_resumed": result.resumed,
        "rejected": dict(result.board.n_rejected().most_common()),
        "failures": result.failures,
        "faults": result.faults.to_json(),
        "interrupted": result.interrupted,
        "config": json.loads(json.dumps(config.to_json())),
    }
