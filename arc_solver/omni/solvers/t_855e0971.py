"""Every marked cell stretches across the whole width of the stripe that it lies in."""

from arc_solver.dsl import *


def task(grid):
    for marker in colors_by_count(grid)[::-1]:
        stripes = [set(column[column != marker]) for column in grid.T]
        if all(len(colors) == 1 for colors in stripes):
            break
    else:
        return transpose(task(transpose(grid)))
    out, start = grid.copy(), 0
    for end in range(1, width(grid) + 1):
        if end == width(grid) or stripes[end] != stripes[start]:
            marked = (grid[:, start:end] == marker).any(axis=1)
            out[marked, start:end] = marker
            start = end
    return out
