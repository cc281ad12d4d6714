"""The cells that a panel lacks of the figure which all panels make together get the color of the walls."""

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
            cells = out[row::down, col::across]
            if (cells != bg).any():
                cells[cells == bg] = wall
    return out
