"""Outputs that list the objects or colours of the input in an order: as a row, as bars, as nested rings.

Knows orders and layouts; nothing of what is listed but colours and numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import FORMULA_ERRORS, Formula, formula, formulas, gives, values_of
from arc_solver.proposers.search.values import signature

STAGE = "listings"
MAX_OBJECTS = 30
MAX_FILTERED = 15
MAX_CELLS = 300
MAX_LINE = 110

Layout = tuple[Formula, tuple[str, ...]]
"""A formula, and the statements that say the same."""
_Layouts = dict[str, list[Layout]]
"""Layouts by what they speak of: `colors`, colours with `counts`, or the objects themselves, `objs`."""

LISTS = formulas(
    "grid",
    (
        ("find_objects(grid, True, False)", 1.0),
        ("find_objects(grid, True, True)", 1.1),
        ("objects_by_color(grid)", 1.0),
        ("objects_on(grid, dominant_color(grid), True, False)", 1.3),
        ("objects_on(grid, dominant_color(grid), True, True)", 1.4),
        ("objects_by_color_on(grid, dominant_color(grid))", 1.3),
        ("color_regions(grid)", 1.2),
    ),
)
# Which of the objects are listed, the others being there to mislead.
FILTERS = formulas(
    "obj, objs, grid",
    (
        ("is_line(obj)", 0.9),
        ("not is_line(obj)", 1.0),
        ("obj.size > 1", 0.8),
        ("obj.size == 1", 0.8),
        ("is_rectangle(obj)", 0.9),
        ("not is_rectangle(obj)", 1.0),
        ("on_border(grid, obj)", 0.9),
        ("not on_border(grid, obj)", 1.0),
        ("count_holes(obj)", 0.9),
        ("not count_holes(obj)", 1.0),
        ("obj != largest_object(objs)", 1.1),
        ("obj != smallest_object(objs)", 1.2),
        ("len(obj.colors) > 1", 0.9),
    ),
)
NAMED = formula("grid, objs", "objs", 0.0)
KEYS = formulas(
    "obj, grid",
    (
        ("0", 0.0),
        ("obj.size", 0.5),
        ("obj.row", 0.5),
        ("obj.col", 0.5),
        ("obj.row + obj.col", 0.7),
        ("(obj.row, obj.col)", 0.7),
        ("(obj.col, obj.row)", 0.7),
        ("obj.height * obj.width", 0.7),
        ("obj.height", 0.7),
        ("obj.width", 0.7),
        ("obj.bottom", 0.8),
        ("obj.right", 0.8),
        ("np.count_nonzero(grid == obj.color)", 0.8),
        ("count_holes(obj)", 0.9),
        ("np.count_nonzero(crop_object(grid, obj) != obj.color)", 1.0),
        ("len(objects_in_color(grid, obj.color))", 1.0),
        # The half of its box that is the heavier one.
        ("(2 * np.argwhere(obj.mask).mean(0) + 1 > obj.mask.shape).tolist()", 1.0),
        ("np.argwhere(obj.grid == obj.colors[-1]).mean(0).tolist()", 1.1),
    ),
)
NUMBERS = formulas(
    "obj, grid",
    (
        ("obj.size", 0.5),
        ("obj.height", 0.7),
        ("obj.width", 0.7),
        ("count_holes(obj)", 0.8),
        ("len(objects_in_color(grid, obj.color))", 1.0),
    ),
)
LAYOUTS = formulas(
    "colors",
    (
        ("np.array([colors])", 0.3),
        ("np.array([colors]).T", 0.3),
        ("np.array([list(dict.fromkeys(colors))])", 0.6),
        ("np.array([list(dict.fromkeys(colors))]).T", 0.6),
        ("np.array([colors] * len(colors))", 0.6),
        ("np.array([colors] * len(colors)).T", 0.6),
        ("np.diag(colors)", 0.6),
    ),
)
# Rings around each other, the first colour outside; the last is one cell thick or two.
RINGS = (
    ("[*range(len(colors)), *range(len(colors) - 1)[::-1]]", 1.0),
    ("[*range(len(colors)), *range(len(colors))[::-1]]", 1.0),
)
BARS = formulas(
    "colors, counts",
    (
        ("np.array([np.repeat(colors, counts)])", 0.8),
        ("np.array([np.repeat(colors, counts)]).T", 0.8),
        ("np.array([[c] * n + [0] * (max(counts) - n) for c, n in zip(colors, counts)])", 1.0),
        ("np.array([[c] * n + [0] * (max(counts) - n) for c, n in zip(colors, counts)]).T", 1.1),
        ("np.array([[0] * (max(counts) - n) + [c] * n for c, n in zip(colors, counts)])", 1.1),
        ("np.array([[0] * (max(counts) - n) + [c] * n for c, n in zip(colors, counts)]).T", 1.1),
    ),
)

CENTERED = "[[(objs[0].height - obj.height) // 2] * 2, [(objs[0].width - obj.width) // 2] * 2]"
ROWS, COLS = "sorted({obj.row for obj in objs})", "sorted({obj.col for obj in objs})"
CELL = "max((obj.color for obj in objs if (obj.row, obj.col) == (r, c)), default=0)"
IN_LINE = "np.ptp([obj.col for obj in objs]) > np.ptp([obj.row for obj in objs])"
# Layouts of the objects themselves: formula, the statements that say the same.
PIECES: tuple[Layout, ...] = (
    *(
        (one, (f"return {one.source}",))
        for one in formulas(
            "objs",
            (
                ("np.hstack([obj.grid for obj in objs])", 0.8),
                ("np.vstack([obj.grid for obj in objs])", 0.8),
                ("np.hstack([np.pad(obj.grid, ((0, 0), (0, 1))) for obj in objs])[:, :-1]", 1.4),
                ("np.vstack([np.pad(obj.grid, ((0, 1), (0, 0))) for obj in objs])[:-1]", 1.4),
                ("np.block([[objs[0].grid, objs[1].grid], [objs[2].grid, objs[3].grid]])", 1.2),
                (f"overlay_all([np.pad(obj.grid, {CENTERED}) for obj in objs])", 1.6),
            ),
        )
    ),
    (
        formula("objs", f"np.array([[{CELL} for c in {COLS}] for r in {ROWS}])", 1.2),
        (f"rows, cols = {ROWS}, {COLS}", f"return np.array([[{CELL} for c in cols] for r in rows])"),
    ),
    *(
        (
            formula("objs", f"np.array({colors}) if {IN_LINE} else np.array({colors}).T", 1.4),
            (f"out = np.array({colors})", f"return out if {IN_LINE} else out.T"),
        )
        for colors in ("[[obj.color for obj in objs]]", "[[obj.color for obj in objs]] * len(objs)")
    ),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """List objects or colours in some order and layout.

    Args:
        examples: Any; nothing is yielded for large outputs, nor if all outputs have their inputs' sizes.
    """
    if examples.same_size() or any(not 1 < output.size <= MAX_CELLS for output in examples.outputs):
        return
    layouts = _layouts(examples)
    seen: set[bytes] = set()
    for one in LISTS:
        examples.check_time()
        lists = values_of(one, examples.inputs)
        if lists is None or not all(1 <= len(objects) <= MAX_OBJECTS for objects in lists):
            continue
        key = signature("objects", lists)
        if key not in seen and _has_the_colors(lists, examples.outputs):
            seen.add(key)
            yield from _listed(examples, one, lists, layouts)
            yield from _filtered(examples, one, lists, layouts, seen)


def _filtered(
    examples: Examples, one: Formula, lists: list[Any], layouts: _Layouts, seen: set[bytes]
) -> Iterator[Draft]:
    """Some of the objects only; all their colours must be shown."""
    if max(map(len, lists)) > MAX_FILTERED:
        return
    for keep in FILTERS:
        kept: list[list[Any]] = []
        try:
            for objs, grid in zip(lists, examples.inputs, strict=True):
                kept.append([obj for obj in objs if keep.function(obj, objs, grid)])
                if len(kept[-1]) < 2 or not _shows_all(kept[-1:], examples.outputs[len(kept) - 1 : len(kept)]):
                    break
        except FORMULA_ERRORS:
            continue
        if len(kept) < len(lists) or len(kept[-1]) < 2:
            continue
        key = signature("objects", kept)
        if key in seen:
            continue
        seen.add(key)
        start = (f"objs = {one.source}", f"objs = [obj for obj in objs if {keep.source}]")
        rest = examples.after(start, examples.inputs, one.cost + keep.cost)
        yield from _listed(rest, NAMED, kept, layouts)


def _layouts(examples: Examples) -> _Layouts:
    """All layouts; with the outputs' size if it is one size."""
    layouts = [_plain(one) for one in LAYOUTS]
    bars = [_plain(one) for one in BARS]
    for depths, cost in RINGS:
        source = f"np.array(colors)[np.minimum.outer({depths}, {depths})]"
        statements = (f"depths = {depths}", "return np.array(colors)[np.minimum.outer(depths, depths)]")
        layouts.append((formula("colors", source, cost), statements))
    shapes = {output.shape for output in examples.outputs}
    if len(shapes) == 1:
        rows, cols = next(iter(shapes))
        layouts += [_plain(formula("colors", source, cost)) for source, cost in _fixed_layouts(rows, cols)]
        bars += [_plain(formula("colors, counts", source, cost)) for source, cost in _fixed_bars(rows, cols)]
        padded = f"np.array((colors + [0] * {rows * cols})[:{rows * cols}]).reshape({rows}, {cols})"
        snake = f"np.array([row[::-1] if r % 2 else row for r, row in enumerate({padded})])"
        turning = (f"out = {padded}", "out[1::2] = out[1::2, ::-1]", "return out")
        layouts.append((formula("colors", snake, 1.6), turning))
    return {"colors": layouts, "counts": bars, "objs": list(PIECES)}


