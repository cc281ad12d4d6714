"""Every piece moves into the notch of the wall that it fits and becomes 1."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turn in range(4):
        view = np.rot90(grid, turn)
        wall = view[0, 0]
        if wall != bg and np.all(view[0] == wall):
            break
    cells = view == wall
    depth = int(np.argwhere(cells)[:, 0].max()) + 1
    pieces = [obj for obj in objects_on(view, bg) if obj.color != wall]
    out = np.where(cells, wall, bg)
    zone = np.pad(cells[:depth], ((0, 0), (1, 1)), constant_values=True)
    for obj in pieces:
        best, top = 0, out
        for row in range(1, depth):
            part = obj.mask[: depth - row]
            for col in range(width(view) - obj.width + 1):
                put = np.zeros(zone.shape, bool)
                put[row : row + part.shape[0], col + 1 : col + 1 + obj.width] = part
                free = grow_cells(put, False) & ~put & ~zone
                if not (put & zone).any() and not free.any() and put.sum() > best:
                    best, top = put.sum(), paint_object(out, place_object(recolor_object(obj, 1), row, col))
        out = top
    return np.rot90(out, -turn)
