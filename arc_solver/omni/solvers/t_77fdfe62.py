"""Each quarter of the framed picture takes the color of the nearest corner."""

from arc_solver.dsl import *


def task(grid):
    bg = grid[0, 2]
    picture = grid[2:-2, 2:-2]
    corners = grid[[0, -1]][:, [0, -1]]
    rows, cols = picture.shape
    colors = np.kron(corners, np.ones((rows // 2, cols // 2), dtype=int))
    return np.where(picture == bg, bg, colors)
