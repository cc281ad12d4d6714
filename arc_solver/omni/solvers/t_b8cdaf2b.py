"""From both ends of the bump on the line, diagonals rise outwards in the color that the bump covers."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    turns = 0
    while bg in grid[-1]:
        grid, turns = rotate_90(grid), turns + 1
    row = height(grid) - 2
    bump = np.nonzero(grid[row] != bg)[0]
    color = int(grid[-1, bump[0]])
    out = draw_ray(grid, row, int(bump[0]), -1, -1, color)
    out = draw_ray(out, row, int(bump[-1]), -1, 1, color)
    return np.rot90(out, turns)
