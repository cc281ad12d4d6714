"""One supervisor as its guard sees it: listened to until it is gone or has to go, in a process that does nothing else.

It has to go when it shows no life, when its loop stands still, or when it does not come to its end in time. Whoever is
starved of processors gets more of that time: it counts what they were given, too. Knows nothing of what comes after; it
imports the standard library only.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from dataclasses import dataclass, field

from arc_solver.faults import Fault
from arc_solver.oversight import Said, parse
from arc_solver.processes import cpu_s, kill
from arc_solver.watching import Patience, Watch

POLL_S = 0.25
REPORT_S = 300.0
"""For scores and figures, after the answers were written."""
OUT_OF_MEMORY_STATUS = 12
"""With which a supervisor ends that the kernel refused memory."""

_WRITES = 3.0
"""So many times what the last write took is an end waited for, beside the grace."""
_STARVED = 4.0
"""So many times as long as it should take is borne where the processors are busy with others."""
_STUCK_SILENCES = 4.0
_TWICE_S = 1.0
"""Two signals within this time are one: a terminal and a guard above may both pass it on."""


@dataclass(slots=True)
class Known:
    """What the guard knows of a run, from one supervisor to the next.

    Attributes:
        began_s: When the command was started.
        patience: The run's, as soon as it says so.
        end_s: When the run has to end, likewise.
        settled: What a supervisor said with `settle`.
        begun: A journal is open: whoever comes next goes on with it.
        answered: Every answer was in the file at some time.
        write_s: What writing the answers took last.
        faults: Everything that broke.
        n_asked: How often somebody wanted the run to end.
    """

    began_s: float
    patience: Patience = field(default_factory=Patience)
    end_s: float | None = None
    settled: str = ""
    begun: bool = False
    answered: bool = False
    write_s: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    n_asked: int = 0
    _asked_s: float = float("-inf")
    _raved: bool = False

    def ask(self, number: int, frame: object) -> None:
        """Somebody wants the run to end: a handler for signals."""
        now_s = time.monotonic()
        if now_s - self._asked_s > _TWICE_S:
            self.n_asked += 1
            self._asked_s = now_s

    def take(self, said: Said) -> None:
        """A supervisor said something."""
        if said.word == "limit":
            self.end_s, self.patience = said.numbers[0], said.patience or self.patience
        elif said.word == "settled":
            self.settled = said.settled
        elif said.word == "begun":
            self.begun = True
        elif said.word == "wrote":
            self.write_s = said.numbers[0]
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


class _Grace:
    """Time for something to be done."""

    def __init__(self, pid: int, since_s: float, seconds: float) -> None:
        self._pid, self._since_s, self._seconds = pid, since_s, seconds
        self._cpu_s = cpu_s([pid])

    def waited_s(self, now_s: float) -> float:
        return now_s - self._since_s

    def is_over(self, now_s: float, silent_s: float) -> bool:
        """Whether it was enough: for who does not show life at once, for who lives if it was given processors."""
        if self.waited_s(now_s) <= self._seconds:
            return False
        used_s = cpu_s([self._pid]) - self._cpu_s
        return max(silent_s, used_s, self.waited_s(now_s) / _STARVED) > self._seconds


class Overseen:
    """One supervisor, from its birth to its end.

    Args:
        pid: The process.
        reading: What it says.
        known: Of the run.
        closing: It shall only vote and write.

    Attributes:
        written: Every answer is in the file.
        bye: It said that it ends as it means to.
        found: Its lanes found something.
    """

    def __init__(self, pid: int, reading: int, known: Known, closing: bool) -> None:
        self.written = self.bye = self.found = False
        self._pid, self._reading, self._known, self._closing = pid, reading, known, closing
        self._rest = b""
        self._running = False
        self._n_steps = -1.0
        self._n_asked = known.n_asked
        self._begin_watching(time.monotonic(), known.patience.starting_s)
        closing_s = known.patience.closing_s + _WRITES * known.write_s
        self._first = _Grace(pid, time.monotonic(), closing_s)
        self._told: _Grace | None = None
        self._late: _Grace | None = None
        self._reporting_s = float("inf")

    def oversee(self) -> End:
        """Listen until it is gone; end it where it has to go."""
        while True:
            self._listen()
            if (end := _status_of(self._pid)) is not None:
                break
            now_s = time.monotonic()
            self._pass_on(now_s)
            if why := self._trouble(now_s):
                kill([self._pid])
                until_s = now_s + self._known.patience.grace_s
                while _status_of(self._pid) is None and time.monotonic() < until_s:
                    time.sleep(0.01)
                end = End(why)
                break
        self._hear_out()
        return end

    def _begin_watching(self, now_s: float, first_s: float | None = None) -> None:
        patience = self._known.patience
        self._life = Watch(now_s, patience.silence_s, patience.factor, first_s=first_s)
        self._steps = Watch(now_s, _STUCK_SILENCES * patience.silence_s, patience.factor)

    def _listen(self) -> None:
        ready, _, _ = select.select([self._reading], [], [], POLL_S)
        data = os.read(self._reading, 1 << 16) if ready else b""
        if ready and not data:
            time.sleep(POLL_S / 10)  # it is about to end; its status tells
        *lines, self._rest = (self._rest + data).split(b"\n")
        now_s = time.monotonic()
        self._life.look(now_s)
        self._steps.look(now_s)
        for line in lines:
            said = parse(line)
            if said is None:
                self._known.rave()
            else:
                self._life.hear()
                self._take(said, now_s)

    def _hear_out(self) -> None:
        """What it said last."""
        os.set_blocking(self._reading, False)
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._reading, 1 << 16):
                self._rest += data
        for said in filter(None, map(parse, self._rest.split(b"\n"))):
            self._take(said, time.monotonic())

    def _take(self, said: Said, now_s: float) -> None:
        self._known.take(said)
        if said.word == "limit":
            self._begin_watching(now_s)
        elif said.word == "begun":
            self._running = True
        elif said.word == "written":
            self.written, self._running, self._reporting_s = True, False, now_s
        elif said.word == "bye":
            self.bye = True
        elif said.word == "beat":
            self.found = self.found or bool(said.numbers[1])
            if said.numbers[0] != self._n_steps or not self._running:
                self._n_steps = said.numbers[0]
                self._steps.hear()

    def _pass_on(self, now_s: float) -> None:
        """Tell it once what the guard was told."""
        if self._known.n_asked > self._n_asked and self._told is None:
            self._told = self._grace(now_s)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)
        if self._late is None and self._known.end_s is not None and now_s > self._known.end_s:
            self._late = self._grace(now_s)

    def _grace(self, now_s: float) -> _Grace:
        return _Grace(self._pid, now_s, self._known.patience.grace_s + _WRITES * self._known.write_s)

    def _trouble(self, now_s: float) -> str:
        """Why it has to go, empty if it has not."""
        silent_s = self._life.silent_s
        if self._life.overdue:
            return f"hung: no sign of life for {silent_s:.0f}s"
        if self._steps.overdue:
            return f"was stuck: it lived but did nothing for {self._steps.silent_s:.0f}s"
        if self._known.n_asked > self._n_asked + 1:
            return "was told to end twice"
        if self.written:
            late = now_s > self._reporting_s + REPORT_S
            return f"did not end {REPORT_S:.0f}s after the answers were written" if late else ""
        if self._told is not None and self._told.is_over(now_s, silent_s):
            return f"did not end {self._told.waited_s(now_s):.0f}s after it was told to"
        over = self._first.is_over(now_s, silent_s)
        if self._closing:
            return f"did not write the answers within {self._first.waited_s(now_s):.0f}s" if over else ""
        # One that begins so late only votes and writes: it needs the time of one that is there for that.
        may_go = self._running or over
        if may_go and self._late is not None and self._late.is_over(now_s, silent_s):
            return "did not end at the end of the time"
        return ""


def _status_of(pid: int) -> End | None:
    """How the child ended, None while it runs. Orphans that came to us are buried on the way."""
    while True:
        try:
            found, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return End("was gone")
        if found == 0:
            return None
        if found == pid:
            code = os.waitstatus_to_exitcode(status)
            return End(f"was killed by signal {-code}") if code < 0 else End(code=code)


def tell(text: str) -> None:
    """A line where the supervisor wrote its own; one that was killed may have left a hidden cursor behind."""
    with contextlib.suppress(OSError, ValueError):
        shown = "\r\x1b[?25h\x1b[K" if sys.stdout.isatty() else ""
        sys.stdout.write(f"{shown}{text}\n")
        sys.stdout.flush()
