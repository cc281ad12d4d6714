"""Same-size tasks: one simple change in some places, another, or none, in all others: `np.where(mask, one, other)`.

Knows places (every k-th row, a half, a ring, the lines through a mark) and changes of a whole grid; nothing of objects.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.scenes import dominant_color
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import Formula, formula, values_of
from arc_solver.proposers.search.solvers.object_canvas import bits_of

STAGE = "mixtures"
MAX_CELLS = 6000
MAX_COLORS = 5
MAX_DRAFTS = 8
IDLE_PAIR_COST = 0.8

Sources = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class _Change:
    """What it makes of the training inputs: where that is as the outputs have it, and where it differs from them."""

    source: str
    right: int
    grids: NDArray[Any]
    cost: float


@dataclass(frozen=True, slots=True)
class _Places:
    source: str
    bits: int
    cost: float


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain the outputs by two changes, each in its places.

    Args:
        examples: Any; nothing is yielded unless all outputs have their inputs' sizes.
    """
    if not examples.same_size() or sum(grid.size for grid in examples.train_inputs) > MAX_CELLS:
        return
    target = np.concatenate([output.ravel() for output in examples.outputs])
    ground = _ground(examples)
    changes = list(_changes(examples, ground, target))
    everywhere = (1 << len(target)) - 1
    hopeful = _hopeful(changes, everywhere)
    if not hopeful:
        return
    found = []
    for mask in _masks(examples, ground):
        inside = [one for one in changes if not mask.bits & ~one.right]
        outside = [one for one in changes if not (everywhere & ~mask.bits) & ~one.right]
        for one, other in itertools.product(inside, outside):
            if one is not other and everywhere not in (one.right, other.right):
                cost = 1.0 + mask.cost + one.cost + other.cost + _idle_cost(examples, one, other)
                body = (f"mask = {mask.source}", f"return np.where(mask, {one.source}, {other.source})")
                found.append(examples.draft(STAGE, body, cost))
    yield from sorted(found, key=lambda draft: (draft.cost, draft.source))[:MAX_DRAFTS]


def _hopeful(changes: Sequence[_Change], everywhere: int) -> bool:
    """True if some two changes together have every cell right."""
    return any(one.right | other.right == everywhere for one, other in itertools.combinations(changes, 2))


def _idle_cost(examples: Examples, one: _Change, other: _Change) -> float:
    """What it costs that one change alone would do for some of the pairs."""
    idle, start = 0, 0
    for grid in examples.train_inputs:
        part = ((1 << grid.size) - 1) << start
        idle += not part & ~one.right or not part & ~other.right
        start += grid.size
    return IDLE_PAIR_COST * idle


def _ground(examples: Examples) -> str:
    if all((grid == 0).any() for grid in examples.inputs):
        return "0"
    colors = {int(dominant_color(grid)) for grid in examples.inputs}
    return str(colors.pop()) if len(colors) == 1 else "dominant_color(grid)"


def _changes(examples: Examples, ground: str, target: NDArray[Any]) -> Iterator[_Change]:
    seen: set[bytes] = set()
    for source, cost in _change_sources(examples, ground):
        flat = _flat(formula("grid", source, cost), examples)
        if flat is None:
            continue
        key = flat.tobytes()
        if key not in seen:
            seen.add(key)
            n_train = len(target)
            yield _Change(source, _bits(flat[:n_train] == target), flat, cost)


def _bits(cells: NDArray[np.bool_]) -> int:
    """One bit a cell, the first cell the lowest."""
    return bits_of(cells[::-1]) >> (-len(cells) % 8)


def _flat(one: Formula, examples: Examples) -> NDArray[Any] | None:
    """What a formula gives for all inputs, in one row; None if it fails, or gives what has no place in the grid."""
    values = values_of(one, examples.inputs)
    if values is None:
        return None
    try:
        parts = [
            np.broadcast_to(value, grid.shape).ravel() for value, grid in zip(values, examples.inputs, strict=True)
        ]
    except ValueError:
        return None
    return np.concatenate(parts)


