"""Mirror each figure towards the seeds at its corner, each image in the color of its seed."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid
    for group in objects_on(grid, bg, multicolor=True):
        cells = object_cells(grid, group)
        figure = object_from_cells(grid, cells & (grid == group.color))
        for row, col in np.argwhere(cells & (grid != group.color)):
            image = recolor_object(figure, grid[row, col])
            if not figure.row <= row <= figure.bottom:
                side = 1 if row > figure.bottom else -1
                image = move_object(mirror_object(image, True), side * figure.height, 0)
            if not figure.col <= col <= figure.right:
                side = 1 if col > figure.right else -1
                image = move_object(mirror_object(image, False), 0, side * figure.width)
            out = paint_object(out, image)
    return out
