"""The language model writes programs; the sandbox runs them on the training pairs and the test inputs."""

from typing import TYPE_CHECKING, Any

from arc_solver.proposers.induction.settings import InductionSettings

if TYPE_CHECKING:
    from arc_solver.proposers.induction.proposer import InductionProposer

__all__ = ["InductionProposer", "InductionSettings"]


def __getattr__(name: str) -> Any:
    # Settings are read in processes that never propose anything, and must not wait for what does.
    if name in __all__:
        from arc_solver.proposers.induction import proposer

        return getattr(proposer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
