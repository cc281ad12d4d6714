"""Simulated engines that sample text: the real choice of waves and shares, drawn answers.

Knows nothing of searches.
"""

from __future__ import annotations

from collections.abc import Mapping

from arc_solver.allocation.sampling import UNSOLVED_THOUGH_FITTING, next_wave
from arc_solver.allocation.sampling import Standing as Asked
from arc_solver.allocation.shares import share
from arc_solver.simulation.cases import Case
from arc_solver.simulation.lanes import SimulatedLane
from arc_solver.simulation.mishaps import Kind
from arc_solver.simulation.profiles import Profile
from arc_solver.simulation.state import State
from arc_solver.watching import Patience

REPEATED = "induction"
STEP_DOWN = 0.8
"""Speed of an engine that was started again one step down the ladder."""
STALL_NOTICED_S = 120.0
"""Until a fleet ends an engine that answers nothing. Guessed: it adapts to the batches."""


class SamplingLane(SimulatedLane):
    """The model lane of a machine with engines.

    Args:
        state: Of the run.
        cases: Its tasks.
        profile: The machine.
        slowness: Of the run.
        patience: When silence is too long.
        samples: Proposer -> samples of each task, and of a wave.
        n_more: Programs of each task, in what time is left.
        allocated: Waves by chance; else every open task gets the same in each wave.
    """

    def __init__(
        self,
        state: State,
        cases: tuple[Case, ...],
        profile: Profile,
        slowness: float,
        patience: Patience,
        samples: Mapping[str, tuple[int, int]],
        n_more: int,
        allocated: bool,
    ) -> None:
        super().__init__(state, tuple(samples), cases, profile.load_s * slowness, patience)
        self._profile, self._slowness, self._samples, self._allocated = profile, slowness, samples, allocated
        self._speeds = [profile.tokens_per_s / slowness] * profile.n_engines
        self._down = [False] * profile.n_engines
        self._waiting: list[str] = []
        self._n_more, self._round = n_more, 0
        self._before = dict.fromkeys(self.cases, 0)
        self._n_repeated: dict[str, int] = {}
        self._own = state.deadline
        self._n_asked: dict[str, int] = {}
        self._closed: set[str] = set()
        self._wave: list[tuple[Case, int]] = []
        self._tokens = self._left = self._open_share = 0.0
        self._since_s = 0.0
        self._n_plans = 0

    def begin(self, cases: list[Case]) -> None:
        self._waiting = [name for name in self.proposers if any((name, case.name) not in self.done for case in cases)]
        others = [name for name in self._waiting if name != REPEATED]
        if self._n_more and REPEATED in self.proposers and not others and len(self.proposers) > 1:
            # An earlier life was through with the others: further programs, with other seeds.
            self._round = 0
            self._next_round()
            return
        self._round, self._before, self._n_repeated = 0, dict.fromkeys(self.cases, 0), {}
        self._next_proposer()

    def _next_proposer(self) -> None:
        if not self._waiting:
            self._next_round()
            return
        deadline = self.state.deadline
        self._own = deadline.within(share([1.0] * len(self._waiting)) * deadline.remaining_s())
        # A lane that is started again begins anew: the seeds of its samples are the same.
        name = self._waiting[0]
        self._closed = {case for proposer, case in self.done if proposer == name} if not self._round else set()
        self._n_asked = dict.fromkeys(self.cases, 0)
        self._next_wave()

    def _next_round(self) -> None:
        """What time is left goes to more programs, with other seeds."""
        self._round += 1
        n_asked = {name: n + self._n_repeated.get(name, 0) for name, n in self._before.items()}
        self._n_repeated = {}
        if REPEATED not in self.proposers or not self._n_more or self._round > 1 or not self._open_after(n_asked):
            self.end()
            self.state.ran_out_s = min(self.state.ran_out_s, self.state.clock.now_s())
            return
        self._before = n_asked
        self._waiting = [REPEATED]
        self._next_proposer()

    def _open_after(self, n_asked: Mapping[str, int]) -> bool:
        return any(n < self.cases[name].ended_by for name, n in n_asked.items())

    def _wanted(self, name: str) -> tuple[int, int]:
        n_samples, wave_size = self._samples[name]
        return (self._n_more if self._round else n_samples), wave_size

    def _next_wave(self) -> None:
        name = self._waiting[0]
        n_samples, wave_size = self._wanted(name)
        before = self._before if name == REPEATED else dict.fromkeys(self.cases, 0)
        cases = [
            case
            for case in self.cases.values()
            if case.name not in self._closed
            and not (name == REPEATED and before[case.name] + self._n_asked[case.name] >= case.ended_by)
        ]
        asked = [
            Asked(
                self._n_asked[case.name],
                n_samples - self._n_asked[case.name],
                case.sample_tokens,
                UNSOLVED_THOUGH_FITTING if self.state.believed(case) else 1.0,
            )
            for case in cases
        ]
        wave = next_wave(asked, wave_size) if self._allocated else [_in_turn(one, wave_size) for one in asked]
        self._wave = [(case, n) for case, n in zip(cases, wave, strict=True) if n]
        self._tokens = sum(n * case.sample_tokens for case, n in self._wave)
        if not self._wave or self._own.passed():
            self._waiting.pop(0)
            self._next_proposer()
            return
        is_open = self.state.standings
        open_tokens = sum(n * case.sample_tokens for case, n in self._wave if not is_open[case.name].solved)
        self._open_share, self._left, self.busy = open_tokens / self._tokens, self._tokens, True
        self._since_s = self.state.clock.now_s()
        self._plan()

    def _plan(self) -> None:
        """When the wave is through at the present speed, or its proposer's time is over."""
        self._n_plans += 1
        plan, speed = self._n_plans, self._speed()
        wait_s = self._left / speed + self._profile.wave_tail_s * self._slowness if speed else 1e9
        wait_s = min(wait_s, self._own.remaining_s())

        def through() -> None:
            if plan == self._n_plans:
                self._account()
                self._read()

        self.later(wait_s, through)

    def _speed(self) -> float:
        return sum(speed for speed, down in zip(self._speeds, self._down, strict=True) if not down)

    def _account(self) -> None:
        """What was sampled since the last look."""
        now_s = self.state.clock.now_s()
        speed = self._speed()
        done = min(self._left, speed * (now_s - self._since_s))
        if speed:
            self.state.use(done / speed * (len(self._down) - sum(self._down)), self._open_share)
        self._left -= done
        self._since_s = now_s

    def close(self) -> None:
        """The time is over: what was finished of the last wave counts."""
        if self.alive and self.busy:
            self._account()
            self._take_in()

    def _read(self) -> None:
        """Take in the wave, or as much of it as was finished, and go on."""
        self._take_in()
        self.progressed()
        self._next_wave()

    def _take_in(self) -> None:
        name = self._waiting[0]
        n_samples, _ = self._wanted(name)
        finished = 1.0 - self._left / self._tokens
        for case, n in self._wave:
            self._n_asked[case.name] += int(n * finished + 1e-6)
            n_asked = self._n_asked[case.name]
            if name == REPEATED:
                self._n_repeated[case.name] = n_asked
            n_ever = n_asked + (self._before[case.name] if name == REPEATED else 0)
            standing = self.state.standings[case.name]
            standing.asked = standing.asked or n_asked > 0
            if n_ever >= case.solved_by[name]:
                self.state.solve(case)
                standing.passes |= name == REPEATED
            if n_asked >= n_samples or (name == REPEATED and n_ever >= case.ended_by):
                self._closed.add(case.name)
                if name != REPEATED or not self._n_more or n_ever >= case.ended_by:
                    self.finished(case, name)

    # -- mishaps -------------------------------------------------------------------------------------------------------

    def suffer_engine(self, index: int, kind: Kind) -> None:
        """An engine dies, hangs or has no memory; the lane lives, and it is started again."""
        if not self.alive or self._down[index]:
            return
        self._change(index, down=True)
        noticed_s = STALL_NOTICED_S if kind == "engine stall" else 0.0
        if kind == "out of memory":
            self._speeds[index] *= STEP_DOWN
        self.later(noticed_s + self._profile.load_s * self._slowness, lambda: self._change(index, down=False))
        self.state.n_restarts += 1

    def be_born(self) -> None:
        self._down = [False] * len(self._down)
        super().be_born()

    def _change(self, index: int, *, down: bool) -> None:
        if self.busy:
            self._account()
        self._down[index] = down
        if self.busy:
            self._plan()


def _in_turn(one: Asked, wave_size: int) -> int:
    return min(one.n_left, wave_size if one.n_asked else 1)
