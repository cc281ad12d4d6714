"""Nine tiles make a picture: the marks on each tile show the corner or side that it belongs to."""

from arc_solver.dsl import *


def task(grid):
    bg, fill = colors_by_count(grid)[:2]
    places = [(row, col) for row in (0, 1, -1) for col in (0, 1, -1)]

    def belongs(marked, row, col):
        line = np.zeros(marked.shape, bool)
        if row != 1:
            line[row] = True
        if col != 1:
            line[:, col] = True
        if row != 1 and col != 1:
            line[row, -1 - col] = line[-1 - row, col] = False
        spur = (row == 1) != (col == 1)
        return marked[line].all() and marked.sum() == line.sum() + spur

    def fit(left, board):
        top, start = np.argwhere(left)[0] if left.any() else (30, 30)
        for bottom in range(height(grid), top + 1, -1):
            for end in range(width(grid), start + 1, -1):
                if left[top:bottom, start].all() and left[top:bottom, start:end].all():
                    tile, rest = grid[top:bottom, start:end], left.copy()
                    rest[top:bottom, start:end] = False
                    for place in places:
                        fits = place not in board and belongs(tile != fill, *place)
                        for (row, col), other in board.items():
                            fits &= row != place[0] or len(other) == len(tile)
                            fits &= col != place[1] or width(other) == width(tile)
                        if fits:
                            yield from fit(rest, {**board, place: tile})
        if len(board) == 9 and not left.any():
            yield vstack_all([hstack_all([board[row, col] for col in (0, 1, -1)]) for row in (0, 1, -1)])

    return next(fit(grid != bg, {}))
