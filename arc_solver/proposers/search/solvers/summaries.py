"""Outputs with one cell for every panel or block of the input, in the panels' own arrangement.

Each cell is decided by features of its panel. Knows arrangements and features of panels; how rules are learned is
`cell_rules`' business.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.registry import Count
from arc_solver.dsl.scaling import upscale
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.cell_rules import Action, rule_drafts
from arc_solver.proposers.search.solvers.formulas import FORMULA_ERRORS, Formula, formula, formulas, values_of
from arc_solver.proposers.search.solvers.literals import CellMaps, literals

STAGE = "summaries"
MAX_COST = 12.0
MAX_PANELS = 150
ENTRY_COST = 0.7

Panels = list[list[Grid]]

LINES = formulas(
    "grid",
    (
        ("panel_rows(grid, separator_color(grid))", 1.2),
        ("panel_rows(crop_to_content(grid), background_color(grid))", 1.8),
    ),
)
BLOCKS = "[[grid[r:r + {0}, c:c + {1}] for c in range(0, grid.shape[1], {1})] for r in range(0, grid.shape[0], {0})]"
FEATURES = formulas(
    "part, rows",
    (
        ("np.count_nonzero(part)", 1.0),
        ("len(np.unique(part))", 1.2),
        ("len(find_objects(part, True, False))", 1.4),
        ("sum(count_holes(obj) for obj in find_objects(part))", 1.4),
        ("len(color_regions(part))", 1.4),
        ("np.array_equal(part, part[:, ::-1])", 1.4),
        ("np.array_equal(part, part[::-1])", 1.4),
        ("sum(np.array_equal(part, other) for row in rows for other in row)", 1.4),
        ("sum(np.array_equal(part > 0, other > 0) for row in rows for other in row)", 1.5),
        ("part[part.shape[0] // 2, part.shape[1] // 2]", 1.4),
    ),
)
COLORS = formulas(
    "part, rows",
    (
        ("dominant_color(part)", 1.0),
        ("colors_by_count(part)[-1]", 1.1),
        ("np.bincount(part[part > 0], minlength=10).argmax()", 1.0),
        ("part.max()", 1.1),
        ("part[0, 0]", 1.2),
        ("least_common_color(part)", 1.2),
    ),
)
LAYOUTS = formulas(
    "out",
    (("out", 0.0), ("np.fliplr(out)", 0.8), ("np.flipud(out)", 0.8), ("np.rot90(out, 2)", 0.9), ("out.T", 0.9)),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Decide every output cell from the panel or block at its place.

    Args:
        examples: Any; nothing is yielded unless outputs are smaller than inputs.
    """
    return _told(examples, True)


def solve_simply(examples: Examples) -> Iterator[Draft]:
    """The same, every cell by the same colour of its panel; without rules, which take time.

    Args:
        examples: Any; nothing is yielded unless outputs are smaller than inputs.
    """
    return _told(examples, False)


def _told(examples: Examples, with_rules: bool) -> Iterator[Draft]:
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    if any(2 * output.size > grid.size for grid, output in pairs) or all(output.size == 1 for _, output in pairs):
        return
    for arrangement in _arrangements(examples):
        try:
            panels: list[Panels] = [arrangement.function(grid) for grid in examples.inputs]
        except FORMULA_ERRORS:
            continue
        if not all(0 < len(rows) * len(rows[0]) <= MAX_PANELS for rows in panels):
            continue
        sizes = [(len(rows), len(rows[0])) for rows in panels]
        for layout, targets in _layouts(examples):
            if any(target.shape != size for target, size in zip(targets, sizes, strict=False)):
                continue
            drafts = list(_same_color(examples, arrangement, panels, targets, layout))
            if not drafts and with_rules:
                drafts = list(_by_rules(examples, arrangement, panels, targets, layout))
            if not drafts and with_rules:
                drafts = list(_by_table(examples, arrangement, panels, targets, layout))
            yield from drafts
            if drafts:
                break


def _layouts(examples: Examples) -> Iterator[tuple[Formula, list[Grid]]]:
    """Ways to lay out one cell for each panel, and the cells that they would have to start from."""
    for layout in LAYOUTS:
        # Every layout is its own inverse.
        yield layout, [np.asarray(layout.function(output)) for output in examples.outputs]
    for source, shrunk, cost in _enlargements(examples.outputs):
        for layout in LAYOUTS:
            targets = [np.asarray(layout.function(output)) for output in shrunk]
            one = formula("out", source.format(layout.source), layout.cost + cost)
            yield one, targets


