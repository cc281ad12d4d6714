"""The blue 2 x 2 squares are counted and laid out in a row of five cells."""

from arc_solver.dsl import *


def task(grid):
    squares = []
    for obj in objects_in_color(grid, 1, diagonals=False):
        if (obj.height, obj.width, obj.size) == (2, 2, 4):
            squares.append(obj)
    out = canvas(1, 5, dominant_color(grid))
    out[0, : len(squares)] = 1
    return out
