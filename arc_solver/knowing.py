"""What a guard knows of a run, from one supervisor to the next: what they said, what broke, and when it has to end.

Knows nothing of processes; it imports the standard library only.
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from dataclasses import dataclass, field

from arc_solver.faults import Fault
from arc_solver.oversight import Said
from arc_solver.watching import Patience

END_GRACE_S = 2.0
"""For so long after the end of the time a supervisor may still write; then it is ended, whatever it does."""
OUT_OF_MEMORY_STATUS = 12
"""With which a supervisor ends that the kernel refused memory."""

_TWICE_S = 1.0
"""Two signals within this time are one: a terminal and a guard above may both pass it on."""


@dataclass(slots=True)
class Known:
    """What the guard knows of a run.

    Attributes:
        began_s: When the command was started.
        patience: The run's, as soon as it says so.
        end_s: When the run has to end, likewise.
        tail_s: How long before that the last vote begins, likewise.
        settled: What a supervisor said with `settle`.
        begun: A journal is open: whoever comes next goes on with it.
        answered: Every answer was in the file at some time.
        scoring: What follows the answers may go on after the end.
        given_up: Supervisors died too often: only a last vote is wanted.
        write_s: What writing the answers took last.
        wrote_s: When that was, None if it never was.
        faults: Everything that broke.
        n_asked: How often somebody wanted the run to end.
    """

    began_s: float
    patience: Patience = field(default_factory=Patience)
    end_s: float | None = None
    tail_s: float = 0.0
    settled: str = ""
    begun: bool = False
    answered: bool = False
    scoring: bool = False
    given_up: bool = False
    write_s: float = 0.0
    wrote_s: float | None = None
    faults: list[Fault] = field(default_factory=list)
    n_asked: int = 0
    _asked_s: float = -math.inf
    _raved: bool = False

    @property
    def last_s(self) -> float:
        """When whoever still runs is ended."""
        return math.inf if self.end_s is None else self.end_s + END_GRACE_S

    def is_over(self, now_s: float, before_s: float = 0.0) -> bool:
        """Whether the end of the time has come, or comes within so many seconds."""
        return self.end_s is not None and now_s >= self.end_s - before_s

    def ask(self, number: int, frame: object) -> None:
        """Somebody wants the run to end: a handler for signals."""
        now_s = time.monotonic()
        if now_s - self._asked_s > _TWICE_S:
            self.n_asked += 1
            self._asked_s = now_s

    def take(self, said: Said) -> None:
        """A supervisor said something."""
        if said.word == "limit":
            self.end_s, self.tail_s = said.numbers
            self.patience = said.patience or self.patience
        elif said.word == "settled":
            self.settled = said.settled
        elif said.word == "begun":
            self.begun = True
        elif said.word == "wrote":
            self.write_s, self.wrote_s = said.numbers[0], time.monotonic()
        elif said.word == "scoring":
            self.scoring = True
        elif said.word == "written":
            self.answered = True
        elif said.fault is not None:
            self.faults.append(said.fault)

    def blame(self, what: str, what_was_done: str) -> None:
        """Something is wrong with the supervisor: a fault, and a line where it wrote its own."""
        self.faults.append(Fault("supervisor", what, time.monotonic() - self.began_s, what_was_done))
        tell(f"the supervisor {what}; {what_was_done}")

    def rave(self) -> None:
        """Something else wrote on a supervisor's channel: told once."""
        if not self._raved:
            self._raved = True
            self.blame("wrote garbage on its channel to the guard", "that was dropped")


@dataclass(frozen=True, slots=True)
class End:
    """How a supervisor ended.

    Attributes:
        what: In words; empty where it exited by itself.
        code: Its exit code where it exited by itself.
    """

    what: str = ""
    code: int | None = None

    def text(self) -> str:
        """In words."""
        return self.what or (
            "ran out of memory" if self.code == OUT_OF_MEMORY_STATUS else f"crashed (exit {self.code})"
        )


def tell(text: str) -> None:
    """A line where the supervisor wrote its own; one that was killed may have left a hidden cursor behind."""
    with contextlib.suppress(OSError, ValueError):
        shown = "\r\x1b[?25h\x1b[K" if sys.stdout.isatty() else ""
        sys.stdout.write(f"{shown}{text}\n")
        sys.stdout.flush()
