"""A cell for each mesh of the net that has one color on all four knots."""

from arc_solver.dsl import *


def task(grid):
    knots = ~np.isin(grid, colors_by_count(grid)[:2])
    rows, cols = np.flatnonzero(knots.any(axis=1)), np.flatnonzero(knots.any(axis=0))
    mesh = grid[rows[0] + 1, cols[0] + 1]
    down, across = np.diff(rows).min(), np.diff(cols).min()
    picks = slice(rows[0], rows[-1] + 1, down), slice(cols[0], cols[-1] + 1, across)
    net, colored = grid[picks], knots[picks]
    first = net[:-1, :-1]
    alike = (first == net[1:, :-1]) & (first == net[:-1, 1:]) & (first == net[1:, 1:])
    return np.where(alike & colored[:-1, :-1], first, mesh)
