"""Every hole in a frame takes in the loose piece of exactly its shape, which leaves its old place."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    out = grid
    holes = [hole for hole in objects_in_color(grid, bg, diagonals=False) if not on_border(grid, hole)]
    pieces = objects_on(grid, bg, diagonals=False)
    pieces.sort(key=lambda piece: count_cells(grid, piece.color) - piece.size)
    for hole in holes:
        cells = object_cells(grid, hole)
        rim = grid[grow_cells(cells, diagonals=False) & ~cells]
        fits = [p for p in pieces if p.color != rim[0] and same_shape(p, hole)]
        if len(set(rim)) == 1 and fits:
            out = erase_object(out, fits[0], bg)
            out = paint_cells(out, cells, fits[0].color)
    return out
