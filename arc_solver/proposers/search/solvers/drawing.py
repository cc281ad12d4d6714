"""Lines, stamps and what spreads, together: same-size tasks where something was drawn on the input.

Asks the families for strokes, each alone first. Knows nothing of what a stroke is made of.
"""

from __future__ import annotations

from collections.abc import Iterator

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers.anchors import crowds
from arc_solver.proposers.search.solvers.copies import copy_strokes
from arc_solver.proposers.search.solvers.joins import plain_strokes
from arc_solver.proposers.search.solvers.lines import line_strokes
from arc_solver.proposers.search.solvers.paths import path_strokes
from arc_solver.proposers.search.solvers.spreading import spreading_strokes
from arc_solver.proposers.search.solvers.stamps import stamp_strokes
from arc_solver.proposers.search.solvers.strokes import Scene, drawings, scenes_of
from arc_solver.proposers.search.solvers.trails import trail_strokes

MAX_STAMPS_COST = 7.0


def solve(examples: Examples) -> Iterator[Draft]:
    """Explain what was added by rays, boxes, patterns around markers, copied or repeated shapes, floods.

    Args:
        examples: Any; nothing is yielded unless the outputs add something to their inputs.
    """
    for scene in scenes_of(examples):
        yield from _drawn(scene)


def _drawn(scene: Scene) -> Iterator[Draft]:
    found = list(crowds(scene))
    timed = scene.examples.in_time
    plain = list(timed(plain_strokes(scene)))
    lines = list(timed(line_strokes(scene, found)))
    stamps = [*timed(stamp_strokes(scene, found)), *timed(copy_strokes(scene, found))]
    spreading = [*timed(spreading_strokes(scene, found)), *timed(path_strokes(scene)), *timed(trail_strokes(scene))]
    drafts = [
        *drawings(scene, "lines", [*lines, *plain]),
        *(draft for draft in drawings(scene, "stamps", [*stamps, *plain]) if draft.cost <= MAX_STAMPS_COST),
        *drawings(scene, "spreading", [*spreading, *plain]),
    ]
    if not drafts:
        everything = drawings(scene, "drawing", [*stamps, *lines, *spreading, *plain])
        drafts = [draft for draft in everything if draft.cost <= MAX_STAMPS_COST]
    yield from drafts
