"""`arc-solver compare`."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from arc_solver.cli.common import new_console, task_options, told_plainly
from arc_solver.cli.reporting import read_run, read_tasks
from arc_solver.errors import InputError
from arc_solver.evaluation import Figure
from arc_solver.report.answers import Run
from arc_solver.report.comparing import BOTH, NEITHER, ONLY_A, ONLY_B, Comparison, compare_runs, comparison_page
from arc_solver.report.writing import write_page

_MAX_NAMED = 12


@click.command(short_help="Compare two runs on the same tasks.")
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@task_options
@click.option("--solutions", type=click.Path(path_type=Path), help="The right answers, a file in Kaggle's format.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N tasks, for runs with --limit N.")
@click.option("--out", type=click.Path(path_type=Path), help="Write a page with pictures of the differences as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@told_plainly
def compare(
    run_a: Path,
    run_b: Path,
    dataset: str | None,
    challenges: Path | None,
    solutions: Path | None,
    limit: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare two runs on the same tasks: who solved what, and whether the difference can be chance.

    A run is a submission or its journal. The test is McNemar's exact one: only tasks on which the runs differ speak.

    \b
    Examples:
      arc-solver compare before.json after.json --dataset arc1-train
      arc-solver compare before.json after.json --dataset arc1-train --out differences.html
    """
    runs = _named_apart(run_a, run_b)
    tasks, where, truth = read_tasks(runs, dataset, challenges, solutions, limit)
    if truth is None:
        raise InputError("who solved what needs the right answers: give --solutions or --dataset")
    if not any(task_id in truth.outputs for task_id in tasks.order):
        named = f"solutions file {solutions}" if solutions is not None else "the solutions"
        raise InputError(f"{named}: answers none of the tasks of {where}: give the file that belongs to them")
    comparison, content = compare_runs(runs, tasks, truth)
    size = write_page(out, comparison_page(content, comparison, tasks, where)) if out is not None else 0
    if as_json:
        json.dump(comparison.to_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    _print(new_console(), comparison)
    if out is not None:
        click.echo(f"wrote {out}: {size / 1e6:.1f} MB")


def _named_apart(run_a: Path, run_b: Path) -> tuple[Run, Run]:
    """Both runs, by names that differ."""
    first, second = read_run(run_a), read_run(run_b)
    if first.name == second.name:
        folders = [path.resolve().parent.name for path in (run_a, run_b)]
        first, second = (
            dataclasses.replace(run, name=f"{folder}/{run.name}")
            for run, folder in zip((first, second), folders, strict=True)
        )
    return first, second


def _print(console: Console, comparison: Comparison) -> None:
    a, b = comparison.evaluations
    table = Table(title=f"{len(comparison.group_of)} tasks, {a.together.n_outputs} outputs", title_justify="left")
    for title in ("", "A", "B", "B less A"):
        table.add_column(title, justify="left" if not title else "right")
    table.add_row("run", *comparison.names, "")
    solved = [str(one.together.tasks_solved) for one in (a, b)]
    n_tasks = len(comparison.group_of)
    table.add_row("tasks solved", *solved, _difference(comparison.solved.difference, n_tasks, "{:+.0f}"))
    right = [f"{100 * _mean_right(comparison, index):.2f}%" for index in (0, 1)]
    table.add_row("outputs right, by task", *right, _difference(comparison.outputs.difference, 100, "{:+.2f}"))
    table.add_row("nobody else", str(len(comparison.of(ONLY_A))), str(len(comparison.of(ONLY_B))), "")
    table.caption = "in brackets: 95% bootstrap interval over tasks, paired"
    table.caption_justify = "left"
    console.print(table)
    both, neither = len(comparison.of(BOTH)), len(comparison.of(NEITHER))
    console.print(
        f"solved by both {both}, by neither {neither}; exact paired test (McNemar) p = {comparison.solved.p_value:.4g}"
    )
    for name, group in (("A", ONLY_A), ("B", ONLY_B)):
        tasks = comparison.of(group)
        if tasks:
            more = f" and {len(tasks) - _MAX_NAMED} more" if len(tasks) > _MAX_NAMED else ""
            line = f"only {name}: {', '.join(tasks[:_MAX_NAMED])}{more}"
            console.print(line, markup=False, highlight=False)
    console.print(comparison.verdict(), markup=False, highlight=False)


def _mean_right(comparison: Comparison, index: int) -> float:
    return comparison.evaluations[index].together.figures["vote_2"].value


def _difference(figure: Figure, scale: float, form: str) -> str:
    value, low, high = (form.format(scale * bound) for bound in (figure.value, figure.low, figure.high))
    return f"{value} [{low}, {high}]"
