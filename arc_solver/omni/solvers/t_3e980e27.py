"""Copy the figures to the lone cells of their anchor color: as they are if it is green, mirrored if red."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    objects = objects_on(grid, bg, True, True)
    for anchor in (2, 3):
        figures = [obj for obj in objects if obj.size > 1 and anchor in obj.colors]
        for figure in figures[:1]:
            if anchor == 2:
                figure = mirror_object(figure, False)
            row, col = np.argwhere(figure.grid == anchor)[0]
            for obj in objects:
                if obj.size == 1 and obj.color == anchor:
                    out = paint_object(out, place_object(figure, obj.row - row, obj.col - col))
    return out
