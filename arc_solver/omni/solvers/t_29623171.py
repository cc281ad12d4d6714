"""The panels with the most cells are filled up, all others are emptied."""

from arc_solver.dsl import *


def task(grid):
    line = separator_color(grid)
    bg, color = [c for c in colors_by_count(grid) if c != line][:2]
    panels = objects_on(grid, line, False, True)
    most = max(count_cells(panel.grid, color) for panel in panels)
    out = grid
    for panel in panels:
        full = count_cells(panel.grid, color) == most
        out = paint_object(out, recolor_object(panel, color if full else bg))
    return out
