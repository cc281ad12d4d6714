"""What a program may use. Knows nothing of how the limits are enforced."""

from __future__ import annotations

from dataclasses import dataclass

from arc_solver.errors import InputError

_MIN_WALL_FACTOR = 6.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one program on all its inputs. The output limits (1..30 a side, 0..9) are those of `grids` and fixed.

    Attributes:
        cpu_s: CPU time in batch screening.
        solo_cpu_s: CPU time where a program runs alone in its process.
        wall_factor: Wall time over CPU time; at least 6, because a loaded machine must not make a program slow.
        memory_mb: Address space above the size that the process has when it is forked.
        source_chars: Longest source that is looked at.
        batch_size: Programs a forked child in batch screening.

    Raises:
        InputError: A limit that makes no sense.
    """

    cpu_s: float = 0.1
    solo_cpu_s: float = 1.0
    wall_factor: float = _MIN_WALL_FACTOR
    memory_mb: int = 256
    source_chars: int = 20_000
    batch_size: int = 128

    def __post_init__(self) -> None:
        for name in ("cpu_s", "solo_cpu_s", "memory_mb", "source_chars", "batch_size"):
            if not getattr(self, name) > 0:
                raise InputError(f"sandbox limit {name}: must be above 0, not {getattr(self, name)}")
        if not self.wall_factor >= _MIN_WALL_FACTOR:
            raise InputError(f"sandbox limit wall_factor: at least {_MIN_WALL_FACTOR:g}, not {self.wall_factor}")
        if self.batch_size > 1024:
            raise InputError(f"sandbox limit batch_size: at most 1024, not {self.batch_size}")

    def cpu_limit_s(self, solo: bool) -> float:
        """CPU time of a program in a batch or alone."""
        return self.solo_cpu_s if solo else self.cpu_s

    def wall_limit_s(self, solo: bool) -> float:
        """Wall time of a program in a batch or alone."""
        return self.wall_factor * self.cpu_limit_s(solo)
