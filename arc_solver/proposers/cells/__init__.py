"""Transduction by the bundled cell model."""

from typing import TYPE_CHECKING, Any

from arc_solver.proposers.cells.settings import CellSettings

if TYPE_CHECKING:
    from arc_solver.proposers.cells.proposer import CellProposer

__all__ = ["CellProposer", "CellSettings"]


def __getattr__(name: str) -> Any:
    # Settings are read in processes that never propose anything, and must not wait for what does.
    if name in __all__:
        from arc_solver.proposers.cells import proposer

        return getattr(proposer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
