"""The command line: `arc-solver` and, through `solve`, `make_submission.py`. It parses flags, calls one room, prints
what came of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from arc_solver import __version__

__all__ = ["main", "solve"]

_ROOMS = {
    "solve": "solving",
    "evaluate": "scoring",
    "validate": "validating",
    "merge": "merging",
    "vote": "voting",
    "train": "training",
    "generate": "generating",
    "doctor": "checking",
    "show": "looking",
    "report": "reporting",
    "compare": "comparing",
    "package": "packaging",
    "experiment": "experimenting",
}
"""Command -> the module in which it is. One is imported when it is called: a run must not wait for the others."""


class _Commands(click.Group):
    """Finds a command where it lies."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_ROOMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ROOMS:
            return None
        command: click.Command = getattr(import_module(f"arc_solver.cli.{_ROOMS[cmd_name]}"), cmd_name)
        return command


def __getattr__(name: str) -> Any:
    if name == "solve":
        return _Commands().get_command(click.Context(main), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="arc-solver")
def main() -> None:
    """Programs and grids for the ARC Prize: offline, under a time limit, on any machine.

    \b
    First steps:
      arc-solver doctor                                             what this machine can do
      arc-solver solve --dataset arc1-eval --limit 20               solve 20 public tasks, print the score
      arc-solver report submission.json --out report.html           the run as one page
      arc-solver evaluate submission.json --dataset arc1-eval       the score
      arc-solver validate submission.json --dataset arc1-eval       what is wrong with a file
      arc-solver merge a.json b.json --output both.json             one submission of several
      arc-solver vote submission.journal.jsonl --output new.json    vote again, without a GPU
      arc-solver show 007bbfb7 --dataset arc1-train                 draw a task
      arc-solver package --out bundle --owner NAME                  a dataset and a notebook for Kaggle

    `arc-solver COMMAND --help` explains a command, README.md and docs/ the rest.

    Exit codes: 0 done, 1 failed, 2 wrong usage or unreadable input.
    """
