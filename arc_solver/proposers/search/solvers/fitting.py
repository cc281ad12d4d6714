"""Pieces that lie about and fit into the gaps of a board: each goes where it touches most, turned if need be.

The board alone is the answer, or the whole grid. Knows nothing of marks that say where a piece goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from arc_solver.dsl.objects import crop_object
from arc_solver.dsl.scenes import object_cells
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.staged import Names, Stage, Step, staged_drafts

STAGE = "fitting"
MAX_PIECES = 12
MAX_FREE = 500

GROUND: Step = (("bg = dominant_color(grid)",), 0.4)
BOARDS: tuple[tuple[str, float], ...] = (
    ("largest_object(objects_on(grid, bg, True, False))", 0.8),
    ("largest_object(objects_on(grid, bg, True, True))", 0.8),
    ("color_object(grid, {color})", 0.9),
    ("max(objects_on(grid, bg), key=lambda obj: obj.mask.size)", 1.0),
)
PIECES: tuple[tuple[str, float], ...] = (
    ("objects_on(erase_object(grid, board, bg), bg, True, True)", 0.6),
    ("objects_on(erase_object(grid, board, bg), bg)", 0.6),
    ("[obj for obj in objects_on(grid, bg, True, True) if not inside_box(obj, board)]", 0.9),
)
VIEWS: tuple[tuple[str, float], ...] = (
    ("[piece.grid]", 0.0),
    ("[np.rot90(piece.grid, turns) for turns in range(4)]", 0.6),
    ("eight_views(piece.grid)", 0.5),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Put pieces into gaps.

    Args:
        examples: Any; nothing is yielded unless there is a board whose gaps the outputs show filled.
    """
    same = examples.same_size()
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    if any(a.shape[0] < b.shape[0] or a.shape[1] < b.shape[1] or np.array_equal(a, b) for a, b in pairs):
        return
    colors = sorted(set(range(1, 10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs)))
    boards = [
        ((f"board = {source.format(color=color)}",), cost)
        for source, cost in BOARDS
        for color in (colors if "{" in source else [0])
    ]
    pieces = tuple(((f"pieces = {source}",), cost) for source, cost in PIECES)

    def is_board(names: Sequence[Names]) -> bool:
        return same or all(one["board"].mask.shape == b.shape for one, (_, b) in zip(names, pairs, strict=False))

    stages = (
        Stage((GROUND,), ("bg",)),
        Stage(tuple(boards), ("board",), is_board),
        Stage(pieces, ("pieces",), lambda names: _are_pieces(names) and all(map(_adds_up, names, examples.outputs))),
    )
    steps = _steps(same, _added_color(examples) if same else None)
    yield from staged_drafts(STAGE, examples, stages, lambda names: steps, enough=2)


def _are_pieces(names: Sequence[Names]) -> bool:
    """Whether there is something to put and some room for it."""
    for one in names:
        board, pieces = one["board"], one["pieces"]
        cells = sum(piece.size for piece in pieces)
        if not 0 < len(pieces) <= MAX_PIECES or cells > MAX_FREE or board.size < cells // 2:
            return False
        if max(piece.mask.size for piece in pieces) > board.mask.size:
            return False
    return True


def _added_color(examples: Examples) -> int | None:
    """The one colour that cells take which have another in the input, background apart; None if there are several."""
    added: set[int] = set()
    for grid, output in zip(examples.train_inputs, examples.outputs, strict=True):
        ground = np.bincount(grid.ravel()).argmax()
        added |= set(np.unique(output[(output != grid) & (output != ground)]).tolist())
    return added.pop() if len(added) == 1 else None


def _adds_up(one: Names, output: Grid) -> bool:
    """Whether the output has as many cells as the board and the pieces, moved or copied, together."""
    board, pieces, bg = one["board"], one["pieces"], one["bg"]
    size = sum(piece.size for piece in pieces)
    if output.shape == one["grid"].shape:
        kept = object_cells(output, board)
        extra = int(np.count_nonzero(output != bg)) - board.size
        return extra in (size, 2 * size) and np.array_equal(output[kept], one["grid"][kept])
    box = crop_object(one["grid"], board)
    keys = sum(int(np.count_nonzero(piece.grid == board.color)) for piece in pieces)
    return int(np.count_nonzero(box == bg) - np.count_nonzero(output == bg)) in (size, keys)


def _steps(same: bool, added: int | None) -> list[Step]:
    keys = (("view != bg", 0.2), ("view == board.color", 0.6))
    starts = [("out = keep_objects(np.full_like(grid, bg), [board])", 0.3), ("out = grid.copy()", 0.2)]
    if not same:
        starts = [("out = crop_object(grid, board)", 0.2)]
    paints = [("view", 0.0)] + [(str(added), 0.4)] * (added is not None)
    steps = []
    for (start, cost), (key, price), (views, turned), (paint, extra) in product(starts, keys, VIEWS, paints):
        if key != keys[0][0] and paint != "view":
            continue
        steps.append((_fitted(start, key, views, paint), 3.0 + cost + price + turned + extra))
    return sorted(steps, key=lambda step: (step[1], step[0]))


def _fitted(start: str, key: str, views: str, paint: str) -> tuple[str, ...]:
    value = "view[view != bg]" if paint == "view" else paint
    return (
        start,
        "for piece in sorted(pieces, key=lambda piece: -piece.size):",
        "    walls, full, tries = np.pad(out != bg, 1), np.pad(out != bg, 1, constant_values=True), []",
        f"    for view in {views}:",
        f"        key = np.pad({key}, 1)",
        "        edge, (h, w) = grow_cells(key, False) & ~key, key.shape",
        "        for row, col in np.ndindex(full.shape[0] - h + 1, full.shape[1] - w + 1):",
        "            place = slice(row, row + h), slice(col, col + w)",
        "            if not (full[place] & key).any():",
        "                tries.append((np.count_nonzero(walls[place] & edge), -len(tries), view, row, col))",
        "    if tries:",
        "        _, _, view, row, col = max(tries, key=lambda one: one[:2])",
        f"        out[row : row + len(view), col : col + len(view[0])][view != bg] = {value}",
    )
