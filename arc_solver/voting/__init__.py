"""Votes: from candidates to two attempts per test input. Knows nothing of proposers' insides, files or solutions."""

from arc_solver.voting.attempts import Attempt, TaskAttempts, attempts_of, choose_attempts
from arc_solver.voting.fallback import fallback_grids
from arc_solver.voting.ranking import RankedGrid, rank_outputs

__all__ = ["Attempt", "RankedGrid", "TaskAttempts", "attempts_of", "choose_attempts", "fallback_grids", "rank_outputs"]
