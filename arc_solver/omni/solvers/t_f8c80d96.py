"""Nested boxes, partly outside: draw the next ones at the same distance and turn the background gray."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    color = next(c for c in colors_by_count(grid) if c != bg)

    def look(ray):
        hits = [*np.flatnonzero(ray == color), 99, 198]
        return hits[0], hits[1] - hits[0]

    def boxes(core):
        row, col = core.row, core.col
        (up, gap_up), (down, gap_down) = look(grid[row::-1, col]), look(grid[row:, col])
        (left, gap_left), (right, gap_right) = look(grid[row, col::-1]), look(grid[row, col:])
        out = canvas(height(grid), width(grid), 5)
        for k in range(30):
            rows, cols = k * min(gap_up, gap_down), k * min(gap_left, gap_right)
            top, bottom = row - up - rows, row + down + rows
            out = draw_box(out, top, col - left - cols, bottom, col + right + cols, color)
        return out

    cores = [area for area in sort_by_size(color_regions(grid)) if area.color == bg and is_rectangle(area)]
    return next(out for out in map(boxes, cores) if np.all(out[grid == color] == color))
