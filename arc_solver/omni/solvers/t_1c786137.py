"""What the largest frame of one color encloses is cut out."""

from arc_solver.dsl import *


def task(grid):
    best = (0, 0, 0, 0, 0)
    for color in colors_by_count(grid)[1:]:
        mine = grid == color
        for top, left in np.argwhere(mine):
            for bottom in range(top + 2, height(grid)):
                if not mine[bottom, left]:
                    if not mine[top:bottom, left].all():
                        break
                    continue
                if not mine[top:bottom, left].all():
                    break
                for right in range(left + 2, width(grid)):
                    if not (mine[top, right] and mine[bottom, right]):
                        if not mine[top, left : right + 1].all():
                            break
                        continue
                    sides = mine[top, left:right], mine[bottom, left:right], mine[top:bottom, right]
                    if all(side.all() for side in sides):
                        best = max(best, ((bottom - top) * (right - left), top, left, bottom, right))
    _, top, left, bottom, right = best
    return grid[top + 1 : bottom, left + 1 : right]
