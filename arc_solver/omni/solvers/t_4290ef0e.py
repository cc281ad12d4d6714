"""Put the scattered rings, broken or cut off, into each other, all of them whole and around one center."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)

    def measure(color):
        places = [np.flatnonzero(line == color) for line in [*grid, *grid.T] if color in line]
        size = max(line[-1] - line[0] + 1 for line in places)
        parts = [np.split(line, np.flatnonzero(np.diff(line) > 1) + 1) for line in places]
        arm = max(len(part) for line in parts for part in line)
        for line in parts:
            for k in range(1, len(line)):
                if arm in (len(line[k - 1]), len(line[k])):
                    size = max(size, 2 * arm + line[k][0] - line[k - 1][-1] - 1)
        return size, arm, color

    rings = sorted(measure(color) for color in colors_by_count(grid) if color != bg)
    first = 0 if rings[0][0] == 1 else 1
    radius = first + len(rings) - 1
    rows, cols = np.abs(np.indices((2 * radius + 1, 2 * radius + 1)) - radius)
    out = canvas(2 * radius + 1, 2 * radius + 1, bg)
    for k, (_, arm, color) in enumerate(rings, first):
        out[(np.maximum(rows, cols) == k) & (np.minimum(rows, cols) > k - arm)] = color
    return out
