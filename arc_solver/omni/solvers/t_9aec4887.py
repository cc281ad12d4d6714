"""The shape goes into the frame of four bars; each cell takes the color of the one nearest bar, if any."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for color in colors_by_count(grid)[1:]:
        shape = color_object(grid, color)
        frame = object_from_cells(grid, (grid != bg) & (grid != color))
        rows, cols = shape.height, shape.width
        if (frame.height, frame.width, frame.size) == (rows + 2, cols + 2, 2 * rows + 2 * cols):
            break
    out = frame.grid.copy()
    sides = [out[0, 1], out[-1, 1], out[1, 0], out[1, -1]]
    for row, col in place_object(shape, 1, 1).cells:
        away = [row, rows + 1 - row, col, cols + 1 - col]
        nearest = [side for side in range(4) if away[side] == min(away)]
        out[row, col] = sides[nearest[0]] if len(nearest) == 1 else shape.color
    return out
