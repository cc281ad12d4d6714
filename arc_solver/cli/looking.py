"""`arc-solver show`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from arc_solver.cli.common import read_challenges, task_options, told_plainly
from arc_solver.errors import InputError
from arc_solver.grids import Grid, as_grid
from arc_solver.report.draw import print_task, save_picture
from arc_solver.submission import load, validate_form


@click.command(short_help="Draw a task.")
@click.argument("task_id")
@task_options
@click.option(
    "--submission", type=click.Path(path_type=Path), help="Show this file's two attempts below each test input."
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the picture to a .png or .svg file as well.")
@told_plainly
def show(task_id: str, dataset: str | None, challenges: Path | None, submission: Path | None, out: Path | None) -> None:
    """Draw a task: its training pairs, its test inputs, and the attempts of a submission. Never the true answers.

    \b
    Examples:
      arc-solver show 007bbfb7 --dataset arc1-train
      arc-solver show 007bbfb7 --dataset arc1-train --submission submission.json --out 007bbfb7.png
    """
    tasks, where, _ = read_challenges(dataset, challenges)
    malformed = {task.task_id: task.reason for task in tasks.malformed}
    if task_id in malformed:
        raise InputError(f"{where}: {malformed[task_id]}")
    found = [task for task in tasks.tasks if task.task_id == task_id]
    if not found:
        raise InputError(f"{where}: no task {task_id}; it starts with {', '.join(tasks.order[:3])}")
    attempts = _attempts(submission, task_id) if submission else ()
    print_task(Console(), found[0], attempts)
    if out is not None:
        save_picture(out, found[0], attempts)
        click.echo(f"wrote {out}")


def _attempts(submission: Path, task_id: str) -> Sequence[Sequence[Grid]]:
    answers = load(submission).get(task_id)
    if answers is None:
        raise InputError(f"{submission}: no answer for task {task_id}")
    problems = validate_form({task_id: answers})
    if problems:
        raise InputError(f"{submission}: {problems[0]}")
    return [[as_grid(answer["attempt_1"]), as_grid(answer["attempt_2"])] for answer in answers]
