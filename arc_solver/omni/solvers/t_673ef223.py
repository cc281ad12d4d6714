"""Cells send beams to their wall and turn yellow; the matching rows at the other wall are beams all along."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    sides = (0, width(grid) - 1)
    walls = [obj for obj in objects_on(grid, bg) if obj.width == 1 < obj.height and obj.col in sides]
    if len(walls) != 2:
        return transpose(task(transpose(grid)))
    near, far = sorted(walls, key=lambda wall: -(grid[wall.row : wall.bottom + 1] != bg).sum())
    if (grid[far.row : far.bottom + 1] != bg).sum() > far.height:
        near, far = far, near
    out = grid.copy()
    for row, col in np.argwhere((grid != bg) & (grid != near.color)):
        start, end = (1, col) if near.col == 0 else (col, width(grid) - 2)
        out = draw_line(out, row, start, row, end, grid[row, col])
        out[row, col] = 4
        level = far.row + row - near.row
        out[level] = np.where(grid[level] == bg, grid[row, col], grid[level])
    return out
