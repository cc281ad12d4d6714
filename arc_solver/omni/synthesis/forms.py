"""The forms of a statement that is one expression: a call, a choice by a key, a filter, a list of changed elements.

A form takes variables, gives one, and writes its text. Forms are made from the vocabulary, and a form weighs the more
the more different statements it can become. Knows nothing of whole programs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from arc_solver.dsl.registry import Cells, Color, Count, Grid, Object
from arc_solver.omni.synthesis.conditions import compared, condition_on
from arc_solver.omni.synthesis.scope import Scope, Variable
from arc_solver.omni.synthesis.vocabulary import (
    N_LITERALS,
    Kind,
    Vocabulary,
    Word,
    element_of,
    is_map,
)

CALL = "call"
KEY = "key"
PAIR = "pair"
EACH = "each"
LOOP = "loop"
BRANCH = "branch"
CELLS = "cells"
FAMILIES = (CALL, KEY, PAIR, EACH, LOOP, BRANCH, CELLS)


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a statement.

    Attributes:
        text: One or several lines.
        lesser: Simpler statements for the same variable, the simplest first: the first that does as well is taken.
    """

    text: str
    lesser: tuple[str, ...] = ()


Writer = Callable[[Scope, Sequence[Variable], Variable], Draft | None]
"""(scope, variables that must be used, variable that is assigned) -> statement, None if chance found nothing."""


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a statement.

    Attributes:
        family: One of `FAMILIES`.
        name: The primitive that a call calls; else empty.
        takes: Kinds of the values that it can use, each once.
        gives: Kind of the value that it assigns.
        n_variants: About how many different statements it can become.
        write: Its text.
        needs_all: True if it must be given all that it takes; else it finds the rest in the scope.
    """

    family: str
    name: str
    takes: tuple[Kind, ...]
    gives: Kind
    n_variants: float
    write: Writer
    needs_all: bool = False

    def fits(self, taken: Sequence[Kind]) -> bool:
        """True if it can use values of these kinds."""
        left = list(self.takes)
        for kind in taken:
            if kind not in left:
                return False
            left.remove(kind)
        return not (self.needs_all and left)


def n_variants(words: Sequence[Word]) -> float:
    """How many statements these words make, as to their literals."""
    return float(sum(word.n_variants for word in words))


def n_features(words: Vocabulary, kind: Kind) -> float:
    """How many numbers can be said of a value of that kind."""
    return sum(n_variants(words.between(kind, number).things) for number in N_LITERALS)


# ---- calls: `result = outline(result, 3)`


def call_forms(words: Vocabulary) -> list[Form]:
    """Forms like the one above."""
    forms = []
    for word in words.words:
        takes = tuple(slot.kind for slot in word.slots if slot.kind is not bool)
        if is_map(word.gives):
            # Numbers for cells are no value to go on with; which cells have one of them is.
            forms.append(Form(CELLS, word.name, takes, Cells, word.n_variants, _compared(word)))
        elif takes:
            forms.append(Form(CALL, word.name, takes, word.gives, word.n_variants, _call(word)))
    return forms


def _call(word: Word) -> Writer:
    def write(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
        text = scope.call(word, uses)
        return None if text is None else Draft(f"{target.name} = {text}")

    return write


def _compared(word: Word) -> Writer:
    def write(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
        text = scope.call(word, uses)
        condition = None if text is None else compared(scope, text)
        return None if condition is None else Draft(f"{target.name} = {condition}")

    return write


# ---- choices by a key: `obj = max(objects, key=object_size)`


def choice_forms(words: Vocabulary) -> list[Form]:
    """Forms like the one above."""
    forms = []
    for listed in list_kinds(words):
        element = element_of(listed)
        keys = [
            word.name
            for number in N_LITERALS
            for word in words.between(element, number).things
            if len(word.slots) == 1 and number != Color
        ]
        if keys:
            forms.append(Form(KEY, "", (listed,), element, 2 * len(keys), _extreme(keys)))
            forms.append(Form(KEY, "", (listed,), listed, len(keys), _ordered(keys)))
    for listed in list_kinds(words, all_elements=True):
        forms.append(Form(KEY, "", (listed,), element_of(listed), 3, _indexed))
        forms.append(Form(KEY, "", (listed,), Count, 1, _counted))
    return forms


def list_kinds(words: Vocabulary, all_elements: bool = False) -> list[Kind]:
    """Kinds of lists of objects or grids, or of anything."""
    kinds: list[Kind] = []
    for word in words.words:
        element = element_of(word.gives)
        wanted = element is not None if all_elements else element in (Object, Grid)
        if wanted and word.gives not in kinds:
            kinds.append(word.gives)
    return kinds


def _extreme(keys: Sequence[str]) -> Writer:
    def write(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft:
        return Draft(f"{target.name} = {scope.one_of(('max', 'min'))}({uses[0].name}, key={scope.one_of(keys)})")

    return write


def _ordered(keys: Sequence[str]) -> Writer:
    def write(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft:
        how = scope.one_of(("", ", reverse=True"))
        return Draft(f"{target.name} = sorted({uses[0].name}, key={scope.one_of(keys)}{how})")

    return write


def _indexed(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft:
    return Draft(f"{target.name} = {uses[0].name}[{scope.one_of((0, 1, -1))}]")


def _counted(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft:
    return Draft(f"{target.name} = len({uses[0].name})")


# ---- pairs: `result = logical_and(grids[0], grids[1], 3)`


def pair_forms(words: Vocabulary) -> list[Form]:
    """Forms like the one above."""
    combining = tuple(word for word in words.words if word.gives == Grid and word.values == (Grid, Grid))
    if not combining or list[Grid] not in list_kinds(words):
        return []
    return [Form(PAIR, "", (list[Grid],), Grid, n_variants(combining), _paired(combining))]


def _paired(combining: Sequence[Word]) -> Writer:
    def write(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
        places = scope.one_of((("0", "1"), ("1", "0"), ("0", "-1")))
        parts = [Variable(f"{uses[0].name}[{place}]", Grid) for place in places]
        text = scope.call(scope.one_of(combining), parts)
        return None if text is None else Draft(f"{target.name} = {text}")

    return write


# ---- comprehensions: `objects = [obj for obj in objects if object_size(obj) > 2]`


def comprehension_forms(words: Vocabulary) -> list[Form]:
    """Forms like the one above."""
    forms = []
    for listed in list_kinds(words):
        element = element_of(listed)
        forms.append(Form(EACH, "", (listed,), listed, 4 * n_features(words, element), _filtered))
        forms += _filters(words, listed)
        for given in list_kinds(words):
            changes = words.between(element, element_of(given))
            if changes:
                forms.append(Form(EACH, "", (listed,), given, n_variants(changes.things), _mapped(element_of(given))))
    return forms


def _filters(words: Vocabulary, listed: Kind) -> list[Form]:
    """A filter for each primitive that tells a number of one element."""
    element = element_of(listed)
    telling = [word for kind in N_LITERALS for word in words.between(element, kind).things]
    return [Form(EACH, word.name, (listed,), listed, 2 * word.n_variants, _filtered_by(word)) for word in telling]


def _filtered_by(word: Word) -> Writer:
    def write(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
        one = scope.new_variable(element_of(uses[0].kind), offset=1)
        text = scope.call(word, [one])
        if text is None:
            return None
        condition = condition_on(scope, one, scope.elements_of(uses[0]), (text, word.gives))
        if condition is None:
            return None
        return Draft(f"{target.name} = [{one.name} for {one.name} in {uses[0].name} if {condition}]")

    return write


def _filtered(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
    one = scope.new_variable(element_of(uses[0].kind), offset=1)
    condition = condition_on(scope, one, scope.elements_of(uses[0]))
    if condition is None:
        return None
    return Draft(f"{target.name} = [{one.name} for {one.name} in {uses[0].name} if {condition}]")


def _mapped(given: Kind) -> Writer:
    def write(scope: Scope, uses: Sequence[Variable], target: Variable) -> Draft | None:
        one = scope.new_variable(element_of(uses[0].kind), offset=1)
        text = scope.call(scope.words.between(one.kind, given).draw(scope.rng), [one])
        return None if text is None else Draft(f"{target.name} = [{text} for {one.name} in {uses[0].name}]")

    return write
