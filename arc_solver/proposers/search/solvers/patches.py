"""Patterns around and in objects that scale with them: the same patches, as large as the object, its half or its core.

Lines through an object's sides, the sides of its core and some distance away cut its surroundings into patches. Each
patch takes one colour, or stays. Knows nothing of patterns of a fixed size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.registry import Object
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import FORMULA_ERRORS, Formula, formula, formulas, values_of

STAGE = "patches"
MAX_OBJECTS = 30
MAX_COLORS = 4
KEEP = "keep"

CROWDS = formulas(
    "grid, bg",
    (
        ("objects_on(grid, bg, True, True)", 0.6),
        ("objects_on(grid, bg, False, False)", 0.6),
        ("objects_on(grid, bg, True, False)", 0.6),
        ("[obj for obj in objects_on(grid, bg) if obj.size > 1]", 0.9),
        ("[obj for obj in objects_on(grid, bg, False, True) if len(obj.colors) > 1]", 0.9),
        ("[largest_object(objects_on(grid, bg, True, True))]", 0.9),
    ),
)
CORE = "object_from_cells(grid, object_cells(grid, obj) & (grid == obj.grid[obj.height // 2, obj.width // 2]))"
CORE_OF: Callable[[Grid, Object], Object] = formula("grid, obj", CORE, 0.0).function
PARTS = "[obj.row + n * obj.height{} for n in range({}, {})]"
AS_CORE = "[obj.row - core.height, obj.row, core.row, core.bottom + 1, obj.bottom + 1, obj.bottom + core.height + 1]"
RIM = "[2 * obj.row - core.row, obj.row, core.row, core.bottom + 1, obj.bottom + 1, 2 * obj.bottom + 1 - core.bottom]"
CUTS: tuple[tuple[str, int, float], ...] = (
    *((PARTS.format(f" // {k}" * (k > 1), -r, k + r + 1), k, 0.5 + 0.3 * r + 0.2 * k)
      for k in (1, 2, 3) for r in (0, 1, 2)),
    ("[obj.row - obj.height // 2, obj.row, obj.bottom + 1, obj.bottom + 1 + obj.height // 2]", 0, 1.0),
    ("[0, obj.row, obj.bottom + 1, height(grid)]", 0, 0.9),
    ("[0, obj.row - 1, obj.row, obj.bottom + 1, obj.bottom + 2, height(grid)]", 0, 1.3),
    (AS_CORE, 0, 1.2),
    (RIM, 0, 1.2),
    ("[0, obj.row, core.row, core.bottom + 1, obj.bottom + 1, height(grid)]", 0, 1.2),
)  # fmt: skip
"""Where rows are cut, how many parts of the object that makes if they are equal (else 0), and the cost."""
ROLES = formulas(
    "obj",
    (
        ("obj.color", 0.2),
        ("obj.colors[-1]", 0.3),
        ("obj.grid[0, 0]", 0.3),
        ("obj.grid[0, -1]", 0.3),
        ("obj.grid[-1, 0]", 0.3),
        ("obj.grid[-1, -1]", 0.3),
    ),
)
WORDS = (("row", "col"), ("bottom", "right"), ("height", "width"))


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """One object with its patches.

    Attributes:
        pair: Index of its training pair.
        rows: Where its rows are cut, within the grid.
        cols: Where its columns are cut.
        places: For each patch its place in the pattern that all objects share, shape (rows, columns).
        roles: Source of a colour -> the colour.
    """

    pair: int
    rows: Sequence[int]
    cols: Sequence[int]
    places: NDArray[np.intp]
    roles: dict[str, int]

    def patches(self) -> Iterator[tuple[int, slice, slice]]:
        """Place in the pattern, rows and columns of each patch that has cells, in the order of painting."""
        for (i, j), place in np.ndenumerate(self.places):
            rows, cols = slice(self.rows[i], self.rows[i + 1]), slice(self.cols[j], self.cols[j + 1])
            if rows.start < rows.stop and cols.start < cols.stop:
                yield int(place), rows, cols


def solve(examples: Examples) -> Iterator[Draft]:
    """Find patches that take a colour of their own around every object.

    Args:
        examples: Any; nothing is yielded unless sizes stay.
    """
    if not examples.same_size() or any(
        np.array_equal(a, b) for a, b in zip(examples.train_inputs, examples.outputs, strict=True)
    ):
        return
    grounds = [int(np.bincount(grid.ravel()).argmax()) for grid in examples.inputs]
    seen = set()
    for crowd in CROWDS:
        found = values_of(crowd, examples.inputs, grounds)
        if found is None or not all(0 < len(one) <= MAX_OBJECTS for one in found):
            continue
        key = tuple((o.row, o.col, o.mask.tobytes()) for one in found for o in one)
        if key not in seen:
            seen.add(key)
            yield from _patterns(examples, crowd, found[: examples.n_train])


def _patterns(examples: Examples, crowd: Formula, found: Sequence[Sequence[Object]]) -> Iterator[Draft]:
    changed = {c for a, b in zip(examples.train_inputs, examples.outputs, strict=True) for c in np.unique(b[a != b])}
    constants = {str(color): int(color) for color in sorted(changed)}
    cores = _cores(examples, found)
    ground = int(np.bincount(examples.inputs[0].ravel()).argmax())
    for source, n_parts, cost in CUTS:
        examples.check_time()
        shape = _shape(found[0][0], n_parts) if n_parts > 1 else None
        if (n_parts > 1 and shape is None) or ("core" in source and cores is None):
            continue
        cuts = _cuts(examples, found, cores or [[None] * len(one) for one in found], source, n_parts, shape, constants)
        pattern = _pattern(examples, cuts) if cuts else None
        if pattern is None or not _explains(examples, cuts or [], pattern):
            continue
        used = sorted(set(pattern) - {KEEP})
        n_painted = sum(role != KEEP for role in pattern)
        if used and len(used) <= MAX_COLORS:
            n_objects = len(cuts or [])
            doubt = 1.0 if n_objects <= examples.n_train else 0.6
            n_cleared = sum(role == str(ground) for role in pattern)
            price = 1.5 + crowd.cost + cost + 0.3 * len(used) + doubt * 0.12 * n_painted + 0.5 * n_cleared
            yield examples.draft(STAGE, _written(crowd.source, source, n_parts, shape, pattern, used), price)


def _cores(examples: Examples, found: Sequence[Sequence[Object]]) -> list[list[Object]] | None:
    try:
        return [[CORE_OF(grid, obj) for obj in one] for grid, one in zip(examples.inputs, found, strict=False)]
    except FORMULA_ERRORS:
        return None


def _shape(obj: Object, n_parts: int) -> NDArray[np.bool_] | None:
    """Which of equal parts the object fills; None if it has no such parts."""
    size = obj.height // n_parts
    if obj.height != obj.width or obj.height % n_parts:
        return None
    small = obj.mask[::size, ::size]
    return small if np.array_equal(np.kron(small, np.ones((size, size))), obj.mask) else None


def _across(source: str) -> str:
    """What is said of rows, said of columns."""
    for row, col in WORDS:
        source = source.replace(row, col)
    return source


def _cuts(
    examples: Examples,
    found: Sequence[Sequence[Object]],
    cores: Sequence[Sequence[Object | None]],
    source: str,
    n_parts: int,
    shape: NDArray[np.bool_] | None,
    constants: dict[str, int],
) -> list[_Cut] | None:
    """Every object cut; None if one cannot be."""
    rows_of, cols_of = _cutter(source), _cutter(_across(source))
    cuts = []
    for index, (grid, one) in enumerate(zip(examples.train_inputs, found, strict=True)):
        for obj, core in zip(one, cores[index], strict=True):
            rows = np.clip(rows_of(grid, obj, core), 0, grid.shape[0]).tolist()
            cols = np.clip(cols_of(grid, obj, core), 0, grid.shape[1]).tolist()
            places = np.arange((len(rows) - 1) * (len(cols) - 1)).reshape(len(rows) - 1, -1)
            if shape is not None:
                own = _shape(obj, n_parts)
                views = [
                    np.rot90(turned, -turns)
                    for turned, small in ((places, shape), (places.T, shape.T))
                    for turns in range(4)
                    if own is not None and np.array_equal(np.rot90(small, -turns), own)
                ]
                if not views:
                    return None
                places = views[0]
            if sorted(rows) != rows or sorted(cols) != cols:
                return None
            roles = constants | {role.source: int(role.function(obj)) for role in ROLES}
            cuts.append(_Cut(index, rows, cols, places, roles))
    return cuts


_cutters: dict[str, Callable[..., list[int]]] = {}


def _cutter(source: str) -> Callable[..., list[int]]:
    if source not in _cutters:
        _cutters[source] = formula("grid, obj, core", source, 0.0).function
    return _cutters[source]


def _pattern(examples: Examples, cuts: Sequence[_Cut]) -> list[str] | None:
    """What becomes of each patch: the source of a colour that most objects agree on, `KEEP` if it stays for all."""
    votes: list[Counter[str]] = [Counter() for _ in range(cuts[0].places.size)]
    totals = [0] * len(votes)
    for cut in cuts:
        grid, output = examples.inputs[cut.pair], examples.outputs[cut.pair]
        for place, rows, cols in cut.patches():
            before, after = grid[rows, cols], output[rows, cols]
            totals[place] += 1
            if np.array_equal(before, after):
                votes[place][KEEP] += 1
            if (after == after[0, 0]).all():
                votes[place].update(role for role, color in cut.roles.items() if color == after[0, 0])
    pattern = []
    for count, total in zip(votes, totals, strict=True):
        if count[KEEP] == total:
            pattern.append(KEEP)
            continue
        best = max(count.values(), default=0)
        if 2 * best < total or total < min(2, len(cuts)):
            # Nobody agrees, or a single object speaks for what lies outside the grid for all others.
            return None
        pattern.append(next(role for role in (KEEP, *cuts[0].roles) if count[role] == best))
    return pattern


def _explains(examples: Examples, cuts: Sequence[_Cut], pattern: Sequence[str]) -> bool:
    for index, (grid, output) in enumerate(zip(examples.train_inputs, examples.outputs, strict=True)):
        out = grid.copy()
        for cut in cuts:
            if cut.pair == index:
                for place, rows, cols in cut.patches():
                    if pattern[place] != KEEP:
                        out[rows, cols] = cut.roles[pattern[place]]
        if not np.array_equal(out, output):
            return False
    return True


def _written(
    crowd: str, source: str, n_parts: int, shape: NDArray[np.bool_] | None, pattern: Sequence[str], used: Sequence[str]
) -> tuple[str, ...]:
    side = round(len(pattern) ** 0.5)
    codes = np.array([used.index(role) if role != KEEP else -1 for role in pattern]).reshape(side, side)
    lines = ["bg = dominant_color(grid)", f"pattern = np.array({codes.tolist()})"]
    oriented = shape is not None and not shape.all()
    if oriented and shape is not None:
        lines.append(f"shape = np.array({shape.astype(int).tolist()})")
    lines += ["out = grid.copy()", f"for obj in {crowd}:"]
    inner = [f"core = {CORE}"] if "core" in source else []
    for name, cuts, end in (("rows", source, "height"), ("cols", _across(source), "width")):
        clipped = f"{name} = np.clip({cuts}, 0, {end}(grid))"
        inner += [clipped] if len(cuts) < 80 else [f"{name} = {cuts}", clipped.replace(cuts, name)]
    inner.append(f"colors = [{', '.join(used)}]")
    if oriented:
        inner.append(f"small = obj.mask[:: obj.height // {n_parts}, :: obj.width // {n_parts}]")
        inner.append("views = zip(eight_views(pattern), eight_views(shape))")
        inner.append("view = next(view for view, one in views if np.array_equal(one, small))")
    inner.append(f"for (i, j), k in np.ndenumerate({'view' if oriented else 'pattern'}):")
    inner.append("    if k >= 0:")
    inner.append("        out[rows[i] : rows[i + 1], cols[j] : cols[j + 1]] = colors[k]")
    return (*lines, *("    " + line for line in inner), "return out")
