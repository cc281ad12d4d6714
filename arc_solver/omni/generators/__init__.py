"""Generators of inputs: seeded scene builders, and random programs written in them.

`random_generator(rng)` writes a program, `run_generator(source, seed)` draws a grid with one. Knows nothing of tasks.
"""

from arc_solver.omni.generators import changes, copies, families, grounds, layouts, lines, piles, scatter, shapes
from arc_solver.omni.generators.family import FAMILIES, random_generator
from arc_solver.omni.generators.programs import InputGenerator, check_generator, run_generator
from arc_solver.omni.generators.registry import BUILDERS

_MODULES = (grounds, shapes, scatter, copies, lines, layouts, piles, changes, families)

__all__ = ["BUILDERS", "FAMILIES", "InputGenerator", "check_generator", "random_generator", "run_generator"]
