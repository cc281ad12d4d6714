"""The rectangle with a rope moves along it until it meets the other rectangle; the rope vanishes."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    roped = next(obj for obj in objects_on(grid, bg, False) if not is_rectangle(obj))
    cells = np.pad(object_cells(grid, roped), 1)
    # A cell belongs to the rectangle, not to its rope, if it lies in a full block of two by two.
    square = cells[:-1, :-1] & cells[:-1, 1:] & cells[1:, :-1] & cells[1:, 1:]
    inside = square[:-1, :-1] | square[:-1, 1:] | square[1:, :-1] | square[1:, 1:]
    block = object_from_cells(grid, inside)
    rope = object_from_cells(grid, object_cells(grid, roped) & ~inside)
    down = int(rope.row > block.bottom) - int(rope.bottom < block.row)
    right = int(rope.col > block.right) - int(rope.right < block.col)
    clear = erase_object(grid, rope, bg)
    moved = slide_object(clear, block, down, right, bg)
    return paint_object(erase_object(clear, block, bg), moved)
