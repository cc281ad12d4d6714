"""The boxes of one half move to the other half, each to where its specks lie there."""

from arc_solver.dsl import *


def task(grid):
    ways = []
    if height(grid) % 2 == 0:
        ways.append(split_vertically(grid, 2))
    if width(grid) % 2 == 0:
        ways.append(split_horizontally(grid, 2))

    def content(half):
        return (half != dominant_color(half)).sum()

    first, second = min(ways, key=lambda halves: min(content(half) for half in halves))
    if content(first) > content(second):
        first, second = second, first
    bg = dominant_color(first)
    boxes_bg = dominant_color(second)
    boxes = objects_on(second, boxes_bg, True, True)
    fill = dominant_color(np.concatenate([box.grid.ravel() for box in boxes])[None])
    out, left = first.copy(), first.copy()
    for box in sorted(boxes, key=lambda box: -(box.grid != fill).sum()):
        specks = np.where(box.grid == fill, bg, box.grid)
        places = find_pattern(left, specks)
        if places and (specks != bg).any():
            row, col = places[0]
            out = paste(out, box.grid, row, col)
            left = fill_box(left, row, col, row + box.height - 1, col + box.width - 1, bg)
    return out
