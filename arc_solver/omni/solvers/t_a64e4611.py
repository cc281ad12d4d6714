"""The wide empty bands through the noise become 3, except for the cells next to the noise."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    free = ~grow_cells(grid != bg)
    band = largest_rectangle(np.where(free, 1, 0), 1)
    out = fill_box(grid, band.row, band.col, band.bottom, band.right, 3)
    for turn in range(4):
        view, open_cells = np.rot90(out, turn).copy(), np.rot90(free, turn)
        places = np.argwhere(np.rot90(object_cells(grid, band), turn))
        top = int(places[0, 0])
        starts = {}
        for col in set(places[:, 1].tolist()):
            closed = np.flatnonzero(~open_cells[:top, col])
            starts[col] = int(closed[-1]) + 1 if len(closed) else 0
        # A wide arm may end before the edge; a narrow one that does is a gap in the noise.
        short = [start for start in starts.values() if 0 < start <= top - 3]
        for col, start in starts.items():
            if start == 0 or (len(short) > 2 and start in short):
                view[max(short) if start else 0 : top, col] = 3
        out = np.rot90(view, -turn)
    return out
