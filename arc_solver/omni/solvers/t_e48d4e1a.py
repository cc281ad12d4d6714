"""The cross moves away from the marker's quarter by as many cells as the marker is long."""

from arc_solver.dsl import *


def task(grid):
    bg, color, marker = colors_by_count(grid)
    row, col = lines_of(grid, color, False)[0], lines_of(grid, color, True)[0]
    marks = np.argwhere(grid == marker)
    row += len(marks) if marks[0, 0] < row else -len(marks)
    col += len(marks) if marks[0, 1] < col else -len(marks)
    out = canvas(height(grid), width(grid), bg)
    out[row, :] = color
    out[:, col] = color
    return out
