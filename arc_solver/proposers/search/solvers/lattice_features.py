"""What can be told of the cells of a lattice: of panels, of places within them, of panels in rows and columns.

A lattice is an array `cells` of shape (R, C, h, w): row and column of the panel, row and column within it; empty cells
are 0. Every feature is a piece of Python over `cells`. Knows nothing of tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WITHIN, ACROSS = "axis=(2, 3), keepdims=True", "axis=(0, 1), keepdims=True"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that can be told of every cell of a lattice.

    Attributes:
        name: What programs call it.
        lines: Statements that define the name from `cells`; none where the name is an expression itself.
        cost: How far-fetched it is.
        is_color: True if its values are colours.
    """

    name: str
    lines: tuple[str, ...]
    cost: float
    is_color: bool = False


def _panel_by_panel(name: str, word: str, cost: float) -> Feature:
    """What a word for grids makes of every panel alone."""
    loop = (f"{name} = cells.copy()", "for row, col in np.ndindex(cells.shape[:2]):")
    return Feature(name, (*loop, f"    {name}[row, col] = {word}(cells[row, col])"), cost, True)


def _place_by_place(name: str, word: str) -> Feature:
    """What a word for grids makes of the lattice of cells at each place of the panels."""
    loop = (f"{name} = cells.copy()", "for row, col in np.ndindex(cells.shape[2:]):")
    step = f"    {name}[:, :, row, col] = {word}(cells[:, :, row, col])"
    return Feature(name, (*loop, step), 1.4, True)


def _features(colors: Sequence[int]) -> Iterator[Feature]:
    yield Feature("n_cells", (f"n_cells = (cells > 0).sum({WITHIN})",), 1.0)
    yield Feature("n_cells.max() - n_cells", (), 1.1)
    yield Feature("n_cells - n_cells.min()", (), 1.2)
    yield Feature("top", (f"top = cells.max({WITHIN})",), 1.0, True)
    yield Feature("union", (f"union = cells.max({ACROSS})",), 1.0, True)
    yield Feature("n_at_place", (f"n_at_place = (cells > 0).sum({ACROSS})",), 1.3)
    middle = "[[np.bincount(part.ravel()).argmax() for part in row] for row in cells.transpose(2, 3, 0, 1)]"
    yield Feature("usual", (f"usual = np.array({middle})",), 1.4, True)
    hues = "[[len(np.unique(part)) for part in row] for row in cells]"
    yield Feature("n_colors", (f"n_colors = np.array({hues})[:, :, None, None]",), 1.3)
    twins = "[[[(cells == part).all(axis=(2, 3)).sum()] for part in row] for row in cells]"
    yield Feature("n_twins", (f"n_twins = np.array({twins})[..., None]",), 1.4)
    where = "own_place = (np.indices(cells.shape)[:2] == np.indices(cells.shape)[2:]).all(axis=0)"
    yield Feature("own_place", (where,), 1.4)
    for color in colors:
        yield Feature(f"(cells == {color}).sum({WITHIN})", (), 1.3)
        yield Feature(f"(cells == {color}).sum({ACROSS})", (), 1.5)
    yield from _lines()
    yield from _mirrored()


