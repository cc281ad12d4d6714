"""Outputs that are one of a few fixed grids: which one depends on a feature of the whole input.

Knows features that decide, and tables; a table must be borne out by several pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from arc_solver.grids import Grid, grid_key
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import Formula, formula, formulas, values_of

STAGE = "verdicts"
MAX_CELLS = 50
CELL_COST = 0.05
ENTRY_COST = 0.6
UNBORNE_COST = 1.5

QUESTIONS = formulas(
    "grid",
    (
        ("np.array_equal(grid, np.fliplr(grid))", 1.2),
        ("np.array_equal(grid, np.flipud(grid))", 1.2),
        ("np.array_equal(grid, grid.T)", 1.3),
        ("np.array_equal(grid, np.rot90(grid, 2))", 1.4),
        ("len(find_objects(grid, True, False))", 1.2),
        ("len(find_objects(grid, False, False))", 1.4),
        ("len(objects_by_color(grid))", 1.3),
        ("int(most_common_color(grid))", 1.2),
        ("int(least_common_color(grid))", 1.4),
        ("int(dominant_color(grid))", 1.4),
        ("np.count_nonzero(grid)", 1.4),
        ("sum(count_holes(obj) for obj in find_objects(grid))", 1.5),
        ("grid.shape[0] > grid.shape[1]", 1.6),
        ("largest_object(find_objects(grid)).height", 1.7),
        ("largest_object(find_objects(grid)).width", 1.7),
        ("largest_object(find_objects(grid)).height > largest_object(find_objects(grid)).width", 1.7),
        ("is_rectangle(largest_object(find_objects(grid)))", 1.7),
        ("len({obj.mask.tobytes() for obj in find_objects(grid)}) == 1", 1.7),
        ("len({obj.size for obj in find_objects(grid)}) == 1", 1.7),
        ("len({obj.color for obj in find_objects(grid)}) == 1", 1.7),
    ),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Choose among the outputs seen.

    Args:
        examples: Any; nothing is yielded unless the outputs are small, and fewer than the pairs.
    """
    outputs = examples.outputs
    if examples.same_size() or len(outputs) < 3 or any(output.size > MAX_CELLS for output in outputs):
        return
    n_different = len({grid_key(output) for output in outputs})
    if not 2 <= n_different < len(outputs):
        return
    for question in (*QUESTIONS, *_color_questions(examples)):
        answers = values_of(question, examples.inputs)
        if answers is not None:
            yield from _tabled(examples, question, answers)


def _color_questions(examples: Examples) -> Iterator[Formula]:
    colors = sorted(set().union(*(np.unique(grid).tolist() for grid in examples.train_inputs)))
    for color in colors:
        yield formula("grid", f"bool((grid == {color}).any())", 1.5)
        yield formula("grid", f"len(objects_in_color(grid, {color}))", 1.5)


def _tabled(examples: Examples, question: Formula, answers: list[Any]) -> Iterator[Draft]:
    table: dict[Any, Grid] = {}
    counts: dict[Any, int] = {}
    for answer, output in zip(answers, examples.outputs, strict=False):
        if not np.array_equal(table.setdefault(answer, output), output):
            return
        counts[answer] = counts.get(answer, 0) + 1
    if len(table) == len(examples.outputs) or not set(answers) <= set(table):
        return
    cost = 1.0 + question.cost + sum(ENTRY_COST + CELL_COST * output.size for output in table.values())
    cost += UNBORNE_COST * sum(count == 1 for count in counts.values())
    if len(table) == 2 and set(table) == {False, True} and isinstance(answers[0], bool | np.bool_):
        yes, no = table[True].tolist(), table[False].tolist()
        yield examples.draft(STAGE, (f"return np.array({yes} if {question.source} else {no})",), cost)
        return
    entries = {int(answer): table[answer].tolist() for answer in sorted(table)}
    yield examples.draft(STAGE, (f"answers = {entries}", f"return np.array(answers[{question.source}])"), cost)
