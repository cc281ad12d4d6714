"""In a lattice of panels, join panels of one color in a row or column by filling the panels between them."""

from arc_solver.dsl import *


def task(grid):
    line = separator_color(grid)
    small = np.array([[panel[0, 0] for panel in row] for row in panel_rows(grid, line)])
    bg = dominant_color(small)
    joined = swap_colors(connect(swap_colors(small, bg, 0)), bg, 0)
    out = grid.copy()
    row_lines, col_lines = lines_of(grid, line, False), lines_of(grid, line, True)
    for row in range(height(grid)):
        for col in range(width(grid)):
            if row not in row_lines and col not in col_lines:
                out[row, col] = joined[sum(r < row for r in row_lines), sum(c < col for c in col_lines)]
    return out
