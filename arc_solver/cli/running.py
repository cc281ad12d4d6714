"""A run from the command line, once its tasks are read and a first file stands: checks, the run, what came of it."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from arc_solver import __version__
from arc_solver.budget import MonotonicClock, format_duration
from arc_solver.cli.exporting import check_export, export_programs
from arc_solver.cli.lesser import step_down
from arc_solver.config import Dtype, EngineKind, RunConfig, default_preset, load_preset
from arc_solver.datasets import limited_solutions, load_named, load_solutions
from arc_solver.doctor.planning import describe_plan, plan_for
from arc_solver.doctor.weights import asked_as_trained, check_files, rehearse_on, worth_telling
from arc_solver.engines.devices import probe
from arc_solver.engines.plans import Refusal
from arc_solver.errors import ModelError
from arc_solver.evaluation import evaluate_submission, render_table, to_json
from arc_solver.faults import Fault
from arc_solver.finetune.manifest import read_prompt_format
from arc_solver.finetune.test_time.settings import OFF
from arc_solver.interrupting import Interrupt
from arc_solver.lanes.process import LANE_COMMAND
from arc_solver.lanes.ray_child import RAY_COMMAND
from arc_solver.lanes.ray_cluster import check_cluster
from arc_solver.oversight import Supervised
from arc_solver.pipeline import RunFiles, RunResult
from arc_solver.pipeline import solve as run_pipeline
from arc_solver.processes import peak_memory_mb
from arc_solver.progress import ConsoleProgress
from arc_solver.submission import load, write_json
from arc_solver.tasks import Challenges, Solutions


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line; see the flags of `solving.solve`, None where one was not given.

    Attributes:
        tasks: What is to be solved.
        where: Where the tasks came from, for people.
        public_name: The public set that they are, if any.
        resume: Go on from the journal.
    """

    tasks: Challenges
    where: str
    public_name: str | None
    solutions: Path | None
    output: Path
    time_limit: float | None
    preset: str | None
    proposers: str | None
    model: Path | None
    adapter: str | None
    engine: EngineKind | None
    dtype: Dtype | None
    ttft: str | None
    seed: int
    resume: bool
    allow_unsafe_sandbox: bool
    ray_address: str
    programs_file: Path | None
    json_file: Path | None


def run(asked: Asked, console: Console, interrupt: Interrupt, supervised: Supervised) -> None:
    """Do it, and tell what came of it.

    Raises:
        ArcSolverError: What was asked for cannot be done.
        SystemExit: The run was interrupted, or nothing of it worked.
    """
    config = configure(asked)
    supervised.limit(supervised.began_s + config.time_limit_s, config.patience, config.reserve_s)
    tasks, output = asked.tasks, asked.output
    truth = _truth(asked.public_name, asked.solutions, tasks)
    if truth is not None or asked.programs_file is not None:
        supervised.scoring()
    if asked.programs_file is not None:
        check_export(asked.programs_file, tasks)
    if supervised.settled:
        config = RunConfig.from_json(supervised.settled)  # it was checked and told
    else:
        config, faults = _checked(console, config, tasks, asked.where, output)
        supervised.earlier += faults
        for fault in faults:
            supervised.fault(fault)
        supervised.settle(config.to_json())
    with ConsoleProgress(console) as progress:
        result = run_pipeline(
            tasks,
            config,
            RunFiles(output),
            resume=asked.resume,
            clock=MonotonicClock(),
            progress=progress,
            lane_command=RAY_COMMAND if asked.ray_address else LANE_COMMAND,
            tasks_from=asked.where,
            supervised=supervised,
            closing=interrupt.disarm,
        )
    interrupt.rearm()
    result.interrupted = result.interrupted or interrupt.came
    scores = _report(console, result, truth, result.answers or output)
    if asked.programs_file is not None:
        told = export_programs(result.board.candidates, asked.programs_file)
        console.print(told, markup=False, highlight=False)
    if asked.json_file is not None:
        own: dict[str, Any] = {
            "first_file_s": round(supervised.first_file_s, 3),
            "supervisor_peak_mb": peak_memory_mb(),
            "answers": str(result.answers or output),
        }
        try:
            write_json(asked.json_file, _figures(result, config, asked.where, tasks) | own | scores)
        except OSError as error:
            told = f"figures {asked.json_file}: cannot be written: {error.strerror or error}"
            console.print(told, markup=False, highlight=False)
    if result.interrupted or (result.failures and not result.proposer_seconds and not supervised.resume):
        sys.exit(1)


