"""Same-size tasks where every cell belongs to the mark next to it, and is painted by where it lies from there.

Rings, stripes, diagonals, chequers around marks, frames of the half that a mark lies in: what belongs to which mark and
what counts as near are free choices. Knows no objects; rules are learnt next door.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from arc_solver.dsl.scenes import dominant_color
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.formulas import NAMES
from arc_solver.proposers.search.solvers.lattice_features import Feature
from arc_solver.proposers.search.solvers.told import Start, painted_drafts, started

STAGE = "territories"
MAX_MARKS = 40
MAX_CELLS = 6_000
MIN_SHARE = 0.08
MAX_COST = 11.5
START_COST = 2.5

FAR = re.compile(r"^\((?!grid |color ).* [4-9]\)$")
"""Conditions on a distance that nobody would name."""

OF_NEAR = "np.take_along_axis({}, near[None], 0)[0]"
BOX = "fill_box(grid * 0, *marks.min(axis=0), *marks.max(axis=0), 1)"
FEATURES = (
    Feature("grid", (), 0.2, True),
    Feature("color", ("color = grid[marks[:, 0], marks[:, 1]][near]",), 0.6, True),
    Feature("other", ("other = sum(set(grid[marks[:, 0], marks[:, 1]].tolist())) - color",), 1.0, True),
    Feature("tied", ("tied = (away == away.min(axis=0)).sum(axis=0) > 1",), 0.8),
    # The marks are corners of the box, not in it.
    Feature("between", (f"between = {BOX} * (away.min(axis=0) > 0)",), 0.9),
    Feature("up_down", (f"up_down = {OF_NEAR.format('rows')}",), 0.8),
    Feature("sideways", (f"sideways = {OF_NEAR.format('cols')}",), 0.8),
    Feature("up_down % 2", (), 1.0),
    Feature("sideways % 2", (), 1.0),
    Feature("(up_down + sideways) % 2", (), 1.1),
    Feature("ring", ("ring = np.maximum(up_down, sideways)",), 0.9),
    Feature("ring % 2", (), 1.0),
    Feature("straight", ("straight = np.where((up_down == 0) | (sideways == 0), ring, -1)",), 1.1),
    Feature("straight % 2", (), 1.2),
    Feature("slanted", ("slanted = np.where(up_down == sideways, ring, -1)",), 1.2),
    Feature("slanted % 2", (), 1.3),
    Feature("ring % 3", (), 1.2),
    Feature("up_down + sideways", (), 1.1),
    Feature("abs(up_down - sideways)", (), 1.1),
    Feature("edge_distance(grid)", (), 1.0),
    Feature("below", ("below = np.sign(np.indices(grid.shape)[0] - marks[near][..., 0])",), 1.2),
    Feature("right", ("right = np.sign(np.indices(grid.shape)[1] - marks[near][..., 1])",), 1.2),
    Feature("grid.shape[0] - 1 - np.indices(grid.shape)[0]", (), 1.5),
    Feature("grid.shape[1] - 1 - np.indices(grid.shape)[1]", (), 1.5),
    Feature("np.indices(grid.shape)[0]", (), 1.4),
    Feature("np.indices(grid.shape)[1]", (), 1.4),
)
# What is measured in steps as long as from one mark to the next, around one of them.
STEP_FEATURES = (
    *FEATURES,
    Feature("up_down % step", (), 0.8),
    Feature("sideways % step", (), 0.8),
    Feature("ring % step", (), 0.8),
    Feature("(up_down + sideways) % step", (), 0.9),
    Feature("ring // step", (), 1.1),
    Feature("ring // step % 2", (), 1.2),
    Feature("ring - step", (), 1.0),
    Feature("np.minimum(up_down, sideways) % step", (), 1.1),
)
STEP_COST = 0.8
MAX_STEP_MARKS = 5
# What is near: how far each cell is from each mark, shape (n_marks, n_rows, n_cols); its cost.
METRICS = (
    ("rows + cols", 0.4),
    ("np.maximum(rows, cols)", 0.7),
    ("rows", 0.5),
    ("cols", 0.5),
    # Bands of equal height (width) for the marks, from top to bottom (left to right).
    ("abs(np.argsort(np.argsort(marks[:, 0]))[:, None, None] - np.indices(grid.shape)[0] * n // grid.shape[0])", 0.9),
    ("abs(np.argsort(np.argsort(marks[:, 1]))[:, None, None] - np.indices(grid.shape)[1] * n // grid.shape[1])", 0.9),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain painted cells by the nearest mark.

    Args:
        examples: Any; nothing is yielded unless sizes stay, marks are few and much is painted.
    """
    if not examples.same_size() or sum(grid.size for grid in examples.train_inputs) > MAX_CELLS:
        return
    own, target = (np.concatenate([g.ravel() for g in grids]) for grids in (examples.train_inputs, examples.outputs))
    grounds = {int(dominant_color(grid)) for grid in examples.inputs}
    changed = own != target
    if len(grounds) != 1 or changed.mean() < MIN_SHARE:
        return
    ground = next(iter(grounds))
    if (own[changed] != ground).any():
        return
    examples.check_time()
    for start in (*_starts(examples, ground), *_stepped_starts(examples, ground)):
        if start is not None:
            yield from painted_drafts(examples, STAGE, start, MAX_COST, FAR)


def _starts(examples: Examples, ground: int) -> Iterator[Start | None]:
    shared = set(range(10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs)) - {ground}
    sets = [(f"grid != {ground}", 0.0), *((f"grid == {color}", 0.4) for color in sorted(shared))]
    seen: set[bytes] = set()
    for cells, cost in sets:
        spaces = [NAMES | {"grid": grid} for grid in examples.inputs]
        marks = [np.argwhere(eval(cells, space)) for space in spaces]  # noqa: S307 - our own text
        key = b"/".join(one.tobytes() for one in marks)
        if key in seen or not all(0 < len(one) <= MAX_MARKS for one in marks):
            continue
        seen.add(key)
        many = max(map(len, marks)) > 1
        lines = (
            f"marks = np.argwhere({cells})",
            "rows, cols = abs(np.indices(grid.shape)[:, None] - marks.T[:, :, None, None])",
        )
        for metric, more in METRICS if many else METRICS[:1]:
            count = ("n = len(marks)",) if "* n //" in metric else ()
            lines_near = (*lines, *count, f"away = {metric}", "near = away.argmin(axis=0)")
            yield started(lines_near, START_COST + cost + more, spaces, FEATURES)


def _stepped_starts(examples: Examples, ground: int) -> Iterator[Start | None]:
    """One of a few marks, and how far it is from one mark to the next."""
    counts = [np.count_nonzero(grid != ground) for grid in examples.inputs]
    if not all(1 < count <= MAX_STEP_MARKS for count in counts):
        return
    spaces = [NAMES | {"grid": grid} for grid in examples.inputs]
    for index in (0, 1, -1)[: 3 if min(counts) > 2 else 2]:
        lines = (
            f"seeds = np.argwhere(grid != {ground})",
            "step = abs(seeds[1] - seeds[0]).max()",
            f"marks = seeds[[{index}]]",
            "rows, cols = abs(np.indices(grid.shape)[:, None] - marks.T[:, :, None, None])",
            "away = rows + cols",
            "near = away.argmin(axis=0)",
        )
        yield started(lines, START_COST + STEP_COST, spaces, STEP_FEATURES)
