"""Each dot runs straight to the lines beside it and pierces them; the line color closes around each hole."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    colors = [color for color in colors_by_count(grid) if color != bg]
    wall = next(color for color in colors if lines_of(grid, color, False) or lines_of(grid, color, True))
    turned = bool(lines_of(grid, wall, True))
    g = transpose(grid) if turned else grid
    lines = lines_of(g, wall, False)
    out, holes = g.copy(), []
    for row, col in np.argwhere((g != bg) & (g != wall)):
        above = [line for line in lines if line < row][-1:]
        below = [line for line in lines if line > row][:1]
        for line in above + below:
            out = draw_line(out, row, col, line, col, g[row, col])
            holes.append((line, col, g[row, col]))
    for row, col, color in holes:
        out = draw_box(out, row - 1, col - 1, row + 1, col + 1, wall)
        out[row, col] = color
    return transpose(out) if turned else out
