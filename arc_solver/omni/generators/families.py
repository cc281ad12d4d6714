"""Families of scenes: each writes random generator programs of one sort.

Colours, sides, counts are drawn with the program, so that the grids of one program look like the inputs of one task.
Knows nothing of how programs are run.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from arc_solver.omni.generators.drafts import Draft
from arc_solver.omni.generators.programs import InputGenerator

Family = Callable[[Draft], None]


def rectangles(draft: Draft) -> None:
    """Solid rectangles, sometimes with noise over them."""
    draft.start("blank", **draft.sides(8), background=draft.background)
    draft.then(
        "scatter_rectangles",
        n=draft.bounds(2, 6),
        colors=draft.colors(1, 4),
        height=draft.bounds(1, 6),
        width=draft.bounds(1, 6),
    )
    if draft.chance(0.3):
        draft.then("add_noise", share=draft.share(0.02, 0.1), colors=draft.colors(1, 1))


FAMILIES: dict[str, tuple[float, Family]] = {"rectangles": (1.0, rectangles)}
"""Name -> relative weight and the family itself."""


def random_generator(rng: np.random.Generator, *, family: str | None = None, max_cells: int = 900) -> InputGenerator:
    """Write a random generator program.

    Args:
        rng: The only source of randomness.
        family: One of `FAMILIES`; None draws one by weight.
        max_cells: No grid of the program has more cells; at least 9.

    Raises:
        ValueError: There is no such family.
    """
    name = _drawn_family(rng) if family is None else family
    if name not in FAMILIES:
        raise ValueError(f"no family is named {name!r}; known: {', '.join(FAMILIES)}")
    draft = Draft(rng, max_cells)
    FAMILIES[name][1](draft)
    return InputGenerator(name, draft.source())


def _drawn_family(rng: np.random.Generator) -> str:
    point = rng.random() * sum(weight for weight, _ in FAMILIES.values())
    for name, (weight, _) in FAMILIES.items():
        point -= weight
        if point < 0:
            return name
    return next(iter(FAMILIES))
