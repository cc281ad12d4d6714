"""How a search and a model share a machine's cores. Pure rules; knows nothing of processes."""

from __future__ import annotations

from arc_solver.allocation.chances import Estimate

SHORT_SEARCH = 0.25
"""A search that ends within so much of the run leaves its cores to the model for most of it."""

MODEL_RATE = 0.004
"""New solves that the cell model brings per CPU-second of one core: 5 of the held-out tasks that the search does not
solve, in 20 minutes of learning and 4 of answering (docs/log.md). With more tasks both take longer and bring more.
"""


def yields(estimate: Estimate) -> bool:
    """Whether a step of the search is worth less than the model's use of the same core."""
    return estimate.rate < MODEL_RATE


def threads_beside_search(n_cores: int, search_cpu_s: float, time_limit_s: float) -> int:
    """Threads of a model that runs beside a search on every core.

    Args:
        n_cores: Of the machine.
        search_cpu_s: What the search is expected to take, in CPU-seconds.
        time_limit_s: Of the run.

    Returns:
        One where the search takes a good part of the run; every core where it ends soon.
    """
    return n_cores if search_cpu_s / n_cores <= SHORT_SEARCH * time_limit_s else 1
