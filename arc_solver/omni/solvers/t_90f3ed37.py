"""The fullest pattern shows how the others go on to the right: draw in blue what they lack of it."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    filled = grid != bg
    busy = filled.any(axis=1)
    tops = [row for row in np.flatnonzero(busy) if row == 0 or not busy[row - 1]]
    ends = [row for row in np.flatnonzero(busy) + 1 if row == height(grid) or not busy[row]]
    top, end = max(zip(tops, ends, strict=True), key=lambda span: filled[span[0] : span[1]].sum())
    pattern, h, w = filled[top:end], end - top, width(grid)
    out = grid.copy()
    for start, stop in zip(tops, ends, strict=True):
        fits = []
        for moved in range(w):
            moved_on = np.pad(pattern, ((0, 0), (moved, 0)))[:, :w]
            for above in range(h - (stop - start) + 1):
                if 0 <= start - above <= height(grid) - h:
                    part = filled[start - above : start - above + h]
                    lacking = moved_on & ~part
                    last = np.flatnonzero(part.any(axis=0))[-1]
                    if not (part & ~moved_on)[:, moved:].any() and not lacking[:, : last + 1].any():
                        fits.append((start - above, lacking))
        if fits and start != top:
            first, lacking = fits[0]
            out[first : first + h][lacking] = 1
    return out
