"""The other cell takes one step towards the yellow cell."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    goal = color_object(grid, 4)
    mover = color_object(grid, next(color for color in colors_by_count(grid) if color not in (bg, 4)))
    d_row, d_col = np.sign([goal.row - mover.row, goal.col - mover.col])
    return paint_object(erase_object(grid, mover, bg), move_object(mover, d_row, d_col))
