"""New tasks made of solvers: something undone before, something done after, other colors, two solvers in sequence.

The outputs of a variation are what its source computes, never those of the task that it comes from. Sources must be our
own: they are run in this process. Knows nothing of prompts or of where inputs come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from arc_solver.dsl.registry import Grid
from arc_solver.grids import N_COLORS, frozen, grids_equal
from arc_solver.omni.edits import color_literals, in_sequence, n_lines, with_colors, with_first_line, with_last_call
from arc_solver.omni.inverses import Inverse, inverses
from arc_solver.omni.running import run_program
from arc_solver.omni.synthesis import SynthesizedTask
from arc_solver.omni.synthesis.filters import is_interesting
from arc_solver.prompts.arguments import ArgumentError
from arc_solver.tasks import Pair

MAX_LINES = 40
"""Lines that a variation may have; blank ones do not count."""

_N_TRIES = 6
_SWAPPED_INPUTS_RATE = 0.7
"""Share of recolored tasks whose inputs are recolored too, so that the program finds the color that it looks for."""


class Program(Protocol):
    """A solver, or anything else with a source."""

    @property
    def source(self) -> str: ...


Draft = tuple[str, Sequence[Grid]]
"""A source, and the inputs that it is meant for."""


def vary(
    rng: np.random.Generator, solver: Program, inputs: Sequence[Grid], other_solvers: Sequence[Program]
) -> SynthesizedTask | None:
    """A task that a solver's source was changed for.

    Args:
        rng: The only source of randomness.
        solver: What is changed; its source is our own.
        inputs: Inputs of its task; those that it does not apply to are left out.
        other_solvers: May come before or after it.

    Returns:
        The task, at most `MAX_LINES` lines, or None if a fixed number of attempts found none worth learning.
    """
    before = [(grid, outputs[0]) for grid in inputs if (outputs := run_program(solver.source, [grid])) is not None]
    if len(before) < 2:
        return None
    grids, outputs = zip(*before, strict=True)
    kinds: tuple[Callable[[], Draft | None], ...] = (
        lambda: _undone_before(rng, solver.source, grids),
        lambda: _done_after(rng, solver.source, grids),
        lambda: _recolored(rng, solver.source, grids),
        lambda: _composed(rng, solver.source, grids, other_solvers),
    )
    for _ in range(_N_TRIES):
        try:
            draft = kinds[int(rng.integers(len(kinds)))]()
        except ArgumentError:
            continue
        task = None if draft is None else _task(*draft, grids, outputs)
        if task is not None:
            return task
    return None


def _undone_before(rng: np.random.Generator, source: str, grids: Sequence[Grid]) -> Draft | None:
    """The inputs are changed, and the program changes them back before all else."""
    inverse = _random_inverse(rng)
    changed = run_program(_program(inverse.do), grids)
    if changed is None:
        return None
    return with_first_line(source, f"grid = {inverse.undo.format('grid')}"), changed


def _done_after(rng: np.random.Generator, source: str, grids: Sequence[Grid]) -> Draft:
    return with_last_call(source, _random_inverse(rng).do), grids


def _recolored(rng: np.random.Generator, source: str, grids: Sequence[Grid]) -> Draft | None:
    """One color takes the role of another one, and the other way round."""
    named = sorted({literal.color for literal in color_literals(source)})
    if not named:
        return None
    one = named[int(rng.integers(len(named)))]
    other = int((one + 1 + rng.integers(N_COLORS - 1)) % N_COLORS)
    colors = np.arange(N_COLORS, dtype=np.int8)
    colors[[one, other]] = other, one
    recolored = with_colors(source, {one: other, other: one})
    if rng.random() < _SWAPPED_INPUTS_RATE:
        return recolored, [frozen(colors[grid]) for grid in grids]
    return recolored, grids


def _composed(rng: np.random.Generator, source: str, grids: Sequence[Grid], others: Sequence[Program]) -> Draft | None:
    """Two solvers in sequence, each of which does something that the other one does not."""
    if not others:
        return None
    other = others[int(rng.integers(len(others)))].source
    between = run_program(source, grids)
    both = None if between is None else run_program(other, between)
    if between is None or both is None or not is_interesting(between, both):
        return None
    second_alone = run_program(other, grids)
    if second_alone is not None and _all_equal(second_alone, both):
        return None
    return in_sequence(source, other), grids


def _random_inverse(rng: np.random.Generator) -> Inverse:
    """Every word that can be undone is as likely as any other, whatever its literals."""
    by_word: dict[str, list[Inverse]] = {}
    for inverse in inverses():
        by_word.setdefault(inverse.word, []).append(inverse)
    words = list(by_word)
    choices = by_word[words[int(rng.integers(len(words)))]]
    return choices[int(rng.integers(len(choices)))]


def _task(source: str, inputs: Sequence[Grid], grids: Sequence[Grid], before: Sequence[Grid]) -> SynthesizedTask | None:
    """The task, if it is worth learning and no copy of the solver's own."""
    if n_lines(source) > MAX_LINES:
        return None
    outputs = run_program(source, inputs)
    if outputs is None or not is_interesting(inputs, outputs):
        return None
    if _all_equal(inputs, grids) and _all_equal(outputs, before):
        return None
    return SynthesizedTask(source, tuple(Pair(frozen(a), frozen(b)) for a, b in zip(inputs, outputs, strict=True)))


def _all_equal(first: Sequence[Grid], second: Sequence[Grid]) -> bool:
    return all(grids_equal(one, other) for one, other in zip(first, second, strict=True))


def _program(call: str) -> str:
    return f"def task(grid):\n    return {call.format('grid')}\n"
