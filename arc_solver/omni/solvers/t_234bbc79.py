"""Pieces carry joints of one color: slide each to the piece on its left, joint to joint, and give joints its color."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    pieces = sort_by_column(objects_on(grid, bg, True, True))
    joint = next(color for color in reversed(colors_by_count(grid)) if all(color in piece.colors for piece in pieces))
    out, end, right = canvas(height(grid), width(grid), bg), None, 0
    for piece in pieces:
        joints = sorted((col, row) for row, col in piece.cells if grid[row, col] == joint)
        color = next(c for c in piece.colors if c != joint)
        if end is None:
            moved = piece
        else:
            moved = move_object(piece, end[1] - joints[0][1], end[0] + 1 - joints[0][0])
        out = paint_object(out, recolor_object(moved, color))
        end = joints[-1][0] + moved.col - piece.col, joints[-1][1] + moved.row - piece.row
        right = moved.right
    return out[:, : right + 1]
