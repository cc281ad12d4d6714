"""The program that owns one engine: `python -m arc_solver.engines.worker`, orders on standard input, reports on
standard output.

It runs one assignment at a time and looks for orders at every step of its engine, so that a stop or a drop takes effect
at once. It knows nothing of its fellow workers.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from arc_solver.budget import Deadline
from arc_solver.engines.base import Engine
from arc_solver.engines.opening import start
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.worker_wire import (
    Answered,
    Ask,
    Beat,
    Broken,
    Drop,
    Open,
    Ready,
    Report,
    Stop,
    Through,
    decode_order,
    encode_report,
)
from arc_solver.errors import EngineError, ModelError
from arc_solver.processes import die_with_parent, take_standard_output
from arc_solver.streams import forgive_standard_streams

BEAT_S = 1.0

Starter = Callable[[EnginePlan, Path, "Path | None", int], Engine]


@dataclass(slots=True)
class _Orders:
    """What the reading thread has heard. Also the clock of the engine's deadline: an engine looks at the clock before
    every step, so that is where steps are counted and where a stop reaches it, as a time after every deadline.
    """

    asks: queue.SimpleQueue[Ask | None] = field(default_factory=queue.SimpleQueue)
    stopped: set[int] = field(default_factory=set)
    dropped: dict[int, set[str]] = field(default_factory=dict)
    current: int = 0
    n_looks: int = 0

    def now_s(self) -> float:
        self.n_looks += 1
        return float("inf") if self.current in self.stopped else 0.0

    def listen(self, channel: BinaryIO) -> None:
        for line in channel:
            order = decode_order(line)
            if isinstance(order, Ask):
                self.asks.put(order)
            elif isinstance(order, Drop):
                self.dropped.setdefault(order.number, set()).update(order.request_ids)
            elif isinstance(order, Stop):
                self.stopped.add(order.number)
        self.stopped.add(self.current)  # whoever gave the orders is gone
        self.asks.put(None)


class _Reporter:
    """Says things from any thread, a whole line at a time."""

    def __init__(self) -> None:
        self._write = take_standard_output()
        self._lock = threading.Lock()

    def __call__(self, report: Report) -> None:
        line = encode_report(report)
        with self._lock:
            self._write(line)


def serve(starter: Starter = start) -> None:
    """Be a worker until standard input ends.

    Args:
        starter: Starts the engine of a plan; tests put their own in its place.
    """
    die_with_parent()
    forgive_standard_streams()
    say = _Reporter()
    first = decode_order(sys.stdin.buffer.readline())
    assert isinstance(first, Open)
    orders = _Orders()
    threading.Thread(target=orders.listen, args=(sys.stdin.buffer,), daemon=True).start()
    threading.Thread(target=_beat, args=(orders, say), daemon=True).start()
    try:
        engine = starter(first.plan, first.model, first.adapter, first.n_threads)
        say(Ready(engine.context_length, engine.describe()))
        while (ask := orders.asks.get()) is not None:
            orders.current = ask.number
            say(Through(ask.number, _answer(engine, ask, orders, say)))
        engine.close()
    except BrokenPipeError:
        return  # nobody listens any more
    except Exception as error:  # noqa: BLE001  (the worker's boundary: whatever broke is reported, the log has the rest)
        traceback.print_exc()
        say(Broken(_one_line(error), isinstance(error, ModelError)))
        sys.exit(1)


def _answer(engine: Engine, ask: Ask, orders: _Orders, say: _Reporter) -> str:
    """Run one assignment. What an engine refuses (a bad adapter, say) is returned, since it can go on; what breaks it
    raises.
    """

    def is_wanted(request_id: str) -> bool:
        return request_id not in orders.dropped.get(ask.number, ())

    deadline = Deadline(orders, 1.0)
    try:
        for request_id, completion in engine.generate(ask.requests, deadline, is_wanted):
            say(Answered(ask.number, request_id, completion))
    except (ModelError, ValueError) as error:
        return _one_line(error)
    finally:
        orders.dropped.pop(ask.number, None)
    return ""


def _beat(orders: _Orders, say: _Reporter) -> None:
    while True:
        time.sleep(BEAT_S)
        try:
            say(Beat(orders.n_looks))
        except OSError:
            return


def _one_line(error: Exception) -> str:
    text = str(error).strip() or ("out of memory" if isinstance(error, MemoryError) else "no message")
    known = isinstance(error, EngineError | ModelError | ValueError)
    return text.splitlines()[0] if known else f"{type(error).__name__}: {text.splitlines()[0]}"


if __name__ == "__main__":
    serve()
