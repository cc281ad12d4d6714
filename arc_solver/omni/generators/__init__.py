"""Generators of inputs: seeded scene builders, and random programs written in them.

`random_generator(rng)` writes a program, `run_generator(source, seed)` draws a grid with one. Knows nothing of tasks.
"""

from arc_solver.omni.generators import grounds, scatter
from arc_solver.omni.generators.families import FAMILIES, random_generator
from arc_solver.omni.generators.programs import InputGenerator, check_generator, run_generator
from arc_solver.omni.generators.registry import BUILDERS

_MODULES = (grounds, scatter)

__all__ = ["BUILDERS", "FAMILIES", "InputGenerator", "check_generator", "random_generator", "run_generator"]
