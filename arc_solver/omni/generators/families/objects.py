"""Families of scenes of objects. Knows nothing of how they are drawn."""

from __future__ import annotations

from arc_solver.omni.generators.drafts import SHAPE, Draft
from arc_solver.omni.generators.family import family

_ANY_SYMMETRY = ("mirror", "flip", "both", "half_turn", "transpose", "quarter_turn", "full")
_FIGURES = ("L", "T", "plus", "X", "U", "line", "square", "box", "stairs", "diagonal", "Z", "any")


@family(4)
def rectangles(draft: Draft) -> None:
    """Solid rectangles, sometimes in a common size."""
    draft.ground()
    height, width = draft.size(1, 7), draft.size(1, 7)
    n = draft.count(2, 8, 14)
    draft.then("scatter_rectangles", n=n, colors=draft.colors(1, 4), height=height, width=width, gap=_gap(draft))
    _spice(draft)


@family(3)
def boxes(draft: Draft) -> None:
    """Hollow boxes, empty or filled with another colour."""
    draft.ground(8)
    sizes = {"height": draft.size(3, 9), "width": draft.size(3, 9)}
    if draft.chance(0.5):
        draft.then("scatter_boxes", n=draft.count(1, 5, 30), colors=draft.colors(1, 3), **sizes)
    else:
        n, colors, inside = draft.count(1, 5, 30), draft.colors(1, 3), draft.colors(1, 2)
        draft.then("scatter_filled_boxes", n=n, colors=colors, inside=inside, **sizes)
    _spice(draft)


@family(3)
def marked_boxes(draft: Draft) -> None:
    """Boxes or rectangles with marked cells inside."""
    draft.ground(8)
    draft.then(
        "scatter_marked_boxes",
        n=draft.count(1, 5, 30),
        colors=draft.colors(1, 2),
        marks=draft.colors(1, 3),
        n_marks=draft.choice(1, 1, (1, 2), (1, 4), (0, 1)),
        height=draft.size(3, 9),
        width=draft.size(3, 9),
        solid=draft.chance(0.5),
    )
    _spice(draft)


@family(4)
def blobs(draft: Draft) -> None:
    """Random connected shapes."""
    draft.ground()
    draft.then(
        "scatter_blobs",
        n=draft.count(2, 8, 16),
        colors=draft.colors(1, 4),
        height=draft.size(2, 6),
        width=draft.size(2, 6),
        share=draft.share(0.4, 0.8),
        diagonals=draft.chance(0.3),
        gap=_gap(draft),
    )
    _spice(draft)


@family(2)
def figures(draft: Draft) -> None:
    """Well-known figures: one sort, two sorts or any."""
    draft.ground(8)
    for _ in range(draft.choice(1, 1, 2)):
        size = draft.size(2, 5, 0.4)
        draft.then(
            "scatter_figures",
            n=draft.count(1, 6, 20),
            kind=draft.choice(*_FIGURES),
            colors=draft.colors(1, 3),
            size=size,
        )
    _spice(draft)


@family(2)
def sprites(draft: Draft) -> None:
    """Objects of several colours."""
    draft.ground(7)
    draft.then(
        "scatter_sprites",
        n=draft.count(1, 5, 20),
        colors=draft.colors(2, 4),
        height=draft.size(2, 5),
        width=draft.size(2, 5),
        share=draft.share(0.5, 1.0),
    )
    _spice(draft)


@family(2)
def holed(draft: Draft) -> None:
    """Rectangles with different numbers of holes."""
    draft.ground(8)
    draft.then(
        "scatter_holed",
        n=draft.count(2, 6, 25),
        colors=draft.colors(1, 3),
        holes=draft.choice((0, 2), (1, 3), (1, 4), (0, 1)),
        height=draft.size(3, 7),
        width=draft.size(3, 7),
    )


