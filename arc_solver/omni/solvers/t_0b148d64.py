"""Keep the block that has a color of its own."""

from arc_solver.dsl import *


def task(grid):
    return min((crop_to_color(grid, color) for color in colors_by_count(grid)), key=np.size)
