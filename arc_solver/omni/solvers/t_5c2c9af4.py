"""Boxes grow around the middle one of three dots, by the distance of the other two at every step."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    (row, col), last = np.argwhere(grid != bg).tolist()[1:]
    color = grid[row, col]
    tall, wide = last[0] - row, abs(last[1] - col)
    out = grid
    for step in range(1, 30):
        down, right = step * tall, step * wide
        out = draw_box(out, row - down, col - right, row + down, col + right, color)
    return out
