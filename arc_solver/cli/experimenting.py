"""`arc-solver experiment`: `run`, `table` and `plot`."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from arc_solver.budget import MonotonicClock
from arc_solver.cli.common import new_console, told_plainly
from arc_solver.datasets import challenges_json, load_named, load_solutions
from arc_solver.engines.devices import probe
from arc_solver.errors import InputError
from arc_solver.evaluation.runs import Score, scorer
from arc_solver.experiments.jobs import CHALLENGES, Repeat, plan_jobs
from arc_solver.experiments.measuring import GroupFigures, measure
from arc_solver.experiments.pages import replace_part
from arc_solver.experiments.plan import Experiment, load_experiment
from arc_solver.experiments.plotting import plot as draw_plot
from arc_solver.experiments.running import Places, alone_in, run_jobs
from arc_solver.experiments.tables import experiment_markdown
from arc_solver.experiments.tasks import TRAINING_SET, MeasuredTasks, measured_tasks
from arc_solver.json_files import write_json
from arc_solver.lanes.ray_cluster import check_cluster
from arc_solver.tasks import Solutions

_F = TypeVar("_F", bound=Callable[..., Any])
_PLAIN_EVERY_S = 60.0
_JOB_BYTES = 2 << 30

_file = click.argument("file", type=click.Path(path_type=Path))
_out = click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the runs. Default: runs/ and the file's name."
)
_set = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change the file, as in `--set train.base=DIR --set seeds=[0,1]`; the value as TOML has it, or a plain word.",
)


@click.group(short_help="Answer a question with repeated runs.")
def experiment() -> None:
    """Answer a question with runs: sweep settings, repeat each, compare over the same tasks.

    \b
    Examples:
      arc-solver experiment run experiments/nano/temperature.toml
      arc-solver experiment table experiments/nano/temperature.toml
      arc-solver experiment plot experiments/nano/temperature.toml temperature.svg

    docs/experiments.md says what a file holds and how to read the tables.
    """


@experiment.command()
@_file
@_out
@_set
@click.option(
    "--jobs",
    "n_jobs",
    type=click.IntRange(min=1),
    help="Processes at the same time. Default: one a GPU; where there is none, one a core, as far as memory goes.",
)
@click.option(
    "--ray",
    "ray_address",
    metavar="ADDRESS",
    default="",
    help="Answer tasks on a Ray cluster, one run at a time spread over all of it; training stays on this machine.",
)
@told_plainly
def run(file: Path, out: Path | None, settings: Sequence[str], n_jobs: int | None, ray_address: str) -> None:
    """Run every point of the experiment in FILE that is not finished yet.

    Each point is trained (where the file says so) and solves the tasks, with each seed, in a folder of its own with its
    settings, journal and log. Stop it whenever you like, or let it be killed: the same command goes on, repeats nothing
    that is finished, and takes half-done work up again at its checkpoint or journal.
    """
    console = new_console()
    asked = load_experiment(file, _parsed(settings))
    _check_bases(asked)
    tasks = measured_tasks(asked.measure)
    folder = out or Path("runs") / asked.name
    cluster = check_cluster(ray_address) if ray_address else ""
    places = Places(("",), os.cpu_count() or 1) if ray_address and n_jobs is None else _places(n_jobs)
    _let_sigterm_end_cleanly()
    with alone_in(folder):
        write_json(folder / CHALLENGES, challenges_json(tasks.challenges))
        repeats = plan_jobs(asked, tasks, folder)
        _say(console, f"{asked.name}: {asked.question}")
        _say(console, f"{len(asked.points)} points, {len(asked.seeds)} seeds, {len(tasks.challenges.order)} tasks")
        if cluster:
            _say(console, f"cluster: {cluster}")
        failures = _run(console, repeats, places, ("--ray", ray_address) if ray_address else ())
    if failures:
        sys.exit(1)
    _say(console, f"all done; next: arc-solver experiment table {file}" + (f" --out {out}" if out else ""))


@experiment.command()
@_file
@_out
@_set
@click.option("--into", type=click.Path(path_type=Path), help="Put it between the experiment's marks in this page.")
@click.option("--picture", default="", help="Path of the plot as the page reaches it, to be shown below the table.")
@told_plainly
def table(file: Path, out: Path | None, settings: Sequence[str], into: Path | None, picture: str) -> None:
    """Write the figures of what is finished as Markdown: means, intervals, differences from the baseline, pass@k."""
    asked = load_experiment(file, _parsed(settings))
    changes = [part for setting in settings for part in ("--set", setting)]
    command = shlex.join(["arc-solver", "experiment", "run", str(file), *changes])
    text = experiment_markdown(asked, _figures(asked, out), command=command, picture=picture)
    if into is None:
        click.echo(text, nl=False)
    elif replace_part(into, asked.name, text):
        click.echo(f"{into}: {asked.name} brought up to date")


@experiment.command()
@_file
@click.argument("picture", type=click.Path(path_type=Path))
@_out
@_set
@told_plainly
def plot(file: Path, picture: Path, out: Path | None, settings: Sequence[str]) -> None:
    """Draw the figures of what is finished to PICTURE, a .png or .svg file (needs the extra `plot`)."""
    asked = load_experiment(file, _parsed(settings))
    draw_plot(asked, _figures(asked, out), picture)
    click.echo(f"{picture}: written")


def _run(console: Console, repeats: Sequence[Repeat], places: Places, extra: Sequence[str]) -> Sequence[object]:
    clock = MonotonicClock()
    command = (sys.executable, "-m", "arc_solver.cli.tied", str(os.getpid()))
    next_s = clock.now_s() + _PLAIN_EVERY_S
    # No thread: children are started by fork and exec.
    live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def show(text: str) -> None:
        nonlocal next_s
        if live is not None:
            live.update(Text(text), refresh=True)
        elif clock.now_s() >= next_s:
            next_s = clock.now_s() + _PLAIN_EVERY_S
            _say(console, text)

    def say(text: str) -> None:
        _say(console, text)

    try:
        if live is not None:
            live.start()
        return run_jobs(repeats, places, command, clock=clock, say=say, show=show, extra=extra)
    except KeyboardInterrupt:
        say("interrupted: what was found is kept; the same command goes on")
        sys.exit(1)
    finally:
        if live is not None:
            live.stop()


def _figures(asked: Experiment, out: Path | None) -> tuple[GroupFigures, ...]:
    tasks = measured_tasks(asked.measure)
    repeats = plan_jobs(asked, tasks, out or Path("runs") / asked.name)
    return measure(asked, repeats, tasks.groups, _score(asked, tasks))


def _score(asked: Experiment, tasks: MeasuredTasks) -> Score:
    named = asked.measure.solutions
    if named is not None:
        return scorer(tasks.challenges, load_solutions(named))
    collected = load_named(TRAINING_SET)[1]
    return scorer(tasks.challenges, Solutions({**collected.outputs, **tasks.answers}))


def _places(n_jobs: int | None) -> Places:
    machine = probe()
    gpus = tuple(gpu.visible_as for gpu in machine.gpus if not gpu.problem)
    # A process with torch in it takes a gibibyte, whatever it does.
    devices = gpus or ("",) * max(1, min(machine.n_cores, machine.memory_bytes // _JOB_BYTES))
    if n_jobs is not None:
        devices = tuple(devices[index % len(devices)] for index in range(n_jobs))
    return Places(devices, max(1, machine.n_cores // len(devices)))


def _check_bases(asked: Experiment) -> None:
    """Refuse a base that is not there before anything is trained for hours."""
    for point in asked.points:
        training = point.training
        base = training.base if training is not None else None
        if base is not None and not (base / "config.json").is_file():
            raise InputError(
                f"{asked.path}: point {point.name!r}: train.base: {base} holds no model (config.json is missing); "
                "say where it is, for instance with --set train.base=DIR"
            )
        if training is not None and training.re_arc is not None and not training.re_arc.is_file():
            raise InputError(
                f"{asked.path}: point {point.name!r}: train.re_arc: there is no file {training.re_arc}; say "
                "where it is, for instance with --set train.re_arc=FILE"
            )


def _parsed(settings: Sequence[str]) -> dict[str, Any]:
    parsed = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--set {setting}: write KEY=VALUE, such as train.base=DIR")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        parsed[key.strip()] = value
    return parsed


def _let_sigterm_end_cleanly() -> None:
    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
