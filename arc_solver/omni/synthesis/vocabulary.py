"""The words that synthesis builds with: the registry of primitives, sorted by the kinds of values they take and give.

Everything here follows from annotations, so a primitive that is added to the registry is used at once. A kind is an
annotation: `Grid`, `Object`, `list[Object]`, `Color`. Knows nothing of programs, inputs or what is interesting.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import typing
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any, Generic, TypeVar

import numpy as np

import arc_solver.dsl
from arc_solver.dsl.registry import PRIMITIVES, Cells, Color, Count, Grid, Object, Places, Primitive

_T = TypeVar("_T")

Kind = Any
"""A type annotation, compared by equality."""

N_LITERALS: dict[Kind, int] = {bool: 2, Count: 4, int: 5, Color: 8}
"""The kinds that are written as literals, and how many different ones matter, roughly."""

_MAX_VARIANTS = 128
"""Words with four coordinates and a color would be drawn all the time otherwise."""

_LABELS: tuple[tuple[Kind, str], ...] = (
    (Grid, "result"),
    (Cells, "cells"),
    (Object, "obj"),
    (list[Object], "objects"),
    (list[Grid], "grids"),
    (list[Color], "colors"),
    (Places, "places"),
    (Color, "color"),
    (Count, "count"),
    (int, "number"),
    (bool, "answer"),
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter of a word.

    Attributes:
        kind: Its annotation.
        default: What need not be written.
        is_literal: True if a literal can be written here.
    """

    kind: Kind
    default: Any
    is_literal: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A primitive as synthesis sees it.

    Attributes:
        name: Its name in programs.
        slots: Its parameters.
        values: Kinds of the slots that need a value, not a literal.
        gives: Kind of its result.
        n_variants: Ways to fill its literal slots.
    """

    name: str
    slots: tuple[Slot, ...]
    values: tuple[Kind, ...]
    gives: Kind
    n_variants: int

    @classmethod
    def of(cls, primitive: Primitive) -> Word:
        """The word for a primitive."""
        parameters = inspect.signature(primitive.function).parameters.values()
        slots = tuple(
            Slot(kind, parameter.default, kind in N_LITERALS)
            for kind, parameter in zip(primitive.argument_types, parameters, strict=True)
        )
        n_variants = 1
        for slot in slots:
            n_variants *= N_LITERALS.get(slot.kind, 1)
        values = tuple(slot.kind for slot in slots if not slot.is_literal)
        return cls(primitive.name, slots, values, primitive.result_type, n_variants)

    def places(self, kind: Kind) -> list[int]:
        """Which slots are of that kind."""
        return [number for number, slot in enumerate(self.slots) if slot.kind == kind]


class Lot(Generic[_T]):
    """Things to draw from, each by its weight."""

    def __init__(self, weighted: Iterable[tuple[_T, float]]) -> None:
        """Keep those whose weight is above 0."""
        kept = [(thing, weight) for thing, weight in weighted if weight > 0]
        self.things = tuple(thing for thing, _ in kept)
        self._bounds = list(accumulate(weight for _, weight in kept))

    def __bool__(self) -> bool:
        return bool(self.things)

    @property
    def weight(self) -> float:
        """Of all of them together."""
        return self._bounds[-1] if self._bounds else 0.0

    def draw(self, rng: np.random.Generator) -> _T:
        """One of them; there must be one."""
        return self.things[
            min(
                bisect_right(self._bounds, rng.random() * self.weight),
                len(self.things) - 1,
            )
        ]


class Vocabulary:
    """Words, and what their names stand for.

    Attributes:
        words: All of them.
        namespace: What programs may use: the words, `np` and the exported types.
        maps: Words that say something of every cell of a grid.
        paintings: Words that make a grid of a grid and an object.
    """

    def __init__(self, primitives: Iterable[Primitive]) -> None:
        """The vocabulary of these primitives."""
        known = tuple(primitives)
        self.words = tuple(Word.of(primitive) for primitive in known)
        self.namespace: dict[str, Any] = {name: getattr(arc_solver.dsl, name) for name in arc_solver.dsl.__all__}
        self.namespace |= {primitive.name: primitive.function for primitive in known} | {"np": np}
        self._between: dict[tuple[Kind, Kind], Lot[Word]] = {}
        self.paintings = tuple(
            word for word in self.words if word.gives == Grid and word.values in ((Grid, Object), (Object, Grid))
        )
        self.maps = _by_variants(word for word in self.words if _tells_cells(word) and word.values == (Grid,))

    def between(self, taken: Kind, given: Kind) -> Lot[Word]:
        """Words that make one kind of the other with no value besides."""
        key = (taken, given)
        if key not in self._between:
            fitting = (word for word in self.words if word.gives == given and word.values == (taken,))
            self._between[key] = _by_variants(fitting)
        return self._between[key]

    def attributes(self, taken: Kind, given: Kind) -> tuple[str, ...]:
        """Attributes of such values that are numbers of that kind."""
        return _ATTRIBUTES.get(given, ()) if taken == Object else ()


def _object_attributes() -> dict[Kind, tuple[str, ...]]:
    """The attributes of an object that are integers: colors by their names, counts, and places, which may be 0."""
    hints = typing.get_type_hints(Object)
    names = [field.name for field in dataclasses.fields(Object) if hints[field.name] is int]
    properties = inspect.getmembers(Object, lambda value: isinstance(value, property))
    names += [name for name, value in properties if typing.get_type_hints(value.fget)["return"] is int]
    return {Color: tuple(n for n in names if "color" in n), int: tuple(n for n in names if "color" not in n)}


_ATTRIBUTES = _object_attributes()


def _tells_cells(word: Word) -> bool:
    return word.gives == Cells or is_map(word.gives)


def _by_variants(words: Iterable[Word]) -> Lot[Word]:
    return Lot((word, weight_of(word.n_variants)) for word in words)


def weight_of(n_variants: float) -> float:
    """How much more often something is drawn that can become many things: once more a doubling, up to a bound."""
    return 1 + math.log2(min(max(1.0, n_variants), _MAX_VARIANTS))


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of all registered primitives."""
    return Vocabulary(PRIMITIVES.values())


def is_map(kind: Kind) -> bool:
    """True for arrays of numbers that say something of every cell but are no grids."""
    return getattr(kind, "__origin__", None) is np.ndarray and kind not in (Grid, Cells)


def element_of(kind: Kind) -> Kind | None:
    """The kind of a list's elements, None for what is no list."""
    return typing.get_args(kind)[0] if getattr(kind, "__origin__", None) is list else None


def label_of(kind: Kind) -> str:
    """What a variable of that kind is called."""
    return next(
        (label for known, label in _LABELS if known == kind),
        "values" if element_of(kind) else "value",
    )
