"""Values of the enumerator: what a program computes on every input, and how to tell two programs apart.

Two programs that give the same on all training *and* test inputs are one to us. Knows the DSL's types, not its words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_solver.dsl.registry import Cells, Color, Count, Grid, Object
from arc_solver.grids import MAX_SIDE

TYPE_NAMES: dict[Any, str] = {
    Grid: "grid",
    list[Grid]: "grids",
    Object: "object",
    list[Object]: "objects",
    Cells: "cells",
    Color: "color",
    Count: "count",
    bool: "bool",
    int: "int",
}
"""The types that the enumerator builds; a primitive that speaks of another is left to other stages."""

MAX_ITEMS = 40
CALL_TICKS = 2
"""Description length of a call, in ticks; a constant has one or two."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A program and what it gives.

    Attributes:
        type_name: One of `TYPE_NAMES`.
        expression: Python source in terms of `grid`.
        results: One for each input, training first.
        cost: Description length in ticks.
        price: What it costs the search, in bits: the less likely its words, the dearer.
    """

    type_name: str
    expression: str
    results: tuple[Any, ...]
    cost: int
    price: int = 0


def signature(type_name: str, results: Iterable[Any]) -> bytes:
    """A short identity of results: equal for equal results, of any process."""
    encoded = b"".join(_encoded(result) for result in results)
    return hashlib.blake2b(encoded, digest_size=12, person=type_name.encode()).digest()


def is_valid(type_name: str, result: Any) -> bool:
    """Whether a result is worth keeping: a grid within the limits, a list neither empty nor huge, some cells."""
    if type_name == "grid":
        return isinstance(result, np.ndarray) and result.ndim == 2 and result.size > 0 and max(result.shape) <= MAX_SIDE
    if type_name in ("grids", "objects"):
        return isinstance(result, list) and 0 < len(result) <= MAX_ITEMS
    if type_name == "cells":
        return isinstance(result, np.ndarray) and result.ndim == 2
    return True


def _encoded(result: Any) -> bytes:
    if isinstance(result, np.ndarray):
        return bytes(result.shape) + result.astype(np.int8, copy=False).tobytes()
    if isinstance(result, Object):
        place = f"o{result.row},{result.col};".encode()
        return place + _encoded(result.grid) + result.mask.tobytes()
    if isinstance(result, list):
        return f"l{len(result)};".encode() + b"".join(map(_encoded, result))
    return f"{int(result)};".encode()
