"""When is silence too long? Patience that adapts to what was measured, in time that counts only while one is awake.

Pure arithmetic: it reads no clock and ends no process. Knows nothing of who is silent.
"""

from __future__ import annotations

from dataclasses import dataclass

BEAT_S = 0.5
"""A living process says so this often."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a run bears with what is silent, and how often it begins again. Floors suit a starved laptop; what is
    measured there only makes them longer.

    Attributes:
        silence_s: Shorter silence than this is never too long.
        starting_s: The same before the first sign of life: Python and its libraries are being read from a disk.
        stuck_s: The same of signs of progress, which are rarer: something is said, a step is made (`advancing`), or
            processor time is taken.
        spinning_s: The same where processor time alone is taken.
        factor: Silence may be this many times as long as the longest that was heard of before.
        pause_s: Before what died is started again; twice as long after each further death in a row.
        max_deaths: So many deaths in a row without anything finished between them, and it is not started again.
        grace_s: For an orderly end that somebody wanted, before it is enforced.
        closing_s: For a last vote and write after that, and where nothing else helps any more; not beyond the end of
            the run's time.

    Raises:
        ValueError: A number that makes no sense.
    """

    silence_s: float = 30.0
    starting_s: float = 120.0
    stuck_s: float = 600.0
    spinning_s: float = 1800.0
    factor: float = 10.0
    pause_s: float = 1.0
    max_deaths: int = 4
    grace_s: float = 5.0
    closing_s: float = 30.0

    def __post_init__(self) -> None:
        times = (self.silence_s, self.starting_s, self.stuck_s, self.spinning_s, self.grace_s, self.closing_s)
        if min(times) <= 0 or self.pause_s < 0 or self.factor < 1 or self.max_deaths < 1:
            raise ValueError("patience: times must be positive, the factor and the number of deaths at least 1")

    def pause_after(self, n_deaths: int) -> float:
        """How long to wait after the n-th death in a row, seconds."""
        return float(self.pause_s * 2 ** (max(1, n_deaths) - 1))


class Watch:
    """How long somebody has been silent, and whether that is too long.

    A step of the clock counts only up to `max_step_s`: over a longer one the watcher itself did not run (the machine
    was suspended, the processes frozen, the CPU taken by others), and neither did perhaps the watched.

    Args:
        now_s: On the clock of `look`.
        floor_s: Shorter silence is never too long.
        factor: Nor is what is shorter than this many times the longest silence that was broken.
        max_step_s: See above.
        first_s: The floor before the first sign of life; None for `floor_s`.

    Attributes:
        silent_s: How long nothing was heard.
        longest_s: The longest silence that was broken, but for the first one.
        heard: Whether there was a sign of life.
    """

    def __init__(
        self, now_s: float, floor_s: float, factor: float, *, max_step_s: float = 2.0, first_s: float | None = None
    ) -> None:
        self._looked_s = now_s
        self._floor_s, self._factor, self._max_step_s = floor_s, factor, max_step_s
        self._first_s = floor_s if first_s is None else first_s
        self.longest_s = 0.0
        self.silent_s = 0.0
        self.heard = False

    def look(self, now_s: float) -> None:
        """Let time pass; to be called often."""
        self.silent_s += min(max(0.0, now_s - self._looked_s), self._max_step_s)
        self._looked_s = now_s

    def hear(self) -> None:
        """A sign of life came."""
        if self.heard:
            self.longest_s = max(self.longest_s, self.silent_s)
        self.heard = True
        self.silent_s = 0.0

    @property
    def allowed_s(self) -> float:
        """Silence that is borne now."""
        floor_s = self._floor_s if self.heard else max(self._first_s, self._floor_s)
        return max(floor_s, self._factor * self.longest_s)

    @property
    def overdue(self) -> bool:
        """Whether the silence is too long."""
        return self.silent_s > self.allowed_s
