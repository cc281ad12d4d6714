"""Boxes that are not drawn as such: between four equal corners, around scattered cells, broken, or framed elsewhere.

Finds them as crowds for the strokes around and within boxes, and completes lines in them. Knows nothing of objects that
hang together, which are `anchors`' business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.registry import Color, Object
from arc_solver.dsl.relations import find_pattern, is_frame
from arc_solver.dsl.scenes import object_cells, object_from_cells, objects_by_color_on, objects_in_color
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.anchors import Crowd
from arc_solver.proposers.search.solvers.formulas import formula
from arc_solver.proposers.search.solvers.joins import box_strokes, plain_strokes
from arc_solver.proposers.search.solvers.strokes import NOTHING, Scene, Stroke, drawings, scenes_of

STAGE = "boxes"
MIN_CORNERS = 4
MAX_CORNERS = 60
MAX_BOXES = 30
MIN_LINE = 2
MAX_COST = 10.0

# Cells to which a group of cells extends so that it meets its neighbours.
_NEIGHBORHOODS = (
    ("grow_cells(CELLS, False)", 0.2),
    ("CELLS | (neighbors_of(CELLS, 1, True) > 1)", 0.4),
    ("grow_cells(CELLS)", 0.3),
    ("grow_cells(grow_cells(CELLS))", 0.6),
)

Boxes = list[tuple[int, int, int, int]]


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain what was painted in and around boxes.

    Args:
        examples: Any; nothing is yielded unless the outputs add something to their inputs.
    """
    for scene in _scenes(examples):
        plain = list(plain_strokes(scene))
        for crowd in (*_between_corners(scene), *_clusters(scene)):
            examples.check_time()
            strokes = [*box_strokes(scene, crowd), *_lines_within(scene, crowd)]
            if strokes:
                found = drawings(scene, STAGE, [*strokes, *plain])
                yield from (draft for draft in found if draft.cost <= MAX_COST and _speaks_of(draft, crowd))
        framed = list(_framed_elsewhere(scene))
        if framed:
            yield from drawings(scene, STAGE, framed)


def _scenes(examples: Examples) -> Iterator[Scene]:
    """Also where nothing empty was painted: the colours within boxes may change."""
    found = list(scenes_of(examples))
    yield from found
    if found or not examples.same_size():
        return
    own, target = (np.concatenate([g.ravel() for g in grids]) for grids in (examples.train_inputs, examples.outputs))
    changed = own != target
    if not changed.any() or 2 * np.count_nonzero(changed) > own.size:
        return
    for background in sorted(set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs))):
        if not (own[changed] == background).any() and not (target[changed] == background).any():
            counts = np.bincount(target[changed], minlength=10)
            colors = tuple(int(color) for color in np.argsort(-counts, kind="stable") if counts[color])
            content = tuple(color for color in np.unique(own).tolist() if color != background)
            yield Scene(examples, background, own, target, colors, content)
            return


def _speaks_of(draft: Draft, crowd: Crowd) -> bool:
    return any(crowd.head[0] in line for line in draft.body)


def _between_corners(scene: Scene) -> Iterator[Crowd]:
    """Boxes between four cells of one colour: those of one colour, or of any, with nothing else in them or anything."""
    kinds = [(f"grid == {color}", [grid == color for grid in scene.grids], 1.6) for color in scene.content]
    kinds.append((f"grid != {scene.background}", [grid != scene.background for grid in scene.grids], 1.7))
    for cells, masks, cost in kinds:
        if not all(MIN_CORNERS <= np.count_nonzero(mask) <= MAX_CORNERS for mask in masks):
            continue
        head = (
            f"for top, left in np.argwhere({cells}):",
            f"for bottom, right in np.argwhere({cells}):",
            "if bottom > top + 1 and right > left + 1:",
            "if len({*grid[[top, top, bottom, bottom], [left, right] * 2]}) == 1:",
        )
        boxes = [_corner_boxes(grid, mask) for grid, mask in zip(scene.grids, masks, strict=True)]
        if not all(boxes) or max(map(len, boxes)) > MAX_BOXES:
            continue
        empty = f"if (grid[top:bottom + 1, left:right + 1] != {scene.background}).sum() == 4:"
        bare = [
            [
                (a, b, c, d)
                for a, b, c, d in one
                if (grid[a : c + 1, b : d + 1] != scene.background).sum() == MIN_CORNERS
            ]
            for grid, one in zip(scene.grids, boxes, strict=True)
        ]
        yield _boxed_crowd(scene, head, boxes, cost)
        if any(len(a) < len(b) for a, b in zip(bare, boxes, strict=True)):
            yield _boxed_crowd(scene, (*head, empty), bare, cost + 0.3)


def _corner_boxes(grid: Grid, cells: NDArray[np.bool_]) -> Boxes:
    places = np.argwhere(cells).tolist()
    return [
        (top, left, bottom, right)
        for top, left in places
        for bottom, right in places
        if bottom > top + 1
        and right > left + 1
        and len({int(grid[r, c]) for r in (top, bottom) for c in (left, right)}) == 1
    ]


def _boxed_crowd(scene: Scene, head: tuple[str, ...], boxes: Sequence[Boxes], cost: float) -> Crowd:
    objects = tuple(tuple(_box_object(grid, *box) for box in one) for grid, one in zip(scene.grids, boxes, strict=True))
    colors = tuple(
        np.array([grid[box[0], box[1]] for box in one], dtype=np.int8)
        for grid, one in zip(scene.grids, boxes, strict=True)
    )
    own = {"grid[top, left]": colors} if len({int(c) for one in colors for c in one}) > 1 else {}
    return Crowd(head, objects, own, cost, ("top", "left", "bottom", "right"))


