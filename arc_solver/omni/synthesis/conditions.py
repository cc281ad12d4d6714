"""Conditions: comparisons that are true of some values and false of others, chosen by trying them.

Literals are values that occur: the size of an object that is there. Expressions are run as the text that they are.
Knows nothing of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from arc_solver.dsl.registry import Color
from arc_solver.omni.synthesis.running import evaluate
from arc_solver.omni.synthesis.scope import Sample, Scope, Variable
from arc_solver.omni.synthesis.vocabulary import N_LITERALS, Kind

_N_CONDITIONS = 3


def condition_on(
    scope: Scope, variable: Variable, samples: Sequence[Sample], left: tuple[str, Kind] | None = None
) -> str | None:
    """Something that is true of some of the variable's sample values and false of others.

    Args:
        scope: What is known.
        variable: What it is about.
        samples: Its values.
        left: Text and kind of the number that is compared; by default a random feature of the variable.
    """
    for _ in range(_N_CONDITIONS):
        text = _comparison(scope, variable, samples, *(left or _random_feature(scope, variable)))
        if text is not None:
            return text
    return None


def _random_feature(scope: Scope, variable: Variable) -> tuple[str | None, Kind]:
    kind = scope.one_of(tuple(N_LITERALS))
    return scope.feature(variable, kind), kind


def _comparison(
    scope: Scope, variable: Variable, samples: Sequence[Sample], left: str | None, kind: Kind
) -> str | None:
    if left is None:
        return None
    known = _numbers(scope, left, variable, samples)
    if known is None or (kind is bool and len(set(known)) < 2):
        return None
    if kind is bool:
        return left if scope.chance(0.5) else f"not {left}"
    right: str | None = None
    others: list[Any] | None = None
    if scope.chance(0.3):
        right = scope.feature(scope.grid if scope.chance(0.5) else variable, kind)
        others = None if right is None or right == left else _numbers(scope, right, variable, samples)
    if others is None:
        choice = scope.one_of(known)
        right, others = str(choice), [choice] * len(known)
    signs = ["==", "!="] if kind == Color else ["==", ">", "<", "!="]
    mixed = [sign for sign in signs if len({_holds(sign, a, b) for a, b in zip(known, others, strict=True)}) == 2]
    return f"{left} {scope.one_of(mixed)} {right}" if mixed else None


def _numbers(scope: Scope, text: str, variable: Variable, samples: Sequence[Sample]) -> list[Any] | None:
    values = []
    code = compile(text, "<condition>", "eval")
    for sample in samples:
        value = evaluate(code, {**scope.namespaces[sample.index], variable.name: sample.value})
        if not isinstance(value, int | np.integer | np.bool_):
            return None
        values.append(int(value))
    return values or None


def condition_on_cells(scope: Scope, painted: Variable, variable: Variable, is_whole: bool) -> str | None:
    """A comparison of the cells of one grid that chooses cells of another, of the same shape.

    Args:
        painted: The grid whose cells are chosen.
        variable: The grid that is looked at.
        is_whole: True if no other condition goes with it: `grid == 3` alone says too little.
    """
    maps = scope.words.maps
    word = maps.draw(scope.rng) if maps and scope.chance(0.6) else None
    if word is None:
        left = variable.name if not is_whole and scope.chance(0.5) else scope.changed(variable)
    else:
        left = scope.call(word, [variable])
    if left is None:
        return None
    return compared(scope, left, painted.name, word is None, is_whole)


def compared(
    scope: Scope, left: str, like: str | None = None, is_color: bool = False, is_whole: bool = True
) -> str | None:
    """A comparison of an array's cells with a value that they have.

    Args:
        scope: Where the text has a value.
        left: Text of the array.
        like: A variable whose shape the array must have.
        is_color: True if its values are colors, which are not ordered.
        is_whole: True if no other condition goes with it.
    """
    # One input is enough to see which values there are; whether the others agree shows when the statement runs.
    namespace = scope.one_of(scope.namespaces)
    cells = evaluate(left, namespace)
    if not isinstance(cells, np.ndarray) or (like is not None and cells.shape != namespace[like].shape):
        return None
    if cells.dtype == np.bool_:
        return left if is_whole or scope.chance(0.7) else f"~{left}"
    choice = scope.one_of(sorted(set(cells.ravel().tolist())))
    sign = scope.one_of(["==", "!="] if is_color else ["==", "==", ">", "<"])
    return f"{left} {sign} {choice}"


def _holds(sign: str, left: Any, right: Any) -> bool:
    if sign == "==":
        return bool(left == right)
    if sign == "!=":
        return bool(left != right)
    return bool(left > right) if sign == ">" else bool(left < right)
