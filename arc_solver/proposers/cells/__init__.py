"""Transduction by the bundled cell model."""

from arc_solver.proposers.cells.proposer import CellProposer
from arc_solver.proposers.cells.settings import CellSettings

__all__ = ["CellProposer", "CellSettings"]
