"""Loose cells fall onto the band from both sides, line up on it and take its color."""

from arc_solver.dsl import *


def task(grid):
    for color in colors_by_count(grid):
        rows, cols = lines_of(grid, color, False), lines_of(grid, color, True)
        if cols and count_cells(grid, color) == len(cols) * height(grid):
            return transpose(task(transpose(grid)))
        if rows and count_cells(grid, color) == len(rows) * width(grid):
            break
    bg = dominant_color(grid[[row for row in range(height(grid)) if row not in rows]])
    flat = np.where(grid == bg, 0, 1)
    out = canvas(height(grid), width(grid), color)
    if rows[0] > 0:
        out[: rows[0]] = np.where(gravity_down(flat[: rows[0]]), color, bg)
    if rows[-1] + 1 < height(grid):
        out[rows[-1] + 1 :] = np.where(gravity_up(flat[rows[-1] + 1 :]), color, bg)
    return out
