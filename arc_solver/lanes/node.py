"""The lanes of one machine of a cluster: started when there is work, kept until all of it is done.

It is what runs in the cluster's process on that machine, called from afar; deadlines come as seconds that are left,
since every machine has a clock of its own. Knows nothing of Ray, of other machines or of votes.
"""

from __future__ import annotations

import dataclasses
import os
import selectors
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver import __version__
from arc_solver.config import RunConfig
from arc_solver.lanes.process import LANE_COMMAND, LaneProcess
from arc_solver.lanes.weights import fingerprints
from arc_solver.lanes.wire import Beat, LaneSpec, Note, Spent, decode_spec, encode
from arc_solver.proposers.base import TaskStarted


@dataclass(frozen=True, slots=True)
class Order:
    """Work for one slot.

    Attributes:
        slot: The lane that shall do it; one of this name is started where there is none.
        spec: What to do, as `encode_spec` gives it; its deadline and parent are filled in on arrival.
        remaining_s: How long it may take.
    """

    slot: str
    spec: bytes
    remaining_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What a slot's lane said.

    Attributes:
        slot: The lane.
        lines: Messages, a line each.
        died: How the lane ended, "" while it lives. The next order starts another.
    """

    slot: str
    lines: bytes
    died: str = ""


@dataclass(frozen=True, slots=True)
class Sameness:
    """What must be the same on every machine, so that it does not matter which one solves a task."""

    version: str
    weights: tuple[str, ...]

    @classmethod
    def here(cls, config: RunConfig) -> Sameness:
        return cls(__version__, tuple(fingerprints(config)))


class Node:
    """The lanes of this machine.

    Args:
        config: The run's configuration, as `RunConfig.to_json` gives it.
        log: Where lanes write what is for no program.
        command: `LANE_COMMAND`, or a test's own.
    """

    def __init__(self, config: Mapping[str, Any], log: Path, command: Sequence[str] = LANE_COMMAND) -> None:
        self._config, self._log, self._command = RunConfig.from_json(config), log, command
        self._lanes: dict[str, LaneProcess] = {}
        self._selector = selectors.DefaultSelector()

    def sameness(self) -> Sameness:
        """What this machine has."""
        return Sameness.here(self._config)

    def exchange(self, orders: Sequence[Order], wait_s: float) -> list[Heard]:
        """Give orders to lanes that are through with their last one, and take what the lanes say.

        Args:
            orders: At most one a slot.
            wait_s: How long to wait for something to be said.
        """
        for order in orders:
            self._give(order)
        heard = []
        for key, _ in self._selector.select(wait_s) if self._lanes else ():
            heard.append(self._hear(key.data, self._lanes[key.data]))
        return heard

    def close(self) -> None:
        """End every lane."""
        for lane in self._lanes.values():
            lane.stop()
        self._lanes.clear()
        self._selector.close()

    def _give(self, order: Order) -> None:
        end_s = time.monotonic() + order.remaining_s
        spec: LaneSpec = dataclasses.replace(decode_spec(order.spec), end_s=end_s, parent_pid=os.getpid())
        if order.slot in self._lanes:
            self._lanes[order.slot].give(spec, last=False)
            return
        n_threads = self._config.model_threads()
        lane = LaneProcess(order.slot, spec, self._log, n_threads, self._command, last=False)
        self._lanes[order.slot] = lane
        self._selector.register(lane.channel, selectors.EVENT_READ, order.slot)

    def _hear(self, slot: str, lane: LaneProcess) -> Heard:
        messages = lane.read()
        if messages is not None:
            # That a lane lives, and what it has in hand, is of no interest elsewhere: that this node answers is.
            told = (message for message in messages if not isinstance(message, Beat | Spent | TaskStarted))
            return Heard(slot, b"".join(map(encode, told)))
        self._selector.unregister(lane.channel)
        del self._lanes[slot]
        lane.ended()
        status = lane.stop()
        said = encode(Note(f"{lane.garbage} unreadable messages were dropped")) if lane.garbage else b""
        return Heard(slot, said, f"signal {-status}" if status < 0 else f"exit {status}")
