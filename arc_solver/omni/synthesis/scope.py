"""What a growing program has at hand: its variables, their values for every input, and random expressions over them.

Variables are called v0 (the grid), v1, ... until the program is finished. Values are looked at to choose literals that
mean something: the size of an object that is there, a color that occurs. Expressions are run as the text that they are.
Knows nothing of statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from arc_solver.dsl.registry import Color, Count, Grid, Object
from arc_solver.grids import N_COLORS
from arc_solver.omni.synthesis.running import evaluate
from arc_solver.omni.synthesis.vocabulary import (
    N_LITERALS,
    Kind,
    Slot,
    Vocabulary,
    Word,
)

_T = TypeVar("_T")

_MAX_SAMPLES = 24
"""Elements of lists that a condition is tried on."""
_KNOWN_COLOR_RATE = 0.6
_N_CONDITIONS = 3
_INLINE_RATE = 0.15
_NESTED_GRID_RATE = 0.4


@dataclass(frozen=True, slots=True)
class Variable:
    """A name and the kind of its values."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a variable that stands for elements of a list, and the input whose list it was in."""

    index: int
    value: Any


class Scope:
    """Variables and their values."""

    def __init__(self, rng: np.random.Generator, words: Vocabulary, inputs: Sequence[Grid]) -> None:
        """Start with the grid alone."""
        self.rng = rng
        self.words = words
        self.grid = Variable("v0", Grid)
        self.variables = [self.grid]
        self.namespaces: list[dict[str, Any]] = [{**words.namespace, "v0": grid} for grid in inputs]
        counts = sum(np.bincount(grid.ravel(), minlength=N_COLORS) for grid in inputs)
        self._palette = [int(color) for color in np.flatnonzero(counts)]

    # ---- chance

    def chance(self, rate: float) -> bool:
        """True at that rate."""
        return bool(self.rng.random() < rate)

    def below(self, n: int) -> int:
        """A number from 0 to n - 1."""
        return int(self.rng.random() * n)

    def one_of(self, things: Sequence[_T]) -> _T:
        """One of them."""
        return things[self.below(len(things))]

    # ---- variables

    def new_variable(self, kind: Kind, offset: int = 0) -> Variable:
        """The next variable, not yet in scope; `offset` counts those before it in the same statement."""
        return Variable(f"v{len(self.variables) + offset}", kind)

    def add(self, variable: Variable) -> None:
        """Bring a variable into scope whose value is in every namespace."""
        self.variables.append(variable)

    def values_of(self, variable: Variable) -> list[Any]:
        """Its value for each input."""
        return [namespace[variable.name] for namespace in self.namespaces]

    def elements_of(self, variable: Variable) -> list[Sample]:
        """Elements of its lists."""
        samples = [Sample(index, value) for index, values in enumerate(self.values_of(variable)) for value in values]
        return samples[:: 1 + len(samples) // _MAX_SAMPLES]

    # ---- expressions

    def literal(self, kind: Kind) -> str:
        """A literal; mostly colors that the inputs have, so that choosing and replacing find something."""
        if kind == Color:
            known = self.chance(_KNOWN_COLOR_RATE)
            return str(self.one_of(self._palette) if known else self.below(N_COLORS))
        if kind == Count:
            return str(1 + self.below(4))
        if kind is bool:
            return str(self.chance(0.5))
        return str(self.below(6) - 2)

    def call(
        self,
        word: Word,
        uses: Sequence[Variable],
        written: Mapping[str, str] | None = None,
    ) -> str | None:
        """A call that uses these variables, each once; what else it needs are literals and what is in scope.

        Args:
            word: What is called.
            uses: Variables that must be among the arguments.
            written: Variable -> the expression that is written in its place.

        Returns:
            The text, or None if the variables do not fit or something is missing.
        """
        places = self._places(word, uses)
        if places is None:
            return None
        texts: list[str] = []
        n_written = 0
        for number, slot in enumerate(word.slots):
            text = places[number].name if number in places else self._argument(slot, uses)
            if text is None:
                return None
            text = (written or {}).get(text, text)
            texts.append(text)
            if text != repr(slot.default):
                n_written = number + 1
        return f"{word.name}({', '.join(texts[:n_written])})"

    def _places(self, word: Word, uses: Sequence[Variable]) -> dict[int, Variable] | None:
        if len(uses) == 1:
            return {self.one_of(word.places(uses[0].kind)): uses[0]} if uses[0].kind in word.values else None
        places: dict[int, Variable] = {}
        for variable in uses:
            free = [n for n, slot in enumerate(word.slots) if slot.kind == variable.kind and n not in places]
            if not free:
                return None
            places[self.one_of(free)] = variable
        return places

    def _argument(self, slot: Slot, uses: Sequence[Variable]) -> str | None:
        if slot.is_literal:
            if slot.kind is not bool and self.chance(_INLINE_RATE):
                feature = self.feature(self.one_of([*uses, self.grid]), slot.kind)
                if feature is not None:
                    return feature
            return self.literal(slot.kind)
        others = [variable for variable in self.variables if variable.kind == slot.kind and variable not in uses]
        if slot.kind == Grid and (not others or self.chance(_NESTED_GRID_RATE)):
            return self.changed(self.one_of([*others, *(use for use in uses if use.kind == Grid)] or [self.grid]))
        return self.one_of(others).name if others else None

    def changed(self, variable: Variable) -> str | None:
        """A call that makes another value of its kind of a variable."""
        words = self.words.between(variable.kind, variable.kind)
        return self.call(words.draw(self.rng), [variable]) if words else None

    def feature(self, variable: Variable, kind: Kind) -> str | None:
        """A number of that kind that says something of the variable's value."""
        words, subject = self.words.between(variable.kind, kind), variable
        if variable.kind == Object and (not words or self.chance(0.4)):
            words, subject = (
                self.words.between(Grid, kind),
                Variable(f"{variable.name}.grid", Grid),
            )
        if not words:
            return None
        word = words.draw(self.rng)
        texts = [subject.name if not slot.is_literal else self.literal(slot.kind) for slot in word.slots]
        return f"{word.name}({', '.join(texts)})"

    # ---- conditions

    def condition(self, variable: Variable, samples: Sequence[Sample]) -> str | None:
        """Something that is true of some of the variable's sample values and false of others."""
        found = (self._condition(variable, samples) for _ in range(_N_CONDITIONS))
        return next((condition for condition in found if condition is not None), None)

    def _condition(self, variable: Variable, samples: Sequence[Sample]) -> str | None:
        kind = self.one_of(tuple(N_LITERALS))
        left = self.feature(variable, kind)
        if left is None:
            return None
        known = self._numbers(left, variable, samples)
        if known is None or (kind is bool and len(set(known)) < 2):
            return None
        if kind is bool:
            return left if self.chance(0.5) else f"not {left}"
        right: str | None = None
        others: list[Any] | None = None
        if self.chance(0.3):
            right = self.feature(self.grid if self.chance(0.5) else variable, kind)
            others = None if right is None or right == left else self._numbers(right, variable, samples)
        if others is None:
            choice = self.one_of(known)
            right, others = str(choice), [choice] * len(known)
        signs = ["==", "!="] if kind == Color else ["==", ">", "<", "!="]
        mixed = [sign for sign in signs if len({_holds(sign, a, b) for a, b in zip(known, others, strict=True)}) == 2]
        return f"{left} {self.one_of(mixed)} {right}" if mixed else None

    def _numbers(self, text: str, variable: Variable, samples: Sequence[Sample]) -> list[Any] | None:
        values = []
        code = compile(text, "<condition>", "eval")
        for sample in samples:
            value = evaluate(code, {**self.namespaces[sample.index], variable.name: sample.value})
            if not isinstance(value, int | np.integer | np.bool_):
                return None
            values.append(int(value))
        return values or None

    def cell_condition(self, painted: Variable, variable: Variable, is_whole: bool) -> str | None:
        """A comparison of the cells of one grid that chooses cells of another, of the same shape.

        Args:
            painted: The grid whose cells are chosen.
            variable: The grid that is looked at.
            is_whole: True if no other condition goes with it: `grid == 3` alone says too little.
        """
        maps = self.words.maps
        word = maps.draw(self.rng) if maps and self.chance(0.6) else None
        if word is None:
            left = variable.name if not is_whole and self.chance(0.5) else self.changed(variable)
        else:
            left = self.call(word, [variable])
        if left is None:
            return None
        # One input is enough to see which values there are; whether the others agree shows when the statement runs.
        namespace = self.one_of(self.namespaces)
        cells = evaluate(left, namespace)
        if not isinstance(cells, np.ndarray) or cells.shape != namespace[painted.name].shape:
            return None
        if cells.dtype == np.bool_:
            return left
        choice = self.one_of(sorted(set(cells.ravel().tolist())))
        sign = self.one_of(["==", "!="] if word is None else ["==", "==", ">", "<"])
        return f"{left} {sign} {choice}"


def _holds(sign: str, left: Any, right: Any) -> bool:
    if sign == "==":
        return bool(left == right)
    if sign == "!=":
        return bool(left != right)
    return bool(left > right) if sign == ">" else bool(left < right)