def _change_sources(examples: Examples, ground: str) -> Sources:
    """Changes of a whole grid, the simplest first."""
    listed: Sources = [("grid", 0.1), (f"np.full_like(grid, {ground})", 0.4)]
    new = sorted(set().union(*(np.unique(output).tolist() for output in examples.outputs)) - {-1})
    everywhere = _common_colors(examples)
    for color in [color for color in new if all((output == color).any() for output in examples.outputs)][:MAX_COLORS]:
        listed += [(f"np.full_like(grid, {color})", 0.5)]
        listed += [
            (f"np.where(grid != {ground}, {color}, grid)", 0.7),
            (f"np.where(grid == {ground}, {color}, grid)", 0.7),
        ]
        for old in everywhere:
            if old != color and str(old) != ground:
                listed.append((f"np.where(grid == {old}, {color}, grid)", 0.8))
    for color in _COLORS:
        listed += [(f"np.full_like(grid, {color})", 0.9), (f"np.where(grid != {ground}, {color}, grid)", 1.0)]
        listed += [(f"np.where(grid == {ground}, {color}, grid)", 1.0)]
    listed += [("np.flipud(grid)", 0.5), ("np.fliplr(grid)", 0.5), ("np.rot90(grid, 2)", 0.6)]
    if all(grid.shape[0] == grid.shape[1] for grid in examples.inputs):
        listed += [("grid.T", 0.5), ("np.rot90(grid)", 0.6), ("np.rot90(grid, -1)", 0.6)]
    for step, axis in itertools.product((1, -1, 2, -2), (0, 1)):
        listed.append((f"np.roll(grid, {step}, axis={axis})", 0.6 + 0.1 * abs(step)))
        rows, cols = (step, 0) if axis == 0 else (0, step)
        listed.append((f"shift(grid, {rows}, {cols})", 0.7 + 0.1 * abs(step)))
    for word in ("gravity_down", "gravity_up", "gravity_left", "gravity_right"):
        listed.append((f"{word}(grid)", 0.7))
    for word in ("extend_down", "extend_up", "extend_left", "extend_right", "connect", "invert", "denoise"):
        listed.append((f"{word}(grid)", 0.8))
    for word in ("symmetrize_horizontal", "symmetrize_vertical"):
        listed.append((f"{word}(grid)", 0.9))
    for vertical, from_end in itertools.product((False, True), (False, True)):
        listed.append((f"line_end_color(grid, {vertical}, {from_end})", 0.8))
    listed += [("grid.max(axis=0, keepdims=True)", 0.9), ("grid.max(axis=1, keepdims=True)", 0.9)]
    return listed


_COLORS = (
    "least_common_color(grid)",
    "most_common_color(grid)",
    "grid[0, 0]",
    "grid[0, -1]",
    "grid[-1, 0]",
    "grid[-1, -1]",
    "grid[len(grid) // 2, grid.shape[1] // 2]",
)


def _common_colors(examples: Examples) -> list[int]:
    return sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs)))[:MAX_COLORS]


def _masks(examples: Examples, ground: str) -> Iterator[_Places]:
    n_cells = sum(grid.size for grid in examples.train_inputs)
    everywhere = (1 << n_cells) - 1
    seen: set[bytes] = set()
    for source, cost in _mask_sources(examples, ground):
        flat = _flat(formula("grid", source, cost), examples)
        if flat is None or (key := flat.tobytes()) in seen:
            continue
        seen.add(key)
        bits = _bits(flat[:n_cells].astype(np.bool_))
        if bits not in (0, everywhere):
            yield _Places(source, bits, cost)


