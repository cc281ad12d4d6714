"""`arc-solver merge`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from arc_solver.cli.common import told_plainly
from arc_solver.cli.sources import MAX_SHOWN, check_output, open_source, print_remarks
from arc_solver.datasets import load_challenges
from arc_solver.merging import FromJournal
from arc_solver.merging import merge as merge_sources
from arc_solver.submission import write_atomic


@click.command(
    short_help="Make one submission of several runs.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.argument("sources", nargs=-1, required=True, metavar="RUN_OR_SUBMISSION...", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True, help="Where the merged submission goes.")
@click.option(
    "--challenges",
    type=click.Path(path_type=Path),
    help="The challenges file that is to be answered: which tasks, in which order, with how many outputs. Default: all "
    "tasks of all sources.",
)
@click.option(
    "--max-remarks", type=click.IntRange(min=1), default=MAX_SHOWN, show_default=True, help="Print at most N lines."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every remark.")
@told_plainly
def merge(sources: tuple[Path, ...], output: Path, challenges: Path | None, max_remarks: int, as_json: bool) -> None:
    """Make one submission of several runs and submissions, in any mix.

    A source is a journal (submission.journal.jsonl), the folder of a run with one journal in it, or a submission. All
    journals are voted on together, as if one run had found everything; they hold their tasks themselves. The inputs
    stay as they are.

    What goes before what, for each test input: a grid that more sources name (all journals together are one source);
    then first attempts before second ones; then the order of the files. Fall-backs and placeholders come last, however
    many sources share them; in plain submissions they are told from answers only where the tasks are known, so give
    --challenges if you have the file.

    \b
    Examples:
      arc-solver merge monday.json tuesday.json --output both.json
      arc-solver merge gpu.journal.jsonl cpu.journal.jsonl friend.json --output all.json
      arc-solver merge runs/a runs/b --challenges arc-agi_test_challenges.json --output submission.json

    Odd cases are told line by line: tasks that only some answer, different numbers of outputs, attempts that are empty
    or no grids, different tasks of one id. The result is always valid.

    Exit codes: 0 merged (odd cases or not), 2 a file that cannot be read, or wrong usage.
    """
    check_output(output, sources)
    opened = [open_source(path) for path in sources]
    merged = merge_sources(opened, None if challenges is None else load_challenges(challenges))
    write_atomic(output, merged.submission)
    n_outputs = sum(map(len, merged.submission.values()))
    if as_json:
        value: dict[str, Any] = {
            "output": str(output),
            "n_tasks": len(merged.submission),
            "n_outputs": n_outputs,
            "n_journals": sum(isinstance(source, FromJournal) for source in opened),
            "n_submissions": sum(not isinstance(source, FromJournal) for source in opened),
            "n_agreed": merged.n_agreed,
            "n_filled": merged.n_filled,
            "remarks": merged.remarks,
        }
        json.dump(value, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    print_remarks(merged.remarks, max_remarks)
    click.echo(
        f"{output}: {len(merged.submission)} tasks, {n_outputs} outputs from {len(opened)} "
        f"source{'s' * (len(opened) != 1)}; {merged.n_agreed} first attempts are named by several, "
        f"{merged.n_filled} outputs by none"
    )
