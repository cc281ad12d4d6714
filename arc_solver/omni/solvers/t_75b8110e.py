"""Lay the quarters on each other: top left, on it bottom right, bottom left, top right uppermost."""

from arc_solver.dsl import *


def task(grid):
    top, bottom = top_half(grid), bottom_half(grid)
    parts = [left_half(top), right_half(bottom), left_half(bottom), right_half(top)]
    bg = next(color for color in colors_by_count(grid) if all(color in part for part in parts))
    out = parts[0]
    for part in parts[1:]:
        out = paste_over(out, part, 0, 0, bg)
    return out
