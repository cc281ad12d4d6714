"""Each cup is filled with the color of the mark inside, and a row of that color covers its open side."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    for cup in objects_on(grid, bg, diagonals=False):
        inside = crop_object(grid, cup)[~cup.mask]
        marks = inside[inside != bg]
        if len(marks) == 0:
            continue
        mark = int(marks[0])
        out[cup.row : cup.bottom + 1, cup.col : cup.right + 1][~cup.mask] = mark
        if not cup.mask[0].all():
            out = fill_box(out, cup.row - 1, cup.col, cup.row - 1, cup.right, mark)
        elif not cup.mask[-1].all():
            out = fill_box(out, cup.bottom + 1, cup.col, cup.bottom + 1, cup.right, mark)
    return out
