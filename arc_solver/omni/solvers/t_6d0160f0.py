"""Only the panel with the yellow cell stays; it moves to the place that the cell has in its panel."""

from arc_solver.dsl import *


def task(grid):
    line = separator_color(grid)
    bg = next(color for color in colors_by_count(grid) if color != line)
    panel = next(part for row in panel_rows(grid, line) for part in row if 4 in part)
    ((row, col),) = np.argwhere(panel == 4)
    out = canvas(height(grid), width(grid), bg)
    out[lines_of(grid, line, False)] = line
    out[:, lines_of(grid, line, True)] = line
    panel = replace_color(panel, line, bg)
    return paste(out, panel, row * (height(panel) + 1), col * (width(panel) + 1))
