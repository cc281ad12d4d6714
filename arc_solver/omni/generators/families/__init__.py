"""Families of scenes; importing this room registers all of them. Knows nothing of how programs are run."""

from arc_solver.omni.generators.families import layouts, lines, objects, patterns

_MODULES = (objects, lines, patterns, layouts)
