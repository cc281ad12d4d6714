"""Every ring of a nest takes the color of the ring around it, the outermost that of the innermost."""

from arc_solver.dsl import *


def task(grid):
    depth = edge_distance(grid)
    rings = [int(grid[i, i]) for i in range(depth.max() + 1)]
    colors = [c for i, c in enumerate(rings) if i == 0 or c != rings[i - 1]]
    first = colors[-1] if colors[-1] != colors[0] else colors[-2]
    out, step = grid.copy(), -1
    for i, color in enumerate(rings):
        step += i == 0 or color != rings[i - 1]
        out[depth == i] = colors[step - 1] if step else first
    return out
