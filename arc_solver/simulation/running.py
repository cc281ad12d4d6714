"""One simulated run: lanes on a virtual clock, by the decisions that a real run takes.

What is real: how the search's passes are ordered and its tasks dealt (`allocation`), which tasks a model is asked about
next, the shares of time and of cores, deadlines and the reserve, when silence is too long and who is started again
(`watching`, `lanes.remaining`). What is drawn: what things cost, what they solve, what goes wrong. Knows nothing of
processes and files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from arc_solver.allocation import Chances, load_chances
from arc_solver.allocation.cores import threads_beside_search
from arc_solver.allocation.dealing import deal
from arc_solver.budget import Deadline, ManualClock
from arc_solver.config import RunConfig
from arc_solver.proposers.search.prospects import expected_seconds_of
from arc_solver.simulation.answering import CellLane
from arc_solver.simulation.cases import Case
from arc_solver.simulation.mishaps import Mishap, Weather
from arc_solver.simulation.profiles import Profile
from arc_solver.simulation.sampling import SamplingLane
from arc_solver.simulation.searching import SearchLane
from arc_solver.simulation.state import State
from arc_solver.watching import Patience

_THREAD_GAIN = 0.9
"""Of each further thread of a model: what it adds, in cores. It holds a whole one."""
_LEAST_SHARE = 0.05
"""Of a core, for lanes that yield."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        n_tasks: Tasks.
        n_solved: Tasks solved at its end.
        curve: (seconds, tasks solved), where that changed.
        end_s: When the last write was through.
        limit_s: When it must be.
        used: Share of the scarce device's time (engines, or cores without any), from the start until the lanes end, in
            which it worked.
        useful: Share of it that went into tasks that were not solved yet.
        ran_out_s: When the model had nothing left to do; infinite if it had until the end.
        n_restarts: Of lanes and engines.
        n_left_out: Tasks that killed their lane twice.
        n_unasked: Tasks without a program that fits, about which the model said nothing; 0 in a run without a model.
    """

    n_tasks: int
    n_solved: int
    curve: tuple[tuple[float, int], ...]
    end_s: float
    limit_s: float
    used: float
    useful: float
    ran_out_s: float
    n_restarts: int
    n_left_out: int
    n_unasked: int = 0

    @property
    def in_time(self) -> bool:
        return self.end_s <= self.limit_s

    def solved_at(self, time_s: float) -> int:
        """Tasks solved until then."""
        return max((n_solved for at_s, n_solved in self.curve if at_s <= time_s), default=0)

    def mean_solved(self, until_s: float) -> float:
        """Tasks solved, in the mean over the time until then."""
        area, since_s, solved = 0.0, 0.0, 0
        for at_s, n_solved in self.curve:
            if at_s >= until_s:
                break
            area += solved * (at_s - since_s)
            since_s, solved = at_s, n_solved
        return (area + solved * (until_s - since_s)) / until_s


def simulate(
    profile: Profile,
    config: RunConfig,
    cases: Sequence[Case],
    weather: Weather,
    *,
    allocated: bool = True,
    patience: Patience | None = None,
) -> Outcome:
    """Play one run.

    Args:
        profile: The machine.
        config: What the run would be started with: time limit, reserve, samples, passes.
        cases: The tasks.
        weather: What goes wrong.
        allocated: By chance per second; else in turns, the baseline.
        patience: When silence is too long.
    """
    return _Run(profile, config, tuple(cases), weather, allocated, patience or Patience()).play()


class _Run:
    def __init__(
        self,
        profile: Profile,
        config: RunConfig,
        cases: tuple[Case, ...],
        weather: Weather,
        allocated: bool,
        patience: Patience,
    ) -> None:
        self._profile, self._config, self._weather = profile, config, weather
        self._patience, self._allocated = patience, allocated
        clock = ManualClock()
        self._deadline = Deadline.after(config.time_limit_s, clock)
        self._state = State(cases, clock, self._deadline.minus(config.reserve_s))
        chances = load_chances()
        seconds = [expected_seconds_of(case.n_cells, config.search, chances) for case in cases]
        cpu_s = sum(seconds) / profile.core_speed
        self._threads = threads_beside_search(profile.n_cores, cpu_s, config.time_limit_s) if allocated else 1
        n_lanes = config.n_search_lanes or profile.n_cores
        searched = seconds if "search" in config.proposers else []
        self._searching = [
            self._search_lane(tuple(cases[index] for index in dealt), chances if allocated else None)
            for dealt in (deal(searched, n_lanes) if allocated else _by_turns(len(searched), n_lanes))
        ]
        self._model = self._model_lane(cases)

    def _search_lane(self, cases: tuple[Case, ...], chances: Chances | None) -> SearchLane:
        start_s = self._profile.start_s * self._weather.slowness
        budgets = self._config.search.budgets()
        counts = not self._profile.n_engines
        return SearchLane(self._state, cases, start_s, self._patience, chances, budgets, self._search_speed, counts)

    def _model_lane(self, cases: tuple[Case, ...]) -> SamplingLane | CellLane:
        profile, config, slowness = self._profile, self._config, self._weather.slowness
        if not profile.n_engines:
            answered = cases if config.uses_cells() else ()
            speed, held = self._model_speed, self._threads / self._model_threads()
            return CellLane(
                self._state, answered, profile, slowness, self._patience, config, speed, held, self._allocated
            )
        samples = {
            "induction": (config.induction.n_samples, config.induction.wave_size),
            "transduction": (config.transduction.n_samples, config.transduction.wave_size),
            # On GPUs nobody has measured it: in its place stands a text model that writes grids.
            "cells": (config.transduction.n_samples, config.transduction.wave_size),
        }
        asked = {name: samples[name] for name in config.proposers if name in samples}
        n_more = config.induction.n_more
        return SamplingLane(self._state, cases, profile, slowness, self._patience, asked, n_more, self._allocated)

    # -- cores ---------------------------------------------------------------------------------------------------------

    def _model_demand(self) -> int:
        """Cores that the model asks for: a core for each engine's host thread, or its threads."""
        if not (self._model.alive and self._model.busy):
            return 0
        return self._profile.n_engines or self._threads

    def _search_speed(self) -> float:
        """Of a pass that begins now: cores are shared evenly; who yields gets what is left."""
        n_cores, demand = self._profile.n_cores, self._model_demand()
        working = [lane for lane in self._searching if lane.alive and lane.busy]
        n_yielding = sum(lane.yields for lane in working)
        n_equal = len(working) - n_yielding
        share = min(1.0, n_cores / max(1, n_equal + demand))
        if n_yielding and n_equal + demand >= n_cores:
            share = min(share, max(_LEAST_SHARE, (n_cores - n_equal - demand) / n_yielding))
        return share * self._profile.core_speed / self._weather.slowness

    def _model_speed(self) -> float:
        """Core-seconds a second that the cell model gets now."""
        working = [lane for lane in self._searching if lane.alive and lane.busy and not lane.yields]
        share = min(1.0, self._profile.n_cores / max(1, len(working) + self._threads))
        return share * self._model_threads() * self._profile.core_speed / self._weather.slowness

    def _model_threads(self) -> float:
        """What its threads do, relative to one alone."""
        return 1.0 + _THREAD_GAIN * (self._threads - 1)

    # -- the run -------------------------------------------------------------------------------------------------------

    def play(self) -> Outcome:
        state = self._state
        for lane in (*self._searching, self._model):
            state.at(0.0, lane.be_born)
        for mishap in self._weather.mishaps:
            state.at(mishap.at_s, partial(self._happen, mishap))
        lanes = (*self._searching, self._model)
        state.play(lambda: all(lane.through for lane in lanes))
        if isinstance(self._model, SamplingLane):
            self._model.close()
        # The lanes are ended at their deadline, whatever they do; then the last vote and the last write.
        slowness = self._weather.slowness
        tail_s = (self._profile.kill_s + self._profile.vote_s) * slowness + self._weather.disk_stall_s
        # Who is through early ends early, and leaves time unused.
        ended_s, working_s = state.clock.now_s(), state.deadline.end_s
        capacity = working_s * (self._profile.n_engines or self._profile.n_cores)
        speed = 1.0 if self._profile.n_engines else self._profile.core_speed / slowness
        return Outcome(
            n_tasks=len(state.cases),
            n_solved=state.curve[-1][1] if state.curve else 0,
            curve=tuple(state.curve),
            end_s=ended_s + tail_s,
            limit_s=self._deadline.end_s,
            used=state.used_s / (capacity * speed),
            useful=state.useful_s / (capacity * speed),
            ran_out_s=state.ran_out_s,
            n_restarts=state.n_restarts,
            n_left_out=len(state.left_out),
            n_unasked=self._n_unasked(),
        )

    def _n_unasked(self) -> int:
        state = self._state
        if not self._model.proposers or not self._model.cases:
            return 0
        return sum(not state.believed(case) and not state.standings[case.name].asked for case in state.cases)

    def _happen(self, mishap: Mishap) -> None:
        if mishap.lane == "run":
            self._lose_all()
        elif mishap.lane == "search":
            self._searching[mishap.index % len(self._searching)].suffer(mishap.kind)
        elif isinstance(self._model, SamplingLane) and mishap.kind not in ("death", "hang", "stuck"):
            self._model.suffer_engine(mishap.index, mishap.kind)
        else:
            self._model.suffer(mishap.kind)

    def _lose_all(self) -> None:
        """The supervisor is gone, and with it all lanes; the guard starts another, which starts them again."""
        self._state.n_restarts += 1
        for lane in (*self._searching, self._model):
            if lane.alive:
                lane.alive = lane.busy = False
            self._state.at(self._state.clock.now_s() + self._patience.pause_after(1), lane.be_born_again)


def _by_turns(n_cases: int, n_lanes: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(range(lane, n_cases, n_lanes)) for lane in range(n_lanes))
