"""The empty layers of the vessel are counted and laid out as a snake in a 3 x 3 grid in the content color."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    vessel = objects_on(grid, bg, multicolor=True)[0].grid
    wall = next(c for c in colors_by_count(vessel) if c != bg and c in (vessel[0, 0], vessel[-1, -1]))
    content = next(c for c in colors_by_count(vessel) if c not in (bg, wall))
    empty = vessel == bg
    upright = empty[0].any() or empty[-1].any()
    layers = int(empty.any(axis=1 if upright else 0).sum())
    out = canvas(3, 3, bg)
    for i in range(min(layers, 9)):
        row, col = divmod(i, 3)
        out[row, col if row % 2 == 0 else 2 - col] = content
    return out
