"""Where the programs start: `arc-solver` and `make_submission.py`. A run is put under its guard before anything else is
imported. Knows which command is a run, and nothing more.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from arc_solver.guard import OUT_OF_MEMORY_STATUS, enter
from arc_solver.oversight import current
from arc_solver.streams import forgive_standard_streams


def main() -> None:
    """`arc-solver`."""
    if sys.argv[1:2] == ["solve"]:
        forgive_standard_streams()
        enter()
    _call(_commands)


def make_submission() -> None:
    """`make_submission.py`: `arc-solver solve` under another name."""
    forgive_standard_streams()
    enter()
    _call(_solve)


def _call(command: Callable[[], None]) -> None:
    """Run the command line; the guard is told of an end that is meant, and of no other."""
    try:
        command()
    except SystemExit:
        current().leave()
        raise
    except MemoryError:
        traceback.print_exc()
        os._exit(OUT_OF_MEMORY_STATUS)  # the little that Python's own end would take may not be there
    current().leave()


def _commands() -> None:
    from arc_solver.cli import main as commands

    commands()


def _solve() -> None:
    from arc_solver.cli.solving import solve

    solve(prog_name="make_submission.py")
