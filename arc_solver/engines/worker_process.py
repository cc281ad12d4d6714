"""The fleet's end of one worker: start it, hand it orders, put what it reports into a queue.

Neither a worker that does not read nor one that does not write can block the fleet: two threads stand in between. Knows
nothing of assignments.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from arc_solver.budget import Clock
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.worker_wire import Open, Order, Report, decode_report, encode_order

WORKER_COMMAND = (sys.executable, "-m", "arc_solver.engines.worker")
"""The program of a worker; tests put worse ones in its place."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """A worker wrote what cannot be read; said of its first such line only."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something came from a worker.

    Attributes:
        worker: Which.
        time_s: When, however late it is looked at.
        report: What; None at the worker's end.
    """

    worker: WorkerProcess
    time_s: float
    report: Report | Garbage | None


class WorkerProcess:
    """One running worker.

    It stays in its parent's process group, so that whoever ends the lane ends it too.

    Args:
        opening: Its first order.
        arrivals: Where its reports are put.
        clock: Stamps them.
        command: `WORKER_COMMAND`, or a test's own.
    """

    def __init__(
        self, opening: Open, arrivals: queue.SimpleQueue[Arrival], clock: Clock, command: Sequence[str]
    ) -> None:
        self._arrivals, self._clock = arrivals, clock
        self._orders: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(opening.plan), bufsize=0
        )
        self.send(opening)
        threading.Thread(target=self._write, daemon=True).start()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, order: Order) -> None:
        """Hand over an order; never waits."""
        self._orders.put(encode_order(order))

    def kill(self) -> int:
        """End it at once and give its exit status (negative: the signal)."""
        self._orders.put(None)
        self._process.kill()
        return self._process.wait()

    def close(self, patience_s: float) -> None:
        """Let it end by itself, for so long."""
        self._orders.put(None)
        try:
            self._process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def exit_text(self) -> str:
        """How it ended, for people; called after its end."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "its channel closed"
        return f"signal {-status}" if status < 0 else f"exit {status}"

    def _write(self) -> None:
        assert self._process.stdin is not None
        try:
            with self._process.stdin as pipe:
                while (data := self._orders.get()) is not None:
                    view = memoryview(data)
                    while view:
                        view = view[pipe.write(view) :]
        except (BrokenPipeError, ValueError):
            pass  # it died; its reader tells

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe, os.fdopen(os.dup(pipe.fileno()), "rb") as lines:
            report: Report | Garbage
            n_garbled = 0
            for line in lines:
                try:
                    report = decode_report(line)
                except ValueError:  # a library wrote on the channel, or it died in the middle of a line
                    n_garbled += 1
                    if n_garbled > 1 or not line.endswith(b"\n"):
                        continue
                    report = Garbage()
                self._arrivals.put(Arrival(self, self._clock.now_s(), report))
        self._arrivals.put(Arrival(self, self._clock.now_s(), None))


def _environment(plan: EnginePlan) -> dict[str, str]:
    """The worker's environment: it sees its own GPUs only, and our package from where it is."""
    package_root = str(Path(__file__).resolve().parents[2])
    paths = [package_root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return os.environ | plan.environment() | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
