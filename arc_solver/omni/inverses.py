"""What can be undone: pairs of calls found by trying the primitives on one another.

Nothing is listed by hand: a primitive that undoes another one is found as soon as both are registered. Knows nothing of
solvers or tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from arc_solver.dsl.registry import Color, Count, Grid
from arc_solver.grids import N_COLORS, grids_equal
from arc_solver.omni.synthesis.behaviour import probes
from arc_solver.omni.synthesis.running import output_of
from arc_solver.omni.synthesis.vocabulary import Vocabulary, Word, vocabulary

_N_FIRST = 4
"""Literals tried for a word before it is known that another one undoes it."""
_N_LATER = 16
_N_FEW = 4
_LITERALS: dict[Any, tuple[Any, ...]] = {
    bool: (False, True),
    Count: (2, 3, 1, 4),
    int: (1, -1, 0, 2),
    Color: tuple(range(N_COLORS)),
}


@dataclass(frozen=True, slots=True)
class Inverse:
    """Two calls, as texts with `{}` in the grid's place.

    Attributes:
        do: Changes a grid.
        undo: Gives back what it was.
        word: Name of the primitive that does.
    """

    do: str
    undo: str
    word: str


@dataclass(frozen=True, slots=True)
class _Call:
    word: Word
    literals: tuple[Any, ...]

    @property
    def text(self) -> str:
        rest = iter(self.literals)
        arguments = [repr(next(rest)) if slot.is_literal else "{}" for slot in self.word.slots]
        return f"{self.word.name}({', '.join(arguments)})"


@cache
def inverses() -> tuple[Inverse, ...]:
    """All pairs that hold on every probe, in the order of the registry."""
    words = vocabulary()
    found: list[Inverse] = []
    undoing = _undoing_words(words)
    for word in _changing_words(words):
        rng = np.random.default_rng(len(found))
        calls = _calls(rng, word)
        undo_words = {undo.word.name: undo.word for call in calls[:_N_FIRST] for undo in _undo(words, call, undoing)}
        if undo_words:
            pairs = ((call, _undo(words, call, tuple(undo_words.values()))) for call in calls[:_N_LATER])
            found += [Inverse(call.text, undo[0].text, word.name) for call, undo in pairs if undo]
    return tuple(found)


def _changing_words(words: Vocabulary) -> list[Word]:
    return [word for word in words.words if word.gives == Grid and word.values == (Grid,)]


def _undoing_words(words: Vocabulary) -> tuple[Word, ...]:
    # What undoes is told its literals by what it undoes, or needs one of few.
    return tuple(word for word in _changing_words(words) if len(word.slots) <= 3)


def _calls(rng: np.random.Generator, word: Word) -> list[_Call]:
    """Calls with different literals, in random order."""
    choices = [_LITERALS[slot.kind] for slot in word.slots if slot.is_literal]
    literals = list(product(*choices))
    order = rng.permutation(len(literals))[:_N_LATER].tolist()
    return [_Call(word, literals[index]) for index in order]


def _undo(words: Vocabulary, call: _Call, candidates: Sequence[Word]) -> list[_Call]:
    """Calls, one a word at most, that undo this one on every probe."""
    function = _function(words, call)
    changed = []
    for grid in probes()[:_N_FEW]:
        output = output_of(function, grid)
        if output is None:
            return []
        changed.append((grid, output))
    if all(grids_equal(*pair) for pair in changed):
        return []
    return [undo for word in candidates if (undo := _undo_with(words, call, word, changed)) is not None]


def _undo_with(words: Vocabulary, call: _Call, word: Word, changed: Sequence[tuple[Grid, Grid]]) -> _Call | None:
    for undo in _related(call, word):
        back = _function(words, undo)
        if all(_is_undone(back, *pair) for pair in changed) and _holds(_function(words, call), back):
            return undo
    return None


def _related(call: _Call, word: Word) -> Iterator[_Call]:
    """Calls of `word` whose literals have to do with those of `call`, or are one of few."""
    kinds = [slot.kind for slot in word.slots if slot.is_literal]
    given = [slot.kind for slot in call.word.slots if slot.is_literal]
    tried: set[tuple[Any, ...]] = set()
    literals: list[tuple[Any, ...]] = []
    if kinds == given:
        literals = [
            call.literals,
            call.literals[::-1],
            tuple(-one if type(one) is int else one for one in call.literals),
        ]
    elif len(kinds) <= 1:
        literals = list(product(*(_LITERALS[kind][:4] for kind in kinds)))
    for choice in literals:
        if choice not in tried:
            tried.add(choice)
            yield _Call(word, choice)


def _holds(do: Callable[[Grid], Any], undo: Callable[[Grid], Any]) -> bool:
    """True if every probe comes back; one may be too large to be changed."""
    n_back = 0
    for grid in probes():
        output = output_of(do, grid)
        if output is not None:
            if not _is_undone(undo, grid, output):
                return False
            n_back += 1
    return n_back >= len(probes()) // 2


def _is_undone(undo: Callable[[Grid], Any], grid: Grid, changed: Grid) -> bool:
    back = output_of(undo, changed)
    return back is not None and grids_equal(back, grid)


def _function(words: Vocabulary, call: _Call) -> Callable[[Grid], Any]:
    function = words.namespace[call.word.name]
    slots = call.word.slots

    def run(grid: Grid) -> Any:
        rest = iter(call.literals)
        return function(*(next(rest) if slot.is_literal else grid for slot in slots))

    return run