def _plain(one: Formula) -> Layout:
    return one, (f"return {one.source}",)


def _fixed_layouts(rows: int, cols: int) -> Iterator[tuple[str, float]]:
    size = rows * cols
    yield f"np.array((colors + [0] * {size})[:{size}]).reshape({rows}, {cols})", 1.2
    yield f"np.array((colors + [0] * {size})[:{size}]).reshape({cols}, {rows}).T", 1.4
    yield f"np.array([colors[:{rows}]] * {cols}).T", 1.0
    yield f"np.array([colors[:{cols}]] * {rows})", 1.0


def _fixed_bars(rows: int, cols: int) -> Iterator[tuple[str, float]]:
    size = rows * cols
    yield f"np.array([*np.repeat(colors, counts), *[0] * {size}][:{size}]).reshape({rows}, {cols})", 1.3
    for side, end in ((cols, ""), (rows, ".T")):
        for turned in ("", "[::-1]"):
            bars = f"([c] * n + [0] * {side})[:{side}]{turned} for c, n in zip(colors, counts)"
            yield f"np.array([{bars}]){end}", 1.4


def _has_the_colors(lists: Sequence[Sequence[Any]], outputs: Sequence[Grid]) -> bool:
    """True if every output is painted in objects' colours and colour 0 only."""
    for objects, output in zip(lists, outputs, strict=False):
        if not set(output.ravel().tolist()) <= {color for obj in objects for color in obj.colors} | {0}:
            return False
    return True


