"""One supervisor as its guard sees it: listened to until it is gone or has to go, in a process that does nothing else.

It has to go when it shows no life, when its loop stands still, or when it does not come to its end in time. Whoever was
told to end and is starved of processors gets more of that time: it counts what they were given, too. The end of the
run's own time waits for nobody. Knows nothing of what comes after; it imports the standard library only.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

from arc_solver.knowing import End, Known
from arc_solver.oversight import Said, parse
from arc_solver.processes import cpu_s, kill
from arc_solver.watching import Watch

POLL_S = 0.25
REPORT_S = 300.0
"""For scores and figures, after the answers were written."""
LAST_WAIT_S = 0.5
"""For what was killed to be gone, where the time is over: a device may hold it longer than anybody can wait."""

_WRITES = 3.0
"""So many times what the last write took is an end waited for, beside the grace."""
_STARVED = 4.0
"""So many times as long as it should take is borne where the processors are busy with others."""
_STUCK_SILENCES = 4.0
_TAIL_SILENCE_S = 2.0
_TAIL_FACTOR = 4.0
"""Where the last vote is due, silence is borne for so long, and for so many times the longest until then: a successor
needs what is left.
"""


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
                until_s = min(now_s + self._known.patience.grace_s, max(now_s, self._known.last_s) + LAST_WAIT_S)
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
            grace_s = self._known.patience.grace_s + _WRITES * self._known.write_s
            self._told = _Grace(self._pid, now_s, grace_s)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)

    def _trouble(self, now_s: float) -> str:
        """Why it has to go, empty if it has not."""
        known, silent_s = self._known, self._life.silent_s
        if now_s > known.last_s and not (self.written and known.scoring):
            return "did not end at the end of the time"
        if self._life.overdue or self._keeps_a_successor_waiting(now_s):
            return f"hung: no sign of life for {silent_s:.0f}s"
        if self._steps.overdue:
            return f"was stuck: it lived but did nothing for {self._steps.silent_s:.0f}s"
        if known.n_asked > self._n_asked + 1:
            return "was told to end twice"
        if self.written:
            late = now_s > self._reporting_s + REPORT_S
            return f"did not end {REPORT_S:.0f}s after the answers were written" if late else ""
        if self._told is not None and self._told.is_over(now_s, silent_s):
            return f"did not end {self._told.waited_s(now_s):.0f}s after it was told to"
        if self._closing and self._first.is_over(now_s, silent_s):
            return f"did not write the answers within {self._first.waited_s(now_s):.0f}s"
        return ""

    def _keeps_a_successor_waiting(self, now_s: float) -> bool:
        """Whether it is silent where the last vote is due and another one may still do it."""
        known = self._known
        if not self._running or self._closing or not known.is_over(now_s, known.tail_s):
            return False
        return self._life.silent_s > max(_TAIL_SILENCE_S, _TAIL_FACTOR * self._life.longest_s)


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
