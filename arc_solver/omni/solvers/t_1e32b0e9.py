"""Cells that a panel lacks of the figure which all panels make together take the walls' color."""

from arc_solver.dsl import *


def task(grid):
    wall = separator_color(grid)
    panels = [panel for row in panel_rows(grid, wall) for panel in row]
    bg = dominant_color(np.hstack([panel.reshape(1, -1) for panel in panels]))
    rows, cols = panels[0].shape
    out = grid.copy()
    for row in range(rows):
        for col in range(cols):
            cells = out[row :: rows + 1, col :: cols + 1]
            if (cells != bg).any():
                cells[cells == bg] = wall
    return out
