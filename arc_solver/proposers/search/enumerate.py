"""Enumeration of programs over the registered primitives, likeliest first, one for each behaviour.

Prices are bits: a program's price is the sum over its words, so that the search goes where the prior expects solutions.
A part of the budget builds values that later calls may use; the rest looks for last steps only: calls that give a grid
of the wanted size, given up at the first training pair unless they come close there. Knows types and prices, nothing of
what the primitives mean.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from arc_solver.budget import Deadline
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.values import CALL_TICKS as CALL_TICKS
from arc_solver.proposers.search.values import Value, is_valid, signature
from arc_solver.proposers.search.vocabulary import Operation, operations

MAX_PRICE = 60
CALL_BITS = 6
"""Price of a word of which nothing is known."""
COMMON_BITS, RARE_BITS = 3, 5
BUILT_SHARE = 0.5
"""Of the programs: those that are built upon; the rest are last steps."""
SKIPS_A_PROGRAM = 20
"""As many skipped calls count as a program, so that skipping ends as well."""
N_SURE = 6
"""Results of a primitive that must all have their argument's size before it is believed to keep it."""
N_PARTIAL = 4
CHECK_EVERY = 64
COMMON_COUNTS, RARE_COUNTS = (2, 3), (1, 4, 5)
COMMON_INTS, RARE_INTS = (0, 1), (-1, 2)
PROGRAM_ERRORS = (ValueError, IndexError, KeyError, TypeError, ArithmeticError, AttributeError, RecursionError)


@dataclass(slots=True)
class Bank:
    """Everything that an enumeration found.

    Attributes:
        values: Type name -> values in the order in which they were found.
        fitting: Grids that equal the outputs on every training pair.
        n_programs: Programs evaluated.
    """

    values: dict[str, list[Value]] = field(default_factory=dict)
    fitting: list[Value] = field(default_factory=list)
    n_programs: int = 0


@dataclass(slots=True)
class _Priced:
    """An operation with its price for this task.

    Attributes:
        n_kept: Results of the first input that had the size of the first argument.
        n_changed: Those that had not.
    """

    operation: Operation
    price: int
    n_kept: int = 0
    n_changed: int = 0

    @property
    def keeps_size(self) -> bool:
        """Whether every result so far had the size of its first argument, and there were enough of them."""
        return self.n_kept >= N_SURE and not self.n_changed


Call = tuple[_Priced, tuple[Value, ...], int]


