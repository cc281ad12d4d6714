"""Colors of a grid, and what changes colors cell by cell."""

from __future__ import annotations

import numpy as np

from arc_solver.dsl.arrays import background_of, check_sides, color_counts, content_counts, fresh
from arc_solver.dsl.registry import Color, Count, Grid, primitive


@primitive
def background_color(grid: Grid) -> Color:
    """0 if the grid has any 0, else its most common color.

    >>> background_color(np.array([[8, 8, 1]]))
    8
    """
    return Color(background_of(grid))


@primitive
def most_common_color(grid: Grid) -> Color:
    """The most common color apart from the background; the lowest of equals.

    >>> most_common_color(np.array([[0, 0, 0], [2, 2, 1]]))
    2
    """
    return color_by_rank(grid, Count(1))


@primitive
def least_common_color(grid: Grid) -> Color:
    """The rarest color that occurs, apart from the background; the lowest of equals.

    >>> least_common_color(np.array([[0, 0, 0], [2, 2, 1]]))
    1
    """
    counts = content_counts(grid)
    if not counts.any():
        raise ValueError("the grid has no color but its background")
    counts[counts == 0] = grid.size + 1
    return Color(int(np.argmin(counts)))


@primitive
def color_by_rank(grid: Grid, rank: Count) -> Color:
    """The `rank`-th most common color (1 is the most common), background not counted.

    >>> color_by_rank(np.array([[0, 0, 0], [2, 2, 1]]), 2)
    1
    """
    counts = content_counts(grid)
    if not 1 <= rank <= np.count_nonzero(counts):
        raise ValueError("the grid has no color of that rank")
    return Color(int(np.argsort(-counts, kind="stable")[rank - 1]))


@primitive
def color_at(grid: Grid, row: int, col: int) -> Color:
    """The color of one cell; negative positions count from the end.

    >>> color_at(np.array([[1, 2], [3, 4]]), 0, -1)
    2
    """
    if not (-grid.shape[0] <= row < grid.shape[0] and -grid.shape[1] <= col < grid.shape[1]):
        raise ValueError("the cell lies outside the grid")
    return Color(int(grid[row, col]))


@primitive
def count_colors(grid: Grid) -> Count:
    """How many colors occur, background not counted.

    >>> count_colors(np.array([[0, 3, 4, 4]]))
    2
    """
    return Count(int(np.count_nonzero(content_counts(grid))))


@primitive
def count_cells(grid: Grid, color: Color) -> Count:
    """How many cells have that color.

    >>> count_cells(np.array([[0, 3, 4, 4]]), 4)
    2
    """
    return Count(int(np.count_nonzero(grid == color)))


@primitive
def height(grid: Grid) -> Count:
    """The number of rows.

    >>> height(np.array([[1, 2, 3], [4, 5, 6]]))
    2
    """
    return Count(grid.shape[0])


@primitive
def width(grid: Grid) -> Count:
    """The number of columns.

    >>> width(np.array([[1, 2, 3], [4, 5, 6]]))
    3
    """
    return Count(grid.shape[1])


@primitive
def canvas(height: Count, width: Count, color: Color) -> Grid:
    """A grid of one color.

    >>> canvas(1, 3, 5).tolist()
    [[5, 5, 5]]
    """
    check_sides(height, width)
    return np.full((height, width), color, dtype=np.int8)


@primitive
def recolor(grid: Grid, color: Color) -> Grid:
    """Give every cell that is not background the same color.

    >>> recolor(np.array([[0, 1, 2]]), 5).tolist()
    [[0, 5, 5]]
    """
    return fresh(np.where(grid != background_of(grid), color, grid))


@primitive
def replace_color(grid: Grid, old: Color, new: Color) -> Grid:
    """Turn every `old` cell into `new`.

    >>> replace_color(np.array([[0, 1, 2]]), 1, 5).tolist()
    [[0, 5, 2]]
    """
    return fresh(np.where(grid == old, new, grid))


@primitive
def swap_colors(grid: Grid, first: Color, second: Color) -> Grid:
    """Exchange two colors.

    >>> swap_colors(np.array([[0, 1, 2]]), 1, 2).tolist()
    [[0, 2, 1]]
    """
    return fresh(np.where(grid == first, second, np.where(grid == second, first, grid)))


@primitive
def keep_color(grid: Grid, color: Color) -> Grid:
    """Erase everything but one color to the background.

    >>> keep_color(np.array([[0, 1, 2]]), 1).tolist()
    [[0, 1, 0]]
    """
    return fresh(np.where(grid == color, grid, background_of(grid)))


@primitive
def remove_color(grid: Grid, color: Color) -> Grid:
    """Erase one color to the background (of what remains).

    >>> remove_color(np.array([[0, 1, 2]]), 1).tolist()
    [[0, 0, 2]]
    """
    counts = color_counts(grid)
    counts[color] = 0
    background = 0 if counts[0] else int(np.argmax(counts))
    return fresh(np.where(grid == color, background, grid))


@primitive
def invert(grid: Grid) -> Grid:
    """Exchange the two colors of a grid that has exactly two.

    >>> invert(np.array([[0, 3, 3]])).tolist()
    [[3, 0, 0]]
    """
    colors = np.flatnonzero(color_counts(grid))
    if len(colors) != 2:
        raise ValueError("the grid has not exactly two colors")
    return fresh(colors.sum() - grid)
