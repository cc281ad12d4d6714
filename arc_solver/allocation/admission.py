"""Whether something may be begun: only what is measured to fit the time that is left. Knows nothing of what it is."""

from __future__ import annotations

from arc_solver.budget import Deadline


def fits(cost_s: float, deadline: Deadline) -> bool:
    """Whether what was measured to take `cost_s` ends before the deadline."""
    return cost_s < deadline.remaining_s()
