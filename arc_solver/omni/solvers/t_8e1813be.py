"""List the colors of the parallel lines in order, as bars of a square with as many bars as lines."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    colors = [color for color in colors_by_count(grid) if color != bg]
    objects = [object_from_cells(grid, grid == color) for color in colors]
    lines = [obj for obj in objects if min(obj.height, obj.width) == 1]
    if max(line.width for line in lines) > 1:
        lines = sorted(lines, key=lambda line: line.row)
        return vstack_all([canvas(1, len(lines), line.color) for line in lines])
    return hstack_all([canvas(len(lines), 1, line.color) for line in sort_by_column(lines)])
