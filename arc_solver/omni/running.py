"""Runs our own programs in this process: solvers, what is made of them, and what is synthesised.

Only for sources that this package wrote itself, where a process for each program would cost more than the program. What
a model wrote belongs into the sandbox, which gives a program the same names. Knows nothing of tasks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from arc_solver import dsl
from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid

_NAMES: dict[str, Any] = {name: getattr(dsl, name) for name in dsl.__all__} | {"np": np}


def run_program(source: str, inputs: Iterable[Grid]) -> tuple[Grid, ...] | None:
    """What a program of ours makes of each input; None where it raises or its value is no grid.

    Args:
        source: Python source that defines `task(grid)`; it must come from this package and must end.
        inputs: Each is handed over as a copy that the program may change.
    """
    task = _compiled(source)
    if task is None:
        return None
    outputs = []
    for grid in inputs:
        try:
            with np.errstate(all="ignore"):
                output = task(grid.copy())
            outputs.append(as_grid(output.astype(np.int8) if _is_mask(output) else output))
        except GridError:
            return None
        except Exception:  # noqa: BLE001  # A changed program may raise anything; that is all there is to know of it.
            return None
    return tuple(outputs)


@lru_cache(maxsize=1024)
def _compiled(source: str) -> Callable[[Grid], Any] | None:
    """The program's function, None where there is none."""
    scope = dict(_NAMES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, "<program>", "exec", dont_inherit=True)
        exec(code, scope)  # noqa: S102  # Our own sources only, see above.
    except Exception:  # noqa: BLE001
        return None
    task = scope.get("task")
    return task if callable(task) else None


def _is_mask(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.bool_
