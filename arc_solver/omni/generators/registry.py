"""The registry of scene builders: the words that generator programs are written in.

A builder is a seeded function `(rng, ...) -> Grid` or `-> Shape` whose other parameters are values of earlier lines and
literals. The annotations say which literals are allowed, so a program's text can be checked before anything runs.
Adding a decorated function to a module of this room is all it takes. Knows nothing of tasks, families or text.

Shapes: R rows, C columns of a scene; r, c those of a shape.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import MAX_SIDE, N_COLORS

Grid = Annotated[NDArray[np.int8], "grid"]
"""A scene: int8, (R, C), 0..9."""
Shape = Annotated[NDArray[np.int8], "shape"]
"""Something to put into a scene: int8, (r, c), 0..9, and -1 where one sees through it."""
Color = Annotated[int, "color"]
"""0..9."""
Colors = Annotated[list[int], "colors"]
"""One to ten different colours; what uses them draws among them."""
Range = Annotated[int | tuple[int, int], "range"]
"""A number, or (fewest, most) to draw from for each grid; 0..30."""
Sides = Annotated[int | tuple[int, int], "sides"]
"""A range that starts at 1."""
Share = Annotated[float, "share"]
"""0..1."""
Drawing = Annotated[list[str], "drawing"]
"""A shape as text: one to ten equally long rows of one to ten digits and dots, a dot where one sees through it."""

MAX_DRAWING_SIDE = 10
_ROW = re.compile(r"[0-9.]{1,10}")

HOLE = -1
"""What a cell of a shape holds where one sees through it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a parameter takes.

    Attributes:
        name: `grid` and `shape` are values of earlier lines, the rest literals.
        choices: The allowed words of a `choice`.
    """

    name: str
    choices: tuple[str, ...] = ()

    @property
    def is_value(self) -> bool:
        """True if it takes an earlier line's value, not a literal."""
        return self.name in ("grid", "shape")

    def accepts(self, literal: object) -> bool:
        """True if the literal may stand here."""
        return _ACCEPTS[self.name](self, literal)


@dataclass(frozen=True, slots=True)
class Builder:
    """One word.

    Attributes:
        name: Its name in programs.
        function: The function itself; it never changes its arguments.
        parameters: Names and kinds of its parameters after `rng`, in order.
        defaults: What those that may be left out are then.
        result: Kind of its value: `grid` or `shape`.
        group: The module that it lives in.
    """

    name: str
    function: Callable[..., NDArray[np.int8]]
    parameters: dict[str, Kind]
    defaults: dict[str, object]
    result: Kind
    group: str


BUILDERS: dict[str, Builder] = {}

_F = TypeVar("_F", bound=Callable[..., Any])


def builder(function: _F) -> _F:
    """Register `function`.

    Raises:
        ValueError: The name is taken, the first parameter is not `rng`, or an annotation is no kind.
    """
    hints = typing.get_type_hints(function, include_extras=True)
    result = _kind(hints.pop("return"))
    signature = inspect.signature(function).parameters
    name = function.__name__
    if name in BUILDERS or next(iter(signature)) != "rng" or not result.is_value:
        raise ValueError(f"{name} cannot be a builder: its name is taken, or it is no function of rng to a grid")
    del hints["rng"]
    given = {key: signature[key].default for key in hints}
    defaults = {key: default for key, default in given.items() if default is not inspect.Parameter.empty}
    parameters = {key: _kind(hint) for key, hint in hints.items()}
    BUILDERS[name] = Builder(name, function, parameters, defaults, result, function.__module__.rsplit(".", 1)[-1])
    return function


def _kind(hint: Any) -> Kind:
    if hint is bool:
        return Kind("bool")
    if typing.get_origin(hint) is Literal:
        return Kind("choice", typing.get_args(hint))
    metadata = getattr(hint, "__metadata__", ())
    if not metadata or metadata[0] not in _ACCEPTS:
        raise ValueError(f"{hint} is no kind of parameter")
    return Kind(metadata[0])


def _is_int(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _is_range(value: object, low: int) -> bool:
    if type(value) is tuple:
        return len(value) == 2 and all(_is_int(side, low, MAX_SIDE) for side in value) and value[0] <= value[1]
    return _is_int(value, low, MAX_SIDE)


def _are_colors(value: object) -> bool:
    if type(value) is not list or not value:
        return False
    return all(_is_int(color, 0, N_COLORS - 1) for color in value) and len(set(value)) == len(value)


def _is_drawing(value: object) -> bool:
    if type(value) is not list or not 1 <= len(value) <= MAX_DRAWING_SIDE:
        return False
    if not all(type(row) is str and _ROW.fullmatch(row) and len(row) == len(value[0]) for row in value):
        return False
    return any(cell != "." for row in value for cell in row)


_ACCEPTS: dict[str, Callable[[Kind, object], bool]] = {
    "grid": lambda kind, value: False,
    "shape": lambda kind, value: False,
    "bool": lambda kind, value: type(value) is bool,
    "choice": lambda kind, value: type(value) is str and value in kind.choices,
    "color": lambda kind, value: _is_int(value, 0, N_COLORS - 1),
    "colors": lambda kind, value: _are_colors(value),
    "range": lambda kind, value: _is_range(value, 0),
    "sides": lambda kind, value: _is_range(value, 1),
    "drawing": lambda kind, value: _is_drawing(value),
    "share": lambda kind, value: type(value) in (int, float) and 0 <= value <= 1,  # type: ignore[operator]
}
