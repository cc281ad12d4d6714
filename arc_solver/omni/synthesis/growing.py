"""Growing a program along a plan, one statement after another, each run on all inputs as soon as it is written.

A statement that fails on an input, or says nothing new, is drawn again; so most programs that are finished are worth a
look. Knows nothing of readable names, nor of what makes a task interesting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, MappingProxyType
from typing import Any

import numpy as np

from arc_solver.dsl.registry import Cells, Grid
from arc_solver.omni.synthesis.forms import Form
from arc_solver.omni.synthesis.plans import Grammar, Plan, Step
from arc_solver.omni.synthesis.running import execute, is_grid
from arc_solver.omni.synthesis.scope import Scope, Variable
from arc_solver.omni.synthesis.vocabulary import Kind, element_of

_NUMBERS = (int, np.integer, np.bool_)
_NAME = re.compile(r"\bv\d+\b")
_N_DRAWS = 8
"""Statements tried for one step before the program is given up."""
_MAX_ELEMENTS = 40
"""Longer lists come from noise, and make loops dear."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement over the variables v0, v1, ... that assigns one of them.

    Attributes:
        target: The variable.
        text: One or several lines.
        code: The same, compiled.
        names: Variables that occur in it.
        lesser: Simpler statements that assign the same variable.
    """

    target: Variable
    text: str
    code: CodeType
    names: frozenset[str]
    lesser: tuple[str, ...]

    @classmethod
    def of(cls, target: Variable, text: str, lesser: tuple[str, ...]) -> Statement:
        """The statement with this text."""
        return cls(target, text, compile(text, "<synthesis>", "exec"), frozenset(_NAME.findall(text)), lesser)


@dataclass(frozen=True, slots=True)
class Growth:
    """A finished program and everything that it computed.

    Attributes:
        statements: In order; the last one gives the output.
        namespaces: Every variable's value, one namespace an input.
    """

    statements: tuple[Statement, ...]
    namespaces: list[dict[str, Any]]

    @property
    def outputs(self) -> list[Grid]:
        """The last statement's value for each input."""
        return [namespace[self.statements[-1].target.name] for namespace in self.namespaces]


def grow(
    scope: Scope, grammar: Grammar, plan: Plan, forced: Mapping[int, Form] = MappingProxyType({})
) -> Growth | None:
    """A program along the plan, None if a step found no statement; `forced` says which forms steps must have."""
    statements = []
    for number, step in enumerate(plan):
        statement = _statement(scope, grammar, step, forced.get(number))
        if statement is None:
            return None
        scope.add(statement.target)
        statements.append(statement)
    return Growth(tuple(statements), scope.namespaces)


def extended(growth: Growth, scope: Scope, inputs: Sequence[Grid]) -> Growth | None:
    """The same program with its values for further inputs, None if it fails on one of them."""
    namespaces = list(growth.namespaces)
    for grid in inputs:
        namespace = {**scope.words.namespace, scope.grid.name: grid}
        if not all(execute(statement.code, namespace) for statement in growth.statements):
            return None
        if not is_grid(namespace[growth.statements[-1].target.name]):
            return None
        namespaces.append(namespace)
    return Growth(growth.statements, namespaces)


def _statement(scope: Scope, grammar: Grammar, step: Step, forced: Form | None) -> Statement | None:
    uses = [scope.variables[index] for index in step.uses]
    target = scope.new_variable(step.gives)
    for _ in range(_N_DRAWS):
        form = forced or grammar.form(scope.rng, tuple(use.kind for use in uses), step.gives)
        if form is None:
            return None
        draft = form.write(scope, uses, target)
        if draft is None:
            continue
        statement = Statement.of(target, draft.text, draft.lesser)
        if all(execute(statement.code, namespace) for namespace in scope.namespaces) and _says_something(scope, target):
            return statement
    return None


def _says_something(scope: Scope, target: Variable) -> bool:
    """True if the new value is valid, not the same for every input, and not a value that was there before."""
    values = scope.values_of(target)
    if target.kind == Grid:
        if not all(is_grid(value) for value in values):
            return False
    elif target.kind == Cells:
        if any(value.dtype != np.bool_ or value.ndim != 2 or value.all() for value in values):
            return False
        if not any(value.any() for value in values):
            return False
    elif element_of(target.kind) is not None:
        lengths = [len(value) for value in values]
        if not any(lengths) or max(lengths) > _MAX_ELEMENTS:
            return False
    elif isinstance(values[0], _NUMBERS):
        return len(set(values)) > 1
    return not any(
        variable.kind == target.kind and _all_same(target.kind, scope.values_of(variable), values)
        for variable in scope.variables
    )


def _all_same(kind: Kind, first: Sequence[Any], second: Sequence[Any]) -> bool:
    return all(same_value(kind, one, other) for one, other in zip(first, second, strict=True))


def same_value(kind: Kind, one: Any, other: Any) -> bool:
    """True if two values of a kind are equal."""
    if type(one) is not type(other):
        return bool(isinstance(one, _NUMBERS) and isinstance(other, _NUMBERS) and one == other)
    if isinstance(one, np.ndarray):
        return bool(one.shape == other.shape and one.tobytes() == other.tobytes())
    element = element_of(kind)
    if element is not None:
        return len(one) == len(other) and all(same_value(element, *pair) for pair in zip(one, other, strict=True))
    return bool(one == other)
