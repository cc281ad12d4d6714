"""Which lanes a run has: what each is asked, and which of them hear of the board. Knows nothing of processes."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

from arc_solver.allocation import load_chances
from arc_solver.allocation.cores import threads_beside_search
from arc_solver.allocation.dealing import deal
from arc_solver.config import RunConfig
from arc_solver.proposers.search.prospects import expected_seconds
from arc_solver.tasks import Challenges, Task


def plan_lanes(challenges: Challenges, config: RunConfig) -> list[tuple[str, tuple[str, ...], tuple[Task, ...]]]:
    """Lanes as (name, proposers, tasks): the search on every core, each lane with its share of the tasks, and beside it
    the proposers that need the model, one after the other in one process, so that they share its weights. On a cluster
    one lane for everything, which has it done elsewhere.
    """
    tasks = challenges.tasks
    if config.ray_address:
        return [("cluster", config.proposers, tasks)]
    lanes: list[tuple[str, tuple[str, ...], tuple[Task, ...]]] = []
    if "search" in config.proposers:
        n_lanes = max(1, min(config.n_search_lanes or os.cpu_count() or 1, len(tasks)))
        # So that the lanes are through at about the same time, as far as sizes of grids tell.
        dealt = enumerate(deal(_search_seconds(tasks, config), n_lanes))
        lanes = [(f"search {lane}", ("search",), tuple(tasks[index] for index in chosen)) for lane, chosen in dealt]
    asking = tuple(name for name in config.proposers if name != "search")
    if asking:
        lanes.append(("model", asking, tasks))
    return lanes


def with_threads(challenges: Challenges, config: RunConfig) -> RunConfig:
    """The configuration with as many threads for a model on CPUs as it should have beside the search: every core where
    the search is through early in the run.
    """
    if config.engine.n_threads or "search" not in config.proposers or config.ray_address:
        return config
    search_s = sum(_search_seconds(challenges.tasks, config))
    n_threads = threads_beside_search(os.cpu_count() or 1, search_s, config.time_limit_s)
    return dataclasses.replace(config, engine=dataclasses.replace(config.engine, n_threads=n_threads))


def _search_seconds(tasks: Sequence[Task], config: RunConfig) -> list[float]:
    """What the search is expected to take for each task."""
    chances = load_chances()
    return [expected_seconds(task, config.search, chances) for task in tasks]


def wants_news(proposers: Sequence[str], config: RunConfig) -> bool:
    """Whether a lane is told what stands on the board: a model's is, so that it asks less about what others solved. Not
    on a cluster: the way is too long.
    """
    return tuple(proposers) != ("search",) and not config.ray_address
