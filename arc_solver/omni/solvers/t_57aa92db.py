"""One figure around its marker is complete; the other markers get it at their own scale and color."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = [obj for obj in objects_on(grid, bg, True, True) if len(obj.colors) > 1]

    def rank(color):
        parts = objects_in_color(grid, color, False)
        square = all(is_rectangle(obj) and obj.height == obj.width for obj in parts)
        return sum(color in obj.colors for obj in objects), square

    marker = max((color for color in colors_by_count(grid) if color != bg), key=rank)
    figures = []
    for obj in objects:
        core = object_from_cells(obj.grid, obj.grid == marker)
        scale = core.height
        steps = {((r - core.row) // scale, (c - core.col) // scale) for r, c in np.argwhere(obj.mask)}
        color = next((color for color in obj.colors if color != marker), marker)
        figures.append((obj.size / scale**2, steps, obj.row + core.row, obj.col + core.col, scale, color))
    model = max(figures, key=lambda figure: figure[0])[1]
    out = grid.copy()
    for _, _, row, col, scale, color in figures:
        for d_row, d_col in model - {(0, 0)}:
            top, left = row + d_row * scale, col + d_col * scale
            out = fill_box(out, top, left, top + scale - 1, left + scale - 1, color)
    return out