def _shows_all(lists: Sequence[Sequence[Any]], outputs: Sequence[Grid]) -> bool:
    """True if every output is painted in all the objects' colours, and perhaps colour 0."""
    for objects, output in zip(lists, outputs, strict=False):
        if {color for obj in objects for color in obj.colors} - {0} != set(output.ravel().tolist()) - {0}:
            return False
    return True


def _listed(examples: Examples, one: Formula, lists: list[Any], layouts: _Layouts) -> Iterator[Draft]:
    seen: set[str] = set()
    possible: dict[str, _Layouts] = {}
    numbers = [{id(obj): number.function(obj, examples.inputs[0]) for obj in lists[0]} for number in NUMBERS]
    for key in KEYS:
        for reverse in (False, True):
            # The first pair rules out nearly everything, and many keys give it the same order.
            first = _ordered(key, reverse, lists[:1], examples.inputs)
            if not first:
                continue
            order = _identity(first)
            if order not in possible:
                possible[order] = _possible(first[0], numbers, examples, layouts)
            if not any(possible[order].values()):
                continue
            ordered = _ordered(key, reverse, lists, examples.inputs)
            if not ordered or (identity := _identity(ordered)) in seen:
                continue
            seen.add(identity)
            cost = one.cost + key.cost + 0.2 * reverse + 0.8 * _n_ties(ordered, examples, key)
            yield from _laid_out(examples, _source(one, key, reverse), ordered, cost, possible[order])


