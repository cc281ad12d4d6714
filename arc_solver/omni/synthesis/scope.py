"""What a growing program has at hand: its variables, their values for every input, and random expressions over them.

Variables are called v0 (the grid), v1, ... until the program is finished. Values are looked at to choose literals that
mean something: the size of an object that is there, a color that occurs. Expressions are run as the text that they are.
Knows nothing of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from arc_solver.dsl.registry import Cells, Color, Count, Grid, Object
from arc_solver.grids import N_COLORS
from arc_solver.omni.synthesis.vocabulary import Kind, Slot, Vocabulary, Word, element_of

_T = TypeVar("_T")

_MAX_SAMPLES = 24
"""Elements of lists that a condition is tried on."""
_KNOWN_COLOR_RATE = 0.6
_INLINE_RATE = 0.15
_ABOUT_RATE = 0.6
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
        about: Variable | None = None,
    ) -> str | None:
        """A call that uses these variables, each once; what else it needs are literals and what is in scope.

        Args:
            word: What is called.
            uses: Variables that must be among the arguments.
            about: A variable whose features stand for most literals.

        Returns:
            The text, or None if the variables do not fit or something is missing.
        """
        places = self._places(word, uses)
        if places is None:
            return None
        texts: list[str] = []
        n_written = 0
        for number, slot in enumerate(word.slots):
            text = places[number].name if number in places else self._argument(slot, uses, about)
            while slot.kind == Color and text in texts:
                # To replace a color by itself says nothing.
                text = self.literal(Color)
            if text is None:
                return None
            texts.append(text)
            if text != repr(slot.default):
                n_written = number + 1
        return f"{word.name}({', '.join(texts[:n_written])})"

    def _places(self, word: Word, uses: Sequence[Variable]) -> dict[int, Variable] | None:
        if len(uses) == 1:
            fitting = word.places(uses[0].kind)
            return {self.one_of(fitting): uses[0]} if fitting else None
        places: dict[int, Variable] = {}
        for variable in uses:
            free = [n for n, slot in enumerate(word.slots) if slot.kind == variable.kind and n not in places]
            if not free:
                return None
            places[self.one_of(free)] = variable
        return places

    def _argument(self, slot: Slot, uses: Sequence[Variable], about: Variable | None) -> str | None:
        if slot.is_literal:
            rate = _INLINE_RATE if about is None else _ABOUT_RATE
            if slot.kind is not bool and self.chance(rate):
                feature = self.feature(about or self.one_of([*uses, self.grid]), slot.kind)
                if feature is not None:
                    return feature
            return self.literal(slot.kind)
        others = [variable for variable in self.variables if variable.kind == slot.kind and variable not in uses]
        if slot.kind == Cells and not others:
            return self.feature_of_cells(self.one_of([use for use in uses if use.kind == Grid] or [self.grid]))
        if slot.kind == Grid and (not others or self.chance(_NESTED_GRID_RATE)):
            return self.changed(self.one_of([*others, *(use for use in uses if use.kind == Grid)] or [self.grid]))
        return self.one_of(others).name if others else None

    def changed(self, variable: Variable) -> str | None:
        """A call that makes another value of its kind of a variable."""
        words = self.words.between(variable.kind, variable.kind)
        return self.call(words.draw(self.rng), [variable]) if words else None

    def feature_of_cells(self, grid: Variable) -> str | None:
        """A choice of the grid's cells by a word that makes such choices."""
        words = self.words.between(Grid, Cells)
        return self.call(words.draw(self.rng), [grid]) if words else None

    def feature(self, variable: Variable, kind: Kind) -> str | None:
        """A number of that kind that says something of the variable's value."""
        if element_of(variable.kind) is not None and kind == Count and self.chance(0.6):
            return f"len({variable.name})"
        attributes = self.words.attributes(variable.kind, kind)
        if attributes and self.chance(0.5):
            return f"{variable.name}.{self.one_of(attributes)}"
        words, subject = self.words.between(variable.kind, kind), variable.name
        if variable.kind == Object and (not words or self.chance(0.3)):
            words, subject = self.words.between(Grid, kind), f"{variable.name}.grid"
        if not words:
            return None
        word = self.one_of(words.things)
        texts = [self.literal(slot.kind) if slot.is_literal else subject for slot in word.slots]
        return f"{word.name}({', '.join(texts)})"
