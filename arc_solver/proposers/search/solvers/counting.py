"""Outputs that show a number of the input: so many cells of a canvas, in some order of filling.

Knows what can be counted and in which orders cells are filled.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import Formula, formula, formulas, gives, values_of

STAGE = "counting"
MAX_CELLS = 100
MAX_NUMBER = 60
MAX_COLORS = 4

NUMBERS = formulas(
    "grid",
    (
        ("count_colors(grid)", 0.8),
        ("len(np.unique(grid))", 0.9),
        ("np.count_nonzero(grid)", 0.7),
        ("np.count_nonzero(grid == 0)", 0.9),
        ("np.count_nonzero(grid == most_common_color(grid))", 1.1),
        ("np.count_nonzero(grid == least_common_color(grid))", 1.1),
        ("len(find_objects(grid, True, False))", 1.0),
        ("len(find_objects(grid, False, False))", 1.1),
        ("len(find_objects(grid, True, True))", 1.1),
        ("len(color_regions(grid))", 1.2),
        ("max(obj.size for obj in find_objects(grid))", 1.2),
        ("max(obj.height for obj in find_objects(grid))", 1.3),
        ("max(obj.width for obj in find_objects(grid))", 1.3),
        ("sum(count_holes(obj) for obj in find_objects(grid))", 1.3),
        ("sum(obj.size == 1 for obj in find_objects(grid))", 1.4),
        ("sum(obj.size > 1 for obj in find_objects(grid))", 1.4),
        ("sum(is_rectangle(obj) for obj in find_objects(grid))", 1.5),
        ("len(split_by_lines(grid))", 1.3),
        ("sum(bool(panel.any()) for panel in split_by_lines(grid))", 1.5),
    ),
)
COLORS = formulas(
    "grid",
    (
        ("most_common_color(grid)", 1.0),
        ("least_common_color(grid)", 1.1),
        ("object_color(largest_object(find_objects(grid)))", 1.5),
    ),
)
SHAPES = (("(1, n)", 0.3), ("(n, 1)", 0.3), ("(n, n)", 0.4))
# Places of the cells in the order in which they are filled, in a canvas of `{0}` rows and `{1}` columns.
ORDERS = (
    ("[(r, c) for r in range({0}) for c in range({1})]", 0.6),
    ("[(r, c) for c in range({1}) for r in range({0})]", 0.7),
    ("[(r, c) for r in range({0})[::-1] for c in range({1})]", 0.9),
    ("[(r, c) for c in range({1}) for r in range({0})[::-1]]", 0.9),
    ("[(r, c if r % 2 == 0 else {1} - 1 - c) for r in range({0}) for c in range({1})]", 1.1),
    ("[(r, c) for r in range({0}) for c in range({1})][::2]", 0.8),
    ("[(i, i) for i in range(min({0}, {1}))]", 0.8),
    ("[(i, {1} - 1 - i) for i in range(min({0}, {1}))]", 0.9),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Show a number in one colour.

    Args:
        examples: Any; nothing is yielded unless outputs are small and in one colour on colour 0 at most.
    """
    outputs = examples.outputs
    if examples.same_size() or any(output.size > MAX_CELLS for output in outputs):
        return
    if any(len(np.unique(output[output > 0])) != 1 for output in outputs) or all(o.size == 1 for o in outputs):
        return
    writers = list(_writers(examples))
    for number in itertools.chain(_numbers(examples), _differences(examples)):
        values = values_of(number, examples.inputs)
        if values is None or max(values) > MAX_NUMBER or min(values) < 0 or len({*values[: len(outputs)]}) < 2:
            continue
        for writer, statements in writers:
            if gives(writer, outputs, values, examples.inputs):
                body = (f"n = {number.source}", *statements)
                yield examples.draft(STAGE, body, number.cost + writer.cost)


def _numbers(examples: Examples) -> Iterator[Formula]:
    yield from NUMBERS
    colors = sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.train_inputs)))
    for color in colors:
        yield formula("grid", f"np.count_nonzero(grid == {color})", 0.9)
        yield formula("grid", f"len(objects_in_color(grid, {color}, True))", 1.0)
        yield formula("grid", f"len(objects_in_color(grid, {color}, False))", 1.1)
        for side in (2, 3):
            yield formula("grid", f"len(find_pattern(grid, canvas({side}, {side}, {color})))", 1.4)
        yield formula("grid", f"sum(obj.size > 1 for obj in objects_in_color(grid, {color}))", 1.4)
        yield formula("grid", f"sum(obj.size == 1 for obj in objects_in_color(grid, {color}))", 1.4)


def _differences(examples: Examples) -> Iterator[Formula]:
    """How much higher, wider or larger one thing is than another; what is left free of it."""
    colors = sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs)))
    things = [(f"color_object(grid, {color})", 0.5) for color in colors if color] if len(colors) <= MAX_COLORS else []
    things.append(("largest_object(find_objects(grid))", 0.8))
    for first, second in itertools.permutations(things, 2):
        for side in ("height", "width"):
            source = f"{first[0]}.{side} - {second[0]}.{side}"
            cost = 1.0 + first[1] + second[1]
            yield formula("grid", source, cost)
            yield formula("grid", f"{source} - 1", cost + 0.3)
    for thing, cost in things:
        for mark in ("== 0", "!= 0"):
            for axis, every in itertools.product((0, 1), ("all", "any")):
                lines = f"(crop_object(grid, {thing}) {mark}).{every}(axis={axis}).sum()"
                yield formula("grid", lines, 1.2 + cost)
    for more, less in itertools.permutations(colors, 2):
        yield formula("grid", f"np.count_nonzero(grid == {more}) - np.count_nonzero(grid == {less})", 1.6)


def _writers(examples: Examples) -> Iterator[tuple[Formula, tuple[str, ...]]]:
    """Formulas of (n, grid), and the statements that say the same."""
    shapes = {output.shape for output in examples.outputs}
    for color in _colors(examples):
        for shape, cost in SHAPES:
            source = f"np.full({shape}, {color.source})"
            yield formula("n, grid", source, 0.5 + cost + color.cost), (f"return {source}",)
        if len(shapes) == 1:
            rows, cols = next(iter(shapes))
            for order, cost in ORDERS:
                places = order.format(rows, cols)
                cells = f"np.array([[(r, c) in {places}[:n] for c in range({cols})] for r in range({rows})])"
                source = f"np.where({cells}, {color.source}, 0)"
                statements = (
                    f"places = {places}",
                    f"out = canvas({rows}, {cols}, 0)",
                    "for r, c in places[:n]:",
                    f"    out[r, c] = {color.source}",
                    "return out",
                )
                yield formula("n, grid", source, 1.0 + cost + color.cost), statements


def _colors(examples: Examples) -> Iterator[Formula]:
    painted = [int(output.max()) for output in examples.outputs]
    if len(set(painted)) == 1:
        yield formula("grid", str(painted[0]), 0.3)
        return
    for one in COLORS:
        values = values_of(one, examples.inputs)
        if values is not None and values[: len(painted)] == painted:
            yield one
