"""arc_solver: programs and grids for the ARC Prize, offline, under a time limit."""

__version__ = "0.1.0"
