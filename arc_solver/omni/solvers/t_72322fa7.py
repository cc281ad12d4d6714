"""Where only one color of a two-colored figure is left, the figure is completed after the whole ones."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    figures = [obj for obj in objects_on(grid, bg, multicolor=True) if len(obj.colors) > 1]
    loose = out = grid
    parts = []
    for figure in figures:
        loose = erase_object(loose, figure, bg)
        for color in figure.colors:
            part = np.where(figure.grid == color, color, bg)
            parts.append((part, figure))
    for part, figure in sorted(parts, key=lambda pair: -(pair[0] != bg).sum()):
        for row in range(height(grid) - figure.height + 1):
            for col in range(width(grid) - figure.width + 1):
                window = loose[row : row + figure.height, col : col + figure.width]
                if (window == part)[figure.mask].all():
                    copy = place_object(figure, row, col)
                    loose = erase_object(loose, copy, bg)
                    out = paint_object(out, copy)
    return out
