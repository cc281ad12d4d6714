"""Operations of the enumerator: every primitive, what follows from its type in loops over lists, and masks of cells.

A loop is written from types alone: a primitive from object to object changes every object of a list, a predicate
chooses some of them, a number finds the greatest. So a primitive that is registered is searched in every form that it
has. Knows types and how source is written, nothing of what the primitives mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_solver.dsl.registry import PRIMITIVES, Primitive
from arc_solver.proposers.search.values import CALL_TICKS, TYPE_NAMES

LOOP_TICKS = 3
MASK_TICKS = 1
LOOP_BITS = 2
PROPERTIES = ("height", "width")
COMMUTING = frozenset({"logical_and", "logical_or", "logical_xor", "logical_nor", "&", "|"})
_VARIABLES = {"object": "obj", "grid": "part"}


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One way to make a value from others.

    Attributes:
        word: The word that the prior prices.
        pattern: Source with a `{}` for each argument.
        function: What it computes for one input.
        argument_types: Names of types, see `values.TYPE_NAMES`.
        result_type: Name of a type.
        ticks: Description length in ticks, its arguments not included.
        bits: What the search adds to the word's price, because the form is rarer than a plain call.
        commutes: Swapping its first two arguments changes nothing.
    """

    word: str
    pattern: str
    function: Callable[..., Any]
    argument_types: tuple[str, ...]
    result_type: str
    ticks: int = CALL_TICKS
    bits: int = 0
    commutes: bool = False


def operations() -> list[Operation]:
    """All operations, in the order of the registry: calls, then loops, then masks."""
    primitives = [(one, types) for one in PRIMITIVES.values() if (types := _types(one)) is not None]
    # A predicate says yes or no of an object: it chooses in loops and filters, it is no switch of another primitive.
    calls = [_call(one, types) for one, types in primitives if types[-1] != "bool"]
    return [*calls, *(loop for one, types in primitives for loop in _loops(one, types)), *_properties(), *_masks()]


def _types(primitive: Primitive) -> tuple[str, ...] | None:
    names = [TYPE_NAMES.get(one) for one in (*primitive.argument_types, primitive.result_type)]
    return None if None in names else tuple(str(name) for name in names)


def _call(primitive: Primitive, types: tuple[str, ...]) -> Operation:
    slots = ", ".join("{}" for _ in types[:-1])
    commutes = primitive.name in COMMUTING
    return Operation(
        primitive.name,
        f"{primitive.name}({slots})",
        primitive.function,
        types[:-1],
        types[-1],
        commutes=commutes,
    )


def _loops(primitive: Primitive, types: tuple[str, ...]) -> Iterator[Operation]:
    """The loops over a list of its first argument."""
    *arguments, result = types
    if not arguments or arguments[0] not in _VARIABLES or "object" in arguments[1:]:
        return
    function, item, rest = primitive.function, arguments[0], tuple(arguments[1:])
    variable, listed = _VARIABLES[item], f"{item}s"
    call = f"{primitive.name}({', '.join([variable, *(f'{{{index}}}' for index in range(1, len(rest) + 1))])})"

    def add(pattern: str, over: Callable[..., Any], result_type: str) -> Operation:
        return Operation(primitive.name, pattern, over, (listed, *rest), result_type, LOOP_TICKS, LOOP_BITS)

    if item == "grid" and (rest or result != "grid"):
        return
    if result in _VARIABLES:
        made = f"[{call} for {variable} in {{0}}]"
        yield add(made, lambda items, *others: [function(one, *others) for one in items], f"{result}s")
    elif result == "bool":
        chosen = f"[{variable} for {variable} in {{0}} if {call}]"
        yield add(chosen, lambda items, *others: [one for one in items if function(one, *others)], listed)
        chosen = f"[{variable} for {variable} in {{0}} if not {call}]"
        yield add(chosen, lambda items, *others: [one for one in items if not function(one, *others)], listed)
    elif result == "count":
        key = f"key=lambda {variable}: {call}"
        yield add(f"max({{0}}, {key})", lambda items, *others: max(items, key=lambda one: function(one, *others)), item)


def _properties() -> Iterator[Operation]:
    """The object with the greatest or least of a property."""
    for name in PROPERTIES:
        for word, choose in (("max", max), ("min", min)):
            yield Operation(
                f"obj.{name}",
                f"{word}({{}}, key=lambda obj: obj.{name})",
                lambda items, choose=choose, name=name: choose(items, key=lambda obj: getattr(obj, name)),
                ("objects",),
                "object",
                LOOP_TICKS,
            )


def _masks() -> Iterator[Operation]:
    """Choices of cells by colour, and what can be made of two choices."""
    table: tuple[tuple[str, str, Callable[..., Any], tuple[str, ...]], ...] = (
        ("==", "({} == {})", lambda grid, color: grid == color, ("grid", "color")),
        ("&", "({} & {})", np.logical_and, ("cells", "cells")),
        ("|", "({} | {})", np.logical_or, ("cells", "cells")),
        ("~", "~{}", np.logical_not, ("cells",)),
    )
    for word, pattern, function, types in table:
        yield Operation(word, pattern, function, types, "cells", MASK_TICKS, commutes=word in COMMUTING)
