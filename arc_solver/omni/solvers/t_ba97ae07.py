"""Where two bars cross, let the lower one come to the top."""

from arc_solver.dsl import *


def task(grid):
    def crossed(lines):
        _kinds, which = np.unique(lines, axis=0, return_inverse=True)
        return which.ravel() == np.argmin(np.bincount(which.ravel()))

    rows, cols = crossed(grid), crossed(transpose(grid))
    crossing = rows[:, None] & cols
    across, down = grid[rows][:, ~cols][0, 0], grid[~rows][:, cols][0, 0]
    return paint_cells(grid, crossing, down if grid[crossing][0] == across else across)
