"""Figures shown whole and found again in parts: where the rest of a figure is missing it is added.

A figure is whole somewhere; elsewhere only some of its cells lie loose, perhaps turned, mirrored or enlarged. The
figure is drawn there, and stays where it was or vanishes. Knows nothing of markers that are no part of a figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.staged import Names, Stage, Step, staged_drafts

STAGE = "figures"
MAX_FIGURES = 12
MAX_LOOSE = 70

GROUND: tuple[Step, ...] = ((("bg = dominant_color(grid)",), 0.4), (("bg = 0",), 0.5))
WHOLE = "objects_on(grid, bg, True, True)"
FIGURES: tuple[Step, ...] = (
    (
        (
            f"objects = {WHOLE}",
            "most = max(len(obj.colors) for obj in objects)",
            "figures = [obj for obj in objects if len(obj.colors) == most]",
        ),
        1.2,
    ),
    ((f"figures = [obj for obj in {WHOLE} if len(obj.colors) > 1]",), 1.2),
    ((f"figures = [largest_object({WHOLE})]",), 1.1),
    (("figures = [obj for obj in objects_on(grid, bg, False, True) if len(obj.colors) > 1]",), 1.3),
    (("figures = [largest_object(objects_on(grid, bg, False, True))]",), 1.3),
    ((f"figures = [obj for obj in {WHOLE} if obj.size > 1]",), 1.3),
)
BOX: Step = (
    (
        "box = color_object(grid, {color})",
        "figures = [Object(crop_object(grid, box), box.row, box.col, np.ones(box.mask.shape, bool))]",
    ),
    1.8,
)
REST = ("rest = grid.copy()", "for figure in figures:", "    rest = erase_object(rest, figure, bg)")
VIEWS: tuple[tuple[str, float], ...] = (
    ("[figure.grid]", 0.0),
    ("[np.rot90(figure.grid, turns) for turns in range(4)]", 0.8),
    ("eight_views(figure.grid)", 0.6),
    ("[upscale(figure.grid, n) for n in range(30 // max(figure.mask.shape), 0, -1)]", 1.2),
    (
        "[upscale(view, n) for n in range(30 // max(figure.mask.shape), 0, -1) for view in eight_views(figure.grid)]",
        1.6,
    ),
    ("[np.fliplr(figure.grid)]", 0.6),
    ("[np.flipud(figure.grid)]", 0.6),
    ("[np.rot90(figure.grid, 2)]", 0.7),
    ("[np.rot90(figure.grid)]", 0.8),
    ("[np.rot90(figure.grid, 3)]", 0.8),
    ("[figure.grid.T]", 0.8),
)
KEYS: tuple[tuple[str, str, float], ...] = (
    ("", "np.isin(view, loose)", 0.4),
    ("", "view != figure.color", 0.5),
    ("for color in figure.colors:", "view == color", 0.8),
)
CLEAN = ("(rest[place] == key)[key != bg].all()", 0.2), ("np.array_equal(rest[place], key)", 0.3)


def solve(examples: Examples) -> Iterator[Draft]:
    """Complete figures of which parts lie about.

    Args:
        examples: Any; nothing is yielded unless sizes stay.
    """
    if not examples.same_size() or any(
        (a == b).all() for a, b in zip(examples.train_inputs, examples.outputs, strict=True)
    ):
        return
    colors = sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs)))
    boxes = [(tuple(line.format(color=color) for line in BOX[0]), BOX[1]) for color in colors]
    figures = [(lines + REST, cost + 0.6) for lines, cost in (*FIGURES, *boxes)]
    stages = (
        Stage(GROUND, ("bg",)),
        Stage(tuple(figures), ("figures",), _has_loose_parts),
    )
    yield from staged_drafts(STAGE, examples, stages, lambda names: _last_steps(examples, names))


def _has_loose_parts(names: Sequence[Names]) -> bool:
    """Whether some figures are whole and of what they are made something lies loose, not too much of either."""
    for one in names:
        figures, rest, bg = one["figures"], one["rest"], one["bg"]
        loose = rest != bg
        if not 0 < len(figures) <= MAX_FIGURES or not 0 < np.count_nonzero(loose) <= MAX_LOOSE:
            return False
        if not np.isin(rest[loose], [color for figure in figures for color in figure.colors]).any():
            return False
    return True


def _last_steps(examples: Examples, names: Sequence[Names]) -> list[Step]:
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    start = _start(examples, names)
    if start is None:
        return []
    new = set.intersection(*(set(np.unique(b[a != b]).tolist()) for a, b in pairs))
    new -= {color for grid in examples.inputs for color in np.unique(grid).tolist()}
    paints = [("view != bg", "view[view != bg]", 0.0)]
    paints += [("(view != bg) & (key == bg)", str(color), 0.6) for color in sorted(new)]
    steps = []
    for loop, key, key_cost in KEYS:
        for views, views_cost in VIEWS:
            for match, match_cost in CLEAN:
                for cells, value, paint_cost in paints:
                    cost = 3.0 + key_cost + views_cost + match_cost + paint_cost
                    steps.append((_matching(start, loop, key, views, match, cells, value), cost))
    return sorted(steps, key=lambda step: (step[1], step[0]))


def _start(examples: Examples, names: Sequence[Names]) -> str | None:
    """What the figures are drawn on: the input, or the input without them; None if they cannot explain the outputs."""
    moved = []
    for one, grid, output in zip(names, examples.train_inputs, examples.outputs, strict=False):
        figures = one["rest"] != grid
        added = set(np.unique(output[(output != grid) & (output != one["bg"])]).tolist())
        own = {color for figure in one["figures"] for color in figure.colors}
        if added - own and (added & own or len(added) > 1):
            return None
        moved.append(bool((output[figures] == one["bg"]).any()))
        if not moved[-1] and (output != grid)[figures | (grid != one["bg"])].any():
            return None
    return "rest" if all(moved) else "grid" if not any(moved) else None


def _matching(start: str, loop: str, key: str, views: str, match: str, cells: str, value: str) -> tuple[str, ...]:
    inner = (
        f"key = np.where({key}, view, bg)",
        "for row, col in np.argwhere(key != bg)[:1]:",
        "    for top, left in np.argwhere(rest == key[row, col]) - (row, col):",
        "        place = slice(top, top + len(key)), slice(left, left + len(key[0]))",
        f"        if {match}:",
        "            rest[place][key != bg] = bg",
        f"            out[place][{cells}] = {value}",
    )
    loops = ["for figure in figures:", *([loop] if loop else []), f"for view in {views}:"]
    nested = ["    " * depth + line for depth, line in enumerate(loops)]
    return (
        *(("loose = rest",) if "loose" in key else ()),
        f"out = np.pad({start}, 30, constant_values=bg)",
        "rest = np.pad(rest, 30, constant_values=bg)",
        *nested,
        *("    " * len(loops) + line for line in inner),
        "out = out[30:-30, 30:-30]",
    )
