"""Marks at the same place in two blocks of one row or column are repeated in all the blocks between them."""

from arc_solver.dsl import *


def task(grid):
    wall = separator_color(grid)
    down = (lines_of(grid, wall, False) + [height(grid)])[0] + 1
    across = (lines_of(grid, wall, True) + [width(grid)])[0] + 1
    panels = [panel for row in panel_rows(grid, wall) for panel in row]
    bg = dominant_color(np.hstack([panel.reshape(1, -1) for panel in panels]))
    out = grid.copy()
    for row in range(down - 1):
        for col in range(across - 1):
            marks = swap_colors(grid[row::down, col::across], bg, 0)
            if (marks == 0).any():
                out[row::down, col::across] = swap_colors(connect(marks), bg, 0)
    return out
