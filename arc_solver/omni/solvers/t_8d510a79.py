"""From each cell of 2 a line runs to the wall, from each cell of 1 a line runs away from it to the edge."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for view in (grid, transpose(grid)):
        walls = [row for row, line in enumerate(view) if line[0] != bg and len(set(line.tolist())) == 1]
        if walls:
            break
    out = view.copy()
    for row, col in np.argwhere((view == 1) | (view == 2)).tolist():
        to_wall = 1 if row < walls[0] else -1
        step = to_wall if view[row, col] == 2 else -to_wall
        out = draw_ray_over(out, row, col, step, 0, view[row, col], bg)
    return out if view is grid else transpose(out)
