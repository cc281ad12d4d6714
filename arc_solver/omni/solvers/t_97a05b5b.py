"""Each piece, turned as needed, covers the gap that its cells of the board's own color fill exactly."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = objects_on(grid, bg, multicolor=True)
    board = largest_object(objects)
    pieces = [obj for obj in objects if not inside_box(obj, board)]
    out = crop_object(grid, board)
    for piece in sorted(pieces, key=lambda piece: -count_cells(piece.grid, board.color)):
        for view in eight_views(piece.grid):
            places = find_pattern(out, np.where(view == board.color, bg, board.color))
            if places:
                out = paste(out, view, *places[0])
                break
    return out
