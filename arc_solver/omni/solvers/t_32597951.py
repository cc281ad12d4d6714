"""Within the box around the marker color, the cells of the other color become 3."""

from arc_solver.dsl import *


def task(grid):
    boxes = [color_object(grid, color) for color in colors_by_count(grid)]
    box = min(boxes, key=lambda obj: obj.height * obj.width)
    piece = crop_object(grid, box)
    return paste(grid, np.where(piece == box.color, piece, 3), box.row, box.col)
