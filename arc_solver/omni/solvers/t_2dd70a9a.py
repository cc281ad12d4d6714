"""A path leaves the green bar, turns twice where it is stopped, and so runs into the end of the red bar."""

from arc_solver.dsl import *


def task(grid):
    bar = object_from_cells(grid, grid == 3)
    along = (1, 0) if bar.height > 1 else (0, 1)

    def runs(out, row, col, step, turns, free):
        while 0 <= row + step[0] < height(out) and 0 <= col + step[1] < width(out):
            row, col = row + step[0], col + step[1]
            if out[row, col] != free:
                if turns == 0:
                    return out if out[row, col] == 2 else None
                row, col = row - step[0], col - step[1]
                break
            out = draw_line(out, row, col, row, col, 3)
        for sign in (1, -1) if turns else ():
            turned = (sign * step[1], sign * step[0])
            found = runs(out, row, col, turned, turns - 1, free)
            if found is not None:
                return found

    free = [color for color in colors_by_count(grid) if color not in (2, 3)]
    ends = [((bar.row, bar.col), -1), ((bar.bottom, bar.right), 1)]
    starts = [(row, col, (sign * along[0], sign * along[1])) for (row, col), sign in ends]
    tries = (runs(grid, *start, turns, color) for color in free for turns in (2, 1, 0) for start in starts)
    return next(out for out in tries if out is not None)
