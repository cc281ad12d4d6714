"""What can be set about the program search; imports nothing that searches."""

from __future__ import annotations

from dataclasses import dataclass

from arc_solver.errors import InputError

QUICK_PROGRAMS, THOROUGH_PROGRAMS = 1_000, 8_000
GROWTH = 8


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How much the search may do for one task.

    Attributes:
        max_programs: Programs that the enumerator may evaluate for one task in its last pass. A count, not a time, so
            that the same task always gives the same events.
    """

    max_programs: int = 64_000

    def __post_init__(self) -> None:
        if self.max_programs < 0:
            raise InputError(f"search.max_programs is {self.max_programs}, it must not be negative")

    def budgets(self) -> tuple[int, ...]:
        """Programs for each pass: at least two passes, each longer than the one before where that is allowed."""
        budgets = [min(QUICK_PROGRAMS, self.max_programs), min(THOROUGH_PROGRAMS, self.max_programs)]
        while budgets[-1] < self.max_programs:
            budgets.append(min(budgets[-1] * GROWTH, self.max_programs))
        return tuple(budgets)
