"""`arc-solver report`; and, for `compare` too, how the files of a run are found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from arc_solver.cli.common import read_challenges, task_options, told_plainly
from arc_solver.datasets import NAMED_SETS, limited, load_named, load_solutions
from arc_solver.errors import InputError
from arc_solver.journal import read as read_journal
from arc_solver.pipeline import RunFiles
from arc_solver.report.answers import Run
from arc_solver.report.content import report_content
from arc_solver.report.writing import write_page
from arc_solver.submission import load
from arc_solver.tasks import Challenges, Solutions

_JOURNAL_ENDING = ".journal.jsonl"


@click.command(short_help="Show a run as one page.")
@click.argument("run", type=click.Path(path_type=Path))
@task_options
@click.option("--solutions", type=click.Path(path_type=Path), help="The right answers, a file in Kaggle's format.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N tasks, for a run with --limit N.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="Where the page goes.",
)
@told_plainly
def report(
    run: Path, dataset: str | None, challenges: Path | None, solutions: Path | None, limit: int | None, out: Path
) -> None:
    """Show a run as one page: what was solved, by whom and when, and every task with its attempts and programs.

    RUN is a submission or its journal; each is found beside the other. The page is one file that opens from disk and
    loads nothing. The tasks are those of the journal where it holds them; --dataset or --challenges name others. Of a
    public set, or with --solutions, attempts are compared with the right answers.

    \b
    Examples:
      arc-solver report submission.json --out report.html
      arc-solver report submission.json --dataset arc1-train
      arc-solver report submission.json --challenges challenges.json --solutions solutions.json
      arc-solver report submission.journal.jsonl
    """
    began = time.monotonic()
    found = read_run(run)
    tasks, where, truth = read_tasks([found], dataset, challenges, solutions, limit)
    size = write_page(out, report_content(found, tasks, truth, where=where))
    said = f"{len(tasks.order)} tasks, {size / 1e6:.1f} MB, {time.monotonic() - began:.1f} s"
    click.echo(f"wrote {out}: {said}")


def read_tasks(
    runs: Sequence[Run], dataset: str | None, challenges: Path | None, solutions: Path | None, limit: int | None
) -> tuple[Challenges, str, Solutions | None]:
    """The tasks of runs, a name for people, and the right answers as far as they are known.

    Args:
        runs: What is to be shown.
        dataset, challenges, solutions, limit: The flags. Without the first two the tasks are those in a journal.

    Raises:
        InputError: Flags that exclude each other, what they name cannot be read, or a run on other tasks.
    """
    told = None if dataset or challenges else _told_by_journal(runs)
    if told is None:
        tasks, where, public_name = read_challenges(dataset, challenges)
        truth = load_named(public_name)[1] if public_name is not None and solutions is None else None
    else:
        tasks, where = told
        truth = _answers_if_known(where)
    if limit is not None:
        tasks = limited(tasks, limit)
    for run in runs:
        _check_same_tasks(run, tasks, where)
    return tasks, where, truth if solutions is None else load_solutions(solutions)


def _told_by_journal(runs: Sequence[Run]) -> tuple[Challenges, str] | None:
    """The tasks that a journal holds, whole and unharmed, and where they came from."""
    for run in runs:
        tasks = run.journal.whole_challenges() if run.journal is not None else None
        if tasks is not None and run.journal is not None:
            return tasks, run.journal.runs[-1][1].tasks_from or f"the journal of {run.name}"
    return None


def _answers_if_known(where: str) -> Solutions | None:
    """The right answers of a public set; None for tasks from elsewhere, and where the sets are not installed."""
    try:
        return load_named(where)[1] if where in NAMED_SETS else None
    except InputError:
        return None


def read_run(path: Path) -> Run:
    """What a run left behind, given its submission or its journal.

    Raises:
        InputError: There is neither, or what is there cannot be read.
    """
    if path.name.endswith(_JOURNAL_ENDING):
        stem = path.name.removesuffix(_JOURNAL_ENDING)
        submission = path.with_name(f"{stem}.json")
        answers = load(submission) if submission.exists() else None
        return Run(stem, answers, read_journal(path))
    journal = RunFiles(path).journal
    return Run(path.stem, load(path), read_journal(journal) if journal.exists() else None)


def _check_same_tasks(run: Run, tasks: Challenges, where: str) -> None:
    """Refuse a run on other tasks: a page of empty answers would look like a run that failed.

    Raises:
        InputError: None of the run's tasks is among these.
    """
    answered = set(run.submission or ())
    if run.journal is not None:
        answered |= {candidate.task_id for candidate in run.journal.candidates}
    if answered and answered.isdisjoint(tasks.order):
        raise InputError(f"{run.name}: none of its tasks is in {where}: use --dataset or --challenges")