@dataclass(slots=True)
class Enumeration:
    """One enumeration for one task.

    Args:
        examples: What is to be explained.
        max_programs: Programs to evaluate at most.
        deadline: A cut-off only.
        prices: Word -> bits; words that it lacks cost `CALL_BITS`.
    """

    examples: Examples
    max_programs: int
    deadline: Deadline
    prices: Mapping[str, int] = field(default_factory=dict)
    bank: Bank = field(default_factory=Bank)
    _by_price: dict[str, dict[int, list[Value]]] = field(default_factory=dict)
    _known: set[bytes] = field(default_factory=set)
    _priced: list[_Priced] = field(init=False)
    _first: int = field(init=False)
    _at: tuple[int, int] = (0, 0)
    _n_skipped: int = 0

    def __post_init__(self) -> None:
        known = [_Priced(one, self.prices.get(one.word, CALL_BITS) + one.bits) for one in operations()]
        self._priced = sorted(known, key=lambda one: one.price)
        # Where a last step is tried first: on the smallest input, which takes the least time.
        self._first = min(range(self.examples.n_train), key=lambda index: self.examples.inputs[index].size)

    def run(self) -> Bank:
        """Enumerate until the budget, the deadline or the highest price is reached."""
        self._add_leaves()
        for call in self._until(self._calls((0, 0), building=True), int(self.max_programs * BUILT_SHARE)):
            self._build(*call)
        for call in self._until(self._calls(self._at, building=False), self.max_programs):
            self._finish(*call)
        return self.bank

    def _until(self, calls: Iterator[Call], n_programs: int) -> Iterator[Call]:
        for n_calls in itertools.count():
            done = self.bank.n_programs + self._n_skipped // SKIPS_A_PROGRAM
            if done >= n_programs or (n_calls % CHECK_EVERY == 0 and self.deadline.passed()):
                return
            call = next(calls, None)
            if call is None:
                return
            yield call

    def _add_leaves(self) -> None:
        n_inputs = len(self.examples.inputs)
        self._keep(Value("grid", "grid", self.examples.inputs, 0))
        for type_name, constant, ticks, bits in _constants(self.examples):
            self._keep(Value(type_name, repr(constant), (constant,) * n_inputs, ticks, bits))

    def _calls(self, start: tuple[int, int], building: bool) -> Iterator[Call]:
        """Every call from a price and a position among the operations on, cheapest first; last steps give grids."""
        for price in range(start[0], MAX_PRICE + 1):
            for position in range(start[1] if price == start[0] else 0, len(self._priced)):
                one = self._priced[position]
                if building:
                    self._at = (price, position)
                elif one.operation.result_type != "grid":
                    continue
                if one.price <= price:
                    for arguments in self._arguments(one.operation.argument_types, price - one.price):
                        yield one, arguments, price

    def _arguments(self, types: Sequence[str], price: int) -> Iterator[tuple[Value, ...]]:
        """All argument lists of these types whose prices add up to `price`."""
        levels = self._by_price.get(types[0], {}) if types else {}
        if len(types) == 1:
            yield from ((value,) for value in levels.get(price, ()))
            return
        for first_price in sorted(one for one in levels if one <= price):
            rests = list(self._arguments(types[1:], price - first_price))
            if rests:
                for first in levels[first_price]:
                    for rest in rests:
                        yield (first, *rest)

    def _build(self, one: _Priced, arguments: tuple[Value, ...], price: int) -> None:
        """Evaluate a call on every input; keep it, to be built upon, if its behaviour is new."""
        operation = one.operation
        if _is_repeated(operation, arguments):
            self._n_skipped += 1
            return
        self.bank.n_programs += 1
        results = _results(operation, arguments)
        if results is None:
            return
        if operation.result_type == "grid" and arguments[0].type_name == "grid":
            same = results[self._first].shape == arguments[0].results[self._first].shape
            one.n_kept += same
            one.n_changed += not same
        self._keep(_value(operation, arguments, results, price))

    def _finish(self, one: _Priced, arguments: tuple[Value, ...], price: int) -> None:
        """Evaluate a call as a last step: on one pair, and on the rest if it comes close there."""
        operation, first = one.operation, self._first
        wanted = self.examples.outputs[first]
        hopeless = one.keeps_size and arguments[0].results[first].shape != wanted.shape
        if hopeless or _is_repeated(operation, arguments):
            self._n_skipped += 1
            return
        self.bank.n_programs += 1
        try:
            result = operation.function(*(argument.results[first] for argument in arguments))
        except PROGRAM_ERRORS:
            return
        if not isinstance(result, np.ndarray) or result.shape != wanted.shape:
            return
        if _promises(result, wanted, self.examples.inputs[first]):
            results = _results(operation, arguments)
            if results is not None and all(map(_same_shape, results, self.examples.outputs)):
                self._keep(_value(operation, arguments, results, price), usable=False)

    def _keep(self, value: Value, usable: bool = True) -> None:
        identity = signature(value.type_name, value.results)
        if identity in self._known:
            return
        self._known.add(identity)
        if usable:
            self._by_price.setdefault(value.type_name, {}).setdefault(value.price, []).append(value)
        self.bank.values.setdefault(value.type_name, []).append(value)
        if value.type_name == "grid" and fits(value.results, self.examples.outputs):
            self.bank.fitting.append(value)


def _is_repeated(operation: Operation, arguments: tuple[Value, ...]) -> bool:
    """Whether the call says what another says that has its first two arguments swapped."""
    return operation.commutes and arguments[0].expression > arguments[1].expression


