"""Where `merge` and `vote` read from: journals, submissions, folders of runs; and the tasks that a journal is about."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from arc_solver.datasets import NAMED_SETS, challenges_hash, load_challenges, load_named_challenges
from arc_solver.errors import InputError
from arc_solver.journal import JournalContents, read
from arc_solver.journal.lines import START
from arc_solver.merging import FromJournal, FromSubmission, Source
from arc_solver.submission import check_output_path, load
from arc_solver.tasks import Challenges

MAX_SHOWN = 20


def open_source(path: Path) -> Source:
    """A journal, a submission, or the one journal in a run's folder.

    Raises:
        InputError: It is neither, or cannot be read. One line that names it.
    """
    path = _in_folder(path) if path.is_dir() else path
    return FromJournal(str(path), open_journal(path)) if _is_journal(path) else FromSubmission(str(path), load(path))


def open_journal(path: Path, until_s: float | None = None) -> JournalContents:
    """A journal that has something to tell.

    Args:
        path: The file, or a run's folder with one.
        until_s: Only what came in the run's first so many seconds.

    Raises:
        InputError: The file cannot be read, or is none.
    """
    contents = read(_in_folder(path) if path.is_dir() else path, until_s)
    if contents.run_key is None and not contents.candidates:
        raise InputError(
            f"journal {path}: is none, or its header is damaged; a run writes one beside its answers (*.journal.jsonl)"
        )
    return contents


def tasks_of(
    path: Path, contents: JournalContents, given: Challenges | None, public_set: str | None = None
) -> tuple[Challenges, list[str]]:
    """The tasks that a journal is about.

    Args:
        path: The journal, for messages.
        contents: What it holds.
        given: The tasks that the user says it is about.
        public_set: The public set of which, the user says, they are.

    Returns:
        The tasks that were given, else those that it holds, else those of the file that it names if they are the same
        still, else those of the set; and remarks.

    Raises:
        InputError: Nobody knows them.
    """
    wanted = {run.challenges_hash for _, run in contents.runs}
    if given is not None:
        others = bool(wanted) and challenges_hash(given) not in wanted
        return given, ["these are not the very tasks that the run was asked"] if others else []
    whole = contents.whole_challenges()
    if whole is not None:
        return whole, []
    for _, run in contents.runs:
        try:
            is_named = run.tasks_from in NAMED_SETS
            found = load_named_challenges(run.tasks_from) if is_named else load_challenges(Path(run.tasks_from))
        except InputError:
            continue
        if {challenges_hash(found)} == wanted:
            return found, [f"the journal's tasks are damaged; those of {run.tasks_from} are the same"]
    if public_set is not None:
        return load_named_challenges(public_set), []
    raise InputError(
        f"journal {path}: does not hold its tasks, since an older version wrote it or it is damaged: give --challenges "
        "FILE"
    )


def check_output(output: Path, inputs: Sequence[Path]) -> None:
    """Refuse an output that cannot be written, or that is one of the inputs.

    Raises:
        InputError: It is.
    """
    check_output_path(output)
    for path in inputs:
        if output.exists() and path.exists() and os.path.samefile(output, path):
            raise InputError(f"output {output}: is one of the inputs, which stay as they are: give another name")


def print_remarks(remarks: Sequence[str], max_lines: int = MAX_SHOWN) -> None:
    """Odd cases, line by line, but not without end."""
    for line in _bounded(remarks, max_lines):
        click.echo(line)


def _bounded(lines: Sequence[str], max_lines: int) -> Iterator[str]:
    yield from lines[:max_lines]
    if len(lines) > max_lines:
        yield f"and {len(lines) - max_lines} more"


def _is_journal(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(START)) == START or path.suffix == ".jsonl"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: cannot be read: {reason}") from error


def _in_folder(folder: Path) -> Path:
    journals = sorted(folder.glob("*.journal.jsonl"))
    if len(journals) == 1:
        return journals[0]
    if not journals:
        raise InputError(
            f"run {folder}: holds no journal (*.journal.jsonl): give the folder in which a run wrote, or a file"
        )
    raise InputError(
        f"run {folder}: holds {len(journals)} journals, name one: {', '.join(one.name for one in journals)}"
    )
