"""The four panels laid over each other: top left over top right over bottom left over bottom right."""

from arc_solver.dsl import *


def task(grid):
    rows, cols = height(grid) // 2, width(grid) // 2
    top_left = crop(grid, 0, 0, rows, cols)
    top_right = crop(grid, 0, cols + 1, rows, cols)
    bottom_left = crop(grid, rows + 1, 0, rows, cols)
    bottom_right = crop(grid, rows + 1, cols + 1, rows, cols)
    panels = [bottom_right, bottom_left, top_right, top_left]
    shared = [color for color in colors_by_count(grid) if all(color in panel for panel in panels)]
    bg = shared[0] if shared else dominant_color(np.concatenate(panels))
    out = canvas(rows, cols, bg)
    for panel in panels:
        out = paste_over(out, panel, 0, 0, bg)
    return out
