"""Wrong outputs that might be taken for right ones: what `verify-output` and `select-output` teach to tell apart.

A few cells changed, what a slightly different program gives, the right output seen otherwise, the output of another
pair, the input itself. Knows nothing of prompts.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from arc_solver.augment import N_SYMMETRIES, View
from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.grids import N_COLORS, Grid, frozen, grids_equal
from arc_solver.omni.recipes.lessons import JudgingLesson, Lesson
from arc_solver.omni.running import run_program

_MAX_CHANGED_CELLS = 4
_N_CHANGED_PROGRAMS = 4
"""Changed programs tried for one wrong output."""

Maker = Callable[[np.random.Generator, Lesson], Grid | None]


def judging_lesson(rng: np.random.Generator, task: Lesson) -> JudgingLesson | None:
    """The task with a wrong output and a coin's answer; None if no wrong output was found.

    Args:
        rng: The only source of randomness.
        task: Its program, if it has one, is run with a small change: it must come from this package.
    """
    right_comes_first = bool(rng.random() < 0.5)
    weights = np.array([weight for weight, _, _ in _MAKERS])
    for index in rng.choice(len(_MAKERS), len(_MAKERS), replace=False, p=weights / weights.sum()).tolist():
        _, mistake, make = _MAKERS[index]
        wrong = make(rng, task)
        if wrong is not None and not grids_equal(wrong, task.test.output):
            return JudgingLesson(task, wrong, mistake, right_comes_first)
    return None


def changed_cells(rng: np.random.Generator, task: Lesson) -> Grid | None:
    """The right output with one to four cells in other colours, preferably colours that outputs of the task have."""
    grid = task.test.output.copy()
    n_changed = 1 + int(rng.integers(min(_MAX_CHANGED_CELLS, grid.size)))
    present = np.unique(np.concatenate([pair.output.ravel() for pair in task.pairs]))
    palette = present if len(present) > 1 else np.arange(N_COLORS)
    for place in rng.choice(grid.size, n_changed, replace=False).tolist():
        others = palette[palette != grid.flat[place]]
        grid.flat[place] = others[int(rng.integers(len(others)))]
    return frozen(grid)


def output_of_a_changed_program(rng: np.random.Generator, task: Lesson) -> Grid | None:
    """What the task's program gives after one small change; None without a program, or where nothing else comes out."""
    if not task.source:
        return None
    for _ in range(_N_CHANGED_PROGRAMS):
        source = changed_program(rng, task.source)
        if source is None:
            return None
        outputs = run_program(source, [task.test.input])
        if outputs is not None and not grids_equal(outputs[0], task.test.output):
            return outputs[0]
    return None


def another_view(rng: np.random.Generator, task: Lesson) -> Grid | None:
    """The right output turned or mirrored, with two of its colours exchanged, or shifted by one cell."""
    grid = task.test.output
    match int(rng.integers(3)):
        case 0:
            return View(1 + int(rng.integers(N_SYMMETRIES - 1))).apply(grid)
        case 1:
            colors = list(range(N_COLORS))
            present = np.unique(grid)
            first = int(present[int(rng.integers(len(present)))])
            second = int(present[int(rng.integers(len(present)))]) if len(present) > 1 else (first + 1) % N_COLORS
            colors[first], colors[second] = colors[second], colors[first]
            return View(0, tuple(colors)).apply(grid)
        case _:
            return frozen(np.roll(grid, 1 - 2 * int(rng.integers(2)), axis=int(rng.integers(2))))


def output_of_another_pair(rng: np.random.Generator, task: Lesson) -> Grid | None:
    """A demonstration's output, as if the rule did not look at the input."""
    return task.train_pairs[int(rng.integers(len(task.train_pairs)))].output


def the_input(rng: np.random.Generator, task: Lesson) -> Grid | None:
    """The test input, as if nothing was to be done."""
    return task.test.input


def changed_program(rng: np.random.Generator, source: str) -> str | None:
    """The program with one small change: a number, a switch, a comparison, or a word that takes and gives the same.

    Returns:
        The source, or None where there is nothing to change.
    """
    tree = ast.parse(source)
    changeable = [node for node in ast.walk(tree) if _is_changeable(node)]
    if not changeable:
        return None
    _change(rng, changeable[int(rng.integers(len(changeable)))])
    return ast.unparse(tree) + "\n"


def _is_changeable(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=bool() | int()):
            return True
        case ast.Compare(ops=[operator]):
            return type(operator) in _OTHER_COMPARISONS
        case ast.Name(id=name):
            return name in _TWINS or len(_alike(name)) > 0
    return False


def _change(rng: np.random.Generator, node: ast.AST) -> None:
    match node:
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() as value):
            node.value = value + (1 if value == 0 or rng.random() < 0.5 else -1)
        case ast.Compare(ops=[operator]):
            node.ops = [_OTHER_COMPARISONS[type(operator)]()]
        case ast.Name(id=name):
            others = (_TWINS[name],) if name in _TWINS else _alike(name)
            node.id = others[int(rng.integers(len(others)))]


@lru_cache(maxsize=1024)
def _alike(name: str) -> Sequence[str]:
    """The other words with the same types."""
    word = PRIMITIVES.get(name)
    if word is None:
        return ()
    types = (word.argument_types, word.result_type)
    return tuple(
        other.name
        for other in PRIMITIVES.values()
        if other.name != name and (other.argument_types, other.result_type) == types
    )


_TWINS = {"max": "min", "min": "max"}
_OTHER_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
_MAKERS: tuple[tuple[float, str, Maker], ...] = (
    (4.0, "cells", changed_cells),
    (4.0, "program", output_of_a_changed_program),
    (2.0, "view", another_view),
    (1.0, "other pair", output_of_another_pair),
    (0.5, "input", the_input),
)
"""(relative weight, what is wrong, maker)"""
