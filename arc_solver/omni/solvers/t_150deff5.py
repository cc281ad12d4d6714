"""The shapes are put together again from 2 x 2 squares, which become 8, and bars of three, which become 2."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid.copy()
    pieces = [
        (8, [(0, 0), (0, 1), (1, 0), (1, 1)]),
        (2, [(0, 0), (0, 1), (0, 2)]),
        (2, [(0, 0), (1, 0), (2, 0)]),
    ]

    def cover(left):
        if not left:
            return True
        row, col = min(left)
        for color, steps in pieces:
            piece = {(row + d_row, col + d_col) for d_row, d_col in steps}
            if piece <= left and cover(left - piece):
                for cell in piece:
                    out[cell] = color
                return True
        return False

    for obj in objects_on(grid, bg, False):
        cover(set(map(tuple, obj.cells)))
    return out
