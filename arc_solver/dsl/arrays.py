"""Common ground of the primitives: fresh grids, the background, shifted copies, connected regions.

It holds no word of the vocabulary.

Shapes: R rows, C columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.registry import Cells, Grid, Object

MAX_SIDE = 30

Mask = NDArray[np.bool_]

STEPS_4 = ((-1, 0), (0, -1), (0, 1), (1, 0))
STEPS_8 = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def fresh(array: NDArray[Any]) -> Grid:
    """A new int8 grid with the array's cells.

    Raises:
        ValueError: A side is 0 or above 30: such grids answer no task, and they would make enumeration dear.
    """
    n_rows, n_cols = array.shape
    check_sides(n_rows, n_cols)
    return np.array(array, dtype=np.int8, order="C")


def check_sides(n_rows: int, n_cols: int) -> None:
    """Raise ValueError unless both sides lie in 1..30."""
    if not (1 <= n_rows <= MAX_SIDE and 1 <= n_cols <= MAX_SIDE):
        raise ValueError(f"a grid of {n_rows}x{n_cols}")


def background_of(grid: Grid) -> int:
    """0 if the grid has any 0, else its most common colour (the lowest of equals)."""
    if not grid.all():
        return 0
    return int(np.argmax(color_counts(grid)))


def color_counts(grid: Grid) -> NDArray[np.intp]:
    """How often each colour occurs, shape (10,)."""
    return np.bincount(grid.ravel(), minlength=10)


def content_counts(grid: Grid) -> NDArray[np.intp]:
    """As `color_counts`, with the background's entry set to 0."""
    counts = color_counts(grid)
    counts[background_of(grid)] = 0
    return counts


def neighbor(array: NDArray[Any], d_row: int, d_col: int, fill: int) -> NDArray[Any]:
    """The array whose cell (r, c) is the input's (r + d_row, c + d_col), or `fill` where that lies outside."""
    n_rows, n_cols = array.shape
    out = np.full_like(array, fill)
    if abs(d_row) >= n_rows or abs(d_col) >= n_cols:
        return out
    out[max(0, -d_row) : n_rows - max(0, d_row), max(0, -d_col) : n_cols - max(0, d_col)] = array[
        max(0, d_row) : n_rows + min(0, d_row), max(0, d_col) : n_cols + min(0, d_col)
    ]
    return out


def bounding_box(mask: Mask) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of the True cells, the last two exclusive.

    Raises:
        ValueError: No cell is True.
    """
    rows = mask.any(axis=1).tobytes()
    cols = mask.any(axis=0).tobytes()
    top = rows.find(1)
    if top < 0:
        raise ValueError("nothing to crop to")
    return top, cols.find(1), rows.rfind(1) + 1, cols.rfind(1) + 1


def label_regions(keys: NDArray[Any], steps: tuple[tuple[int, int], ...]) -> tuple[NDArray[np.intp], list[list[int]]]:
    """Connected regions of equal, positive keys, numbered from 1 in reading order of their first cells.

    A plain flood over a padded flat list beats every numpy formulation on grids of this size.

    Args:
        keys: Non-negative integers of shape (R, C); 0 belongs to no region.
        steps: Neighbour offsets, `STEPS_4` or `STEPS_8`.

    Returns:
        Labels of shape (R, C), 0 outside regions; and for label i its box [top, left, bottom, right] at index i - 1,
        the last two exclusive.
    """
    n_rows, n_cols = keys.shape
    width = n_cols + 2
    padded = np.zeros((n_rows + 2, width), dtype=np.int64)
    padded[1:-1, 1:-1] = keys
    left: list[int] = padded.ravel().tolist()
    labels = [0] * len(left)
    offsets = [d_row * width + d_col for d_row, d_col in steps]
    boxes: list[list[int]] = []
    for start, key in enumerate(left):
        if key:
            cells = _flood(left, start, key, offsets)
            label = len(boxes) + 1
            for cell in cells:
                labels[cell] = label
            cols = [cell % width for cell in cells]
            boxes.append([min(cells) // width - 1, min(cols) - 1, max(cells) // width, max(cols)])
    return np.array(labels).reshape(n_rows + 2, width)[1:-1, 1:-1], boxes


def _flood(left: list[int], start: int, key: int, offsets: list[int]) -> list[int]:
    # Cells are taken out of `left` when found, so that no visited set is needed.
    left[start] = 0
    cells = [start]
    for cell in cells:
        for offset in offsets:
            neighbor_cell = cell + offset
            if left[neighbor_cell] == key:
                left[neighbor_cell] = 0
                cells.append(neighbor_cell)
    return cells


def enclosed(open_cells: Mask) -> Mask:
    """The open cells from which no 4-connected path of open cells leads to the border, shape (R, C)."""
    labels, boxes = label_regions(open_cells, STEPS_4)
    inside = np.array([False, *inner_boxes(boxes, open_cells.shape)])
    closed: Mask = inside[labels]
    return closed


def inner_boxes(boxes: list[list[int]], shape: tuple[int, ...]) -> list[bool]:
    """For each box of `label_regions` whether it keeps clear of the border of an array of that shape."""
    n_rows, n_cols = shape
    return [top > 0 and left > 0 and bottom < n_rows and right < n_cols for top, left, bottom, right in boxes]


def objects_from(grid: Grid, wanted: Cells, background: int, diagonals: bool, multicolor: bool) -> list[Object]:
    """Connected groups of the wanted cells, in reading order of their first cells; `background` around them."""
    keys = wanted if multicolor else np.where(wanted, grid.astype(np.int64) + 1, 0)
    labels, boxes = label_regions(keys, STEPS_8 if diagonals else STEPS_4)
    objects = []
    for label, (top, left, bottom, right) in enumerate(boxes, start=1):
        mask = labels[top:bottom, left:right] == label
        cells = np.where(mask, grid[top:bottom, left:right], background).astype(np.int8)
        objects.append(Object(cells, top, left, mask))
    return objects


def color_objects(grid: Grid, background: int) -> list[Object]:
    """For each colour but `background`, by colour, all its cells as one object; `background` around them."""
    found = []
    for color in np.unique(grid[grid != background]).tolist():
        top, left, bottom, right = bounding_box(grid == color)
        mask = grid[top:bottom, left:right] == color
        found.append(Object(np.where(mask, color, background).astype(np.int8), top, left, mask))
    return found
