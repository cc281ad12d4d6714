"""Runs our own programs in this process: solvers, what is made of them, and what is synthesised.

Only for sources that this package wrote itself, where a process for each program would cost more than the program. What
a model wrote belongs into the sandbox, which gives a program the same names. A `while` that would not end, because a
program was changed or is run on grids that it was not written for, ends after so many rounds. Knows nothing of tasks.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from arc_solver import dsl
from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid

_COUNTER = "__round__"
_NAMES: dict[str, Any] = {name: getattr(dsl, name) for name in dsl.__all__} | {"np": np}


MAX_ROUNDS = 5000
"""Rounds of all its `while` loops that a program may make on one grid."""


class _EndlessError(Exception):
    """A program made more than `MAX_ROUNDS` rounds."""


class _Rounds:
    """Counts the rounds of `while` loops; each loop calls it first."""

    def __init__(self) -> None:
        self.n_made = 0

    def __call__(self) -> None:
        self.n_made += 1
        if self.n_made > MAX_ROUNDS:
            raise _EndlessError


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A program's function, and the counter that its loops call."""

    task: Callable[[Grid], Any]
    rounds: _Rounds


def run_program(source: str, inputs: Iterable[Grid]) -> tuple[Grid, ...] | None:
    """What a program of ours makes of each input; None where it raises or its value is no grid.

    Args:
        source: Python source that defines `task(grid)`; it must come from this package.
        inputs: Each is handed over as a copy that the program may change.
    """
    program = _compiled(source)
    if program is None:
        return None
    outputs = []
    for grid in inputs:
        program.rounds.n_made = 0
        try:
            with np.errstate(all="ignore"):
                output = program.task(grid.copy())
            outputs.append(as_grid(output.astype(np.int8) if _is_mask(output) else output))
        except GridError:
            return None
        except Exception:  # noqa: BLE001  # A changed program may raise anything; that is all there is to know of it.
            return None
    return tuple(outputs)


@lru_cache(maxsize=1024)
def _compiled(source: str) -> _Compiled | None:
    """The program, None where there is none."""
    rounds = _Rounds()
    scope: dict[str, Any] = _NAMES | {_COUNTER: rounds}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = _counting(source) if "while" in source else source
            code = compile(program, "<program>", "exec", dont_inherit=True)
        exec(code, scope)  # noqa: S102  # Our own sources only, see above.
    except Exception:  # noqa: BLE001
        return None
    task = scope.get("task")
    return _Compiled(task, rounds) if callable(task) else None


def _counting(source: str) -> ast.Module:
    """The program with every `while` loop calling the counter in each round."""
    tree = ast.parse(source)
    for loop in [node for node in ast.walk(tree) if isinstance(node, ast.While)]:
        loop.body.insert(0, ast.Expr(ast.Call(ast.Name(_COUNTER, ast.Load()), [], [])))
    return ast.fix_missing_locations(tree)


def _is_mask(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.bool_
