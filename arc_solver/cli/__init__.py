"""The command line: `arc-solver` and, through `solve`, `make_submission.py`. It parses flags, calls one room, prints
what came of it.
"""

from __future__ import annotations

import click

from arc_solver import __version__
from arc_solver.cli.checking import doctor
from arc_solver.cli.comparing import compare
from arc_solver.cli.experimenting import experiment
from arc_solver.cli.generating import generate
from arc_solver.cli.looking import show
from arc_solver.cli.merging import merge
from arc_solver.cli.packaging import package
from arc_solver.cli.reporting import report
from arc_solver.cli.scoring import evaluate
from arc_solver.cli.solving import solve
from arc_solver.cli.training import train
from arc_solver.cli.validating import validate
from arc_solver.cli.voting import vote

__all__ = ["main", "solve"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="arc-solver")
def main() -> None:
    """Programs and grids for the ARC Prize: offline, under a time limit, on any machine.

    \b
    First steps:
      arc-solver doctor                                  what this machine can do
      arc-solver solve --dataset arc1-eval --limit 20    solve 20 public tasks, print the score
      arc-solver evaluate submission.json --dataset arc1-eval
      arc-solver validate submission.json --dataset arc1-eval
      arc-solver show 007bbfb7 --dataset arc1-train      draw a task
      arc-solver report submission.json --out report.html

    Exit codes: 0 done, 1 failed, 2 wrong usage or unreadable input.
    """


for _command in (solve, evaluate, validate, merge, vote, train, generate, doctor, show, report, compare, package):
    main.add_command(_command)
main.add_command(experiment)