def _enlargements(outputs: Sequence[Grid]) -> Iterator[tuple[str, list[Grid], float]]:
    """How outputs may be larger than one cell for each panel: every cell a line, or a block."""
    for axis in (0, 1):
        lines = [output[:1] if axis == 0 else output[:, :1] for output in outputs]
        if all(output.shape[axis] > 1 and (output == line).all() for output, line in zip(outputs, lines, strict=True)):
            lengths = {output.shape[axis] for output in outputs}
            if len(lengths) == 1:
                yield f"np.repeat({{0}}, {next(iter(lengths))}, axis={axis})", lines, 0.8
            elif all(output.shape[0] == output.shape[1] for output in outputs):
                yield f"np.repeat({{0}}, max(out.shape), axis={axis})", lines, 1.0
    for factor in (2, 3):
        small = [output[::factor, ::factor] for output in outputs]
        if all(np.array_equal(upscale(a, Count(factor)), b) for a, b in zip(small, outputs, strict=True)):
            yield f"upscale({{0}}, {factor})", small, 0.8


def _arrangements(examples: Examples) -> Iterator[Formula]:
    yield from LINES
    sizes = {
        (grid.shape[0] // output.shape[0], grid.shape[1] // output.shape[1])
        for grid, output in zip(examples.train_inputs, examples.outputs, strict=True)
        if grid.shape[0] % output.shape[0] == grid.shape[1] % output.shape[1] == 0
    }
    if len(sizes) == 1:
        rows, cols = next(iter(sizes))
        if all(grid.shape[0] % rows == grid.shape[1] % cols == 0 for grid in examples.inputs):
            yield formula("grid", BLOCKS.format(rows, cols), 1.6)
    shapes = {output.shape for output in examples.outputs}
    if len(shapes) == 1 and len({grid.shape for grid in examples.inputs}) > 1:
        n_rows, n_cols = next(iter(shapes))
        if all(grid.shape[0] % n_rows == grid.shape[1] % n_cols == 0 for grid in examples.inputs):
            rows_each, cols_each = f"grid.shape[0] // {n_rows}", f"grid.shape[1] // {n_cols}"
            yield formula("grid", BLOCKS.format(rows_each, cols_each), 1.8)


def _same_color(
    examples: Examples, arrangement: Formula, panels: Sequence[Panels], targets: Sequence[Grid], layout: Formula
) -> Iterator[Draft]:
    """Every cell shows the same colour of its panel, such as the most common one."""
    for one in COLORS:
        fits = True
        for rows, target in zip(panels, targets, strict=False):
            if not fits:
                break
            try:
                fits = all(
                    one.function(part, rows) == target[r, c] for r, row in enumerate(rows) for c, part in enumerate(row)
                )
            except FORMULA_ERRORS:
                fits = False
        if fits:
            source = f"np.array([[{one.source} for part in row] for row in rows]).astype(np.int8)"
            body = (f"rows = {arrangement.source}", *_ending(source, layout))
            yield examples.draft(STAGE, body, arrangement.cost + one.cost + layout.cost + 0.2)


def _by_rules(
    examples: Examples, arrangement: Formula, panels: Sequence[Panels], targets: Sequence[Grid], layout: Formula
) -> Iterator[Draft]:
    maps, definitions = _maps(panels)
    conditions = literals(maps, examples.n_train)
    target = np.concatenate([one.ravel() for one in targets])
    actions = [Action(str(color), np.full_like(target, color), 0.3) for color in np.unique(target).tolist()]
    actions += [Action(one.expression, _flat(one.maps[: examples.n_train]), 0.2) for one in maps if one.is_color]
    start = (f"rows = {arrangement.source}", *(f"{name} = {source}" for name, source in definitions.items()))
    for expression, wanted, cost in _beginnings(maps, definitions, target, examples.n_train):
        if not wanted.any() or not conditions:
            continue
        statements = (*start, f"out = {expression}")
        finish = f"return {layout.source}"
        for draft in rule_drafts(
            examples, STAGE, conditions, actions, target, wanted, statements, arrangement.cost + cost, finish
        ):
            if draft.cost + layout.cost <= MAX_COST:
                used = without_unused(draft.body, [*definitions])
                yield replace(draft, body=used, cost=draft.cost + layout.cost)


def _by_table(
    examples: Examples, arrangement: Formula, panels: Sequence[Panels], targets: Sequence[Grid], layout: Formula
) -> Iterator[Draft]:
    """One table for all panels: a feature, or two, tell the colour. Every entry must be borne out twice."""
    parts = [(part, rows) for rows in panels for row in rows for part in row]
    wanted = np.concatenate([target.ravel() for target in targets]).tolist()
    columns = []
    for one in FEATURES:
        values = values_of(one, *zip(*parts, strict=True))
        if values is not None and len(set(values)) > 1:
            columns.append((one, [int(value) for value in values]))
    for chosen in (*((one,) for one in columns), *itertools.combinations(columns, 2)):
        keys = list(zip(*(values for _, values in chosen), strict=True))
        table = dict(zip(keys, wanted, strict=False))
        seen = keys[: len(wanted)]
        if [table[key] for key in seen] != wanted or not set(keys) <= set(table) or min(map(seen.count, table)) < 2:
            continue
        sources = ", ".join(one.source for one, _ in chosen)
        entries = {key if len(chosen) > 1 else key[0]: table[key] for key in sorted(table)}
        body = (
            f"rows = {arrangement.source}",
            f"colors = {entries}",
            f"tell = lambda part: colors[{sources}]",
            "out = np.array([[tell(part) for part in row] for row in rows])",
            f"return {layout.source}",
        )
        cost = 1.0 + arrangement.cost + layout.cost + sum(one.cost for one, _ in chosen) + ENTRY_COST * len(table)
        if cost <= MAX_COST:
            yield examples.draft(STAGE, body, cost)


def _ending(source: str, layout: Formula) -> tuple[str, ...]:
    return (f"return {source}",) if layout.source == "out" else (f"out = {source}", f"return {layout.source}")


def _beginnings(
    maps: Sequence[CellMaps], definitions: dict[str, str], target: NDArray[Any], n_train: int
) -> Iterator[tuple[str, NDArray[np.bool_], float]]:
    """What the rules start from: an empty grid, or the colour that is right for most panels."""
    first = next(iter(definitions))
    counts = np.bincount(target, minlength=10)
    base = 0 if counts[0] else int(counts.argmax())
    fill = f"np.zeros_like({first})" if base == 0 else f"np.full_like({first}, {base})"
    yield fill, target != base, 0.0
    for one in maps:
        if one.is_color:
            wanted = _flat(one.maps[:n_train]) != target
            if 0 < 2 * wanted.sum() < len(target):
                yield f"{one.expression}.copy()", wanted, 0.3


def without_unused(body: tuple[str, ...], names: Sequence[str]) -> tuple[str, ...]:
    """The statements, less the definitions that no later statement mentions.

    Args:
        body: The statements of a program.
        names: What may have been defined in vain.
    """
    kept: list[str] = []
    for line in reversed(body):
        name, _, _ = line.partition(" = ")
        if name not in names or any(re.search(rf"\b{name}\b", later) for later in kept):
            kept.append(line)
    return tuple(reversed(kept))


def _maps(panels: Sequence[Panels]) -> tuple[list[CellMaps], dict[str, str]]:
    """Features of every panel as maps of the arrangement's shape, and the source of each."""
    maps: list[CellMaps] = []
    definitions: dict[str, str] = {}
    for is_color, table, stem in ((False, FEATURES, "feature"), (True, COLORS, "color")):
        for number, one in enumerate(table, 1):
            try:
                values = tuple(
                    np.array([[one.function(part, rows) for part in row] for row in rows]).astype(np.int16)
                    for rows in panels
                )
            except FORMULA_ERRORS:
                continue
            name = f"{stem}_{number}"
            definitions[name] = f"np.array([[{one.source} for part in row] for row in rows]).astype(np.int8)"
            maps.append(CellMaps(name, values, one.cost, is_color))
    for index in (0, 1, 2):
        if index < len(maps) and not maps[index].is_color:
            feature = maps[index]
            most = tuple(one.max() - one for one in feature.maps)
            maps.append(CellMaps(f"({feature.expression}.max() - {feature.expression})", most, feature.cost + 0.5))
            least = tuple(one - one.min() for one in feature.maps)
            maps.append(CellMaps(f"({feature.expression} - {feature.expression}.min())", least, feature.cost + 0.6))
    return maps, definitions


def _flat(maps: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([one.ravel() for one in maps])
