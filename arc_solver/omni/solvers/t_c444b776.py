"""Copy what one panel holds into all panels."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    colors = [color for color in colors_by_count(grid) if color != bg]
    lines = next(color for color in colors if lines_of(grid, color, False) or lines_of(grid, color, True))
    panels = [panel for row in panel_rows(grid, lines) for panel in row]
    model = max(panels, key=lambda panel: np.count_nonzero(panel != bg))
    out = grid.copy()
    for top in [0] + [row + 1 for row in lines_of(grid, lines, False)]:
        for left in [0] + [col + 1 for col in lines_of(grid, lines, True)]:
            out = paste(out, model, top, left)
    return out
