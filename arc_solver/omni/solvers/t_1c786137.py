"""What the largest frame of one color encloses is cut out."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    frames = []
    for color in colors_by_count(grid):
        mine = grid == color
        cells = np.argwhere(mine).tolist()
        for top, left in cells:
            for bottom, right in cells:
                if bottom > top + 1 and right > left + 1 and mine[bottom, left] and mine[top, right]:
                    rows = mine[[top, bottom], left : right + 1]
                    cols = mine[top : bottom + 1, [left, right]]
                    if rows.all() and cols.all():
                        frames.append((color != bg, (bottom - top) * (right - left), top, left, bottom, right))
    *_, top, left, bottom, right = max(frames)
    return grid[top + 1 : bottom, left + 1 : right]
