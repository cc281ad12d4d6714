"""From the foot of the line on one side a diagonal of 2 goes up, and a line of 4 runs along the floor."""

from arc_solver.dsl import *


def task(grid):
    for turn in range(4):
        g = np.rot90(grid, turn)
        thick = int((g == g[0, 0]).all(axis=0).sum())
        if thick > 0 and len(np.unique(g)) == 2 and 2 * thick <= width(g):
            small = downscale(g, thick)
            row = height(small) - 1
            small = draw_ray(small, row, 0, -1, 1, 2)
            small = draw_ray(small, row, 0, 0, 1, 4)
            return np.rot90(upscale(small, thick), -turn)