@family(2)
def symmetric_objects(draft: Draft) -> None:
    """Symmetric shapes, sometimes among ones that are not."""
    draft.ground(8)
    draft.then(
        "scatter_symmetric",
        n=draft.count(1, 5, 30),
        colors=draft.colors(1, 3),
        symmetry=draft.choice(*_ANY_SYMMETRY),
        size=draft.size(3, 6),
        multicolor=draft.chance(0.3),
    )
    if draft.chance(0.4):
        draft.then("scatter_blobs", n=draft.count(1, 3, 30), colors=draft.colors(1, 3), height=3, width=3)


@family(3)
def copies(draft: Draft) -> None:
    """Copies of one shape: all alike, turned, or in colours of their own."""
    draft.ground(8)
    shape(draft)
    n = draft.count(2, 7, 18)
    if draft.chance(0.5):
        draft.then("scatter_recolored", shape=SHAPE, n=n, colors=draft.colors(2, 4), turn=draft.chance(0.3))
    else:
        draft.then("scatter_copies", shape=SHAPE, n=n, turn=draft.chance(0.4))
    _spice(draft)


@family(2)
def odd_ones(draft: Draft) -> None:
    """Copies of one shape and one that differs."""
    draft.ground(9)
    shape(draft)
    odd = draft.choice("color", "cell", "orientation")
    draft.then("odd_one_out", shape=SHAPE, n=draft.count(2, 6, 18), odd=odd, color=draft.color())


@family(2)
def stamps(draft: Draft) -> None:
    """One shape with a mark, and marks alone."""
    draft.ground(9)
    shape(draft)
    draft.then("copies_and_marks", shape=SHAPE, n=draft.count(1, 5, 25), mark=draft.color(), gap=draft.number(1, 3))


@family(2)
def marks_and_shape(draft: Draft) -> None:
    """One or two large shapes and scattered marks."""
    draft.ground(8)
    shape(draft)
    draft.then("scatter_copies", shape=SHAPE, n=draft.choice(1, 1, 2))
    draft.then("scatter_dots", n=draft.count(1, 8, 12), colors=draft.colors(1, 3), gap=draft.number(0, 2))


@family(2)
def rows_of_copies(draft: Draft) -> None:
    """Copies of one shape at equal distances, perhaps to be continued."""
    draft.ground(8)
    draft.shape("random_shape", height=draft.size(1, 4, 0.3), width=draft.size(1, 4, 0.3), colors=draft.colors(1, 3))
    direction = draft.choice("rows", "cols", "diagonal")
    draft.then("row_of_copies", shape=SHAPE, n=draft.bounds(2, 5), spacing=draft.number(0, 2), direction=direction)


@family(3)
def dots(draft: Draft) -> None:
    """Single cells: few, or of several colours."""
    draft.ground(3, 20)
    draft.then("scatter_dots", n=draft.count(1, 10, 6), colors=draft.colors(1, 4), gap=draft.number(0, 2))
    _spice(draft)


@family(2)
def border_objects(draft: Draft) -> None:
    """Rectangles that touch an edge, sometimes others that do not."""
    draft.ground(8)
    sizes = {"height": draft.size(1, 5), "width": draft.size(1, 5)}
    draft.then("attach_to_border", n=draft.count(2, 6, 16), colors=draft.colors(1, 4), **sizes)
    if draft.chance(0.5):
        draft.then("scatter_rectangles", n=draft.count(1, 4, 20), colors=draft.colors(1, 2), **sizes)


@family(2)
def enclosures(draft: Draft) -> None:
    """Irregular outlines, closed or open, sometimes with dots around and inside."""
    draft.ground(9)
    draft.then(
        "scatter_enclosures",
        n=draft.count(1, 4, 40),
        colors=draft.colors(1, 2),
        size=draft.size(1, 6, 0.4),
        openings=draft.choice(0, 0, 1, (0, 1), (0, 2)),
    )
    if draft.chance(0.5):
        draft.then("scatter_dots", n=draft.count(2, 8, 15), colors=draft.colors(1, 2), gap=draft.number(0, 1))


