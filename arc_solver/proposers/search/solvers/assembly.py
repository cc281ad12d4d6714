"""Outputs made of one part of the input: cut out, then changed as a whole.

The part is found by `crops`; here it is turned, cleaned, recoloured, repeated, corrected. Knows nothing of how parts
are chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers import cell_rules, recolor, tiling
from arc_solver.proposers.search.solvers.crops import Crop, crops
from arc_solver.proposers.search.solvers.formulas import Formula, formula, formulas, gives
from arc_solver.proposers.search.solvers.keys import keyed

STAGE = "assembly"
MAX_RULED = 2
SINGLE_CELL_COST = 2.0
N_ENOUGH = 6
MAX_TABLE_COST = 3.0
MAX_COST = 10.0
"""Dearer corrections of a cut explain the pairs by heart."""

LEGEND = "{int(one.grid.flat[%s]): int(one.grid.flat[%s]) for one in find_objects(grid, True, True) if one.size == 2}"
FINISHES = formulas(
    "part, obj, grid",
    (
        ("part", 0.0),
        ("np.fliplr(part)", 0.8),
        ("np.flipud(part)", 0.8),
        ("np.rot90(part, 2)", 0.9),
        ("part.T", 0.9),
        ("np.rot90(part)", 0.9),
        ("np.rot90(part, 3)", 0.9),
        ("remove_color(part, obj.color)", 1.0),
        ("keep_color(part, obj.color)", 1.0),
        ("recolor(part, obj.color)", 1.0),
        ("remove_color(part, least_common_color(part))", 1.3),
        ("keep_color(part, least_common_color(part))", 1.3),
        ("recolor(part, least_common_color(part))", 1.2),
        ("recolor(part, most_common_color(part))", 1.2),
        ("recolor(part, next(c for c in colors_by_count(grid)[1:] if c != obj.color))", 1.5),
        ("np.full_like(part, obj.color)", 1.0),
        ("recolor(part, least_common_color(grid))", 1.2),
        ("recolor(part, most_common_color(grid))", 1.2),
        ("recolor(keep_color(part, most_common_color(part)), least_common_color(part))", 1.6),
        ("replace_color(part, least_common_color(part), most_common_color(part))", 1.5),
        ("replace_color(part, least_common_color(part), dominant_color(grid))", 1.5),
        ("replace_color(part, dominant_color(grid), 0)", 1.2),
        ("swap_colors(part, most_common_color(part), least_common_color(part))", 1.5),
        ("denoise(part)", 1.0),
        ("invert(part)", 1.0),
        ("compress(part)", 1.0),
        ("crop_to_content(part)", 0.8),
        ("crop_to_content(remove_color(part, obj.color))", 1.4),
        ("crop_to_content(remove_color(part, least_common_color(part)))", 1.6),
        ("crop_to_content(keep_color(part, least_common_color(part)))", 1.6),
        ("remove_solid_lines(part)", 1.0),
        ("remove_empty_lines(part)", 1.0),
        ("repeating_tile(part)", 1.0),
        ("symmetrize_horizontal(part)", 1.0),
        ("symmetrize_vertical(part)", 1.0),
        ("symmetrize_rotation(part)", 1.1),
        ("symmetrize_vertical(symmetrize_horizontal(part))", 1.2),
        ("mirror_right(part)", 1.0),
        ("mirror_down(part)", 1.0),
        ("add_border(part, dominant_color(grid))", 1.2),
        ("upscale(part, 2)", 1.0),
        ("downscale(part, 2)", 1.0),
        ("upscale(part, 3)", 1.1),
        ("downscale(part, 3)", 1.1),
        ("top_half(part)", 1.0),
        ("bottom_half(part)", 1.0),
        ("left_half(part)", 1.0),
        ("right_half(part)", 1.0),
        ("top_half(left_half(part))", 1.2),
        ("overlay_all(halves(part))", 1.2),
        ("add_border(part, obj.color)", 1.2),
        (f"np.array([{LEGEND % (0, -1)}.get(c, c) for c in range(10)])[part]", 2.0),
        (f"np.array([{LEGEND % (-1, 0)}.get(c, c) for c in range(10)])[part]", 2.1),
    ),
)


def solve(examples: Examples) -> Iterator[Draft]:
    """Cut a part out and finish it.

    Args:
        examples: Any; nothing is yielded if all outputs have their inputs' sizes.
    """
    if examples.same_size():
        return
    found = crops(examples)
    finishes = (*FINISHES, *_color_finishes(examples))
    n_found = 0
    for crop in examples.in_time(found):
        for draft in _finished(examples, crop, finishes):
            yield draft
            n_found += 1
        for draft in _continued(examples, crop):
            yield draft
            n_found += 1
        if n_found >= N_ENOUGH:
            return
    for draft in keyed(examples, found):
        yield draft
        n_found += 1
    if not n_found:
        yield from _ruled(examples, found)


def _color_finishes(examples: Examples) -> Iterator[Formula]:
    """What is done with one colour that every input or output has."""
    for color in sorted(set(range(1, 10)).intersection(*(np.unique(grid).tolist() for grid in examples.inputs))):
        for source, cost in (
            (f"remove_color(part, {color})", 1.0),
            (f"keep_color(part, {color})", 1.1),
            (f"crop_to_content(remove_color(part, {color}))", 1.4),
            (f"crop_to_color(part, {color})", 1.2),
        ):
            yield formula("part, obj, grid", source, cost)
    edges = {int(output[0, 0]) for output in examples.outputs}
    if len(edges) == 1:
        yield formula("part, obj, grid", f"add_border(part, {next(iter(edges))})", 1.2)


def _finished(examples: Examples, crop: Crop, finishes: Sequence[Formula]) -> Iterator[Draft]:
    for one in finishes:
        if gives(one, examples.outputs, crop.grids, crop.objects, examples.inputs):
            if one.source == "part":
                body: tuple[str, ...] = (*crop.statements, f"return {crop.source}")
            else:
                body = (*crop.statements, f"part = {crop.source}", f"return {one.source}")
            # A single cell is easily right by chance.
            chance = SINGLE_CELL_COST if all(output.size == 1 for output in examples.outputs) else 0.0
            yield examples.draft(STAGE, body, crop.cost + one.cost + chance)


def _continued(examples: Examples, crop: Crop) -> Iterator[Draft]:
    """What one table of colours, or copies side by side, make of the cut."""
    rest = _after(examples, crop)
    limit = rest.prefix_cost + MAX_TABLE_COST
    yield from (draft for draft in _renamed(recolor.solve(rest)) if draft.cost <= limit)
    if not rest.same_size():
        yield from _renamed(tiling.solve(rest))


def _ruled(examples: Examples, found: Sequence[Crop]) -> Iterator[Draft]:
    """Corrections cell by cell of the simplest cuts that have the outputs' sizes."""
    n_tried = 0
    for crop in examples.in_time(found):
        rest = _after(examples, crop)
        if not rest.same_size() or _share_wrong(rest) > 0.5:
            continue
        yield from _renamed(cell_rules.solve(rest))
        n_tried += 1
        if n_tried == MAX_RULED:
            return


def _share_wrong(rest: Examples) -> float:
    pairs = list(zip(rest.train_inputs, rest.outputs, strict=True))
    return sum(np.count_nonzero(a != b) for a, b in pairs) / sum(b.size for _, b in pairs)


def _after(examples: Examples, crop: Crop) -> Examples:
    return examples.after((*crop.statements, f"grid = {crop.source}"), crop.grids, crop.cost + 0.2)


def _renamed(drafts: Iterator[Draft]) -> Iterator[Draft]:
    return (Draft(STAGE, draft.body, draft.cost) for draft in drafts if draft.cost <= MAX_COST)
