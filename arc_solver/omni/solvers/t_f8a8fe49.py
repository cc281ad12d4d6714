"""Throw what lies between the two brackets over the back of the nearer one."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    shapes = [color_object(grid, color) for color in colors_by_count(grid) if color != bg]
    brackets = max(shapes, key=lambda obj: obj.height * obj.width)
    inner = object_cells(grid, brackets) ^ (grid != bg)
    sideways = not np.all(brackets.mask[0])
    near, far = (brackets.col, brackets.right) if sideways else (brackets.row, brackets.bottom)
    out = paint_cells(grid, inner, bg)
    for row, col in np.argwhere(inner):
        place = col if sideways else row
        over = 2 * (near if place - near < far - place else far) - place
        spot = (row, over) if sideways else (over, col)
        if 0 <= over < (width(grid) if sideways else height(grid)):
            out[spot] = grid[row, col]
    return out
