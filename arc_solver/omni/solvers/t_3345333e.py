"""The rectangle in front is taken away, and what it hid of the symmetric figure is drawn again."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    answers = []
    for blot_color, color in [colors_by_count(grid)[1:], colors_by_count(grid)[:0:-1]]:
        blot = color_object(grid, blot_color)
        figure = set(color_object(grid, color).cells)
        if not is_rectangle(blot):
            continue
        hidden = set(blot.cells)
        for total in range(2 * max(grid.shape)):
            for mirrored in [{(r, total - c) for r, c in figure}, {(total - r, c) for r, c in figure}]:
                if mirrored <= figure | hidden:
                    answers.append((len(mirrored - figure), len(answers), color, figure | mirrored))
    _, _, color, cells = min(answers)
    out = canvas(height(grid), width(grid), bg)
    for row, col in cells:
        out[row, col] = color
    return out
