"""Families of patterns: symmetric, periodic, small ones. Knows nothing of how they are drawn."""

from __future__ import annotations

from arc_solver.omni.generators.drafts import Draft
from arc_solver.omni.generators.family import family

_ANY_SYMMETRY = ("mirror", "flip", "both", "half_turn", "transpose", "quarter_turn", "full")


@family(4)
def symmetric_patterns(draft: Draft) -> None:
    """Symmetric patterns, whole, damaged or with hidden patches."""
    draft.start(
        "symmetric_pattern",
        **square_sides(draft, 6),
        colors=draft.colors(1, 5),
        symmetry=draft.choice(*_ANY_SYMMETRY),
        share=draft.share(0.4, 1.0),
        background=draft.background,
    )
    hidden(draft)


@family(4)
def periodic_patterns(draft: Draft) -> None:
    """One tile again and again, whole or with hidden patches."""
    draft.start(
        "tiled",
        **draft.sides(6),
        colors=draft.colors(2, 6),
        tile_rows=draft.size(1, 6),
        tile_cols=draft.size(2, 6),
        shift=draft.choice(0, 0, 1, 2),
    )
    hidden(draft)


@family(3)
def stripes(draft: Draft) -> None:
    """Stripes in one of four directions, whole or with hidden patches or marks."""
    direction = draft.choice("rows", "cols", "diagonal", "antidiagonal")
    draft.start(
        "stripes",
        **draft.sides(4, 20),
        colors=[*draft.colors(1, 3), draft.background],
        period=draft.bounds(2, 4),
        thickness=draft.choice(1, 1, 2, (1, 2)),
        direction=direction,
    )
    hidden(draft)


@family(2)
def rings(draft: Draft) -> None:
    """Rings around the middle, or bands of different thickness."""
    if draft.chance(0.5):
        draft.start("rings", **draft.sides(4, 20), colors=draft.colors(2, 4), thickness=draft.choice(1, 1, 2))
        hidden(draft, 0.2)
    else:
        direction = draft.choice("rows", "cols")
        draft.start(
            "bands", **draft.sides(4, 20), colors=draft.colors(2, 5), length=draft.bounds(1, 5), direction=direction
        )
        draft.then("add_noise", share=draft.share(0.02, 0.2), colors=draft.colors(1, 2))


@family(3)
def unfinished(draft: Draft) -> None:
    """The beginning of a periodic pattern, the rest blank."""
    sides = draft.sides(7)
    side = draft.choice("top", "left", "corner")
    colors = draft.colors(2, 4)
    if draft.chance(0.5):
        direction = {"top": "rows", "left": "cols", "corner": draft.choice("diagonal", "antidiagonal")}[side]
        draft.start("stripes", **sides, colors=colors, period=draft.bounds(2, 3), direction=direction)
    else:
        draft.start("tiled", **sides, colors=colors, tile_rows=draft.size(1, 4), tile_cols=draft.size(1, 4))
    draft.then("keep_part", n=draft.size(2, 8, 0.7), side=side, background=draft.background)


@family(4)
def small_patterns(draft: Draft) -> None:
    """Small grids of random cells, as for fractals, tilings and tables."""
    share = draft.choice(1.0, draft.share(0.3, 0.8))
    fewest = 2 if share == 1.0 else 1
    sides = draft.sides(2, 6, min(draft.max_cells, 36))
    draft.start("random_cells", **sides, colors=draft.colors(fewest, 4), share=share, background=draft.background)


@family(3)
def random_grids(draft: Draft) -> None:
    """Larger grids of random cells of two to four colours."""
    sides = draft.sides(5, 20)
    share = draft.share(0.1, 0.6)
    draft.start("random_cells", **sides, colors=draft.colors(1, 3), share=share, background=draft.background)


@family(2)
def enlarged_patterns(draft: Draft) -> None:
    """Small patterns whose cells are blocks, sometimes somewhere in a larger scene."""
    factor = draft.number(2, 4)
    margin = draft.choice(0, draft.number(1, 3))
    most = _inner_cells(draft.max_cells, margin) // factor**2
    if most < 4:
        factor, margin, most = 1, 0, draft.max_cells
    sides = draft.sides(2, 6, most)
    share = draft.share(0.4, 0.9)
    draft.start("random_cells", **sides, colors=draft.colors(1, 3), share=share, background=draft.background)
    draft.then("enlarged", factor=factor)
    if margin:
        draft.then("padded", margin=(0, margin), background=draft.background)


@family(2)
def repeated_patterns(draft: Draft) -> None:
    """A small random pattern several times, sometimes damaged."""
    down, across = draft.number(1, 4), draft.number(2, 4)
    while down * across * 4 > draft.max_cells:
        down, across = max(1, down - 1), max(1, across - 1)
    sides = draft.sides(2, 7, draft.max_cells // (down * across))
    share = draft.share(0.3, 0.8)
    draft.start("random_cells", **sides, colors=draft.colors(1, 4), share=share, background=draft.background)
    draft.then("repeated", down=draft.choice(down, (1, down)), across=across)
    hidden(draft)


@family(2)
def mirrored_scenes(draft: Draft) -> None:
    """Objects whose mirror images stand on the other side, sometimes damaged."""
    draft.ground(8)
    sizes = {"height": draft.size(1, 5), "width": draft.size(1, 5)}
    draft.then("scatter_blobs", n=draft.count(4, 10, 12), colors=draft.colors(1, 4), **sizes)
    draft.then("mirrored", symmetry=draft.choice("mirror", "flip", "both", "half_turn"))
    if draft.chance(0.4):
        draft.then("damage", share=draft.share(0.05, 0.2))


def hidden(draft: Draft, rate: float = 0.5) -> None:
    """At this rate something that is wrong with a pattern: patches, damage or single cells."""
    if not draft.chance(rate):
        return
    if draft.chance(0.6):
        sizes = {"height": draft.size(1, 5), "width": draft.size(1, 5)}
        draft.then("hide_patch", n=draft.bounds(1, 3), color=draft.color(), **sizes)
    else:
        draft.then("add_noise", share=draft.share(0.03, 0.15), colors=draft.colors(1, 1))


def square_sides(draft: Draft, low: int) -> dict[str, object]:
    """Sides that are equal in every grid: some symmetries need that, and rows decide then."""
    sides = draft.sides(low)
    rows = sides["rows"] if draft.side == _most(sides["rows"]) else sides["cols"]
    return {"rows": rows, "cols": rows, "square": True}


def _most(bounds: int | tuple[int, int]) -> int:
    return bounds if isinstance(bounds, int) else bounds[1]


def _inner_cells(max_cells: int, margin: int) -> int:
    side = int(max_cells**0.5) - 2 * margin
    return side * side if side > 0 else 0
