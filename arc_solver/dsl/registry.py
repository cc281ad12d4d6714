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
Cells = NDArray[np.bool_]
"""A choice of cells: True or False for each cell of a grid."""
Places = list[tuple[int, int]]
"""Cells by row and column."""


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """A part of a grid: its bounding box cut out, and where its top left corner was.

    Attributes:
        grid: Bounding box of shape (r, c); cells that are not the object's hold the background colour.
        row: Row of its top left corner in the grid that it was found in.
        col: Column of that corner.
        mask: True where the object is, shape (r, c).

    Also `height`, `width`, `size` (how many cells), `bottom` and `right` (its last row and column), `center` (row and
    column, rounded down), `color` (its most common), `colors` (most common first), `cells` (row and column of each).
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

    @property
    def height(self) -> int:
        """Rows of its bounding box."""
        return int(self.mask.shape[0])

    @property
    def width(self) -> int:
        """Columns of its bounding box."""
        return int(self.mask.shape[1])

    @property
    def size(self) -> int:
        """How many cells it has."""
        return int(np.count_nonzero(self.mask))

    @property
    def bottom(self) -> int:
        """Its last row in the grid."""
        return self.row + self.height - 1

    @property
    def right(self) -> int:
        """Its last column in the grid."""
        return self.col + self.width - 1

    @property
    def center(self) -> tuple[int, int]:
        """Row and column of its box's middle in the grid, rounded down."""
        return self.row + (self.height - 1) // 2, self.col + (self.width - 1) // 2

    @property
    def colors(self) -> list[int]:
        """Its colours, the most common first, the lowest of equals first."""
        counts = np.bincount(self.grid[self.mask], minlength=1)
        present: list[int] = np.flatnonzero(counts).tolist()
        return sorted(present, key=lambda color: -counts[color])

    @property
    def color(self) -> int:
        """Its most common colour, the lowest of equals."""
        return self.colors[0]

    @property
    def cells(self) -> list[tuple[int, int]]:
        """Row and column in the grid of each of its cells, in reading order."""
        return [(int(row) + self.row, int(col) + self.col) for row, col in np.argwhere(self.mask)]

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


def type_name(kind: Any) -> str:
    """A kind of value as prompts and documentation call it, such as `list[Object]`; `CellMap` has a number a cell."""
    for known, name in ((Grid, "Grid"), (Cells, "Cells"), (Places, "Places")):
        if kind == known:
            return name
    if typing.get_origin(kind) is list:
        return f"list[{type_name(typing.get_args(kind)[0])}]"
    name = str(getattr(kind, "__name__", kind))
    return "CellMap" if name == "ndarray" else name
