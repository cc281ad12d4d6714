"""Families of divided scenes: panels, tables, mazes, frames, bars, piles, keys. Knows nothing of how they are drawn."""

from __future__ import annotations

from typing import Any

from arc_solver.grids import MAX_SIDE
from arc_solver.omni.generators.drafts import OTHER, SHAPE, Draft
from arc_solver.omni.generators.families.objects import shape
from arc_solver.omni.generators.family import family

_SIDES = ("bottom", "top", "left", "right")


@family(4)
def two_panels(draft: Draft) -> None:
    """Two or three equal panels of random cells, each in its colour, as for logical operations."""
    n, along = draft.choice(2, 2, 2, 3), draft.chance(0.5)
    down, across = (n, 1) if along else (1, n)
    _panels(draft, down, across, draft.choice("cells", "cells", "shapes"), own_colors=draft.chance(0.7))


@family(4)
def many_panels(draft: Draft) -> None:
    """Four to a dozen panels: random, alike, all the same but one, only one filled."""
    down, across = draft.number(1, 4), draft.number(2, 4)
    _panels(draft, down, across, draft.choice("cells", "shapes", "odd", "single", "alike"), own_colors=False)


@family(3)
def cell_tables(draft: Draft) -> None:
    """A lattice of lines with filled cells, perhaps with hidden patches."""
    size = draft.number(1, 4)
    down, across = draft.number(2, 7), draft.number(2, 7)
    while (down * (size + 1) + 1) * (across * (size + 1) + 1) > draft.max_cells or max(down, across) * (
        size + 1
    ) > MAX_SIDE - 1:
        size, down, across = (size - 1, down, across) if size > 1 else (size, max(1, down - 1), max(1, across - 1))
        if down == across == 1:
            break
    draft.start(
        "cell_table",
        down=_up_to(draft, down),
        across=_up_to(draft, across),
        size=size,
        line=draft.color(),
        colors=draft.colors(1, 4),
        share=draft.share(0.15, 0.7),
        background=draft.background,
        framed=draft.chance(0.2),
    )


@family(2)
def scene_and_key(draft: Draft) -> None:
    """A scene of objects and, behind a line, a small pattern."""
    rows = draft.number(5, 14)
    key = draft.choice(2, 3, 3)
    while rows * (rows + 1 + key) > draft.max_cells and rows > 1:
        rows -= 1
    key = min(key, rows)
    draft.side = rows
    line, colors = draft.color(), draft.colors(1, 4)
    draft.start("blank", rows=rows, cols=_up_to(draft, rows), background=draft.background)
    draft.then("scatter_blobs", n=draft.count(1, 4, 16), colors=colors, height=draft.size(1, 4), width=draft.size(1, 4))
    share = draft.share(0.4, 0.9)
    draft.other("random_cells", rows=key, cols=key, colors=colors, share=share, background=draft.background)
    draft.then("joined", other=OTHER, line=line, direction=draft.choice("rows", "cols"), swap=draft.chance(0.3))


@family(2)
def mazes(draft: Draft) -> None:
    """Corridors and closed rooms, sometimes with a mark in them."""
    openings, closed = draft.share(0.0, 0.4), draft.share(0.0, 0.3)
    draft.start(
        "maze", **draft.sides(7), wall=draft.color(), background=draft.background, openings=openings, closed=closed
    )
    if draft.chance(0.5):
        draft.then("recolor_cells", n=draft.bounds(1, 3), color=draft.color())


@family(2)
def framed(draft: Draft) -> None:
    """A frame or coloured edges around dots or rectangles."""
    draft.ground(6)
    n, colors = draft.count(1, 8, 10), draft.colors(1, 4)
    if draft.chance(0.6):
        draft.then("scatter_dots", n=n, colors=colors, gap=draft.number(0, 1))
    else:
        draft.then("scatter_rectangles", n=n, colors=colors, height=draft.size(1, 4), width=draft.size(1, 4))
    if draft.chance(0.4):
        draft.then("frame", color=draft.color(), thickness=draft.choice(1, 1, 2))
    else:
        sides = draft.choice("all", "left_right", "top_bottom", "one")
        # The colours of the objects: those that are alike may belong together.
        draft.then("colored_edges", colors=draft.choice(colors, draft.colors(1, 4)), sides=sides)


@family(2)
def cornered(draft: Draft) -> None:
    """Four marked corners around or inside a scene of dots."""
    draft.ground(6)
    draft.then("scatter_dots", n=draft.count(1, 8, 12), colors=draft.colors(1, 2), gap=draft.number(0, 1))
    draft.then(
        "corner_marks",
        colors=draft.choice(draft.colors(1, 1), draft.colors(4, 4)),
        inset=draft.choice(0, (0, 3), (1, 3)),
    )


