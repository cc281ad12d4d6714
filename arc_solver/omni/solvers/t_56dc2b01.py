"""The shape slides until it touches the line of 2; a line of 8 closes it in from behind."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    flat = len(lines_of(grid, 2, False)) > 0
    g = transpose(grid) if flat else grid
    line = lines_of(g, 2, True)[0]
    shape = object_from_cells(g, (g != bg) & (g != 2))
    out = erase_object(g, shape, bg)
    if shape.col > line:
        shape = place_object(shape, shape.row, line + 1)
        out[:, shape.right + 1] = 8
    else:
        shape = place_object(shape, shape.row, line - shape.width)
        out[:, shape.col - 1] = 8
    out = paint_object(out, shape)
    return transpose(out) if flat else out
