"""Slide each piece to its left neighbor, joint to joint, and give the joints the colors of their pieces."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    pieces = sort_by_column(objects_on(grid, bg, True, True))
    shared = [color for color in colors_by_count(grid) if all(color in piece.colors for piece in pieces)]
    out, end, right = canvas(height(grid), width(grid), bg), None, 0
    for piece in pieces:
        joints = sorted((col, row) for row, col in piece.cells if grid[row, col] == shared[-1])
        color = next(c for c in piece.colors if c != shared[-1])
        moved = move_object(piece, end[1] - joints[0][1], end[0] + 1 - joints[0][0]) if end else piece
        out = paint_object(out, recolor_object(moved, color))
        end = joints[-1][0] + moved.col - piece.col, joints[-1][1] + moved.row - piece.row
        right = moved.right
    return out[:, : right + 1]