def _results(operation: Operation, arguments: tuple[Value, ...]) -> tuple[Any, ...] | None:
    """What a call gives for every input; None if it fails or gives something useless for one of them."""
    function, result_type = operation.function, operation.result_type
    results = []
    try:
        for inputs in zip(*(argument.results for argument in arguments), strict=True):
            result = function(*inputs)
            if not is_valid(result_type, result):
                return None
            results.append(result)
    except PROGRAM_ERRORS:
        return None
    return tuple(results)


def _same_shape(result: Grid, output: Grid) -> bool:
    return result.shape == output.shape


def _value(operation: Operation, arguments: tuple[Value, ...], results: tuple[Any, ...], price: int) -> Value:
    expression = operation.pattern.format(*(argument.expression for argument in arguments))
    cost = operation.ticks + sum(argument.cost for argument in arguments)
    return Value(operation.result_type, expression, results, cost, price)


def _promises(result: Grid, wanted: Grid, grid: Grid) -> bool:
    """Whether a last step that gives `result` is worth a look at the other pairs.

    It may be right; be nearer than the input; be right wherever it is not 0, a layer; or need new colours only.
    """
    wrong = result != wanted
    n_wrong = int(np.count_nonzero(wrong))
    if not n_wrong:
        return True
    idle = int(np.count_nonzero(grid != wanted)) if grid.shape == wanted.shape else wanted.size // 3
    if n_wrong < idle:
        return True
    if n_wrong < wanted.size and not (wrong & (result != 0)).any():
        return bool(result.any())
    pairs = np.bincount((result.astype(np.intp) * 10 + wanted).ravel(), minlength=100)
    used = np.count_nonzero(pairs.reshape(10, 10), axis=1)
    return bool(used.max() == 1)


def _constants(examples: Examples) -> Iterator[tuple[str, Any, int, int]]:
    """Type, constant, ticks and bits."""
    yield from (("bool", value, 0, 1) for value in (True, False))
    yield from (("count", value, 1, COMMON_BITS) for value in COMMON_COUNTS)
    yield from (("count", value, 2, RARE_BITS) for value in RARE_COUNTS)
    yield from (("int", value, 1, COMMON_BITS) for value in COMMON_INTS)
    yield from (("int", value, 2, RARE_BITS) for value in RARE_INTS)
    everywhere = set(range(10)).intersection(*(set(grid.ravel().tolist()) for grid in examples.outputs))
    somewhere = set().union(*(grid.ravel().tolist() for grid in (*examples.inputs, *examples.outputs)))
    yield from (("color", value, 1, COMMON_BITS) for value in sorted(everywhere))
    yield from (("color", value, 2, RARE_BITS) for value in sorted(somewhere - everywhere))


def fits(results: Sequence[Any], outputs: Sequence[Any]) -> bool:
    """True if the results of the training inputs are the outputs."""
    return all(np.array_equal(result, output) for result, output in zip(results, outputs, strict=False))


def enumerated_drafts(examples: Examples, bank: Bank) -> Iterator[Draft]:
    """The programs that fit, then the best ones that nearly do."""
    for value in bank.fitting:
        yield _draft(examples, value, "enumerate")
    near = [(_misses(value, examples.outputs), value) for value in bank.values.get("grid", ())]
    for _, value in sorted(((m, v) for m, v in near if m is not None), key=lambda one: (*one[0], one[1].cost))[
        :N_PARTIAL
    ]:
        if value not in bank.fitting:
            yield _draft(examples, value, "enumerate")


def _misses(value: Value, outputs: Sequence[Any]) -> tuple[int, int] | None:
    """Training pairs missed and cells wrong; None unless every size is right."""
    pairs = list(zip(value.results, outputs, strict=False))
    if any(result.shape != output.shape for result, output in pairs):
        return None
    wrong = [int(np.count_nonzero(result != output)) for result, output in pairs]
    return sum(1 for count in wrong if count), sum(wrong)


def _draft(examples: Examples, value: Value, stage: str) -> Draft:
    return examples.draft(stage, (f"return {value.expression}",), value.cost / CALL_TICKS)
