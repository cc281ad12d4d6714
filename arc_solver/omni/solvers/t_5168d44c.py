"""The frame moves on from its bead to the next one of the row of beads, to the right or down."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    first, second = [color for color in colors_by_count(grid) if color != bg][:2]
    bead = max((first, second), key=lambda color: len(objects_in_color(grid, color)))
    frame = color_object(grid, first if bead == second else second)
    beads = objects_in_color(grid, bead)
    old = next(k for k, obj in enumerate(beads) if inside_box(obj, frame))
    here, there = beads[old], beads[old + 1]
    rows = max(here.row - frame.row, frame.bottom - here.bottom)
    cols = max(here.col - frame.col, frame.right - here.right)
    out = erase_object(grid, frame, bg)
    far_row, far_col = there.bottom + rows, there.right + cols
    out = fill_box(out, there.row - rows, there.col - cols, far_row, far_col, frame.color)
    return paint_objects(out, beads)
