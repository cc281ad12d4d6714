"""The guard: the process that a run's command starts as. It does nothing but see to it that the run comes to its end.

The supervisor, which reads tasks, keeps lanes at work and writes answers, is its child. Killed, out of memory, crashed
or hanging, it is ended with everything that it had started, and a new one goes on from the journal for what is left of
the time; where only the time for the last vote is left, it only votes and writes. `END_GRACE_S` after the end of the
time everything is killed that still runs, and the answers stay that were written last: nothing begins after the end.

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
import signal
import sys
import threading
import time

from arc_solver.knowing import OUT_OF_MEMORY_STATUS, End, Known, tell
from arc_solver.overseeing import LAST_WAIT_S, POLL_S, Overseen
from arc_solver.oversight import Supervised, supervise
from arc_solver.processes import adopt_orphans, descendants, die_with_parent, kill, started_s

__all__ = ["NO_GUARD_FLAG", "NO_GUARD_VARIABLE", "OUT_OF_MEMORY_STATUS", "enter"]

NO_GUARD_VARIABLE = "ARC_SOLVER_NO_GUARD"
NO_GUARD_FLAG = "--no-guard"

_MAX_CLOSINGS = 2
_FAILED = 1
_PAUSE_SHARE = 0.1
"""Of what is left, a pause takes no more."""


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


class _Guard:
    """Keeps one supervisor after the other, until one ends as it meant to."""

    def __init__(self) -> None:
        self._known = Known(started_s())
        self._n_in_a_row = self._n_closings = 0

    def run(self) -> Supervised:
        """Returns in each child; leaves the process in the guard."""
        adopt_orphans()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._known.ask)
        while True:
            closing = self._is_closing()
            if self._known.n_asked and not closing:
                sys.exit(_FAILED)
            self._n_closings += closing
            reading, writing = os.pipe()
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            own_pid, pid = os.getpid(), _fork()
            if pid == 0:
                os.close(reading)
                return self._be_supervisor(own_pid, writing, closing)
            os.close(writing)
            overseen = Overseen(pid or -1, reading, self._known, closing)
            end = overseen.oversee() if pid else End("cannot be started")
            os.close(reading)
            self._sweep()
            if (code := self._judge(end, overseen)) is not None:
                sys.exit(code)

    def _be_supervisor(self, guard_pid: int, writing: int, closing: bool) -> Supervised:
        die_with_parent()
        if os.getppid() != guard_pid:
            os._exit(_FAILED)  # it died before we asked to be told
        # The guard passes on what it is told, once.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        known = self._known
        return Supervised(
            writing,
            known.began_s,
            resume=known.begun,
            end_s=time.monotonic() if closing else known.end_s,
            interrupted=bool(known.n_asked),
            earlier=tuple(known.faults),
            settled=known.settled,
        )

    def _sweep(self) -> None:
        """End everything that a supervisor left behind."""
        now_s = time.monotonic()
        until_s = min(now_s + self._known.patience.grace_s, max(now_s, self._known.last_s) + LAST_WAIT_S)
        while (left := descendants(os.getpid())) and time.monotonic() < until_s:
            kill(left)
            _reap()
            time.sleep(0.01)
        _reap()

    def _judge(self, end: End, overseen: Overseen) -> int | None:
        """The exit code of the run, or None if another supervisor has to go on; this waits until it may."""
        known = self._known
        if end.code is not None and (overseen.bye or overseen.written or not known.begun):
            return end.code
        if not known.begun and known.n_asked:
            return _FAILED
        if known.is_over(time.monotonic()):
            return self._leave_it(end, overseen)
        self._n_in_a_row = 1 if overseen.found else self._n_in_a_row + 1
        if known.n_asked > 1 or self._n_closings >= _MAX_CLOSINGS:
            tell(f"the supervisor {end.text()}; the last answers that were written stay")
            return _FAILED
        if self._n_in_a_row > known.patience.max_deaths:
            if not known.begun:
                tell(f"the supervisor {end.text()}, {self._n_in_a_row} times in a row before it began; given up")
                return _FAILED
            known.given_up = True
        if self._is_closing():
            known.blame(end.text(), "another one votes on what the journal holds and writes the answers")
        else:
            known.blame(end.text(), f"another one {'goes on from the journal' if known.begun else 'begins'}")
            self._pause()
        return None

    def _is_closing(self) -> bool:
        """Whether only a last vote is wanted."""
        known = self._known
        is_wanted = known.n_asked or known.answered or known.given_up
        return known.begun and bool(is_wanted or known.is_over(time.monotonic(), known.tail_s))

    def _leave_it(self, end: End, overseen: Overseen) -> int:
        """The time is over, and nobody comes after: the exit code of the run, once it is told what stands."""
        known = self._known
        if overseen.written:
            stands = "every answer was written, scores and figures were not"
        elif known.wrote_s is None or known.end_s is None:
            stands = "the time is over, and no answer was found yet: fall-backs stay in the file"
        else:
            age_s = max(0.0, known.end_s - known.wrote_s)
            stands = f"the answers stay that were written {age_s:.0f}s before the end of the time"
        tell(f"the supervisor {end.text()}; {stands}")
        is_well = known.answered or known.wrote_s is not None
        return 0 if is_well and not known.n_asked else _FAILED

    def _pause(self) -> None:
        """Wait before the next one, as long as there is time and nobody wants an end."""
        known, now_s = self._known, time.monotonic()
        pause_s = known.patience.pause_after(self._n_in_a_row)
        if known.end_s is not None:
            pause_s = min(pause_s, _PAUSE_SHARE * (known.end_s - now_s))
        until_s = now_s + pause_s
        while (left_s := until_s - time.monotonic()) > 0 and not known.n_asked:
            time.sleep(min(POLL_S, left_s))


def _fork() -> int | None:
    """As `os.fork`; None where there is no room for another process."""
    try:
        return os.fork()
    except OSError:
        return None


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
