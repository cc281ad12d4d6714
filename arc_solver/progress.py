"""What people see while a run goes on: one live line on a terminal, a plain line now and then elsewhere.

Knows how to show a `Status`; nothing of how a run works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from arc_solver.budget import format_duration

_PLAIN_EVERY_S = 20.0


@dataclass(frozen=True, slots=True)
class Status:
    """A moment of a run.

    Attributes:
        elapsed_s: Since its start.
        limit_s: Its time limit.
        n_tasks: Tasks that can be solved.
        n_fitting: Tasks with a program that reproduces every training pair.
        n_candidates: Candidates so far.
        done: Proposer -> tasks that it has finished with.
    """

    elapsed_s: float
    limit_s: float
    n_tasks: int
    n_fitting: int
    n_candidates: int
    done: Mapping[str, int]

    def eta_s(self) -> float:
        """Seconds to the end: the slowest proposer's rate carried on, and never past the limit."""
        left = self.limit_s - self.elapsed_s
        slowest = 0.0
        for finished in self.done.values():
            if finished < self.n_tasks:
                slowest = max(slowest, (self.n_tasks - finished) * self.elapsed_s / finished if finished else left)
        return max(0.0, min(left, slowest))

    def line(self) -> str:
        """One line of plain text."""
        rate = self.n_candidates / self.elapsed_s if self.elapsed_s > 0 else 0.0
        parts = ", ".join(f"{name} {finished}" for name, finished in self.done.items())
        # What matters most comes first: a narrow terminal shows only the beginning.
        return (
            f"{format_duration(self.elapsed_s)} of {format_duration(self.limit_s)}, "
            f"{format_duration(self.eta_s())} to go | fitting programs for {self.n_fitting} tasks | "
            f"done: {parts} of {self.n_tasks} | {self.n_candidates} candidates ({rate:.1f}/s)"
        )


class Progress(Protocol):
    """Where a run reports to."""

    def show(self, status: Status) -> None:
        """Called often; shows what is worth showing."""
        ...

    def say(self, text: str) -> None:
        """A line that stays."""
        ...


class Silent:
    """Shows nothing."""

    def show(self, status: Status) -> None:
        pass

    def say(self, text: str) -> None:
        pass


class ConsoleProgress:
    """A live line on a terminal, plain lines every 20 seconds where there is none."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None
        self._next_s = 0.0

    def __enter__(self) -> ConsoleProgress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, status: Status) -> None:
        if self._live:
            self._live.update(Text(status.line()))
        elif status.elapsed_s >= self._next_s:
            self._next_s = status.elapsed_s + _PLAIN_EVERY_S
            self.say(status.line())

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
