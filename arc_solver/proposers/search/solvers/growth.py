"""Outputs that go on where the input ends: continued, mirrored or spread over a larger canvas, then corrected.

Knows ways to fill a canvas of a given size; the size is `size_law`'s business.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers import cell_rules, recolor
from arc_solver.proposers.search.solvers.formulas import formula, grids_of, values_of
from arc_solver.proposers.search.solvers.size_law import NUMBERS, SideLaw, factor_laws, side_laws
from arc_solver.proposers.search.values import signature

STAGE = "growth"
MAX_LAWS = 2
MAX_RULED = 2
MAX_COST = 11.0
MAX_WRONG = 0.6

# Statements that make `out` from `grid`, `height` and `width`; their cost.
WAYS: tuple[tuple[str, float], ...] = (
    ("repeat_to(grid, height, width)", 0.8),
    ("repeat_to(repeating_tile(grid), height, width)", 1.2),
    ("continued(grid, height, width)", 1.2),
    ("np.pad(grid, ((0, height - grid.shape[0]), (0, width - grid.shape[1])), mode='reflect')", 1.0),
    ("np.pad(grid, ((0, height - grid.shape[0]), (0, width - grid.shape[1])), mode='symmetric')", 1.0),
    ("np.pad(grid, ((0, height - grid.shape[0]), (0, width - grid.shape[1])), mode='edge')", 1.0),
    ("np.pad(grid, ((height - grid.shape[0], 0), (width - grid.shape[1], 0)), mode='reflect')", 1.2),
    ("paste(canvas(height, width, 0), grid, 0, 0)", 1.2),
    ("paste(canvas(height, width, 0), grid, (height - grid.shape[0]) // 2, (width - grid.shape[1]) // 2)", 1.4),
    ("paste(canvas(height, width, 0), grid, height - grid.shape[0], 0)", 1.4),
    ("paste(canvas(height, width, 0), grid, 0, width - grid.shape[1])", 1.4),
    ("paste(canvas(height, width, 0), grid, height - grid.shape[0], width - grid.shape[1])", 1.4),
)
FACTOR_WAYS: tuple[tuple[str, float], ...] = (
    ("stretch(grid, {0}, {1})", 0.6),
    ("tile(grid, {0}, {1})", 0.6),
    ("tile_mirrored(grid, {0}, {1})", 0.8),
)


@dataclass(frozen=True, slots=True)
class _Grown:
    statements: tuple[str, ...]
    grids: tuple[Grid, ...]
    cost: float


def solve(examples: Examples) -> Iterator[Draft]:
    """Fill a larger canvas from the input, then perhaps exchange colours or correct cells by rules.

    Args:
        examples: Any; nothing is yielded unless every output is larger than its input.
    """
    rests = enlarged(examples)
    drafts = [draft for rest in rests for draft in _simply(rest)]
    if not drafts:
        near = [rest for rest in rests if _share_wrong(rest) < MAX_WRONG][:MAX_RULED]
        drafts = [draft for rest in near for draft in cell_rules.solve(rest)]
    yield from (Draft(STAGE, draft.body, draft.cost) for draft in drafts if draft.cost <= MAX_COST)


def solve_simply(examples: Examples) -> Iterator[Draft]:
    """The same without corrections by rules, which take time.

    Args:
        examples: Any; nothing is yielded unless every output is larger than its input.
    """
    for rest in enlarged(examples):
        yield from (Draft(STAGE, draft.body, draft.cost) for draft in _simply(rest))


def enlarged(examples: Examples) -> list[Examples]:
    """What remains to be explained after every way to fill the canvas, the nearest first.

    Args:
        examples: Any; there is nothing unless every output is larger than its input.
    """
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    if any(b.size <= a.size or b.shape[0] < a.shape[0] or b.shape[1] < a.shape[1] for a, b in pairs):
        return []
    found: dict[bytes, _Grown] = {}
    for one in (*_by_factor(examples), *_by_size(examples)):
        key = signature("grids", one.grids)
        if key not in found or one.cost < found[key].cost:
            found[key] = one
    rests = [examples.after(one.statements, one.grids, one.cost) for one in found.values()]
    return sorted(rests, key=lambda rest: (_share_wrong(rest), rest.prefix_cost, rest.prefix))


def _simply(rest: Examples) -> Iterator[Draft]:
    if _share_wrong(rest) == 0:
        *start, last = rest.prefix
        end = (last.replace("grid = ", "return ", 1),) if last.startswith("grid = ") else (last, "return grid")
        yield Draft(STAGE, (*start, *end), rest.prefix_cost)
        return
    yield from recolor.solve(rest)


def _by_factor(examples: Examples) -> Iterator[_Grown]:
    for rows, cols in factor_laws(examples)[:MAX_LAWS]:
        yield from _counted_copies(examples, rows, cols)
        for template, cost in FACTOR_WAYS:
            same = rows.source == cols.source
            names = ("n", "n") if same and not rows.source.isdigit() else (rows.source, cols.source)
            source = template.format(*names)
            if source.startswith("stretch") and same:
                source = f"upscale(grid, {names[0]})"
            one = formula("grid", template.format(rows.source, cols.source), cost)
            grids = grids_of(one, examples.inputs)
            if grids is not None:
                start = (f"n = {rows.source}",) if names[0] == "n" else ()
                total = cost + rows.cost + (0.0 if same else cols.cost)
                yield _Grown((*start, f"grid = {source}"), tuple(grids), total)


def _counted_copies(examples: Examples, rows: SideLaw, cols: SideLaw) -> Iterator[_Grown]:
    """As many copies as something is counted, in reading order."""
    sides = f"rows, cols = {rows.source}, {cols.source}"
    copies = "np.kron((np.arange(rows * cols) < n).reshape(rows, cols), grid)"
    one = formula("grid, rows, cols, n", copies, 1.5)
    for number in NUMBERS:
        counts = values_of(number, examples.inputs)
        if counts is None or len(set(counts[: examples.n_train])) < 2:
            continue
        grids = grids_of(one, examples.inputs, rows.sides, cols.sides, counts)
        if grids is not None:
            cost = one.cost + number.cost + rows.cost + (0.0 if rows.source == cols.source else 0.5 + cols.cost)
            yield _Grown((sides, f"n = {number.source}", f"grid = {copies}"), tuple(grids), cost)


def _by_size(examples: Examples) -> Iterator[_Grown]:
    laws = [side_laws(examples, axis)[:MAX_LAWS] for axis in (0, 1)]
    for height, width in itertools.product(*laws):
        for source, cost in WAYS:
            statements = _continuation() if source.startswith("continued") else ()
            grids = _filled(examples, source, height.sides, width.sides)
            if grids is not None:
                start = (f"height, width = {height.source}, {width.source}",)
                total = cost + height.cost + width.cost
                if statements:
                    yield _Grown((*start, *statements), grids, total + 1.0)
                else:
                    yield _Grown((*start, f"grid = {source}"), grids, total)


def _filled(examples: Examples, source: str, heights: Sequence[int], widths: Sequence[int]) -> tuple[Grid, ...] | None:
    if source.startswith("continued"):
        grids = [_continued(*row) for row in zip(examples.inputs, heights, widths, strict=True)]
        return None if any(grid is None for grid in grids) else tuple(grid for grid in grids if grid is not None)
    found = grids_of(formula("grid, height, width", source, 0.0), examples.inputs, heights, widths)
    if found is None or any(g.shape != (h, w) for g, h, w in zip(found, heights, widths, strict=True)):
        return None
    return tuple(found)


def _continuation() -> tuple[str, ...]:
    """What `_continued` does, as statements."""
    return (
        "n = len(grid)",
        "steps = [(p, s) for p in range(1, n) for s in (0, 1, -1, 2, -2)]",
        "p, s = next((p, s) for p, s in steps if np.array_equal(grid[p:], shift(grid[:n - p], 0, s)))",
        "grid = paste(canvas(height, width, 0), grid, 0, 0)",
        "for row in range(n, height):",
        "    grid[row:row + 1] = shift(grid[row - p:row - p + 1], 0, s)",
    )


def _continued(grid: Grid, height: int, width: int) -> Grid | None:
    """The rows go on downwards, each like the one a period above, shifted sideways; None if there is no period."""
    n_rows = len(grid)
    if width != grid.shape[1] or height < n_rows:
        return None
    for period in range(1, n_rows):
        for step in (0, 1, -1, 2, -2):
            if np.array_equal(grid[period:], _shifted(grid[: n_rows - period], step)):
                out = np.zeros((height, width), dtype=np.int8)
                out[:n_rows] = grid
                for row in range(n_rows, height):
                    out[row] = _shifted(out[row - period : row - period + 1], step)[0]
                return out
    return None


def _shifted(grid: Grid, step: int) -> Grid:
    out = np.zeros_like(grid)
    width = grid.shape[1]
    if abs(step) < width:
        out[:, max(step, 0) : width + min(step, 0)] = grid[:, max(-step, 0) : width - max(step, 0)]
    return out


def _share_wrong(rest: Examples) -> float:
    pairs = list(zip(rest.train_inputs, rest.outputs, strict=True))
    if any(a.shape != b.shape for a, b in pairs):
        return 1.0
    return sum(np.count_nonzero(a != b) for a, b in pairs) / sum(b.size for _, b in pairs)
