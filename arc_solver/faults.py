"""Faults: what broke in a run, what was done about it. Values only, told to people, to programs and to the journal.

A fault costs its own part and never the run. Knows nothing of what breaks, of processes or of where faults are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arc_solver.errors import MAX_LINE_LENGTH, one_line

_LEAST_TOLD = 80

MAX_FAULTS = 200
"""So many are kept; of what breaks more often the rest is counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something broke and was lived with.

    Attributes:
        where: The part: `search 0`, `model`, `induction`, `submission`, `journal`, `supervisor`.
        what: What happened and what it cost, in plain words: `killed by signal 9; 12 tasks were not finished`.
        when_s: Seconds since the run's start.
        what_was_done: `started again with the 12 tasks`; empty where nothing could be done.
    """

    where: str
    what: str
    when_s: float
    what_was_done: str = ""

    def text(self) -> str:
        """One line for people; of a long one, what was done is not what is cut."""
        done = f"; {self.what_was_done}" if self.what_was_done else ""
        room = max(_LEAST_TOLD, MAX_LINE_LENGTH - len(self.where) - len(": ") - len(done))
        return one_line(f"{self.where}: {one_line(self.what, room)}{done}")

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` is the inverse (of times to the hundredth of a second)."""
        return {
            "where": self.where,
            "what": self.what,
            "when_s": round(self.when_s, 2),
            "what_was_done": self.what_was_done,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Fault:
        """The fault that `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: The value was not written by `to_json`.
        """
        return cls(str(value["where"]), str(value["what"]), float(value["when_s"]), str(value["what_was_done"]))


class Faults:
    """The faults of a run, in the order in which they happened; no more than `MAX_FAULTS` of them."""

    def __init__(self) -> None:
        self._kept: list[Fault] = []
        self.n_left_out = 0

    def add(self, fault: Fault) -> bool:
        """Keep a fault. False where it is only counted, since there are too many."""
        if len(self._kept) >= MAX_FAULTS:
            self.n_left_out += 1
            return False
        self._kept.append(fault)
        return True

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def to_json(self) -> list[dict[str, Any]]:
        """Plain values, in order."""
        return [fault.to_json() for fault in self._kept]
