"""Program search on the CPU: an enumerator over the DSL and solvers that fit parameters and write programs."""

from typing import TYPE_CHECKING, Any

from arc_solver.proposers.search.settings import SearchSettings

if TYPE_CHECKING:
    from arc_solver.proposers.search.proposer import Runner, SearchProposer

__all__ = ["Runner", "SearchProposer", "SearchSettings"]


def __getattr__(name: str) -> Any:
    # Settings are read in processes that never propose anything, and must not wait for what does.
    if name in __all__:
        from arc_solver.proposers.search import proposer

        return getattr(proposer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
