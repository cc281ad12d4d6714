"""Under the roof, every column that has a dot becomes a stripe of the dot color, down to the edge."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    for turn in range(4):
        g = np.rot90(grid, turn)
        for color in colors_by_count(g)[1:]:
            roof = color_object(g, color)
            if roof.size == 10 and roof.height == 4 and roof.mask[0].sum() == 1:
                dot = next(other for other in colors_by_count(g) if other not in (bg, color))
                out = g.copy()
                for col in range(roof.col, roof.right + 1):
                    top = np.flatnonzero(g[:, col] == color).max() + 1
                    if (g[top:, col] == dot).any():
                        out[top:, col] = dot
                return np.rot90(out, -turn)
