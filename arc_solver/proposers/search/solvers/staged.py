"""Programs put together step by step: every step is chosen from a few, and what a step gives decides whether to go on.

One text is both what a program says and what the search runs. Knows nothing of what the steps do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from arc_solver.dsl.registry import Object
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import FORMULA_ERRORS, NAMES

Names = dict[str, Any]
Step = tuple[tuple[str, ...], float]
"""Statements, and what they cost."""


def _anything(_: Sequence[Names]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a program, with its alternatives.

    Attributes:
        steps: The alternatives, the simplest first.
        gives: Names that the step sets; of alternatives that set them to equal values only the first is followed.
        check: Told the names of every input, says whether it is worth to go on.
    """

    steps: tuple[Step, ...]
    gives: tuple[str, ...]
    check: Callable[[Sequence[Names]], bool] = _anything


def staged_drafts(
    stage: str,
    examples: Examples,
    stages: Sequence[Stage],
    last: Callable[[Sequence[Names]], Sequence[Step]],
    enough: int = 3,
) -> Iterator[Draft]:
    """Programs whose steps together give every output.

    Args:
        stage: Who asks.
        examples: The task.
        stages: The steps but the last, in order; their statements know `grid` and what earlier steps set.
        last: Told the names of every input, gives alternatives for the last step, which sets `out`.
        enough: After so many drafts for one choice of earlier steps the dearer last steps are not tried.
    """
    for lines, cost, names in _choices(list(stages), [NAMES | {"grid": grid} for grid in examples.inputs]):
        n_found = 0
        for step, price in last(names):
            examples.check_time()
            if _explains(step, names, examples):
                yield examples.draft(stage, (*lines, *step, "return out"), cost + price)
                n_found += 1
                if n_found == enough:
                    break


def _choices(stages: list[Stage], names: list[Names]) -> Iterator[tuple[tuple[str, ...], float, list[Names]]]:
    if not stages:
        yield (), 0.0, names
        return
    seen = set()
    for lines, cost in stages[0].steps:
        after = [_run(lines, one) for one in names]
        known = [one for one in after if one is not None]
        if len(known) < len(after):
            continue
        key = tuple(_identity(one.get(name)) for one in known for name in stages[0].gives)
        if key in seen or not stages[0].check(known):
            continue
        seen.add(key)
        for more, price, final in _choices(stages[1:], known):
            yield lines + more, cost + price, final


def _explains(step: tuple[str, ...], names: Sequence[Names], examples: Examples) -> bool:
    for one, output in zip(names, examples.outputs, strict=False):
        after = _run(step, one)
        if after is None or not np.array_equal(after["out"], output):
            return False
    return True


def _run(lines: tuple[str, ...], names: Names) -> Names | None:
    """The names after the statements; None if these fail."""
    after = dict(names)
    try:
        exec(_compiled("\n".join(lines)), after)  # noqa: S102 - our own text
    except FORMULA_ERRORS:
        return None
    for value in after.values():
        # Alternatives share what earlier steps made.
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return after


@lru_cache(maxsize=4096)
def _compiled(source: str) -> CodeType:
    return compile(source, "<steps>", "exec")


def _identity(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, Object):
        return value.row, value.col, value.mask.shape, value.mask.tobytes(), value.grid.tobytes()
    if isinstance(value, (list, tuple)):
        return tuple(map(_identity, value))
    return value
