"""Enumeration of programs over the registered primitives, cheapest first, one for each behaviour.

Whatever is registered is searched. Costs are ticks: a call is two, a constant none to two. Knows types and costs,
nothing of what the primitives mean.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from arc_solver.budget import Deadline
from arc_solver.dsl.registry import PRIMITIVES, Primitive
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.values import TYPE_NAMES, Value, is_valid, signature

CALL_TICKS = 2
MAX_TICKS = 8
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
class Enumeration:
    """One enumeration for one task.

    Args:
        examples: What is to be explained.
        max_programs: Programs to evaluate at most.
        deadline: A cut-off only.
    """

    examples: Examples
    max_programs: int
    deadline: Deadline
    bank: Bank = field(default_factory=Bank)
    _by_cost: dict[tuple[str, int], list[Value]] = field(default_factory=dict)
    _seen: set[bytes] = field(default_factory=set)

    def run(self) -> Bank:
        """Enumerate until the budget, the deadline or the highest cost is reached."""
        self._add_leaves()
        usable = [one for one in map(_typed, PRIMITIVES.values()) if one is not None]
        for ticks in range(CALL_TICKS, MAX_TICKS + 1):
            for primitive in usable:
                for arguments in self._arguments(primitive.argument_types, ticks - CALL_TICKS):
                    if self._exhausted():
                        return self.bank
                    self._apply(primitive, arguments, ticks)
        return self.bank

    def _exhausted(self) -> bool:
        if self.bank.n_programs >= self.max_programs:
            return True
        return self.bank.n_programs % CHECK_EVERY == 0 and self.deadline.passed()

    def _add_leaves(self) -> None:
        n_inputs = len(self.examples.inputs)
        self._keep(Value("grid", "grid", self.examples.inputs, 0))
        for type_name, constant, ticks in _constants(self.examples):
            self._keep(Value(type_name, repr(constant), (constant,) * n_inputs, ticks))

    def _arguments(self, types: Sequence[str], ticks: int) -> Iterator[tuple[Value, ...]]:
        """All argument lists of these types whose costs add up to `ticks`."""
        if not types:
            if ticks == 0:
                yield ()
            return
        if len(types) == 1:
            yield from ((value,) for value in self._by_cost.get((types[0], ticks), ()))
            return
        for first_ticks in range(ticks + 1):
            firsts = self._by_cost.get((types[0], first_ticks), ())
            if firsts:
                rests = list(self._arguments(types[1:], ticks - first_ticks))
                for first, rest in itertools.product(firsts, rests):
                    yield (first, *rest)

    def _apply(self, primitive: _Typed, arguments: tuple[Value, ...], ticks: int) -> None:
        self.bank.n_programs += 1
        results = []
        try:
            for inputs in zip(*(argument.results for argument in arguments), strict=True):
                result = primitive.function(*inputs)
                if not is_valid(primitive.result_type, result):
                    return
                results.append(result)
        except PROGRAM_ERRORS:
            return
        expression = f"{primitive.name}({', '.join(argument.expression for argument in arguments)})"
        self._keep(Value(primitive.result_type, expression, tuple(results), ticks))

    def _keep(self, value: Value) -> None:
        identity = signature(value.type_name, value.results)
        if identity in self._seen:
            return
        self._seen.add(identity)
        self._by_cost.setdefault((value.type_name, value.cost), []).append(value)
        self.bank.values.setdefault(value.type_name, []).append(value)
        if value.type_name == "grid" and fits(value.results, self.examples.outputs):
            self.bank.fitting.append(value)


@dataclass(frozen=True, slots=True)
class _Typed:
    name: str
    function: Any
    argument_types: tuple[str, ...]
    result_type: str


def _typed(primitive: Primitive) -> _Typed | None:
    types = [TYPE_NAMES.get(one) for one in (*primitive.argument_types, primitive.result_type)]
    # A predicate says yes or no of an object: it chooses in loops and filters, it is no switch of another primitive.
    if any(one is None for one in types) or primitive.result_type is bool:
        return None
    *arguments, result = (str(one) for one in types)
    return _Typed(primitive.name, primitive.function, tuple(arguments), result)


def _constants(examples: Examples) -> Iterator[tuple[str, Any, int]]:
    yield from (("bool", value, 0) for value in (True, False))
    yield from (("count", value, 1) for value in COMMON_COUNTS)
    yield from (("count", value, 2) for value in RARE_COUNTS)
    yield from (("int", value, 1) for value in COMMON_INTS)
    yield from (("int", value, 2) for value in RARE_INTS)
    everywhere = set(range(10)).intersection(*(set(grid.ravel().tolist()) for grid in examples.outputs))
    somewhere = set().union(*(grid.ravel().tolist() for grid in (*examples.inputs, *examples.outputs)))
    yield from (("color", value, 1) for value in sorted(everywhere))
    yield from (("color", value, 2) for value in sorted(somewhere - everywhere))


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
