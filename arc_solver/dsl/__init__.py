"""The vocabulary of programs: `from arc_solver.dsl import *` gives every primitive, `Object` and `Grid`.

Knows nothing of tasks, search or models; numpy and the standard library are all it imports.
"""

from arc_solver.dsl import (
    choosing,
    coloring,
    components,
    cropping,
    drawing,
    features,
    filling,
    geometry,
    lattices,
    motion,
    objects,
    panels,
    relations,
    scaling,
    scenes,
    symmetry,
)
from arc_solver.dsl.registry import PRIMITIVES, Grid, Object

_MODULES = (
    *(geometry, cropping, coloring, scaling, objects, choosing, panels, filling, symmetry, features, components),
    *(scenes, drawing, motion, relations, lattices),
)

for _name, _primitive in PRIMITIVES.items():
    globals()[_name] = _primitive.function

__all__ = [*PRIMITIVES, "Grid", "Object"]  # noqa: PLE0604
