"""Each panel between the lines becomes one cell: 1 if it holds at least two marked cells."""

from arc_solver.dsl import *


def task(grid):
    wall = separator_color(grid)
    bg, mark = [color for color in colors_by_count(grid) if color != wall][:2]
    marks = [[count_cells(panel, mark) for panel in row] for row in panel_rows(grid, wall)]
    return np.where(np.array(marks) >= 2, 1, bg)
