"""Fill the largest empty rectangles that are at least two cells high and wide with pink."""

from arc_solver.dsl import *


def task(grid):
    out = grid.copy()
    filled = np.pad(grid != 0, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    found = []
    for h in range(2, height(grid) + 1):
        for w in range(2, width(grid) + 1):
            inside = filled[h:, w:] - filled[:-h, w:] - filled[h:, :-w] + filled[:-h, :-w]
            found += [(h * w, row, col, h, w) for row, col in np.argwhere(inside == 0)]
    for area, row, col, h, w in found:
        if area == max(found)[0]:
            out = fill_box(out, row, col, row + h - 1, col + w - 1, 6)
    return out
