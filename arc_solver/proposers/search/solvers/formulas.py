"""Formulas: one text that is both what a program says and what the search computes, so that the two cannot differ.

Knows the DSL's names; nothing of tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import arc_solver.dsl  # noqa: F401  (registers every primitive)
from arc_solver.dsl.registry import PRIMITIVES, Object
from arc_solver.grids import MAX_SIDE, Grid

NAMES: dict[str, Any] = {name: one.function for name, one in PRIMITIVES.items()} | {"np": np, "Object": Object}
FORMULA_ERRORS = (ValueError, IndexError, KeyError, TypeError, ArithmeticError, AttributeError, StopIteration)


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression of a program.

    Attributes:
        source: Python.
        function: The same, as a function of the names that it speaks of.
        cost: Its description length.
    """

    source: str
    function: Callable[..., Any]
    cost: float


def formula(arguments: str, source: str, cost: float) -> Formula:
    """Compile one of this package's own expressions.

    Args:
        arguments: The names it may speak of besides the DSL's, such as `"grid, obj"`.
        source: The expression. Never text from outside.
        cost: Its description length.
    """
    return Formula(source, eval(f"lambda {arguments}: {source}", NAMES), cost)  # noqa: S307 - our own text


def formulas(arguments: str, table: Sequence[tuple[str, float]]) -> tuple[Formula, ...]:
    """One formula for each (source, cost)."""
    return tuple(formula(arguments, source, cost) for source, cost in table)


def values_of(one: Formula, *columns: Sequence[Any]) -> list[Any] | None:
    """What a formula gives for every row of arguments; None if it fails for one of them."""
    try:
        return [one.function(*row) for row in zip(*columns, strict=True)]
    except FORMULA_ERRORS:
        return None


def grids_of(one: Formula, *columns: Sequence[Any]) -> list[Grid] | None:
    """What a formula gives for every row of arguments; None unless each is a grid within the limits."""
    values = values_of(one, *columns)
    return values if values is not None and all(map(is_grid, values)) else None


def is_grid(value: Any) -> bool:
    """True for a two-dimensional array with sides from 1 to 30."""
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.size > 0 and max(value.shape) <= MAX_SIDE


def gives(one: Formula, outputs: Sequence[Grid], *columns: Sequence[Any]) -> bool:
    """True if the formula gives every output, the columns being cut to as many rows."""
    try:
        # A loop: a generator would turn StopIteration into another error.
        for row, output in zip(zip(*columns, strict=True), outputs, strict=False):
            if not np.array_equal(one.function(*row), output):
                return False
    except FORMULA_ERRORS:
        return False
    return True
