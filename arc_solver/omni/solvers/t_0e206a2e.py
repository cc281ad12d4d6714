"""Every figure is moved, turned or mirrored so that its special cells lie on the matching loose cells."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    objects = objects_on(grid, bg, True, True)
    most = max(len(obj.colors) for obj in objects)
    figures = [obj for obj in objects if len(obj.colors) == most]
    loose = grid
    for obj in figures:
        loose = erase_object(loose, obj, bg)
    fill = next(color for color in colors_by_count(grid) if color not in loose)
    out = loose
    for obj in figures:
        for view in eight_views(obj.grid):
            keys = np.argwhere((view != bg) & (view != fill))
            row, col = keys[0]
            for top, left in np.argwhere(loose == view[row, col]) - keys[0]:
                part = np.pad(loose, 30, constant_values=-1)[top + 30 :, left + 30 :]
                part = part[: height(view), : width(view)]
                if all(part[row, col] == view[row, col] for row, col in keys):
                    out = paste_over(out, view, int(top), int(left), bg)
    return out
