"""Solvers that infer parameters from the training pairs and write programs, one module each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from arc_solver.proposers.search.examples import Draft, Examples, Solver
from arc_solver.proposers.search.solvers import (
    answering,
    assembly,
    blocks,
    boxes,
    cell_rules,
    completion,
    counting,
    drawing,
    falling,
    figures,
    fitting,
    growth,
    headers,
    lattice_rules,
    listings,
    mixtures,
    object_actions,
    overlays,
    palettes,
    panel_rules,
    panel_series,
    part_rules,
    patches,
    rebased,
    recolor,
    reflections,
    rooms,
    selection,
    sequences,
    sorting,
    stampings,
    summaries,
    symmetries,
    territories,
    tiling,
    verdicts,
    windows,
)
from arc_solver.proposers.search.values import Value

CHEAP_SOLVERS: dict[str, Solver] = {
    "recolor": recolor.solve,
    "tiling": tiling.solve,
    "completion": completion.solve,
    "sorting": sorting.solve,
    "overlays": overlays.solve,
    "summaries": summaries.solve,
    "counting": counting.solve,
    "listings": listings.solve,
    "growth": growth.solve,
    "mixtures": mixtures.solve,
    "palettes": palettes.solve,
    "falling": falling.solve,
    "blocks": blocks.solve,
    "verdicts": verdicts.solve,
    "assembly": assembly.solve,
    "rebased": rebased.solve,
    "answering": answering.solve,
    "sequences": sequences.solve,
    "windows": windows.solve,
    "object_actions": object_actions.solve,
    "drawing": drawing.solve,
    "figures": figures.solve,
    "symmetries": symmetries.solve,
    "panel_series": panel_series.solve,
    "fitting": fitting.solve,
    "stampings": stampings.solve,
    "patches": patches.solve,
    "reflections": reflections.solve,
    "lattice_rules": lattice_rules.solve,
    "territories": territories.solve,
    "boxes": boxes.solve,
    "headers": headers.solve,
    "rooms": rooms.solve,
}
"""Solvers that need the examples only, quick enough to be asked again with pairs left out."""

LIST_SOLVERS: dict[str, Callable[[Examples, Sequence[Value]], Iterator[Draft]]] = {
    "selection": selection.solve,
    "panel_rules": panel_rules.solve,
    "part_rules": part_rules.solve,
}
"""Solvers that need lists which the enumerator found."""

__all__ = ["CHEAP_SOLVERS", "LIST_SOLVERS", "cell_rules"]
