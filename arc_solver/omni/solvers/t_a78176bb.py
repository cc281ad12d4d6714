"""The triangles on the diagonal lines vanish; past the tip of each runs a parallel of its line."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    rows, cols = grid.shape

    def lines_in(view):
        lines = {}
        for offset in range(2 - rows, cols - 1):
            colors = set(np.diagonal(view, offset))
            if len(colors) == 1 and bg not in colors:
                lines[offset] = colors.pop()
        return lines

    flipped = len(lines_in(flip_horizontal(grid))) > len(lines_in(grid))
    view = flip_horizontal(grid) if flipped else grid
    lines = lines_in(view)
    offsets = np.arange(cols) - np.arange(rows)[:, None]
    parallels = dict(lines)
    for triangle in objects_on(np.where(np.isin(offsets, list(lines)), bg, view), bg, diagonals=False):
        span = offsets[object_cells(view, triangle)]
        if span.min() - 1 in lines:
            parallels[span.max() + 2] = lines[span.min() - 1]
        elif span.max() + 1 in lines:
            parallels[span.min() - 2] = lines[span.max() + 1]
    out = canvas(rows, cols, bg)
    for offset, color in parallels.items():
        out = paint_cells(out, offsets == offset, color)
    return flip_horizontal(out) if flipped else out
