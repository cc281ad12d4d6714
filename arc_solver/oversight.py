"""What a supervisor and its guard say to each other, and the supervisor's end of it.

One line of words and numbers for each thing, on a pipe that is never waited for. A thread of its own says that the
process lives; how often the run's loop came round and whether lanes found something goes with it. Knows nothing of
runs; it imports the standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from dataclasses import astuple, dataclass
from typing import Any

from arc_solver.faults import Fault
from arc_solver.watching import BEAT_S, Patience

_N_NUMBERS = {"begun": 0, "beat": 2, "wrote": 1, "scoring": 0, "written": 0, "bye": 0}


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a supervisor.

    Attributes:
        word: `limit` (the end on the monotonic clock, and the tail before it), `settled`, `begun` (the journal is
            open), `beat` (rounds of the loop, whether lanes found something), `wrote` (what writing the answers took,
            seconds), `scoring` (what follows the answers may go on after the end), `written` (all of them are in the
            file), `bye` (it ends as it means to), `fault`.
        numbers: Of the word.
        fault: Of the word `fault`.
        patience: Of the word `limit`.
        settled: Of the word `settled`: what whoever comes after need not find out again, as JSON.
    """

    word: str
    numbers: tuple[float, ...] = ()
    fault: Fault | None = None
    patience: Patience | None = None
    settled: str = ""


def parse(line: bytes) -> Said | None:
    """What a line says; None if that is nothing."""
    word, _, rest = line.decode("utf-8", "replace").partition(" ")
    try:
        if word == "fault":
            return Said(word, fault=Fault.from_json(json.loads(rest)))
        if word == "settled":
            json.loads(rest)
            return Said(word, settled=rest)
        if word == "limit":
            end, tail, *values = json.loads(rest)
            if len(values) != len(astuple(Patience())):
                return None
            return Said(word, (float(end), float(tail)), patience=Patience(*values))
        numbers = tuple(map(float, rest.split()))
        return Said(word, numbers) if len(numbers) == _N_NUMBERS[word] else None
    except (KeyError, TypeError, ValueError):
        return None


class Supervised:
    """The supervisor's end.

    Args:
        writing: The pipe to the guard; None where nobody guards.
        began_s: When the command was started, on the monotonic clock.
        resume: Go on with the journal that an earlier supervisor of this run opened.
        end_s: When the run has to end, if an earlier supervisor said so; in the past, only a last vote is wanted.
        interrupted: The user ended the run: only a last vote is wanted.
        earlier: Faults of the run so far.
        settled: What the supervisor before said with `settle`, as JSON; "" for nothing.

    Attributes:
        settled: The same as a value; None for nothing.
        first_file_s: How long it took until the first valid file stood.
        begun: Whether the run began in this process.
    """

    def __init__(
        self,
        writing: int | None = None,
        began_s: float | None = None,
        *,
        resume: bool = False,
        end_s: float | None = None,
        interrupted: bool = False,
        earlier: tuple[Fault, ...] = (),
        settled: str = "",
    ) -> None:
        self.began_s = time.monotonic() if began_s is None else began_s
        self.resume, self.end_s, self.interrupted, self.earlier = resume, end_s, interrupted, earlier
        found = json.loads(settled or "{}")
        self.settled: dict[str, Any] | None = found.get("value")
        self.first_file_s: float = found.get("first_file_s", 0.0)
        self.begun = self._running = False
        self._writing = writing
        self._n_steps = 0
        self._found = False
        self._lock = threading.Lock()
        if writing is not None:
            os.set_blocking(writing, False)
            threading.Thread(target=self._beat, daemon=True, name="sign of life").start()

    def limit(self, end_s: float, patience: Patience, tail_s: float = 0.0) -> None:
        """Say when the run has to end, and how long before that the last vote begins."""
        self._send(f"limit {json.dumps([end_s, tail_s, *astuple(patience)])}")

    def settle(self, value: dict[str, Any]) -> None:
        """Say what whoever comes after need not find out again."""
        self._send(f"settled {json.dumps({'value': value, 'first_file_s': self.first_file_s})}")

    def first_file(self) -> None:
        """A valid file stands, for the first time."""
        self.first_file_s = self.first_file_s or time.monotonic() - self.began_s

    def begin(self) -> None:
        """From here on the journal is the run's, and whoever comes after must go on with it."""
        self.begun = self._running = True
        self._say("begun")

    def step(self, *, found: bool) -> None:
        """The run's loop came round; lanes found something or not."""
        self._n_steps += 1
        self._found = self._found or found

    def wrote(self, seconds: float) -> None:
        """The answers were written, in so many seconds."""
        self._say("wrote", seconds)

    def scoring(self) -> None:
        """Say that the answers will be scored: nobody waits for that, so it may go on after the end of the time."""
        self._say("scoring")

    def written(self) -> None:
        """Every answer is in the file."""
        self._running = False
        self._say("written")

    def fault(self, fault: Fault) -> None:
        """Something broke."""
        self._send(f"fault {json.dumps(fault.to_json())}")

    def leave(self) -> None:
        """The process ends as it means to; not so if it leaves a run before its answers are written."""
        if not self._running:
            self._say("bye")

    def _say(self, word: str, *numbers: float) -> None:
        self._send(" ".join([word, *map(repr, map(float, numbers))]))

    def _send(self, line: str) -> None:
        # A guard that does not read is no reason to wait. Lines are short, and no pipe takes half of one.
        if self._writing is not None:
            with self._lock, contextlib.suppress(OSError):
                os.write(self._writing, line.encode() + b"\n")

    def _beat(self) -> None:
        while True:
            self._say("beat", self._n_steps, self._found)
            time.sleep(BEAT_S)


_current: list[Supervised] = []


def supervise(supervised: Supervised) -> Supervised:
    """This process is that supervisor from now on."""
    _current[:] = [supervised]
    return supervised


def current() -> Supervised:
    """This process's end; where it was not started as a run, one that begins now and speaks to nobody."""
    return _current[0] if _current else Supervised()
