"""Nested boxes, partly outside the grid: draw the next ones at the same distance and turn the background gray."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    color = next(c for c in colors_by_count(grid) if c != bg)

    def lines(ray):
        hits = np.flatnonzero(ray == color).tolist() + [99, 198]
        return hits[0] + 1, hits[1] - hits[0]

    def boxes(core):
        row, col = core.row, core.col
        sides = [lines(grid[row::-1, col]), lines(grid[row:, col]), lines(grid[row, col::-1]), lines(grid[row, col:])]
        down = min(sides[0][1], sides[1][1])
        across = min(sides[2][1], sides[3][1])
        top, bottom, left, right = (side[0] - 1 for side in sides)
        out = canvas(height(grid), width(grid), 5)
        for i in range(30):
            out = draw_box(out, row - top - i * down, col - left - i * across,
                           row + bottom + i * down, col + right + i * across, color)
        return out

    cores = [r for r in sort_by_size(color_regions(grid)) if r.color == bg and is_rectangle(r)]
    return next(out for out in map(boxes, cores) if np.all(out[grid == color] == color))
