"""Thick lines cut the grid into four panels; the one with the odd color is the answer."""

from arc_solver.dsl import *


def task(grid):
    for color in colors_by_count(grid):
        if lines_of(grid, color, vertical=False) and lines_of(grid, color, vertical=True):
            break
    odd = [c for c in colors_by_count(grid) if c != color][-1]
    for panel in objects_on(grid, color, diagonals=False, multicolor=True):
        if odd in panel.grid:
            return panel.grid
