"""What goes wrong in a run: when, to whom, how. Drawn; knows nothing of what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from arc_solver.simulation.profiles import Profile

Kind = Literal["death", "hang", "stuck", "engine stall", "engine death", "out of memory", "supervisor"]
Lane = Literal["search", "model", "run"]


@dataclass(frozen=True, slots=True)
class Mishap:
    """Something that goes wrong.

    Attributes:
        at_s: When.
        lane: Whose: a search lane's, the model's, or the whole run's.
        index: Which search lane, or which engine.
        kind: `death`: the process is gone; `hang`: it gives no sign of life; `stuck`: it gives some and does nothing;
            `engine stall`, `engine death`, `out of memory`: of one engine, the lane lives; `supervisor`: all is gone.
    """

    at_s: float
    lane: Lane
    index: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Weather:
    """How a run's machine behaves.

    Attributes:
        mishaps: In the order of time.
        slowness: Everything takes so many times as long as the profile says.
        disk_stall_s: The last write takes so much longer.
    """

    mishaps: tuple[Mishap, ...] = ()
    slowness: float = 1.0
    disk_stall_s: float = 0.0


_PER_RUN: tuple[tuple[Lane, Kind, float], ...] = (
    ("search", "death", 0.5),
    ("search", "hang", 0.3),
    ("search", "stuck", 0.2),
    ("model", "engine death", 0.5),
    ("model", "engine stall", 0.5),
    ("model", "out of memory", 0.5),
    ("model", "death", 0.1),
    ("model", "hang", 0.05),
    ("run", "supervisor", 0.1),
)
"""How often each happens in a run, in the mean: far more often than in reality, so that every run has some."""
_SLOW_SHARE = 0.3
_MAX_SLOWNESS = 2.5


def draw_mishaps(profile: Profile, time_limit_s: float, rng: np.random.Generator) -> Weather:
    """Draw what goes wrong in one run: about three mishaps, and a slow machine in three runs of ten."""
    mishaps = []
    for lane, kind, mean in _PER_RUN:
        if kind in ("engine death", "engine stall", "out of memory") and not profile.n_engines:
            continue
        n_able = {"search": profile.n_cores, "model": max(1, profile.n_engines), "run": 1}[lane]
        for _ in range(rng.poisson(mean)):
            mishaps.append(Mishap(float(rng.uniform(0, time_limit_s)), lane, int(rng.integers(n_able)), kind))
    slowness = float(rng.uniform(1.0, _MAX_SLOWNESS)) if rng.random() < _SLOW_SHARE else 1.0
    disk_stall_s = float(rng.exponential(1.0))
    return Weather(tuple(sorted(mishaps, key=lambda one: (one.at_s, one.kind, one.index))), slowness, disk_stall_s)
