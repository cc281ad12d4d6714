"""The diagonal runs on to the wall and bounces off it, in green."""

from arc_solver.dsl import *


def task(grid):
    ray = colors_by_count(grid)[-1]
    for view in (grid, transpose(grid)):
        for wall in colors_by_count(grid)[:2]:
            lines = lines_of(view, wall, True)
            if len(lines) * height(view) == count_cells(view, wall):
                path = [tuple(cell) for cell in np.argwhere(view == ray)]
                path.sort(key=lambda cell: -abs(cell[1] - lines[0]))
                (row, col), (d_row, d_col) = path[-1], np.subtract(path[-1], path[-2])
                out = view.copy()
                while 0 <= row < height(view) and 0 <= col < width(view):
                    out[row, col] = 3
                    if col + d_col in lines:
                        d_col = -d_col
                    row, col = row + d_row, col + d_col
                out[view == ray] = ray
                return out if view is grid else transpose(out)
