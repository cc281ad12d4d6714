"""What lies outside of the two brackets is mirrored across their backs, to stand close behind their arms."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turned in (False, True):
        g = transpose(grid) if turned else grid
        for color in colors_by_count(grid)[1:]:
            pair = color_object(g, color)
            if pair.mask[0].all() and pair.mask[-1].all() and pair.size == 2 * pair.width + 4:
                out = np.where(g == color, color, bg)
                things = np.argwhere((g != bg) & (g != color))
                for back, step in [(pair.row, 1), (pair.bottom, -1)]:
                    outside = [(row, col) for row, col in things if (row - back) * step < 0]
                    near = min([abs(row - back) for row, _ in outside], default=0)
                    for row, col in outside:
                        out[back + step * (2 + abs(row - back) - near), col] = g[row, col]
                return transpose(out) if turned else out
