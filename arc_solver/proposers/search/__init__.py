"""Program search on the CPU: an enumerator over the DSL and solvers that fit parameters and write programs."""

from arc_solver.proposers.search.proposer import Runner, SearchProposer
from arc_solver.proposers.search.settings import SearchSettings

__all__ = ["Runner", "SearchProposer", "SearchSettings"]
