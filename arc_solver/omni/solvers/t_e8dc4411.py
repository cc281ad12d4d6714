"""The shape is copied diagonally, again and again, to where the small seed of another color has begun it."""

from arc_solver.dsl import *


def task(grid):
    color, seed_color = colors_by_count(grid)[1:]
    shape = color_object(grid, color)
    seed = object_cells(grid, color_object(grid, seed_color))
    for step in range(1, 30):
        for d_row, d_col in ((-step, -step), (-step, step), (step, -step), (step, step)):
            moved = object_cells(grid, move_object(shape, d_row, d_col))
            if moved[seed].all() and not (moved & (grid == color)).any():
                out = grid
                for i in range(1, 30):
                    copy = move_object(shape, i * d_row, i * d_col)
                    out = paint_object(out, recolor_object(copy, seed_color))
                return out