def _lines() -> Iterator[Feature]:
    yield _place_by_place("joined", "connect")
    yield Feature("cells.max(axis=1, keepdims=True)", (), 1.2, True)
    yield Feature("cells.max(axis=0, keepdims=True)", (), 1.2, True)
    yield Feature("cells.max(axis=3, keepdims=True)", (), 1.3, True)
    yield Feature("cells.max(axis=2, keepdims=True)", (), 1.3, True)
    for side in ("right", "left", "down", "up"):
        yield _place_by_place(f"from_{side}", f"extend_{side}")
        yield _place_by_place(f"fallen_{side}", f"gravity_{side}")
        yield _panel_by_panel(f"panel_fallen_{side}", f"gravity_{side}", 1.5)
    yield _panel_by_panel("panel_joined", "connect", 1.5)
    yield _panel_by_panel("panel_turned", "rotate_90", 1.5)
    for way in ("horizontal", "vertical", "rotation"):
        yield _panel_by_panel(f"panel_{way}", f"symmetrize_{way}", 1.6)
    yield Feature("cells.any(axis=(2, 3), keepdims=True).all(axis=1, keepdims=True)", (), 1.5)
    yield Feature("cells.any(axis=(2, 3), keepdims=True).all(axis=0, keepdims=True)", (), 1.5)
    yield Feature("(cells == cells[..., ::-1]).all(axis=(2, 3), keepdims=True)", (), 1.3)
    yield Feature("(cells == cells[:, :, ::-1]).all(axis=(2, 3), keepdims=True)", (), 1.3)
    for axis, name in enumerate(("panel_row", "panel_col", "row", "col")):
        yield Feature(name, (f"{name} = np.indices(cells.shape)[{axis}]",), 1.5)


def _mirrored() -> Iterator[Feature]:
    for index, cost in (
        ("[:, ::-1]", 1.3),
        ("[::-1]", 1.3),
        ("[::-1, ::-1]", 1.4),
        ("[:, :, ::-1]", 1.3),
        ("[:, :, :, ::-1]", 1.3),
        ("[:, :, ::-1, ::-1]", 1.4),
        ("[:, :1]", 1.2),
        ("[:1]", 1.2),
        ("[:1, :1]", 1.2),
        ("[:, -1:]", 1.3),
        ("[-1:]", 1.3),
    ):
        yield Feature(f"cells{index}", (), cost, True)
    for axis in (0, 1):
        for step in (1, -1):
            yield Feature(f"np.roll(cells, {step}, {axis})", (), 1.5, True)


def _series() -> Iterator[Feature]:
    """Each panel is the one before it, changed in the same way; the fullest begins."""
    for name, source in (
        ("spun", "np.rot90(fullest, -n)"),
        ("spun_back", "np.rot90(fullest, n)"),
        ("flipped", "fullest[:, ::1 - n % 2 * 2]"),
        ("upended", "fullest[::1 - n % 2 * 2]"),
    ):
        series = f"{name} = np.array([{source} for n in range(cells[..., 0, 0].size)]).reshape(cells.shape)"
        yield Feature(name, (series,), 1.4, True)


def _keys(colors: Sequence[int]) -> Iterator[Feature]:
    """One panel that is chosen from all, as a colour for every place."""
    least = "min(parts, key=np.count_nonzero)"
    for name, source, cost in (
        ("emptiest", least, 1.2),
        ("fullest", least.replace("min", "max"), 1.2),
        ("brightest", "max(parts, key=lambda part: len(np.unique(part)))", 1.3),
        ("odd", "odd_grid_out(list(parts))", 1.3),
        *((f"with_{c}", f"next(part for part in parts if {c} in part)", 1.2) for c in colors),
    ):
        parts = "cells.reshape(-1, *cells.shape[2:])"
        yield Feature(name, (f"{name} = {source.replace('parts', parts)}",), cost, True)
        yield Feature(f"{name}[:, :, None, None]", (), cost + 0.1, True)


def catalogue(colors: Sequence[int]) -> list[Feature]:
    """Every feature, each after those that it speaks of.

    Args:
        colors: The colours that features may name.
    """
    return [Feature("cells", (), 0.2, True), *_features(colors), *_keys(colors), *_series()]


def defined(lines: Sequence[str], features: Sequence[Feature] | None = None) -> list[str]:
    """Statements, after the definitions of the features that they speak of.

    Args:
        lines: Statements.
        features: All that they may speak of, each after those that it speaks of itself; the catalogue if None.
    """
    found = list(lines)
    for feature in reversed(catalogue(range(1, 10)) if features is None else features):
        if feature.lines and re.search(rf"\b{feature.name}\b", " ".join(found)):
            found = [*feature.lines, *found]
    return found