@family(3)
def bars(draft: Draft) -> None:
    """Bars on one side, as in a histogram, sorted or not."""
    draft.ground(5, 20)
    wide, space = draft.choice(1, 1, 2), draft.choice(0, 1, 1)
    most = max(1, draft.side // (wide + space))
    draft.then(
        "bars",
        n=draft.bounds(min(2, most), min(9, most)),
        colors=draft.colors(1, 4),
        height=(1, max(2, draft.side - draft.number(0, 3))),
        thickness=wide,
        spacing=space,
        side=draft.choice(*_SIDES),
        order=draft.choice("random", "random", "growing", "shrinking"),
    )


@family(2)
def piles(draft: Draft) -> None:
    """Stacks of cells on one side, sometimes with objects above them."""
    draft.ground(5, 20)
    side = draft.choice(*_SIDES)
    draft.then("pile", colors=draft.colors(1, 4), height=(0, max(1, draft.side // 2)), side=side)
    if draft.chance(0.5):
        draft.then("scatter_dots", n=draft.count(1, 5, 15), colors=draft.colors(1, 3))


@family(3)
def falling(draft: Draft) -> None:
    """Objects in the air above a floor or a wall."""
    draft.ground(7, 20)
    side, floor = draft.choice(*_SIDES), draft.color()
    thickness = draft.choice(1, 1, (1, 3))
    draft.then("floor", color=floor, thickness=thickness, gaps=draft.choice(0.0, draft.share(0.1, 0.3)), side=side)
    if draft.chance(0.5):
        sizes = {"height": draft.size(1, 4), "width": draft.size(1, 4)}
        draft.then("scatter_blobs", n=draft.count(1, 4, 20), colors=draft.colors(1, 3), **sizes)
    else:
        draft.then("scatter_dots", n=draft.count(2, 8, 10), colors=draft.colors(1, 3), gap=0)


@family(3)
def keyed(draft: Draft) -> None:
    """Objects and a table of colours in a corner."""
    draft.ground(8)
    colors = draft.colors(2, 4)
    shape(draft)
    draft.then("scatter_recolored", shape=SHAPE, n=draft.count(2, 5, 18), colors=colors)
    n = draft.bounds(1, 4)
    corner = draft.choice("top_left", "top_right", "bottom_left", "bottom_right")
    key = list(dict.fromkeys([*colors, *draft.colors(2, 4)]))
    draft.then("color_key", n=n, colors=key, corner=corner, pairs=draft.chance(0.7))


@family(2)
def color_rows(draft: Draft) -> None:
    """A row of colours along a side, and room or objects beyond it."""
    draft.ground(4, 15)
    colors, n = draft.colors(2, 5), draft.bounds(2, max(3, draft.side))
    if draft.chance(0.4):
        draft.then("scatter_dots", n=draft.count(1, 5, 12), colors=draft.colors(1, 2))
    draft.then("row_of_colors", colors=colors, n=n, side=draft.choice(*_SIDES), spacing=draft.choice(0, 0, 1))


def _panels(draft: Draft, down: int, across: int, content: str, own_colors: bool) -> None:
    rows, cols = draft.number(2, 8), draft.number(2, 8)
    if draft.chance(0.6):
        cols = rows

    def fits() -> bool:
        total = (down * (rows + 1) - 1), (across * (cols + 1) - 1)
        return total[0] * total[1] <= draft.max_cells and max(total) <= MAX_SIDE

    while not fits():
        if max(rows, cols) > 2:
            rows, cols = (rows - 1, cols) if rows >= cols else (rows, cols - 1)
        elif down >= across:
            down -= 1
        else:
            across -= 1
    n = down * across
    colors = draft.colors(n, n) if own_colors and n <= 4 else draft.colors(1, 3)
    arguments: dict[str, Any] = {"line": draft.color(), "colors": colors, "content": content}
    draft.start(
        "panels",
        down=down,
        across=across,
        rows=_up_to(draft, rows),
        cols=_up_to(draft, cols),
        **arguments,
        share=draft.share(0.3, 0.7),
        background=draft.background,
        own_colors=own_colors,
    )


def _up_to(draft: Draft, most: int) -> int | tuple[int, int]:
    """This many, or a range up to it."""
    fewest = max(1, most - draft.number(1, 3), (most + 1) // 2)
    return most if fewest == most or draft.chance(0.5) else (fewest, most)
