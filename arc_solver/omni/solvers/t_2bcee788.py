"""Mirror the figure across its red side, turn the red cells into its color and the background green."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    figure = object_from_cells(grid, grid != bg)
    mark = min(figure.colors, key=lambda color: count_cells(grid, color))
    steps = [(0, -1), (0, 1), (-1, 0), (1, 0)]
    body = [np.count_nonzero((grid == mark) & (neighbor(grid, *step) == figure.color)) for step in steps]
    d_row, d_col = steps[body.index(max(body))]
    side = object_from_cells(grid, grid == mark)
    out = replace_color(grid, mark, figure.color)
    for row, col in figure.cells:
        if grid[row, col] != mark:
            row = row if d_row == 0 else 2 * side.row + d_row - row
            col = col if d_col == 0 else 2 * side.col + d_col - col
            if 0 <= row < height(grid) and 0 <= col < width(grid):
                out[row, col] = figure.color
    return replace_color(out, bg, 3)
