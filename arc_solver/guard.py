"""The guard: the process that a run's command starts as. It does nothing but see to it that the run comes to its end.

The supervisor, which reads tasks, keeps lanes at work and writes answers, is its child. Killed, out of memory, crashed
or hanging, it is ended with everything that it had started, and a new one goes on from the journal for what is left of
the time; with no time left it only votes and writes. At the end of the time the end is enforced.

The child is made by `fork`, before numpy or anything else that starts threads is imported: it costs a millisecond,
needs no command line to be put together again, no file to be found and hardly any memory, so that it works when a
machine is at its worst. The guard itself stays as small as it was then, and nothing that it does afterwards can be
slow. Who kills the guard kills all (the kernel passes it on); orphans of a dead supervisor become the guard's children,
so that none is overlooked. Linux only: elsewhere, in a process that has threads already, or when told so
(`--no-guard`, `ARC_SOLVER_NO_GUARD=1`), the supervisor runs without one.

Knows processes and seconds; nothing of tasks, journals or files. It imports the standard library only.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from dataclasses import dataclass

from arc_solver.faults import Fault
from arc_solver.oversight import Said, Supervised, parse, supervise
from arc_solver.processes import adopt_orphans, descendants, die_with_parent, kill, started_s
from arc_solver.watching import Patience, Watch

NO_GUARD_VARIABLE = "ARC_SOLVER_NO_GUARD"
NO_GUARD_FLAG = "--no-guard"

_POLL_S = 0.25
_REPORT_S = 300.0
"""For scores and figures, after the answers were written."""
_WRITES = 3.0
"""So many times what the last write took is the end waited for, beside the grace."""
_MAX_CLOSINGS = 2
_TWICE_S = 1.0
"""Two signals within this time are one: a terminal and a guard above may both pass it on."""
_STUCK_SILENCES = 4.0
_FAILED = 1

OUT_OF_MEMORY_STATUS = 12
"""With which a supervisor ends that the kernel refused memory."""


def enter() -> Supervised:
    """Go on in a guarded child: this returns there, and never in the guard, which ends with the child's exit code.

    Returns:
        What the supervisor needs to know and to say; where nobody guards it, it speaks to nobody.
    """
    unwanted = sys.platform != "linux" or os.environ.get(NO_GUARD_VARIABLE) or NO_GUARD_FLAG in sys.argv
    # Part of another program, which has threads, we could not be forked.
    if unwanted or threading.active_count() > 1 or "numpy" in sys.modules:
        return supervise(Supervised(began_s=started_s()))
    return supervise(_Guard().run())


@dataclass(slots=True)
class _End:
    """How a supervisor ended."""

    what: str = ""
    code: int | None = None

    @property
    def by_itself(self) -> bool:
        """It exited, whether it meant to or not."""
        return self.code is not None


class _Guard:
    """Keeps one supervisor after the other, until one ends as it meant to."""

    def __init__(self) -> None:
        self._started_s = started_s()
        self._patience = Patience()
        self._end_s: float | None = None
        self._begun = self._written = self._answered = False
        self._write_s = 0.0
        self._asked = 0
        self._asked_s = float("-inf")
        self._faults: list[Fault] = []
        self._settled = ""
        self._n_deaths = self._n_in_a_row = self._n_closings = 0
        self._found = self._bye = self._raved = False

    def run(self) -> Supervised:
        """Returns in each child; leaves the process in the guard."""
        adopt_orphans()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._ask)
        while True:
            closing = self._is_closing()
            if self._asked and not closing:
                sys.exit(_FAILED)
            self._n_closings += closing
            self._bye = self._found = self._written = False
            reading, writing = os.pipe()
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            own_pid, pid = os.getpid(), _fork()
            if pid == 0:
                os.close(reading)
                return self._be_supervisor(own_pid, writing, closing)
            os.close(writing)
            end = self._oversee(pid, reading, closing) if pid else _End("cannot be started")
            os.close(reading)
            self._sweep()
            code = self._judge(end)
            if code is not None:
                sys.exit(code)

    def _be_supervisor(self, guard_pid: int, writing: int, closing: bool) -> Supervised:
        die_with_parent()
        if os.getppid() != guard_pid:
            os._exit(_FAILED)  # it died before we asked to be told
        # The guard passes on what it is told, once.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return Supervised(
            writing,
            self._started_s,
            resume=self._begun,
            end_s=time.monotonic() if closing else self._end_s,
            interrupted=bool(self._asked),
            earlier=tuple(self._faults),
            settled=self._settled,
        )

    # -- while a supervisor lives --------------------------------------------------------------------------------------

    def _oversee(self, pid: int, reading: int, closing: bool) -> _End:
        """Listen until the supervisor is gone, or has to go."""
        born_s = now_s = time.monotonic()
        patience = self._patience
        life = Watch(now_s, patience.silence_s, patience.factor, first_s=patience.starting_s)
        steps = Watch(now_s, _STUCK_SILENCES * patience.silence_s, patience.factor)
        asked_before, passed_on_s = self._asked, float("inf")
        written_s, running, n_steps, rest = float("inf"), False, -1.0, b""
        while True:
            data = self._listen(reading)
            *lines, rest = (rest + (data or b"")).split(b"\n")
            now_s = time.monotonic()
            life.look(now_s)
            steps.look(now_s)
            for line in lines:
                said = parse(line)
                if said is None:
                    self._hear_garbage()
                    continue
                life.hear()
                self._take(said)
                if said.word == "limit":
                    patience = self._patience
                    life = Watch(now_s, patience.silence_s, patience.factor)
                    steps = Watch(now_s, _STUCK_SILENCES * patience.silence_s, patience.factor)
                elif said.word == "begun":
                    running = True
                elif said.word == "written":
                    running, written_s = False, now_s
                elif said.word == "beat" and (said.numbers[0] != n_steps or not running):
                    n_steps = said.numbers[0]
                    steps.hear()
            end = _status_of(pid)
            if end is not None:
                self._hear_out(reading, rest)
                return end
            if self._asked > asked_before and passed_on_s == float("inf"):
                passed_on_s = now_s
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            why = ""
            if life.overdue:
                why = f"hung: no sign of life for {life.silent_s:.0f}s"
            elif steps.overdue:
                why = f"was stuck: it lived but did nothing for {steps.silent_s:.0f}s"
            elif self._asked > asked_before + 1:
                why = "was told to end twice"
            elif now_s > passed_on_s + patience.grace_s + _WRITES * self._write_s and not self._written:
                why = f"did not end {now_s - passed_on_s:.0f}s after it was told to"
            elif closing and not self._written and now_s > born_s + patience.closing_s + _WRITES * self._write_s:
                why = f"did not write the answers within {now_s - born_s:.0f}s"
            elif not closing and self._is_late(now_s) and (running or now_s > born_s + patience.closing_s):
                why = "did not end at the end of the time"
            elif now_s > written_s + _REPORT_S:
                why = f"did not end {_REPORT_S:.0f}s after the answers were written"
            if why:
                kill([pid])
                _wait_for(pid, patience.grace_s)
                self._hear_out(reading, rest)
                return _End(why)

    def _is_late(self, now_s: float) -> bool:
        if self._end_s is None or self._written:
            return False
        return now_s > self._end_s + self._patience.grace_s + _WRITES * self._write_s

    def _listen(self, reading: int) -> bytes | None:
        ready, _, _ = select.select([reading], [], [], _POLL_S)
        if not ready:
            return None
        data = os.read(reading, 1 << 16)
        if not data:
            time.sleep(_POLL_S / 10)  # it is about to end; its status tells
        return data

    def _hear_out(self, reading: int, rest: bytes) -> None:
        """What it said last."""
        os.set_blocking(reading, False)
        with contextlib.suppress(BlockingIOError):
            while data := os.read(reading, 1 << 16):
                rest += data
        for said in filter(None, map(parse, rest.split(b"\n"))):
            self._take(said)

    def _take(self, said: Said) -> None:
        if said.word == "limit":
            self._end_s, self._patience = said.numbers[0], said.patience or self._patience
        elif said.word == "settled":
            self._settled = said.settled
        elif said.word == "begun":
            self._begun = True
        elif said.word == "beat":
            self._found = self._found or bool(said.numbers[1])
        elif said.word == "wrote":
            self._write_s = said.numbers[0]
        elif said.word == "written":
            self._written = self._answered = True
        elif said.word == "bye":
            self._bye = True
        elif said.fault is not None:
            self._faults.append(said.fault)

    def _hear_garbage(self) -> None:
        """Something else wrote on the supervisor's channel: told once."""
        if not self._raved:
            self._raved = True
            what, done = "wrote garbage on its channel to the guard", "that was dropped"
            self._faults.append(Fault("supervisor", what, time.monotonic() - self._started_s, done))
            _tell(f"the supervisor {what}; {done}")

    def _ask(self, number: int, frame: object) -> None:
        """Somebody wants the run to end."""
        now_s = time.monotonic()
        if now_s - self._asked_s > _TWICE_S:
            self._asked += 1
            self._asked_s = now_s

    # -- after it ended ------------------------------------------------------------------------------------------------

    def _sweep(self) -> None:
        """End everything that the supervisor left behind."""
        until_s = time.monotonic() + self._patience.grace_s
        while (left := descendants(os.getpid())) and time.monotonic() < until_s:
            kill(left)
            _reap()
            time.sleep(0.01)
        _reap()

    def _judge(self, end: _End) -> int | None:
        """The exit code of the run, or None if another supervisor has to go on; this waits until it may."""
        is_final = end.by_itself and (self._bye or self._written or not self._begun)
        if is_final or (not self._begun and self._asked):
            return end.code if end.code is not None else _FAILED
        crashed = "ran out of memory" if end.code == OUT_OF_MEMORY_STATUS else f"crashed (exit {end.code})"
        what = end.what or crashed
        self._n_deaths += 1
        self._n_in_a_row = 1 if self._found else self._n_in_a_row + 1
        elapsed_s = time.monotonic() - self._started_s
        if self._asked > 1 or self._n_closings >= _MAX_CLOSINGS:
            _tell(f"the supervisor {what}; the last answers that were written stay")
            return _FAILED
        given_up = self._n_in_a_row > self._patience.max_deaths
        if given_up:
            if not self._begun:
                _tell(f"the supervisor {what}, {self._n_in_a_row} times in a row before it began; given up")
                return _FAILED
            self._end_s = time.monotonic()
        closing = self._is_closing()
        pause_s = 0.0 if closing else self._patience.pause_after(self._n_in_a_row)
        if self._end_s is not None and not closing:
            pause_s = min(pause_s, max(0.0, self._end_s - time.monotonic()))
        if closing:
            done = "another one votes on what the journal holds and writes the answers"
        elif self._begun:
            done = "another one goes on from the journal"
        else:
            done = "another one begins"
        self._faults.append(Fault("supervisor", what, elapsed_s, done))
        _tell(f"the supervisor {what}; {done}")
        self._pause(pause_s)
        return None

    def _is_closing(self) -> bool:
        """Whether only a last vote is wanted."""
        if not self._begun:
            return False
        return bool(self._asked) or self._answered or (self._end_s is not None and time.monotonic() >= self._end_s)

    def _pause(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s and not self._asked:
            time.sleep(min(_POLL_S, max(0.0, until_s - time.monotonic())))


def _fork() -> int | None:
    """As `os.fork`; None where there is no room for another process."""
    try:
        return os.fork()
    except OSError:
        return None


def _status_of(pid: int) -> _End | None:
    """How the child ended, None while it runs. Orphans that came to us are buried on the way."""
    while True:
        try:
            found, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return _End("was gone")
        if found == 0:
            return None
        if found == pid:
            code = os.waitstatus_to_exitcode(status)
            return _End(f"was killed by signal {-code}") if code < 0 else _End(code=code)


def _wait_for(pid: int, seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while _status_of(pid) is None and time.monotonic() < until_s:
        time.sleep(0.01)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _tell(text: str) -> None:
    """A line where the supervisor wrote its own; one that was killed may have left a hidden cursor behind."""
    with contextlib.suppress(OSError, ValueError):
        shown = "\r\x1b[?25h\x1b[K" if sys.stdout.isatty() else ""
        sys.stdout.write(f"{shown}{text}\n")
        sys.stdout.flush()