def _checked(
    console: Console, config: RunConfig, tasks: Challenges, where: str, output: Path
) -> tuple[RunConfig, tuple[Fault, ...]]:
    """The configuration with which the run is done, checked and told, and what it has to do without."""
    cluster = check_cluster(config.ray_address) if config.ray_address else ""
    config, faults = _with_a_model_that_works(console, config, tasks)
    _introduce(console, tasks, where, config, output)
    if cluster:
        console.print(f"cluster: {cluster}", markup=False, highlight=False)
    return config, faults


def configure(asked: Asked) -> RunConfig:
    """What the flags come to, on top of the preset.

    Raises:
        InputError: A preset or a value that cannot be used.
    """
    config = load_preset(asked.preset or default_preset(), **_overrides(asked))
    if asked.time_limit is not None:
        config = config.lasting(asked.time_limit)
    if asked.engine is not None:
        config = dataclasses.replace(config, engine=dataclasses.replace(config.engine, kind=asked.engine))
    if asked.dtype is not None:
        config = dataclasses.replace(config, engine=dataclasses.replace(config.engine, dtype=asked.dtype))
    if asked.ttft is not None:
        config = config.with_ttft(asked.ttft)
    if asked.allow_unsafe_sandbox:
        config = dataclasses.replace(config, allow_unsafe_sandbox=True)
    return _on_cluster(config, asked.ray_address) if asked.ray_address else config


def _overrides(asked: Asked) -> dict[str, Any]:
    """Fields of `RunConfig` that flags give."""
    overrides: dict[str, Any] = {"seed": asked.seed}
    if asked.proposers is not None:
        overrides["proposers"] = tuple(name.strip() for name in asked.proposers.split(",") if name.strip())
    if asked.model is not None:
        # The bundled adapter belongs to the bundled base: another model comes with its own or none.
        overrides |= {"model": asked.model, "adapter": None}
    if asked.adapter is not None:
        overrides["adapter"] = None if asked.adapter == "none" else Path(asked.adapter)
    return overrides


def _on_cluster(config: RunConfig, address: str) -> RunConfig:
    """The configuration for a cluster: its nodes have working folders of their own."""
    adapter, cells = (folder and folder.absolute() for folder in (config.adapter, config.cells))
    return dataclasses.replace(config, ray_address=address, model=config.model.absolute(), adapter=adapter, cells=cells)


def _with_a_model_that_works(
    console: Console, config: RunConfig, tasks: Challenges
) -> tuple[RunConfig, tuple[Fault, ...]]:
    """The configuration, once its model is known to work here and is asked in the way that it understands.

    In Kaggle's scoring run, where nobody reads the message, a model that does not work is done without, a step down at
    a time, and that is a fault to be told at the end.

    Raises:
        ModelError: Something is wrong with model, adapter or device; the message says what to do.
    """
    faults: tuple[Fault, ...] = ()
    is_sure = not config.asks_text()
    while not is_sure:
        try:
            _check_model(console, config)
            asked = asked_as_trained(config)
            # The nodes of a cluster have devices of their own.
            if not config.ray_address and (config.engine.device != "cpu" or config.engine.dtype == "float16"):
                _check_on_device(console, asked, tasks)
            return asked, faults
        except ModelError as error:
            lesser = step_down(config) if os.environ.get("KAGGLE_IS_COMPETITION_RERUN") else None
            if lesser is None:
                raise
            console.print(f"warning: {lesser.what_was_done}: {error}", markup=False, highlight=False)
            faults += (Fault("model", str(error), 0.0, lesser.what_was_done),)
            config, is_sure = lesser.config, lesser.is_sure
    return config, faults


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
    if config.asks_text():
        line(f"model: {config.model}, adapter: {config.adapter or 'none'}")
    if config.uses_cells():
        learns = "" if config.cell_model.ttft == OFF else ", which learns the demonstrations first"
        line(f"cell model: {config.cells}{learns}")
    if config.ttft.mode != OFF and config.asks_text():
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
    if result.answers is None:
        console.print(f"{output}: the answers could be written nowhere", markup=False, highlight=False)
        return {}
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
