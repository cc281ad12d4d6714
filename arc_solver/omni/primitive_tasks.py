"""Tasks to learn the use of a primitive: short programs in which it is the decisive step.

They follow from the registry alone: what a primitive takes is made of the grid, what it gives is turned into a grid,
both on shortest ways through the kinds of values. Knows nothing of prompts or of where inputs come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from arc_solver.dsl.registry import PRIMITIVES, Grid
from arc_solver.omni.synthesis import SynthesizedTask, default_grammar, task_along
from arc_solver.omni.synthesis.forms import Form
from arc_solver.omni.synthesis.plans import Grammar, Plan, Step
from arc_solver.omni.synthesis.vocabulary import N_LITERALS, Kind

_N_TRIES = 16
_BEFORE_RATE = 0.25
_AFTER_RATE = 0.4
_OTHER_GRID_RATE = 0.3
_MERGE_RATE = 0.5
_DETOUR_RATE = 0.5


def primitive_task(rng: np.random.Generator, name: str, inputs: Sequence[Grid]) -> SynthesizedTask | None:
    """A task whose outputs depend on what a primitive does.

    Args:
        rng: The only source of randomness.
        name: The primitive.
        inputs: At least two grids.

    Returns:
        The task, or None if a fixed number of attempts found none: the primitive may not apply to such inputs.

    Raises:
        KeyError: There is no such primitive.
    """
    if name not in PRIMITIVES:
        raise KeyError(name)
    grammar = default_grammar()
    forms = _leading_forms(grammar, name)
    for _ in range(_N_TRIES if forms else 0):
        form = forms[int(rng.integers(len(forms)))]
        plan, place = _random_plan(rng, grammar, form)
        task = task_along(rng, inputs, grammar, plan, {place: form})
        if task is not None:
            return task
    return None


@cache
def teachable_primitives() -> tuple[str, ...]:
    """Primitives that there can be tasks for: all but those of `unteachable_primitives`."""
    unteachable = unteachable_primitives()
    return tuple(name for name in PRIMITIVES if name not in unteachable)


def unteachable_primitives() -> dict[str, str]:
    """Primitives that no program can lead to or go on from, and why."""
    grammar = default_grammar()
    return {
        name: "no program makes of a grid what it takes and goes on with what it gives"
        for name in PRIMITIVES
        if not _leading_forms(grammar, name)
    }


@cache
def _leading_forms(grammar: Grammar, name: str) -> tuple[Form, ...]:
    """Forms that call the primitive, where what they take can be made of a grid and what they give becomes one."""
    rng = np.random.default_rng(0)
    return tuple(
        form
        for form in grammar.forms_with(name)
        if grammar.way(rng, form.gives, Grid) is not None
        and all(grammar.way(rng, Grid, kind) is not None for kind in _needed(rng, form))
    )


def _needed(rng: np.random.Generator, form: Form) -> list[Kind]:
    """Kinds of the values that the primitive is given: what is no literal, else one of its numbers."""
    values = [kind for kind in form.takes if kind not in N_LITERALS]
    return values or [form.takes[int(rng.integers(len(form.takes)))]]


def _random_plan(rng: np.random.Generator, grammar: Grammar, form: Form) -> tuple[Plan, int]:
    """A plan, and the step at which the primitive is called."""
    steps: list[Step] = []

    def follow(kinds: Sequence[Kind] | None, start: int) -> int:
        """Add steps for these kinds, each from the value before it; the index of the last value."""
        for kind in kinds or ():
            steps.append(Step(kind, (start,)))
            start = len(steps)
        return start

    base = follow([Grid], 0) if rng.random() < _BEFORE_RATE else 0
    uses: list[int] = []
    for kind in _needed(rng, form):
        if kind == Grid:
            is_new = base in uses or rng.random() < _OTHER_GRID_RATE
            uses.append(follow([Grid], 0) if is_new else base)
            continue
        uses.append(follow(grammar.way(rng, Grid, kind), base))
    steps.append(Step(form.gives, tuple(uses)))
    place = len(steps) - 1
    last = follow(_way_out(rng, grammar, form.gives), len(steps))
    if rng.random() < _AFTER_RATE:
        steps.append(Step(Grid, (last, 0) if rng.random() < _MERGE_RATE else (last,)))
    return tuple(steps), place


def _way_out(rng: np.random.Generator, grammar: Grammar, kind: Kind) -> list[Kind]:
    """Kinds from this one to a grid, now and then by way of another kind: what is sorted shows when one is picked."""
    others = grammar.next_kinds(kind, Grid) if kind != Grid and rng.random() < _DETOUR_RATE else []
    if not others:
        return grammar.way(rng, kind, Grid) or []
    other = others[int(rng.integers(len(others)))]
    return [other, *(grammar.way(rng, other, Grid) or [])]
