"""Marks at the same place in two blocks of a row or column are repeated in all the blocks between."""

from arc_solver.dsl import *


def task(grid):
    wall = separator_color(grid)
    panels = [panel for row in panel_rows(grid, wall) for panel in row]
    bg = dominant_color(np.hstack([panel.reshape(1, -1) for panel in panels]))
    rows, cols = panels[0].shape
    out = grid.copy()
    for row in range(rows):
        for col in range(cols):
            marks = swap_colors(grid[row :: rows + 1, col :: cols + 1], bg, 0)
            if (marks == 0).any():
                out[row :: rows + 1, col :: cols + 1] = swap_colors(connect(marks), bg, 0)
    return out
