"""Each mark on the edge gives its color to one of the blocks that it stands over, each block to one mark."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turns in range(4):
        view = np.rot90(grid, turns)
        objects = objects_on(view, bg, diagonals=False)
        marks = [obj for obj in objects if obj.size == 1]
        blocks = sorted((obj for obj in objects if obj.size > 1), key=lambda block: block.right)
        out = view
        for mark in sort_by_column(marks):
            under = [block for block in blocks if block.col <= mark.col <= block.right]
            if mark.row == 0 and under:
                out = paint_object(out, recolor_object(under[0], mark.color))
                blocks.remove(under[0])
        if not blocks:
            return np.rot90(out, -turns)
