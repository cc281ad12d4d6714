"""Both colored bars repeat themselves to the edges of the grid."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    row = np.argmax(np.count_nonzero(grid != bg, axis=1))
    col = np.argmax(np.count_nonzero(grid != bg, axis=0))
    out = grid.copy()
    for line, cells in ((out[row], grid[row]), (out[:, col], grid[:, col])):
        bar = largest_object(objects_on(cells[None], bg, multicolor=True))
        for place in range(len(line)):
            line[place] = bar.grid[0, (place - bar.col) % bar.width]
    return out
