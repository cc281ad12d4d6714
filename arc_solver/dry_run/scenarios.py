"""The long run, played many times on a virtual clock: as it was measured, on a slow device, with mishaps.

Knows nothing of trials.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from arc_solver.allocation.records import load_records
from arc_solver.config import RunConfig
from arc_solver.simulation import Outcome, Profile, Weather, draw_cases, draw_mishaps, simulate

N_SEEDS = 20
SLOW = 2.5

Draw = Callable[[Profile, float, np.random.Generator], Weather]
SCENARIOS: dict[str, Draw] = {
    "as measured": lambda profile, limit_s, rng: Weather(),
    f"all {SLOW:g} times as slow": lambda profile, limit_s, rng: Weather(slowness=SLOW),
    "with mishaps": draw_mishaps,
}
"""What may happen. Mishaps are about three a run, far more than there are, and every third machine is slow."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What came of one way in which things may go, over all its runs.

    Attributes:
        name: Of the scenario.
        n_runs: Runs played.
        n_late: Those that ended after the limit.
        latest_s: When the last of them ended.
        limit_s: When it had to.
        used: Share of the engines' (or cores') time in which they worked, in the mean.
        ran_out_s: When the model had nothing left to do, the median of the runs in which it had; None if it had in all.
        n_restarts: Of lanes and engines, in the mean.
        n_left_out: Tasks that were left out, the most of any run.
        n_unasked: Tasks without a program that fits to which the model never came, the most of any run.
    """

    name: str
    n_runs: int
    n_late: int
    latest_s: float
    limit_s: float
    used: float
    ran_out_s: float | None
    n_restarts: float
    n_left_out: int
    n_unasked: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def play(
    profile: Profile,
    config: RunConfig,
    n_tasks: int,
    seed: int,
    *,
    n_seeds: int = N_SEEDS,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Iterator[Scenario]:
    """Play every scenario with so many seeds, each with tasks of its own.

    Args:
        profile: The machine.
        config: Of the long run.
        n_tasks: Its tasks.
        seed: Of everything that is drawn.
        n_seeds: Runs of each scenario.
        tell: Called after each run with how many were played, and of how many.
    """
    records = load_records("held-out")
    for place, (name, draw) in enumerate(SCENARIOS.items()):
        outcomes = []
        for number in range(n_seeds):
            rng = np.random.default_rng([seed, number])
            cases = draw_cases(records, n_tasks, rng)
            outcomes.append(simulate(profile, config, cases, draw(profile, config.time_limit_s, rng)))
            tell(place * n_seeds + number + 1, len(SCENARIOS) * n_seeds)
        yield summed_up(name, outcomes)


def summed_up(name: str, outcomes: list[Outcome]) -> Scenario:
    """What runs of one scenario have come to."""
    ran_out = [one.ran_out_s for one in outcomes if one.ran_out_s < one.limit_s]
    return Scenario(
        name,
        len(outcomes),
        sum(not one.in_time for one in outcomes),
        max(one.end_s for one in outcomes),
        outcomes[0].limit_s,
        statistics.fmean(one.used for one in outcomes),
        statistics.median(ran_out) if ran_out else None,
        statistics.fmean(one.n_restarts for one in outcomes),
        max(one.n_left_out for one in outcomes),
        max(one.n_unasked for one in outcomes),
    )
