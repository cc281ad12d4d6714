"""The bars on one edge slide straight on until they hit the thing on the opposite edge."""

from arc_solver.dsl import *


def task(grid):
    bg = dominant_color(grid)
    colors = [color for color in colors_by_count(grid) if color != bg]
    for turns in range(4):
        view = swap_colors(np.rot90(grid, turns), bg, 0)
        for bars, thing in [colors, colors[::-1]]:
            bars, thing = view == (bars or bg), view == (thing or bg)
            over_bars = thing.any(axis=0)[bars.any(axis=0)].all()
            if thing[0].any() and bars[-1].any() and over_bars and not thing[-1].any():
                return np.rot90(swap_colors(gravity_up(view), bg, 0), -turns)
