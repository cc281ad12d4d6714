"""Of the rooms between the lines the top left one becomes 1, the middle one 2, the bottom right one 3."""

from arc_solver.dsl import *


def task(grid):
    def rooms(lines, size):
        edges = [-1, *lines, size]
        spans = [(edges[k] + 1, edges[k + 1] - 1) for k in range(len(edges) - 1)]
        return [(first, last) for first, last in spans if first <= last]

    wall = separator_color(grid)
    rows = rooms(lines_of(grid, wall, False), height(grid))
    cols = rooms(lines_of(grid, wall, True), width(grid))
    out = grid.copy()
    places = [(0, 0), (len(rows) // 2, len(cols) // 2), (-1, -1)]
    for color, (row, col) in enumerate(places, 1):
        (top, bottom), (left, right) = rows[row], cols[col]
        out = fill_box(out, top, left, bottom, right, color)
    return out
