"""One color hides parts of a pattern of equal tiles; the tiles show what belongs there."""

from arc_solver.dsl import *


def task(grid):
    repaired = []
    for hidden in colors_by_count(grid):
        try:
            repaired.append(repair_pattern(grid, hidden))
        except ValueError:
            continue
    return min(repaired, key=lambda whole: repeating_tile(whole).size)
