"""From the seed the two colors spread by turns through the passages of the maze."""

from arc_solver.dsl import *


def task(grid):
    *maze, other, seed = colors_by_count(grid)
    for color in (seed, other):
        row, col = np.argwhere(grid == color)[0].tolist()
        near = [neighbor(grid, *step)[row, col] for step in [(0, 1), (1, 0), (0, -1), (-1, 0), (1, 1)]]
        walls = [around for around in near[:4] if around in maze] or near[4:]
        if len(set(walls)) == 1:
            break
    passages = np.where(grid == walls[0], 0, 1)
    reached = reachable_cells(passages, row, col)
    odd = np.add.outer(range(row, row + height(grid)), range(col, col + width(grid))) % 2 == 1
    colors = np.where(odd, other if color == seed else seed, color)
    return np.where(reached, colors, grid)
