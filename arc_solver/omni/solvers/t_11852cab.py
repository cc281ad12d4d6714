"""Complete every star of 5 x 5 or 3 x 3 cells so that it looks the same when turned or mirrored."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    left = np.pad(grid, 3, constant_values=bg)
    out = left.copy()
    while np.any(left != bg):
        stars = []
        for reach in (1, 2):
            side = 2 * reach + 1
            for row, col in np.argwhere(left[3:-3, 3:-3] != bg) + 3 - reach:
                star = left[row : row + side, col : col + side].copy()
                cells = np.count_nonzero(star != bg)
                around = left[row - 1 : row + side + 1, col - 1 : col + side + 1]
                views = eight_views(star)
                fits = all(np.all((star == bg) | (view == bg) | (star == view)) for view in views)
                if np.count_nonzero(around != bg) == cells and fits:
                    stars.append((cells, star, row, col))
        _, star, row, col = max(stars, key=lambda entry: entry[0])
        left[row : row + len(star), col : col + len(star)] = bg
        for view in eight_views(star):
            out[row : row + len(view), col : col + len(view)][view != bg] = view[view != bg]
    return out[3:-3, 3:-3]
