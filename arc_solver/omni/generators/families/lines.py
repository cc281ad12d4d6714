"""Families of scenes of lines. Knows nothing of how they are drawn."""

from __future__ import annotations

from arc_solver.omni.generators.drafts import Draft
from arc_solver.omni.generators.family import family

_AXES = ("rows", "cols", "both")
_EDGES = ("top", "left", "bottom", "right", "any")


@family(3)
def full_lines(draft: Draft) -> None:
    """Lines from edge to edge, which may cross, sometimes with cells between them."""
    draft.ground(6)
    n = draft.bounds(1, 3)
    draft.then("full_lines", n=n, colors=draft.colors(1, 4), direction=draft.choice(*_AXES), gap=draft.number(1, 3))
    if draft.chance(0.5):
        draft.then("scatter_dots", n=draft.count(1, 8, 12), colors=draft.colors(1, 3), gap=draft.number(0, 1))


@family(2)
def segments(draft: Draft) -> None:
    """Straight segments."""
    draft.ground(7)
    axis, gap = draft.choice(*_AXES), draft.number(0, 2)
    length = draft.size(2, 9, 0.7)
    draft.then("segments", n=draft.count(2, 7, 14), colors=draft.colors(1, 4), length=length, direction=axis, gap=gap)


@family(2)
def rays(draft: Draft) -> None:
    """Lines that grow from the edges, and stop at objects."""
    draft.ground(7)
    if draft.chance(0.5):
        sizes = {"height": draft.size(1, 4), "width": draft.size(1, 4)}
        draft.then("scatter_rectangles", n=draft.count(1, 3, 25), colors=draft.colors(1, 2), **sizes)
    draft.then("rays", n=draft.count(1, 5, 12), colors=draft.colors(1, 3), length=draft.size(2, 15, 0.8))


@family(2)
def diagonals(draft: Draft) -> None:
    """Diagonal lines, long or short."""
    draft.ground(6)
    length = draft.choice(30, draft.size(2, 6), draft.size(3, 8))
    draft.then("diagonals", n=draft.count(1, 4, 12), colors=draft.colors(1, 3), length=length, rising=draft.chance(0.5))


@family(3)
def aligned_pairs(draft: Draft) -> None:
    """Pairs of cells in one row or column, as if to be connected."""
    draft.ground(7)
    distance = draft.size(3, 14, 0.9)
    draft.then(
        "aligned_pairs",
        n=draft.count(1, 5, 14),
        colors=draft.colors(1, 4),
        direction=draft.choice(*_AXES),
        distance=distance,
    )
    if draft.chance(0.3):
        draft.then("scatter_dots", n=draft.count(1, 4, 20), colors=draft.colors(1, 2))


@family(3)
def border_marks(draft: Draft) -> None:
    """Cells at an edge, where lines may start; sometimes objects in their way."""
    draft.ground(6)
    n = draft.count(1, 4, 12)
    draft.then("border_marks", n=n, colors=draft.colors(1, 4), side=draft.choice(*_EDGES), gap=draft.number(0, 2))
    if draft.chance(0.5):
        sizes = {"height": draft.size(1, 3), "width": draft.size(1, 3)}
        draft.then("scatter_rectangles", n=draft.count(1, 4, 20), colors=draft.colors(1, 2), **sizes)


@family(2)
def paths(draft: Draft) -> None:
    """One line that turns, sometimes past cells of another colour."""
    draft.ground(8)
    draft.then("path", color=draft.color(), turns=draft.bounds(1, 5), length=draft.size(2, 7))
    if draft.chance(0.5):
        draft.then("scatter_dots", n=draft.count(1, 5, 20), colors=draft.colors(1, 2))
    if draft.chance(0.3):
        draft.then("turn_scene")


@family(2)
def divided(draft: Draft) -> None:
    """A scene that a line divides into two or four, with objects on its sides."""
    draft.ground(7)
    if draft.chance(0.5):
        draft.then("scatter_dots", n=draft.count(2, 8, 10), colors=draft.colors(1, 3), gap=draft.number(0, 1))
    else:
        sizes = {"height": draft.size(1, 4), "width": draft.size(1, 4)}
        draft.then("scatter_blobs", n=draft.count(1, 5, 20), colors=draft.colors(1, 3), **sizes)
    draft.then("divide", color=draft.color(), direction=draft.choice(*_AXES), centered=draft.chance(0.6))