@family(4)
def mixed_objects(draft: Draft) -> None:
    """Two sorts of objects in colours of their own."""
    draft.ground(8)
    sizes = {"height": draft.size(2, 5), "width": draft.size(2, 5)}
    names = [draft.choice("scatter_rectangles", "scatter_blobs"), draft.choice("scatter_boxes", "scatter_sprites")]
    for name in names:
        draft.then(name, n=draft.count(1, 4, 25), colors=draft.colors(1, 3), **sizes)
    if draft.chance(0.4):
        draft.then("scatter_dots", n=draft.count(1, 6, 20), colors=draft.colors(1, 2))
    _spice(draft)


@family(2)
def noisy_objects(draft: Draft) -> None:
    """Objects in front of noise, or noise in front of objects."""
    draft.ground(9)
    noise = {"share": draft.share(0.05, 0.25), "colors": draft.colors(1, 2)}
    behind = draft.chance(0.5)
    if behind:
        draft.then("add_noise", **noise)
        draft.then(
            "hide_patch", n=draft.bounds(1, 3), color=draft.color(), height=draft.size(3, 7), width=draft.size(3, 7)
        )
        return
    n, colors = draft.count(1, 4, 25), draft.colors(1, 3)
    draft.then("scatter_rectangles", n=n, colors=colors, height=draft.size(3, 7), width=draft.size(3, 7))
    draft.then("add_noise", **noise)


def shape(draft: Draft) -> None:
    """A shape line of a random sort."""
    colors = draft.colors(1, 3)
    sort = draft.number(0, 5)
    if sort == 0:
        draft.shape("drawing", rows=draft.drawing(draft.number(2, 4), draft.number(2, 4), colors))
    elif sort == 1:
        draft.shape(
            "random_shape",
            height=draft.bounds(2, 4),
            width=draft.bounds(2, 4),
            colors=colors,
            share=draft.share(0.5, 0.9),
        )
    elif sort == 2:
        draft.shape("sprite", height=draft.bounds(2, 4), width=draft.bounds(2, 4), colors=[*colors, draft.color()])
    elif sort == 3:
        symmetry = draft.choice(*_ANY_SYMMETRY)
        draft.shape(
            "symmetric_shape", height=draft.bounds(3, 4), width=draft.bounds(3, 4), colors=colors, symmetry=symmetry
        )
    elif sort == 4:
        inside = draft.color()
        draft.shape("box_shape", height=draft.bounds(3, 5), width=draft.bounds(3, 5), colors=colors, inside=inside)
    else:
        draft.shape(
            "figure", kind=draft.choice(*_FIGURES), size=draft.bounds(2, 4), colors=colors, fixed=draft.chance(0.3)
        )


def _gap(draft: Draft) -> int:
    return draft.choice(1, 1, 1, 0, 2)


def _spice(draft: Draft) -> None:
    """Sometimes something more, as in real tasks: noise, damage, a line, edges, a key."""
    if draft.chance(0.7):
        return
    sort = draft.number(0, 6)
    if sort == 0:
        draft.then("add_noise", share=draft.share(0.02, 0.1), colors=draft.colors(1, 1))
    elif sort == 1:
        draft.then("damage", share=draft.share(0.05, 0.2))
    elif sort == 2:
        draft.then(
            "divide", color=draft.color(), direction=draft.choice("rows", "cols", "both"), centered=draft.chance(0.5)
        )
    elif sort == 3:
        draft.then("frame", color=draft.color())
    elif sort == 4:
        draft.then("recolor_cells", n=draft.bounds(1, 4), color=draft.color())
    elif sort == 5:
        draft.then("floor", color=draft.color(), side=draft.choice("bottom", "top", "left", "right"))
    else:
        draft.then(
            "color_key",
            n=draft.bounds(1, 3),
            colors=draft.colors(4, 6),
            corner=draft.choice("top_left", "bottom_right"),
        )