def _box_object(grid: Grid, top: int, left: int, bottom: int, right: int) -> Object:
    part = grid[top : bottom + 1, left : right + 1]
    return Object(part, top, left, np.ones(part.shape, dtype=np.bool_))


def _clusters(scene: Scene) -> Iterator[Crowd]:
    """Cells of one colour, or all content, that lie near each other; all of them in the first place."""
    kinds = [(f"grid == {color}", [grid == color for grid in scene.grids], 1.2) for color in scene.content]
    kinds.append((f"grid != {scene.background}", [grid != scene.background for grid in scene.grids], 1.1))
    seen: set[bytes] = set()
    for cells, masks, cost in kinds:
        if not all(mask.any() for mask in masks):
            continue
        whole = tuple((object_from_cells(grid, mask),) for grid, mask in zip(scene.grids, masks, strict=True))
        yield from _new_crowd(seen, (f"for obj in [object_from_cells(grid, {cells})]:",), whole, cost)
        for near, more in _NEIGHBORHOODS:
            source = near.replace("CELLS", f"({cells})")
            wide = formula("grid", source, more)
            objects = tuple(
                tuple(
                    object_from_cells(grid, object_cells(grid, part) & mask)
                    for part in objects_in_color(wide.function(grid).astype(np.int8), Color(1))
                    if mask[object_cells(grid, part)].any()
                )
                for grid, mask in zip(scene.grids, masks, strict=True)
            )
            head = (
                f"for cells in [{cells}]:",
                f"for part in objects_in_color({near.replace('CELLS', 'cells')}, 1):",
                "for obj in [object_from_cells(grid, object_cells(grid, part) & cells)]:",
            )
            yield from _new_crowd(seen, head, objects, cost + more)


def _new_crowd(
    seen: set[bytes], head: tuple[str, ...], objects: tuple[tuple[Object, ...], ...], cost: float
) -> Iterator[Crowd]:
    key = b"|".join(b"%d,%d,%d,%d" % (o.row, o.col, o.bottom, o.right) for one in objects for o in one)
    if key not in seen and max(map(len, objects)) <= MAX_BOXES:
        seen.add(key)
        colors = tuple(np.array([o.color for o in one], dtype=np.int8) for one in objects)
        own = {"obj.color": colors} if len({int(c) for one in colors for c in one}) > 1 else {}
        yield Crowd(head, objects, own, cost)


def _lines_within(scene: Scene, crowd: Crowd) -> Iterator[Stroke]:
    """Rows and columns of a box in which some cells are left of a line, drawn from side to side."""
    if crowd.corners[0] != "obj.row":
        return
    rows, cols = (_line_cells(scene, crowd, vertical) for vertical in (False, True))
    filled = f"!= {scene.background}).sum() >= {MIN_LINE}:"
    for cells, used, cost in ((rows, (0,), 1.4), (cols, (1,), 1.4), (rows | cols, (0, 1), 1.6)):
        if not cells.any() or (len(used) > 1 and not (rows.any() and cols.any())):
            continue
        for color in scene.colors:
            statements = (
                "for row in range(obj.row + 1, obj.bottom):\n"
                f"    if (grid[row, obj.col + 1:obj.right] {filled}\n"
                f"        out = draw_line(out, row, obj.col, row, obj.right, {color})",
                "for col in range(obj.col + 1, obj.right):\n"
                f"    if (grid[obj.row + 1:obj.bottom, col] {filled}\n"
                f"        out = draw_line(out, obj.row, col, obj.bottom, col, {color})",
            )
            painted = np.where(cells, color, NOTHING).astype(np.int8)
            yield Stroke(crowd.head, "\n".join(statements[index] for index in used), painted, crowd.cost + cost)


def _line_cells(scene: Scene, crowd: Crowd, vertical: bool) -> NDArray[np.bool_]:
    maps = []
    for grid, objects in zip(scene.grids, crowd.objects, strict=True):
        drawn = np.zeros(grid.shape, dtype=np.bool_)
        for o in objects:
            part = grid[o.row : o.bottom + 1, o.col : o.right + 1] != scene.background
            counts = part[1:-1].sum(axis=0)[1:-1] if vertical else part[:, 1:-1].sum(axis=1)[1:-1]
            lines = np.flatnonzero(counts >= MIN_LINE) + 1
            own = drawn[o.row : o.bottom + 1, o.col : o.right + 1]
            if vertical:
                own[:, lines] = True
            else:
                own[lines] = True
        maps.append(drawn.ravel())
    return np.concatenate(maps)


def _framed_elsewhere(scene: Scene) -> Iterator[Stroke]:
    """What a frame holds occurs elsewhere, and is framed there too."""
    head = (
        f"for obj in objects_by_color_on(grid, {scene.background}):",
        "if is_frame(obj):",
        "for row, col in find_pattern(grid, grid[obj.row + 1:obj.bottom, obj.col + 1:obj.right]):",
    )
    maps = [np.full(grid.shape, NOTHING, dtype=np.int8) for grid in scene.grids]
    for grid, painted in zip(scene.grids, maps, strict=True):
        frames = [o for o in objects_by_color_on(grid, Color(scene.background)) if is_frame(o)]
        if not frames:
            return
        for obj in frames:
            for row, col in find_pattern(grid, grid[obj.row + 1 : obj.bottom, obj.col + 1 : obj.right]):
                top, left = row - 1, col - 1
                bottom, right = top + obj.height, left + obj.width
                if top < 0 or left < 0 or bottom > grid.shape[0] or right > grid.shape[1]:
                    return
                part = painted[top:bottom, left:right]
                part[obj.mask] = obj.color
    line = "out = paint_object(out, place_object(obj, row - 1, col - 1))"
    yield Stroke(head, line, scene.joined(maps), 2.5)
