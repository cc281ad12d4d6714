"""The noise cells within the box around each group of nearby marks become 4."""

from arc_solver.dsl import *


def task(grid):
    mark = colors_by_count(grid)[-1]
    boxes = [(obj.row, obj.col, obj.bottom, obj.right) for obj in objects_in_color(grid, mark)]
    out = grid.copy()
    while boxes:
        top, left, bottom, right = boxes.pop()
        for near in boxes:
            rows_meet = near[0] <= bottom + 2 and near[2] >= top - 2
            if rows_meet and near[1] <= right + 2 and near[3] >= left - 2:
                boxes.remove(near)
                corner = min(top, near[0]), min(left, near[1])
                boxes.append((*corner, max(bottom, near[2]), max(right, near[3])))
                break
        else:
            part = out[top : bottom + 1, left : right + 1]
            part[part != mark] = 4
    return out
