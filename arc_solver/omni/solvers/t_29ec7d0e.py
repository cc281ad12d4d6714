"""The hidden areas, full blocks of one color, are filled in by the repetition of the rest."""

from arc_solver.dsl import *


def task(grid):
    def blocks(color):
        cells = np.pad(grid == color, 1)
        full = cells[:-1, :-1] & cells[:-1, 1:] & cells[1:, :-1] & cells[1:, 1:]
        covered = full[:-1, :-1] | full[:-1, 1:] | full[1:, :-1] | full[1:, 1:]
        return np.count_nonzero(covered) / count_cells(grid, color)

    return repair_pattern(grid, max(colors_by_count(grid), key=blocks))
