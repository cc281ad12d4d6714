"""Outputs that show several windows of the input at once: its corners, halves, panels, laid over each other.

Knows how to cut windows of the output's size and in which order to lay them; cell by cell rules are `panel_rules`'.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers import panel_rules, recolor
from arc_solver.proposers.search.solvers.formulas import FORMULA_ERRORS, Formula, formula, formulas, gives, is_grid
from arc_solver.proposers.search.solvers.size_law import side_laws
from arc_solver.proposers.search.values import Value, signature

STAGE = "overlays"
MAX_LAWS = 2
MAX_WINDOWS = 25
MAX_ORDERED = 9
MAX_COST = 7.0
MAX_TABLE_COST = 3.0

FOUR_CORNERS = "[grid[:height, :width], grid[:height, -width:], grid[-height:, :width], grid[-height:, -width:]]"
TWO_ENDS = "[grid[:height, :width], grid[-height:, -width:]]"
LISTS = formulas(
    "grid",
    (
        ("panels_between(grid, separator_color(grid))", 1.0),
        ("[part for half in split_vertically(grid, 2) for part in split_horizontally(half, 2)]", 1.2),
        ("split_vertically(grid, 3)", 1.0),
        ("split_horizontally(grid, 3)", 1.0),
        ("split_vertically(grid, 4)", 1.1),
        ("split_horizontally(grid, 4)", 1.1),
        ("object_grids(find_objects(grid, True, True))", 1.2),
        ("object_grids(find_objects(grid, True, False))", 1.2),
        ("object_grids(objects_by_color(grid))", 1.2),
    ),
)
VIEWS = formulas(
    "part",
    (
        ("part", 0.0),
        ("np.fliplr(part)", 0.8),
        ("np.flipud(part)", 0.8),
        ("np.rot90(part, 2)", 0.9),
        ("part.T", 0.9),
        ("np.rot90(part)", 0.9),
        ("np.rot90(part, 3)", 0.9),
    ),
)
REDUCTIONS = formulas(
    "parts",
    (
        ("np.max(parts, axis=0)", 1.0),
        ("np.min(parts, axis=0)", 1.0),
        ("np.where(np.ptp(parts, axis=0) == 0, parts[0], 0)", 1.4),
        ("np.apply_along_axis(lambda cells: np.bincount(cells).argmax(), 0, np.array(parts))", 1.5),
    ),
)


@dataclass(frozen=True, slots=True)
class _Windows:
    """Windows of the outputs' size: `parts[index]` in every input.

    Attributes:
        start: Statements that come first.
        source: Python that makes `parts` after them.
        parts: The windows of every input.
        cost: Description length.
    """

    start: tuple[str, ...]
    source: str
    parts: tuple[tuple[Grid, ...], ...]
    cost: float

    @property
    def statements(self) -> tuple[str, ...]:
        """Statements that define `parts` from `grid`."""
        return (*self.start, f"parts = {self.source}")


def solve(examples: Examples) -> Iterator[Draft]:
    """One window, or windows laid over each other in one order, or combined cell by cell.

    Args:
        examples: Any; nothing is yielded unless every output is smaller than its input.
    """
    for windows in _windows(examples):
        drafts = [*_single(examples, windows), *_laid(examples, windows)]
        if not drafts and len({len(parts) for parts in windows.parts}) == 1:
            drafts = list(_combined(examples, windows))
        yield from drafts


def solve_simply(examples: Examples) -> Iterator[Draft]:
    """The same without rules for cells, which take time.

    Args:
        examples: Any; nothing is yielded unless every output is smaller than its input.
    """
    for windows in _windows(examples):
        yield from _single(examples, windows)
        yield from _laid(examples, windows)


def _windows(examples: Examples) -> Iterator[_Windows]:
    """Every list of windows of the outputs' sizes, one for each behaviour."""
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    if any(b.size >= a.size or b.shape[0] > a.shape[0] or b.shape[1] > a.shape[1] or b.size == 1 for a, b in pairs):
        return
    if all(output.min() == output.max() for output in examples.outputs):
        return
    seen: set[bytes] = set()
    for windows in (*_corners(examples), *_lists(examples)):
        key = b"".join(signature("grids", parts) for parts in windows.parts)
        if key not in seen:
            seen.add(key)
            yield windows


def _corners(examples: Examples) -> Iterator[_Windows]:
    laws = [side_laws(examples, axis)[:MAX_LAWS] for axis in (0, 1)]
    for height in laws[0]:
        for width in laws[1]:
            statement = f"height, width = {height.source}, {width.source}"
            full = any(
                law.sides == tuple(grid.shape[axis] for grid in examples.inputs)
                for axis, law in enumerate((height, width))
            )
            source = TWO_ENDS if full else FOUR_CORNERS
            one = formula("grid, height, width", source, 1.0)
            rows = zip(examples.inputs, height.sides, width.sides, strict=True)
            parts = tuple(tuple(one.function(*row)) for row in rows)
            if _fit(parts, examples.outputs):
                yield _Windows((statement,), source, parts, 1.0 + height.cost + width.cost)


def _lists(examples: Examples) -> Iterator[_Windows]:
    for one in (*LISTS, *_around_marks(examples), *_tiles(examples)):
        try:
            parts = tuple(tuple(one.function(grid)) for grid in examples.inputs)
        except FORMULA_ERRORS:
            continue
        if _fit(parts, examples.outputs):
            yield _Windows((), one.source, parts, one.cost + 0.5)