def _identity(ordered: Sequence[Sequence[Any]]) -> str:
    return repr([[(obj.row, obj.col, obj.color) for obj in objects] for objects in ordered])


def _ordered(key: Formula, reverse: bool, lists: Sequence[Any], inputs: Sequence[Grid]) -> list[Any]:
    """Every list of objects in order; no list at all if the key cannot be computed."""
    try:
        keyed = [[(key.function(obj, grid), obj) for obj in one] for one, grid in zip(lists, inputs, strict=False)]
    except FORMULA_ERRORS:
        return []
    if key.source == "0":
        return [list(one)[::-1] if reverse else list(one) for one in lists]
    return [[obj for _, obj in sorted(one, key=lambda pair: pair[0], reverse=reverse)] for one in keyed]


def _source(one: Formula, key: Formula, reverse: bool) -> str:
    if key.source == "0":
        return f"{one.source}[::-1]" if reverse else one.source
    return f"sorted({one.source}, key=lambda obj: {key.source}{', reverse=True' if reverse else ''})"


def _assigned(source: str) -> tuple[str, ...]:
    """The objects in order, on two lines if one would be long."""
    if len(source) < MAX_LINE - 10 or not source.startswith("sorted("):
        return (f"objs = {source}",)
    unsorted, _, key = source.removeprefix("sorted(").partition(", key=")
    return (f"objs = {unsorted}", f"objs = sorted(objs, key={key}")


def _possible(
    first: Sequence[Any], numbers: Sequence[dict[int, Any]], examples: Examples, layouts: _Layouts
) -> _Layouts:
    """The layouts that give the first output; of bars those that do with some number."""
    output = examples.outputs[:1]
    colors = [[obj.color for obj in first]]
    found: _Layouts = {
        "colors": [layout for layout in layouts["colors"] if gives(layout[0], output, colors)],
        "objs": [layout for layout in layouts["objs"] if gives(layout[0], output, [first])],
        "counts": [],
    }
    for number in numbers:
        counts = [[number[id(obj)] for obj in first]]
        found["counts"] += [one for one in layouts["counts"] if gives(one[0], output, colors, counts)]
    found["counts"] = list(dict.fromkeys(found["counts"]))
    return found


def _n_ties(ordered: Sequence[Sequence[Any]], examples: Examples, key: Formula) -> int:
    """In how many inputs objects of different colours are in an order that the key does not decide."""
    if key.source == "0":
        return 0
    n_ties = 0
    for objects, grid in zip(ordered, examples.inputs, strict=True):
        keys = [key.function(obj, grid) for obj in objects]
        n_ties += any(
            keys[i] == keys[i - 1] and objects[i].color != objects[i - 1].color for i in range(1, len(objects))
        )
    return n_ties


def _laid_out(
    examples: Examples, source: str, ordered: Sequence[Sequence[Any]], cost: float, layouts: _Layouts
) -> Iterator[Draft]:
    colors = [[obj.color for obj in objects] for objects in ordered]
    for layout, statements in layouts["colors"]:
        if gives(layout, examples.outputs, colors):
            line = f"colors = [obj.color for obj in {source}]"
            long = (*_assigned(source), "colors = [obj.color for obj in objs]")
            body = (*((line,) if len(line) < MAX_LINE else long), *statements)
            yield examples.draft(STAGE, body, cost + layout.cost)
    for layout, statements in layouts["objs"]:
        if gives(layout, examples.outputs, ordered):
            yield examples.draft(STAGE, (*_assigned(source), *statements), cost + layout.cost)
    for number in NUMBERS if layouts["counts"] else ():
        rows = zip(ordered, examples.inputs, strict=True)
        counts = [[number.function(obj, grid) for obj in row] for row, grid in rows]
        for layout, statements in layouts["counts"]:
            if gives(layout, examples.outputs, colors, counts):
                start = (*_assigned(source), "colors = [obj.color for obj in objs]")
                body = (*start, f"counts = [{number.source} for obj in objs]", *statements)
                yield examples.draft(STAGE, body, cost + number.cost + layout.cost)
