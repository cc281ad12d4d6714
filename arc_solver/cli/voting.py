"""`arc-solver vote`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from arc_solver.board import Board
from arc_solver.cli.common import Duration, new_console, told_plainly
from arc_solver.cli.sources import MAX_SHOWN, check_output, open_journal, print_remarks, tasks_of
from arc_solver.config import PROPOSERS
from arc_solver.datasets import (
    MAX_ID_LENGTH,
    NAMED_SETS,
    limited_solutions,
    load_challenges,
    load_named,
    load_solutions,
)
from arc_solver.errors import InputError, one_line
from arc_solver.evaluation import Evaluation, evaluate_submission, render_table, to_json
from arc_solver.submission import ATTEMPT_KEYS, Submission, build, load, write_atomic
from arc_solver.tasks import Challenges, Solutions


@click.command(
    short_help="Vote again on what a run found.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True, help="Where the submission goes.")
@click.option("--proposers", help=f"Whose candidates have a vote: some of {','.join(PROPOSERS)}. Default: everybody's.")
@click.option(
    "--challenges",
    type=click.Path(path_type=Path),
    help="The challenges file that the run was asked. Default: the tasks that the journal holds.",
)
@click.option(
    "--dataset", type=click.Choice(NAMED_SETS), help="The public set that the run was asked; scores the result."
)
@click.option("--solutions", type=click.Path(path_type=Path), help="Score the result with this solutions file.")
@click.option("--no-scores", is_flag=True, help="Count votes alone: leave out how much the model believes in a grid.")
@click.option("--until", type=Duration(), help="Only what the run had found by then: 90s, 15m, 2h. Default: all of it.")
@click.option("--against", type=click.Path(path_type=Path), help="Say what differs from this submission.")
@click.option(
    "--max-lines", type=click.IntRange(min=1), default=MAX_SHOWN, show_default=True, help="Print at most N differences."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@told_plainly
def vote(
    journal: Path,
    output: Path,
    proposers: str | None,
    challenges: Path | None,
    dataset: str | None,
    solutions: Path | None,
    no_scores: bool,
    until: float | None,
    against: Path | None,
    max_lines: int,
    as_json: bool,
) -> None:
    """Vote again on what a run found, from its journal alone: no GPU, no model, a second or two.

    The journal holds the tasks, so nothing else is needed; with everybody's candidates the result is byte for byte what
    the run wrote at its end. Journals of before version 2 need --challenges. A journal that is still being written can
    be voted on too.

    \b
    Examples:
      arc-solver vote submission.journal.jsonl --output again.json
      arc-solver vote submission.journal.jsonl --proposers search --output search-only.json --dataset arc1-eval
      arc-solver vote submission.journal.jsonl --until 15m --output early.json --dataset arc1-eval
      arc-solver vote submission.journal.jsonl --output new.json --against submission.json

    Exit codes: 0 written, 2 a file that cannot be read, or wrong usage.
    """
    check_output(output, [journal, *([against] if against else [])])
    wanted = _wanted(proposers)
    contents = open_journal(journal, until)
    given, truth = _given(challenges, dataset, solutions)
    tasks, remarks = tasks_of(journal, contents, given, dataset)
    if until is not None and contents.candidates and None in contents.found_s:
        remarks.append(f"{journal}: does not say when its candidates came, so that all of them vote")
    if contents.n_damaged:
        remarks.append(f"{journal}: {contents.n_damaged} damaged lines were skipped")
    if no_scores:
        contents = replace(contents, scores=(), scored_s=())
    board = Board(tasks)
    board.take_over(contents, wanted)
    submission = build(tasks, board.attempts())
    changes = None if against is None else differences(load(against), submission)
    evaluation = None if truth is None else _score(submission, board, truth)
    write_atomic(output, submission)
    found = board.n_candidates()
    if as_json:
        value: dict[str, Any] = {
            "output": str(output),
            "n_tasks": len(submission),
            "n_outputs": tasks.n_outputs(),
            "candidates": dict(found),
            "n_fitting": board.n_fitting(),
            "remarks": remarks,
        }
        value |= {} if changes is None else {"against": str(against), "differences": changes}
        json.dump(value | ({} if evaluation is None else to_json(evaluation)), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    print_remarks(remarks)
    if changes is not None:
        print_remarks(changes, max_lines)
        click.echo(f"{len(changes)} difference{'s' * (len(changes) != 1)} from {against}")
    said = ", ".join(f"{count} of {name}" for name, count in sorted(found.items())) or "none"
    click.echo(
        f"{output}: {len(submission)} tasks answered, {board.n_fitting()} by a program that fits all training pairs; "
        f"candidates: {said}"
    )
    if evaluation is not None:
        new_console().print(render_table(evaluation))


def differences(old: Mapping[str, Any], new: Submission) -> list[str]:
    """A line for each attempt that differs, and for each task that only one of the submissions answers as it is asked.

    Args:
        old: Any submission, as `load` reads it.
        new: One of ours.
    """
    lines = []
    for task_id, answers in new.items():
        name = f"task {one_line(task_id, MAX_ID_LENGTH)}"
        before = old.get(task_id)
        if not isinstance(before, list) or len(before) != len(answers):
            lines.append(f"{name}: answered as asked in one of them only")
            continue
        for index, (was, now) in enumerate(zip(before, answers, strict=True)):
            was = was if isinstance(was, dict) else {}
            for key in ATTEMPT_KEYS:
                if was.get(key) != now[key]:
                    moved = [other for other in ATTEMPT_KEYS if was.get(other) == now[key]]
                    lines.append(f"{name}: [{index}].{key}: " + (f"was {moved[0]}" if moved else "another grid"))
    lines += [f"task {one_line(task_id, MAX_ID_LENGTH)}: is not asked here" for task_id in old if task_id not in new]
    return lines


def _wanted(proposers: str | None) -> tuple[str, ...] | None:
    if proposers is None:
        return None
    names = tuple(name.strip() for name in proposers.split(",") if name.strip())
    unknown = [name for name in names if name not in PROPOSERS]
    if unknown or not names:
        raise InputError(f"proposers {','.join(unknown) or '(none)'}: choose from {', '.join(PROPOSERS)}")
    return names


def _given(
    challenges: Path | None, dataset: str | None, solutions: Path | None
) -> tuple[Challenges | None, Solutions | None]:
    """The tasks and the right answers, as far as they are named."""
    if dataset is not None and (challenges is not None or solutions is not None):
        raise InputError("--dataset excludes --challenges and --solutions: it names both")
    if dataset is not None:
        # The run may have been asked a part of the set: its journal knows.
        return None, load_named(dataset)[1]
    tasks = None if challenges is None else load_challenges(challenges)
    return tasks, None if solutions is None else load_solutions(solutions)


def _score(submission: Submission, board: Board, truth: Solutions) -> Evaluation:
    candidates = [candidate for found in board.candidates.values() for candidate in found]
    truth = limited_solutions(truth, board.challenges)
    return evaluate_submission(submission, truth, candidates, board.challenges, board.scores())
