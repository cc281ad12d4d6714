"""Cell maps of components: what every cell knows of the connected patch that it belongs to.

A cell map has the shape of its grid: `out[component_size(grid) == 3] = 2` reads as the rule it is. Two switches
recur: `diagonal` says whether cells that touch at a corner belong together, `by_color` whether a component has one
colour (True) or is any connected patch of cells that are not background (False). Background is colour 0 where the grid
has it, else its most common colour; background patches are components too. Knows nothing of how rules are found.

Shapes: R rows, C columns.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.arrays import background_of
from arc_solver.dsl.features import CellMap
from arc_solver.dsl.registry import Grid, primitive


@dataclass(frozen=True, slots=True, eq=False)
class _Components:
    """The connected patches of a grid; index k of every sequence is label k."""

    labels: NDArray[np.int16]
    foreground: tuple[bool, ...]
    size: tuple[int, ...]
    top: tuple[int, ...]
    left: tuple[int, ...]
    bottom: tuple[int, ...]
    right: tuple[int, ...]

    def spread(self, values: list[int] | tuple[int, ...]) -> CellMap:
        """Give every cell the value of its component."""
        return np.array(values, dtype=np.int16)[self.labels]


def _components(grid: Grid, diagonal: bool, by_color: bool) -> _Components:
    return _cached_components(grid.tobytes(), grid.shape[0], grid.shape[1], diagonal, by_color)


@lru_cache(maxsize=64)
def _cached_components(data: bytes, n_rows: int, n_cols: int, diagonal: bool, by_color: bool) -> _Components:
    grid = np.frombuffer(data, dtype=np.int8).reshape(n_rows, n_cols)
    background = background_of(grid)
    classes = (grid if by_color else grid != background).ravel().tolist()
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)] + [(1, 1), (1, -1), (-1, 1), (-1, -1)] * diagonal
    labels = [-1] * (n_rows * n_cols)
    patches: list[list[int]] = []
    for start, cell_class in enumerate(classes):
        if labels[start] >= 0:
            continue
        label = len(patches)
        labels[start] = label
        patch = [start]
        for cell in patch:
            row, col = divmod(cell, n_cols)
            for d_row, d_col in steps:
                if 0 <= row + d_row < n_rows and 0 <= col + d_col < n_cols:
                    other = cell + d_row * n_cols + d_col
                    if labels[other] < 0 and classes[other] == cell_class:
                        labels[other] = label
                        patch.append(other)
        patches.append(patch)
    flat = grid.ravel()
    rows = [[cell // n_cols for cell in patch] for patch in patches]
    cols = [[cell % n_cols for cell in patch] for patch in patches]
    return _Components(
        np.array(labels, dtype=np.int16).reshape(n_rows, n_cols),
        tuple(bool(flat[patch[0]] != background) for patch in patches),
        tuple(len(patch) for patch in patches),
        tuple(min(row) for row in rows),
        tuple(min(col) for col in cols),
        tuple(max(row) for row in rows),
        tuple(max(col) for col in cols),
    )


def _shapes(grid: Grid, parts: _Components) -> list[bytes]:
    """For every component its cells within its bounding box, as a comparable value."""
    shapes = []
    for label in range(len(parts.size)):
        mask = parts.labels[_box(parts, label)] == label
        shapes.append(bytes(mask.shape) + mask.tobytes())
    return shapes


def _box(parts: _Components, label: int) -> tuple[slice, slice]:
    return slice(parts.top[label], parts.bottom[label] + 1), slice(parts.left[label], parts.right[label] + 1)


@primitive
def component_size(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """Number of cells in each cell's component.

    >>> component_size(np.array([[1, 1, 0], [0, 0, 2]], dtype=np.int8), False, True).tolist()
    [[2, 2, 1], [2, 2, 1]]
    """
    parts = _components(grid, diagonal, by_color)
    return parts.spread(parts.size)


@primitive
def component_height(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """Rows of the bounding box of each cell's component.

    >>> component_height(np.array([[1, 1, 0], [0, 0, 2]], dtype=np.int8), False, True).tolist()
    [[1, 1, 1], [1, 1, 1]]
    """
    parts = _components(grid, diagonal, by_color)
    return parts.spread([bottom - top + 1 for top, bottom in zip(parts.top, parts.bottom, strict=True)])


@primitive
def component_width(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """Columns of the bounding box of each cell's component.

    >>> component_width(np.array([[1, 1, 0], [0, 0, 2]], dtype=np.int8), False, True).tolist()
    [[2, 2, 1], [2, 2, 1]]
    """
    parts = _components(grid, diagonal, by_color)
    return parts.spread([right - left + 1 for left, right in zip(parts.left, parts.right, strict=True)])


@primitive
def component_rank(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """How many distinct sizes are larger: 0 in the largest components. Background patches are ranked apart.

    >>> component_rank(np.array([[1, 1, 0], [0, 0, 2]], dtype=np.int8), False, True).tolist()
    [[0, 0, 1], [0, 0, 1]]
    """
    parts = _components(grid, diagonal, by_color)
    sizes = list(zip(parts.foreground, parts.size, strict=True))
    larger = {key: len({s for f, s in sizes if f == key[0] and s > key[1]}) for key in set(sizes)}
    return parts.spread([larger[key] for key in sizes])


@primitive
def component_rank_up(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """How many distinct sizes are smaller: 0 in the smallest components. Background patches are ranked apart.

    >>> component_rank_up(np.array([[1, 1, 0], [0, 0, 2]], dtype=np.int8), False, True).tolist()
    [[1, 1, 0], [1, 1, 0]]
    """
    parts = _components(grid, diagonal, by_color)
    sizes = list(zip(parts.foreground, parts.size, strict=True))
    smaller = {key: len({s for f, s in sizes if f == key[0] and s < key[1]}) for key in set(sizes)}
    return parts.spread([smaller[key] for key in sizes])


@primitive
def component_twins(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """How many components have exactly this shape, itself included; background patches do not count.

    >>> component_twins(np.array([[1, 0, 2], [0, 0, 0]], dtype=np.int8), False, True).tolist()
    [[2, 0, 2], [0, 0, 0]]
    """
    parts = _components(grid, diagonal, by_color)
    shapes = _shapes(grid, parts)
    counts = Counter(shape for shape, kept in zip(shapes, parts.foreground, strict=True) if kept)
    return parts.spread([counts[shape] * kept for shape, kept in zip(shapes, parts.foreground, strict=True)])


@primitive
def component_holes(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """Holes in each cell's component: patches of its bounding box that do not reach the box's edge.

    >>> component_holes(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=np.int8), False, True).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    """
    parts = _components(grid, diagonal, by_color)
    holes = []
    for label in range(len(parts.size)):
        mask = np.ascontiguousarray(parts.labels[_box(parts, label)] == label).astype(np.int8)
        if min(mask.shape) < 3 or mask.all():
            holes.append(0)
            continue
        inner = _components(np.pad(mask, 1), False, True)
        holes.append(sum(not kept and top > 0 for kept, top in zip(inner.foreground, inner.top, strict=True)))
    return parts.spread(holes)


@primitive
def component_fills_box(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """1 where the component is a filled rectangle, else 0.

    >>> component_fills_box(np.array([[1, 1, 0], [1, 0, 0]], dtype=np.int8), False, True).tolist()
    [[0, 0, 0], [0, 0, 0]]
    """
    parts = _components(grid, diagonal, by_color)
    boxes = zip(parts.top, parts.left, parts.bottom, parts.right, parts.size, strict=True)
    return parts.spread([int((b - t + 1) * (r - c + 1) == size) for t, c, b, r, size in boxes])


@primitive
def component_on_edge(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """1 where the component reaches the edge of the grid, else 0.

    >>> component_on_edge(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=np.int8), False, True).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    """
    parts = _components(grid, diagonal, by_color)
    boxes = zip(parts.top, parts.left, parts.bottom, parts.right, strict=True)
    last_row, last_col = grid.shape[0] - 1, grid.shape[1] - 1
    return parts.spread([int(t == 0 or c == 0 or b == last_row or r == last_col) for t, c, b, r in boxes])


@primitive
def component_symmetric(grid: Grid, diagonal: bool, by_color: bool) -> CellMap:
    """1 where the component's shape is its own left-right mirror image, plus 2 where it is its own top-bottom one.

    >>> component_symmetric(np.array([[1, 1, 1], [0, 1, 0]], dtype=np.int8), False, True).tolist()
    [[1, 1, 1], [3, 1, 3]]
    """
    parts = _components(grid, diagonal, by_color)
    values = []
    for label in range(len(parts.size)):
        mask = parts.labels[_box(parts, label)] == label
        values.append(int(np.array_equal(mask, mask[:, ::-1])) + 2 * int(np.array_equal(mask, mask[::-1])))
    return parts.spread(values)


@primitive
def component_colors(grid: Grid, diagonal: bool) -> CellMap:
    """Number of colours in each cell's patch of cells that are not background.

    >>> component_colors(np.array([[1, 2, 0], [0, 0, 3]], dtype=np.int8), False).tolist()
    [[2, 2, 1], [1, 1, 1]]
    """
    parts = _components(grid, diagonal, False)
    return parts.spread([len(np.unique(grid[parts.labels == label])) for label in range(len(parts.size))])


@primitive
def component_color(grid: Grid, diagonal: bool, least: bool) -> Grid:
    """The most (or least) common colour of each cell's patch of cells that are not background; ties: the lower colour.

    >>> component_color(np.array([[1, 2, 2], [0, 0, 0]], dtype=np.int8), False, True).tolist()
    [[1, 1, 1], [0, 0, 0]]
    """
    parts = _components(grid, diagonal, False)
    colors = []
    for label in range(len(parts.size)):
        values, counts = np.unique(grid[parts.labels == label], return_counts=True)
        colors.append(int(values[counts.argmin() if least else counts.argmax()]))
    return parts.spread(colors).astype(np.int8)


@primitive
def component_place(grid: Grid, by_color: bool, vertical: bool, from_end: bool) -> CellMap:
    """Each cell's row (vertical) or column within the bounding box of its component; corners connect.

    >>> component_place(np.array([[0, 1, 1], [0, 1, 0]], dtype=np.int8), True, False, False).tolist()
    [[0, 0, 1], [0, 0, 0]]
    """
    parts = _components(grid, True, by_color)
    index: CellMap = np.indices(grid.shape, dtype=np.int16)[0 if vertical else 1]
    if from_end:
        return parts.spread(parts.bottom if vertical else parts.right) - index
    return index - parts.spread(parts.top if vertical else parts.left)


@primitive
def box_color(grid: Grid, diagonal: bool) -> Grid:
    """Each cell's own colour or, for background, the colour of the smallest component whose bounding box holds it.

    >>> box_color(np.array([[1, 1, 0], [1, 0, 0]], dtype=np.int8), False).tolist()
    [[1, 1, 0], [1, 1, 0]]
    """
    parts = _components(grid, diagonal, True)
    order = sorted((k for k in range(len(parts.size)) if parts.foreground[k]), key=lambda k: -parts.size[k])
    colors = np.full_like(grid, background_of(grid))
    for label in order:
        box = _box(parts, label)
        colors[box] = grid[box][parts.labels[box] == label][0]
    return np.where(grid != background_of(grid), grid, colors)


@primitive
def mirrored_components(grid: Grid, together: bool, turn: int) -> Grid:
    """Every patch that is not background, mirrored within its bounding box (all of them as one, if `together`).

    `turn`: 0 left and right swapped, 1 top and bottom, 2 both, 3 transposed; only square boxes are transposed.

    >>> mirrored_components(np.array([[1, 0, 0], [1, 2, 0]], dtype=np.int8), True, 0).tolist()
    [[0, 1, 0], [2, 1, 0]]
    """
    if not 0 <= turn <= 3:
        raise ValueError("turn is 0, 1, 2 or 3")
    result = np.full_like(grid, background_of(grid))
    for box in _content_boxes(grid, together):
        part = grid[box]
        if turn == 3 and part.shape[0] != part.shape[1]:
            continue
        result[box] = (part[:, ::-1], part[::-1], part[::-1, ::-1], part.T)[turn]
    return result


def _content_boxes(grid: Grid, together: bool) -> list[tuple[slice, slice]]:
    if not together:
        parts = _components(grid, True, False)
        return [_box(parts, label) for label, kept in enumerate(parts.foreground) if kept]
    rows, cols = np.nonzero(grid != background_of(grid))
    return [(slice(rows.min(), rows.max() + 1), slice(cols.min(), cols.max() + 1))] if len(rows) else []
