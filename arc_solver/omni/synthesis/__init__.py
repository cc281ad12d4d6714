"""Synthetic tasks: random well-typed programs over grids that somebody else provides.

`plans` says which kinds of values a program goes through, `forms` what a statement may be, `growing` writes and runs
one statement after another, `filters` throws away what is not worth learning, `writing` gives it readable names.
Everything follows from the registry of primitives. It knows nothing of prompts, tokens or where inputs come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from arc_solver.dsl.registry import Grid
from arc_solver.grids import frozen, grids_equal
from arc_solver.omni.synthesis.behaviour import probes
from arc_solver.omni.synthesis.filters import is_interesting, reduced
from arc_solver.omni.synthesis.forms import BRANCH, CALL, CELLS, EACH, KEY, LOOP, PAIR, Form
from arc_solver.omni.synthesis.growing import extended, grow
from arc_solver.omni.synthesis.plans import Grammar, Plan
from arc_solver.omni.synthesis.running import function_of, output_of
from arc_solver.omni.synthesis.scope import Scope
from arc_solver.omni.synthesis.vocabulary import vocabulary
from arc_solver.omni.synthesis.writing import source_of
from arc_solver.tasks import Pair

_N_PLANS = 12
_N_TRIES = 4
"""Programs tried for one plan before the next one is drawn."""
_N_GROWN_ON = 2
"""Inputs that every statement is run on as soon as it is written; the others wait for a program that is finished."""
_MAX_CHARS = 480
_MAX_WIDTH = 120
_N_ELSEWHERE = 12

_LENGTHS = ((1, 0.7), (2, 3.5), (3, 25.0), (4, 34.0), (5, 24.0), (6, 12.0))
"""Statements of a program -> weight: there are few short programs, so that they are soon told."""
_FAMILIES = {CALL: 10.0, KEY: 3.0, PAIR: 6.0, EACH: 3.0, LOOP: 20.0, BRANCH: 2.0, CELLS: 3.0}
"""Family of forms -> weight where it fits."""


@dataclass(frozen=True, slots=True)
class SynthesizedTask:
    """A program and what it does.

    Attributes:
        source: Python source that defines `task(grid)`; it uses primitives, `np` and plain Python.
        pairs: One pair for each input that was given, in their order.
    """

    source: str
    pairs: tuple[Pair, ...]


@cache
def default_grammar() -> Grammar:
    """The distribution that programs are drawn from."""
    return Grammar(vocabulary(), lengths=_LENGTHS, families=_FAMILIES)


def synthesize(
    rng: np.random.Generator, inputs: Sequence[Grid], grammar: Grammar | None = None
) -> SynthesizedTask | None:
    """A random program that does something worth learning to every one of `inputs`.

    Args:
        rng: The only source of randomness: same state and inputs, same task.
        inputs: At least two grids, which should look alike for a natural task.
        grammar: What to draw from.

    Returns:
        The task, or None if a fixed number of attempts found none.

    Raises:
        ValueError: Fewer than two inputs.
    """
    if len(inputs) < 2:
        raise ValueError(f"a task needs at least 2 inputs, not {len(inputs)}")
    grammar = grammar or default_grammar()
    for _ in range(_N_PLANS):
        plan = grammar.plan(rng)
        for _ in range(_N_TRIES):
            task = task_along(rng, inputs, grammar, plan)
            if task is not None:
                return task
    return None


def task_along(
    rng: np.random.Generator,
    inputs: Sequence[Grid],
    grammar: Grammar,
    plan: Plan,
    forced: Mapping[int, Form] = MappingProxyType({}),
) -> SynthesizedTask | None:
    """A task whose program follows a plan, None if this attempt found nothing worth learning.

    Args:
        rng: The only source of randomness.
        inputs: As for `synthesize`.
        grammar: What statements are drawn from.
        plan: What they give and use.
        forced: Step -> the form that it must have.
    """
    scope = Scope(rng, grammar.words, inputs[:_N_GROWN_ON])
    growth = grow(scope, grammar, plan, forced)
    if growth is not None:
        growth = extended(growth, scope, inputs[_N_GROWN_ON:])
    if growth is None or not is_interesting(inputs, growth.outputs):
        return None
    growth = reduced(growth)
    if growth is None:
        return None
    source = source_of(growth.statements)
    if not _is_readable(source) or not _matters_elsewhere(source, grammar):
        return None
    pairs = (Pair(frozen(grid), frozen(output)) for grid, output in zip(inputs, growth.outputs, strict=True))
    return SynthesizedTask(source, tuple(pairs))


def _is_readable(source: str) -> bool:
    return len(source) <= _MAX_CHARS and max(map(len, source.splitlines())) <= _MAX_WIDTH


def _matters_elsewhere(source: str, grammar: Grammar) -> bool:
    """True if the program changes one of a few grids of other sorts: else it fits its inputs by accident."""
    function = function_of(source, grammar.words.namespace)
    for grid in probes()[:_N_ELSEWHERE]:
        output = output_of(function, grid)
        if output is not None and not grids_equal(output, grid):
            return True
    return False
