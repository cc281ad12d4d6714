"""Running sources in this process: for sources that consist of our own primitives, numpy and plain Python only.

What somebody else wrote runs in the sandbox, never here. A program that does not apply to a grid fails, which is a fact
about it and no error. Knows nothing of how sources come about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any

import numpy as np

from arc_solver.dsl.registry import Grid
from arc_solver.grids import MAX_SIDE, N_COLORS, frozen
from arc_solver.omni.synthesis.vocabulary import vocabulary

FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""How a program says that it does not apply."""

FAILED = object()
"""What a failed expression evaluates to."""


def execute(code: CodeType, namespace: dict[str, Any]) -> bool:
    """Run compiled statements in a namespace; False if they fail."""
    try:
        exec(code, namespace)  # noqa: S102 - our own words
    except FAILURES:
        return False
    return True


def evaluate(text: str | CodeType, namespace: dict[str, Any]) -> Any:
    """The value of an expression, or `FAILED`."""
    try:
        return eval(text, namespace)  # noqa: S307 - our own words
    except FAILURES:
        return FAILED


def function_of(source: str, namespace: Mapping[str, Any] | None = None) -> Callable[[Grid], Any]:
    """The function `task` that a source defines.

    Args:
        source: Trusted Python source.
        namespace: Names that it may use; those of `arc_solver.dsl` and `np` by default.
    """
    scope = dict(vocabulary().namespace if namespace is None else namespace)
    exec(source, scope)  # noqa: S102 - as above
    function: Callable[[Grid], Any] = scope["task"]
    return function


def output_of(function: Callable[[Grid], Any], grid: Grid) -> Grid | None:
    """What the function makes of a grid, read-only; None if it fails or gives no valid grid."""
    try:
        value = function(grid)
    except FAILURES:
        return None
    return frozen(value) if is_grid(value) else None


def outputs_of(function: Callable[[Grid], Any], inputs: Sequence[Grid]) -> list[Grid] | None:
    """What the function makes of these grids; None if it fails on one of them."""
    outputs = []
    for grid in inputs:
        output = output_of(function, grid)
        if output is None:
            return None
        outputs.append(output)
    return outputs


def is_grid(value: Any) -> bool:
    """True for an int8 array with both sides in 1..30 and symbols 0..9."""
    if not isinstance(value, np.ndarray) or value.dtype != np.int8 or value.ndim != 2:
        return False
    if not (1 <= value.shape[0] <= MAX_SIDE and 1 <= value.shape[1] <= MAX_SIDE):
        return False
    return bool(value.min() >= 0 and value.max() < N_COLORS)
