"""Relations: how objects look and lie, which cells belong together, where a pattern occurs."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from arc_solver.dsl.arrays import STEPS_4, STEPS_8, enclosed, label_regions, neighbor
from arc_solver.dsl.registry import Cells, Color, Grid, Object, Places, primitive


@primitive
def is_rectangle(obj: Object) -> bool:
    """True if the object fills its bounding box.

    >>> is_rectangle(find_objects(np.array([[3, 3], [3, 0]]))[0])
    False
    """
    return bool(obj.mask.all())


@primitive
def is_line(obj: Object) -> bool:
    """True if the object is a straight row or column of at least two cells.

    >>> is_line(find_objects(np.array([[3, 3], [0, 0]]))[0])
    True
    """
    return bool(obj.mask.all()) and min(obj.mask.shape) == 1 and obj.size > 1


@primitive
def is_frame(obj: Object) -> bool:
    """True if the object is exactly the outline of its bounding box, which has an inside.

    >>> is_frame(find_objects(np.array([[3, 3, 3], [3, 0, 3], [3, 3, 3]]))[0])
    True
    """
    if min(obj.mask.shape) < 3:
        return False
    inside = np.zeros(obj.mask.shape, dtype=np.bool_)
    inside[1:-1, 1:-1] = True
    return bool((obj.mask != inside).all())


@primitive
def is_mirrored(obj: Object, vertical: bool) -> bool:
    """True if the object, colors included, is its own mirror image: top to bottom if `vertical`, else left to right.

    >>> is_mirrored(find_objects(np.array([[3, 0, 3], [3, 3, 3]]))[0], False)
    True
    """
    return bool(np.array_equal(obj.grid, np.flip(obj.grid, 0 if vertical else 1)))


@primitive
def on_border(grid: Grid, obj: Object) -> bool:
    """True if the object touches the edge of the grid.

    >>> grid = np.array([[0, 0, 0], [0, 3, 0], [0, 0, 0]])
    >>> on_border(grid, find_objects(grid)[0])
    False
    """
    return obj.row <= 0 or obj.col <= 0 or obj.bottom >= grid.shape[0] - 1 or obj.right >= grid.shape[1] - 1


@primitive
def same_shape(first: Object, second: Object) -> bool:
    """True if both have the same cells, colors and places aside.

    >>> first, second = find_objects(np.array([[3, 0, 4]]))
    >>> same_shape(first, second)
    True
    """
    return bool(np.array_equal(first.mask, second.mask))


@primitive
def same_shape_turned(first: Object, second: Object) -> bool:
    """True if both have the same cells, colors and places aside, once one is turned or mirrored.

    >>> first, second = find_objects(np.array([[3, 3, 0], [0, 0, 4], [0, 0, 4]]), False)
    >>> same_shape_turned(first, second)
    True
    """
    views = [np.rot90(mask, turns) for mask in (first.mask, first.mask.T) for turns in range(4)]
    return any(np.array_equal(view, second.mask) for view in views)


@primitive
def touching(first: Object, second: Object, diagonals: bool = True) -> bool:
    """True if a cell of one is next to a cell of the other. `diagonals`: corners count.

    >>> first, second = objects_on(np.array([[3, 4]]), 0)
    >>> touching(first, second)
    True
    """
    cells = set(second.cells)
    steps = STEPS_8 if diagonals else STEPS_4
    return any((row + d_row, col + d_col) in cells for row, col in first.cells for d_row, d_col in steps)


@primitive
def inside_box(inner: Object, outer: Object) -> bool:
    """True if the inner object's bounding box lies within the outer one's.

    >>> grid = np.array([[3, 3, 3], [3, 4, 3], [3, 3, 3]])
    >>> inside_box(objects_on(grid, 0)[1], objects_on(grid, 0)[0])
    True
    """
    rows_fit = outer.row <= inner.row and inner.bottom <= outer.bottom
    return rows_fit and outer.col <= inner.col and inner.right <= outer.right


@primitive
def enclosed_cells(grid: Grid, wall: Color) -> Cells:
    """The cells that the color walls off: no straight-stepping path of other cells leads from them to the edge.

    >>> enclosed_cells(np.array([[2, 2, 2], [2, 0, 2], [2, 2, 2]]), 2).astype(int).tolist()
    [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    """
    return enclosed(grid != wall)


@primitive
def reachable_cells(grid: Grid, row: int, col: int, diagonals: bool = False) -> Cells:
    """The cells of the same color that are connected with that cell, itself included.

    >>> reachable_cells(np.array([[1, 1, 0, 1]]), 0, 0).astype(int).tolist()
    [[1, 1, 0, 0]]
    """
    if not (0 <= row < grid.shape[0] and 0 <= col < grid.shape[1]):
        raise ValueError("the cell lies outside the grid")
    labels, _ = label_regions((grid == grid[row, col]).astype(np.int64), STEPS_8 if diagonals else STEPS_4)
    found: Cells = labels == labels[row, col]
    return found


@primitive
def grow_cells(cells: Cells, diagonals: bool = True) -> Cells:
    """The chosen cells and their neighbors. `diagonals`: all eight of them, else four.

    >>> grow_cells(np.array([[False, False, True]])).tolist()
    [[False, True, True]]
    """
    out = cells.astype(np.bool_).copy()
    for d_row, d_col in STEPS_8 if diagonals else STEPS_4:
        out |= neighbor(cells.astype(np.bool_), d_row, d_col, 0)
    return out


@primitive
def find_pattern(grid: Grid, pattern: Grid) -> Places:
    """Row and column of the top left corner of each exact occurrence of the pattern, in reading order.

    >>> find_pattern(np.array([[1, 2, 1, 2]]), np.array([[1, 2]]))
    [(0, 0), (0, 2)]
    """
    if pattern.shape[0] > grid.shape[0] or pattern.shape[1] > grid.shape[1]:
        return []
    windows = sliding_window_view(grid, pattern.shape)
    return [(int(row), int(col)) for row, col in np.argwhere((windows == pattern).all(axis=(2, 3)))]


@primitive
def between_cells(grid: Grid, background: Color, vertical: bool) -> Cells:
    """Cells of the background with something else somewhere left and right of them (above and below if `vertical`).

    >>> between_cells(np.array([[3, 0, 0, 4, 0]]), 0, False).astype(int).tolist()
    [[0, 1, 1, 0, 0]]
    """
    content = grid != background
    axis = 0 if vertical else 1
    before = np.logical_or.accumulate(content, axis=axis)
    after = np.flip(np.logical_or.accumulate(np.flip(content, axis), axis=axis), axis)
    found: Cells = before & after & ~content
    return found


@primitive
def largest_rectangle(grid: Grid, color: Color) -> Object:
    """The largest full rectangle of that color; the first of equals in reading order.

    >>> largest_rectangle(np.array([[2, 0, 0], [2, 0, 0]]), 0).width
    2
    """
    wanted = grid == color
    best = (0, 0, 0, 0, 0)
    heights = np.zeros(grid.shape[1], dtype=np.int64)
    for row in range(grid.shape[0]):
        heights = np.where(wanted[row], heights + 1, 0)
        for left in range(grid.shape[1]):
            low = 30
            for right in range(left, grid.shape[1]):
                low = min(low, int(heights[right]))
                if low == 0:
                    break
                area = low * (right - left + 1)
                top = row - low + 1
                if (-area, top, left) < (-best[0], best[1], best[2]):
                    best = (area, top, left, low, right - left + 1)
    area, top, left, n_rows, n_cols = best
    if area == 0:
        raise ValueError("the grid has no such color")
    cells = np.full((n_rows, n_cols), color, dtype=np.int8)
    return Object(cells, top, left, np.ones((n_rows, n_cols), dtype=np.bool_))
