"""Diagonals in the color of the inner figure run outwards from the corners of the cup that holds it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    colors = [color for color in colors_by_count(grid) if color != bg]
    inner, outer = sorted(colors, key=lambda color: crop_to_color(grid, color).size)
    cup = object_from_cells(grid, grid == outer)
    out = draw_ray(grid, cup.row, cup.col, -1, -1, inner)
    out = draw_ray(out, cup.row, cup.right, -1, 1, inner)
    out = draw_ray(out, cup.bottom, cup.col, 1, -1, inner)
    return draw_ray(out, cup.bottom, cup.right, 1, 1, inner)