def _around_marks(examples: Examples) -> Iterator[Formula]:
    """The windows around every cell of one colour."""
    shapes = {output.shape for output in examples.outputs}
    if len(shapes) != 1 or any(side % 2 == 0 for side in next(iter(shapes))):
        return
    up, left = (side // 2 for side in next(iter(shapes)))
    for color in sorted(set(range(1, 10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs))):
        window = f"grid[r - {up}:r + {up + 1}, c - {left}:c + {left + 1}]"
        yield formula("grid", f"[{window} for r, c in np.argwhere(grid == {color})]", 1.6)


def _tiles(examples: Examples) -> Iterator[Formula]:
    """Windows of the outputs' size side by side; what does not fill one at the far edges is left out."""
    shapes = {output.shape for output in examples.outputs}
    if len(shapes) == 1:
        rows, cols = next(iter(shapes))
        places = f"np.ndindex(grid.shape[0] // {rows}, grid.shape[1] // {cols})"
        window = f"grid[{rows} * r:{rows} * r + {rows}, {cols} * c:{cols} * c + {cols}]"
        yield formula("grid", f"[{window} for r, c in {places}]", 1.6)


def _fit(parts: Sequence[Sequence[Grid]], outputs: Sequence[Grid]) -> bool:
    if not all(2 <= len(one) <= MAX_WINDOWS for one in parts):
        return False
    if not all(is_grid(part) and part.shape == one[0].shape for one in parts for part in one):
        return False
    return all(one[0].shape == output.shape for one, output in zip(parts, outputs, strict=False))


def _single(examples: Examples, windows: _Windows) -> Iterator[Draft]:
    """One of the windows, turned or with its colours exchanged."""
    for index in range(min(map(len, windows.parts))):
        grids = tuple(parts[index] for parts in windows.parts)
        if any(grid.shape != output.shape for grid, output in zip(grids, examples.outputs, strict=False)):
            continue
        cost = windows.cost + 0.4 + 0.1 * index
        pairs = list(zip(grids, examples.outputs, strict=False))
        fitting = [view for view in VIEWS if all(np.array_equal(view.function(a), b) for a, b in pairs)]
        for view in fitting:
            source = view.source.replace("part", f"parts[{index}]")
            yield examples.draft(STAGE, (*windows.statements, f"return {source}"), cost + view.cost)
        if not fitting:
            rest = examples.after((*windows.statements, f"grid = parts[{index}]"), grids, cost)
            limit = cost + MAX_TABLE_COST
            yield from (Draft(STAGE, draft.body, draft.cost) for draft in recolor.solve(rest) if draft.cost <= limit)


def _laid(examples: Examples, windows: _Windows) -> Iterator[Draft]:
    """Windows over each other; colour 0 is transparent."""
    n_train = examples.n_train
    counts = {len(parts) for parts in windows.parts}
    for source, order in (("parts", 1), ("parts[::-1]", -1)):
        laid = [_over(parts[::order]) for parts in windows.parts[:n_train]]
        if all(np.array_equal(a, b) for a, b in zip(laid, examples.outputs, strict=True)):
            yield examples.draft(STAGE, (*windows.statements, f"return overlay_all({source})"), windows.cost + 1.0)
            return
    for one in REDUCTIONS if min(counts) > 2 and not windows.start else ():
        if gives(one, examples.outputs, windows.parts):
            yield examples.draft(STAGE, (*windows.statements, f"return {one.source}"), windows.cost + one.cost)
            return
    if len(counts) != 1 or max(counts) > MAX_ORDERED:
        return
    order_found = _order(windows.parts[:n_train], examples.outputs, next(iter(counts)))
    if order_found is not None:
        chosen = f"[parts[k] for k in {tuple(order_found)}]"
        body = (*windows.statements, f"return overlay_all({chosen})")
        yield examples.draft(STAGE, body, windows.cost + 1.5 + 0.2 * len(order_found))


def _over(parts: Sequence[Grid]) -> Grid:
    out = parts[0].copy()
    for part in parts[1:]:
        out = np.where(part != 0, part, out)
    return out


def _order(parts: Sequence[Sequence[Grid]], outputs: Sequence[Grid], n_parts: int) -> list[int] | None:
    """From bottom to top: the topmost window must be right wherever it shows something, and so on down."""
    left = list(range(n_parts))
    open_cells = [np.ones(output.shape, dtype=np.bool_) for output in outputs]
    above: list[int] = []
    while left:
        for index in left:
            rows = list(zip(parts, outputs, open_cells, strict=True))
            if all((~cells | (one[index] == 0) | (one[index] == output)).all() for one, output, cells in rows):
                break
        else:
            break
        left.remove(index)
        above.append(index)
        open_cells = [cells & (one[index] == 0) for one, cells in zip(parts, open_cells, strict=True)]
    hidden = all((~cells | (output == 0)).all() for output, cells in zip(outputs, open_cells, strict=True))
    return above[::-1] if hidden and len(above) > 1 else None


def _combined(examples: Examples, windows: _Windows) -> Iterator[Draft]:
    value = Value("grids", windows.source, tuple(list(parts) for parts in windows.parts), 0)
    rest = examples.after(windows.start, examples.inputs, windows.cost)
    for draft in panel_rules.solve(rest, [value]):
        if draft.cost <= MAX_COST:
            yield Draft(STAGE, draft.body, draft.cost)
