"""The registry of families: each writes random generator programs of one sort of scenes.

Colours, sides and counts are drawn with the program, so that the grids of one program look like the inputs of one task.
Adding a decorated function to a module of `families/` is all it takes. Knows nothing of how programs are run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from arc_solver.grids import MAX_SIDE
from arc_solver.omni.generators.drafts import Draft
from arc_solver.omni.generators.programs import InputGenerator

MIN_CELLS = 9
"""Scenes cannot be asked to be smaller."""


@dataclass(frozen=True, slots=True)
class Family:
    """One sort of scenes.

    Attributes:
        name: Its name.
        weight: How often it is drawn, relative to the others.
        write: Writes one random program into an empty draft.
        group: The module that it lives in.
    """

    name: str
    weight: float
    write: Callable[[Draft], None]
    group: str


FAMILIES: dict[str, Family] = {}


def family(weight: float) -> Callable[[Callable[[Draft], None]], Callable[[Draft], None]]:
    """Register a family under its function's name."""

    def register(write: Callable[[Draft], None]) -> Callable[[Draft], None]:
        name = write.__name__
        if name in FAMILIES:
            raise ValueError(f"two families are named {name}")
        FAMILIES[name] = Family(name, weight, write, write.__module__.rsplit(".", 1)[-1])
        return write

    return register


def random_generator(
    rng: np.random.Generator, *, family: str | None = None, max_cells: int = MAX_SIDE * MAX_SIDE
) -> InputGenerator:
    """Write a random generator program.

    Args:
        rng: The only source of randomness.
        family: One of `FAMILIES`; None draws one by weight.
        max_cells: No grid of the program has more cells; at least `MIN_CELLS`.

    Raises:
        ValueError: There is no such family, or `max_cells` is too small.
    """
    if max_cells < MIN_CELLS:
        raise ValueError(f"max_cells must be at least {MIN_CELLS}, not {max_cells}")
    if family is not None and family not in FAMILIES:
        raise ValueError(f"no family is named {family!r}; known: {', '.join(FAMILIES)}")
    chosen = _drawn_family(rng) if family is None else FAMILIES[family]
    draft = Draft(rng, max_cells)
    chosen.write(draft)
    return InputGenerator(chosen.name, draft.source())


def _drawn_family(rng: np.random.Generator) -> Family:
    point = rng.random() * sum(family.weight for family in FAMILIES.values())
    for chosen in FAMILIES.values():
        point -= chosen.weight
        if point < 0:
            return chosen
    return next(iter(FAMILIES.values()))
