"""One figure in the lattice is complete; around the seeds of the others it is drawn again."""

from arc_solver.dsl import *


def task(grid):
    wall = separator_color(grid)
    small = np.array([[panel[0, 0] for panel in row] for row in panel_rows(grid, wall)])
    bg = dominant_color(small)
    model = max(objects_on(small, bg, True, True), key=lambda obj: (len(obj.colors), obj.size))
    others = erase_object(small, model, bg)
    out = small.copy()
    for row, col in np.argwhere(others != bg):
        if small[row, col] in model.colors:
            d_row, d_col = np.argwhere(model.grid == small[row, col])[0]
            out = paste_over(out, model.grid, row - d_row, col - d_col, bg)
    rows = np.cumsum(np.isin(np.arange(height(grid)), lines_of(grid, wall, False)))
    cols = np.cumsum(np.isin(np.arange(width(grid)), lines_of(grid, wall, True)))
    full = out[np.minimum(rows, len(out) - 1)][:, np.minimum(cols, out.shape[1] - 1)]
    return np.where(grid == wall, grid, full)
