"""Dots on a floor of two colors send out diagonals, on each floor color in the color of its dots."""

from arc_solver.dsl import *


def task(grid):
    one, two, *marks = colors_by_count(grid)
    dots = np.isin(grid, marks)
    lines = dots.astype(int)
    for row, col in np.argwhere(dots):
        for d_row in (-1, 1):
            for d_col in (-1, 1):
                lines = draw_ray(lines, row, col, d_row, d_col, 1)

    def lean(color):
        around = neighbors_of(grid, one, True) - neighbors_of(grid, two, True)
        return around[grid == color].mean()

    marks.sort(key=lean)
    out = paint_cells(grid, (lines == 1) & (grid == one), marks[-1])
    return paint_cells(out, (lines == 1) & (grid == two), marks[0])