def _mask_sources(examples: Examples, ground: str) -> Iterator[tuple[str, float]]:
    """Places, as Python that gives a boolean array which broadcasts to the grid."""
    for vertical in (False, True):
        start, end = (f"position(grid, {vertical}, {from_end})" for from_end in (False, True))
        for modulus in (2, 3, 4):
            for rest in range(modulus):
                yield f"{start} % {modulus} == {rest}", 0.4 + 0.1 * modulus + 0.05 * rest
                yield f"{end} % {modulus} == {rest}", 0.6 + 0.1 * modulus + 0.05 * rest
        yield from ((f"{start} {sign} {end}", 0.7 + 0.1 * (sign == "<=")) for sign in ("==", "<", ">", "<="))
        yield from ((f"{place} == {k}", 0.8 + 0.1 * k) for place in (start, end) for k in (0, 1, 2))
    for modulus in (2, 3):
        for rows, cols in itertools.product(range(modulus), repeat=2):
            places = (
                f"position(grid, True, False) % {modulus} == {rows}",
                f"position(grid, False, False) % {modulus} == {cols}",
            )
            yield f"({places[0]}) & ({places[1]})", 1.0 + 0.1 * modulus
        for rest in range(modulus):
            yield f"np.indices(grid.shape).sum(axis=0) % {modulus} == {rest}", 0.5 + 0.1 * modulus
    yield from _ring_masks()
    for sign in ("==", "<", ">", "<=", ">="):
        yield f"position(grid, True, False) {sign} position(grid, False, False)", 0.8
        yield f"position(grid, True, False) {sign} position(grid, False, True)", 0.9
    for cells, cost in _cell_kinds(examples, ground):
        yield from ((f"{cells}", cost), (f"({cells}).any(axis=0, keepdims=True)", cost + 0.4))
        yield f"({cells}).any(axis=1, keepdims=True)", cost + 0.4
        yield f"({cells}).any(axis=1, keepdims=True) & ({cells}).any(axis=0, keepdims=True)", cost + 0.7
        yield f"({cells}).any(axis=1, keepdims=True) | ({cells}).any(axis=0, keepdims=True)", cost + 0.7
        yield from _edge_masks(cells, cost)
        yield from _counting_masks(cells, cost)
        yield from _beside_masks(cells, cost)
    for axis, flip in ((0, "flipud"), (1, "fliplr")):
        yield f"(grid == np.{flip}(grid)).all(axis={axis}, keepdims=True)", 1.0
    yield "(grid == grid[:, :1]).all(axis=1, keepdims=True)", 0.9
    yield "(grid == grid[:1]).all(axis=0, keepdims=True)", 0.9


def _ring_masks() -> Iterator[tuple[str, float]]:
    for depth in (0, 1, 2):
        yield f"edge_distance(grid) == {depth}", 0.6 + 0.1 * depth
    yield "edge_distance(grid) % 2 == 0", 0.7
    yield "edge_distance(grid) == edge_distance(grid).max()", 0.9


def _cell_kinds(examples: Examples, ground: str) -> Iterator[tuple[str, float]]:
    yield f"grid != {ground}", 0.4
    for color in _common_colors(examples):
        if str(color) != ground:
            yield f"grid == {color}", 0.5
    yield "grid == least_common_color(grid)", 0.7


def _edge_masks(cells: str, cost: float) -> Iterator[tuple[str, float]]:
    for part in ("[:1]", "[-1:]", "[:, :1]", "[:, -1:]"):
        yield f"({cells}){part}", cost + 0.4


def _counting_masks(cells: str, cost: float) -> Iterator[tuple[str, float]]:
    for axis in (0, 1):
        counts = f"({cells}).sum(axis={axis}, keepdims=True)"
        yield f"{counts} % 2 == 1", cost + 0.7
        yield f"{counts} == 1", cost + 0.6
        yield f"{counts} == 2", cost + 0.7
        yield f"{counts} == {counts}.max()", cost + 0.8
        yield f"({cells}).all(axis={axis}, keepdims=True)", cost + 0.5


def _beside_masks(cells: str, cost: float) -> Iterator[tuple[str, float]]:
    """Beyond the first and the last of some cells, or between them."""
    for axis, vertical in ((0, True), (1, False)):
        place, at = f"position(grid, {vertical}, False)", f"np.argwhere({cells})[:, {axis}]"
        for sign, end in (("<", "min"), ("<=", "min"), (">", "max"), (">=", "max"), (">", "min"), ("<", "max")):
            yield f"{place} {sign} {at}.{end}()", cost + 0.7 + 0.1 * (sign in ("<", ">"))
