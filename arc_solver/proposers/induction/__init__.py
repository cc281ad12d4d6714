"""The language model writes programs; the sandbox runs them on the training pairs and the test inputs."""

from arc_solver.proposers.induction.proposer import InductionProposer
from arc_solver.proposers.induction.settings import InductionSettings

__all__ = ["InductionProposer", "InductionSettings"]
