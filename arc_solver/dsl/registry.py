"""The registry of primitives: one list that programs, search, prompts and the model's tokenizer share.

A primitive is a pure, typed, first-order function over numpy grids. Its annotations are exact: the enumerator
type-checks by them. Adding a decorated function to a module of `dsl/` is all it takes to make it searchable and
promptable.

Only numpy and the standard library are imported here, because this package lives inside the sandbox.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NewType, TypeVar

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.int8]
Color = NewType("Color", int)
"""A symbol 0..9."""
Count = NewType("Count", int)
"""A small positive integer: a factor, a number of steps, a rank."""


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """A part of a grid: its bounding box cut out, and where its top left corner was.

    Attributes:
        grid: Bounding box of shape (r, c); cells that are not the object's hold the background colour.
        row: Row of its top left corner in the grid that it was found in.
        col: Column of that corner.
        mask: True where the object is, shape (r, c).
    """

    grid: Grid
    row: int
    col: int
    mask: NDArray[np.bool_]

    def __eq__(self, other: object) -> bool:
        # The generated comparison would ask arrays for one truth value.
        return isinstance(other, Object) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[int, int, tuple[int, ...], bytes, bytes]:
        return self.row, self.col, self.mask.shape, self.grid.tobytes(), self.mask.tobytes()


@dataclass(frozen=True, slots=True)
class Primitive:
    """One word of the vocabulary.

    Attributes:
        name: Its name in programs.
        function: The function itself.
        argument_types: Annotations of its parameters, in order (`Grid`, `Color`, `Count`, `int`, `bool`, `Object`,
            `list[Object]`, `list[Grid]`).
        result_type: Annotation of its result.
        group: The room it lives in, for documentation.
    """

    name: str
    function: Callable[..., Any]
    argument_types: tuple[Any, ...]
    result_type: Any
    group: str


PRIMITIVES: dict[str, Primitive] = {}

_F = TypeVar("_F", bound=Callable[..., Any])


def primitive(function: _F) -> _F:
    """Register `function`; its module's last name is the group."""
    hints = typing.get_type_hints(function)
    result = hints.pop("return")
    name = function.__name__
    if name in PRIMITIVES:
        raise ValueError(f"two primitives are named {name}")
    PRIMITIVES[name] = Primitive(name, function, tuple(hints.values()), result, function.__module__.rsplit(".", 1)[-1])
    return function
