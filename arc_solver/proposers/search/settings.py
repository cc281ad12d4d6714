"""What can be set about the program search; imports nothing that searches."""

from __future__ import annotations

from dataclasses import dataclass

from arc_solver.errors import InputError


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How much the search may do for one task.

    Attributes:
        max_programs: Programs that the enumerator may evaluate for one task. A count, not a time, so that the same
            task always gives the same events.
    """

    max_programs: int = 8_000

    def __post_init__(self) -> None:
        if self.max_programs < 0:
            raise InputError(f"search.max_programs is {self.max_programs}, it must not be negative")
