"""What became of a program: one class for each outcome, all of them values.

Knows nothing of how programs are run.
"""

from __future__ import annotations

from dataclasses import dataclass

from arc_solver.grids import Grid


@dataclass(frozen=True, slots=True)
class Program:
    """A program and the grids to run it on.

    Attributes:
        source: Python source that defines `task(grid)`; `arc_solver.dsl` names and `np` are in scope.
        inputs: The grids, in order. Execution stops at the first that fails.
    """

    source: str
    inputs: tuple[Grid, ...]


@dataclass(frozen=True, slots=True)
class Ok:
    """Every input gave a valid grid: outputs[i] belongs to inputs[i]."""

    outputs: tuple[Grid, ...]


@dataclass(frozen=True, slots=True)
class Normalised:
    """The source was parsed, not run. Equal digests mean the same program but for comments, spacing and local names."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The program did not give a valid grid for every input.

    Attributes:
        outputs: Results of the inputs before the failing one.
    """

    outputs: tuple[Grid, ...] = ()

    @property
    def reason(self) -> str:
        """A short countable phrase."""
        return type(self).__name__


@dataclass(frozen=True, slots=True)
class SyntaxInvalid(Failed):
    """The source does not compile, or defines no function `task`."""

    reason_text: str = "syntax"

    @property
    def reason(self) -> str:
        return f"program: {self.reason_text}"


@dataclass(frozen=True, slots=True)
class Raised(Failed):
    """The program raised. `kind` is the exception's class name."""

    kind: str = "Exception"

    @property
    def reason(self) -> str:
        return f"program: raised {self.kind}"


@dataclass(frozen=True, slots=True)
class InvalidOutput(Failed):
    """It returned something that is no grid. `why` as in `grids.as_grid`, shortened to be countable."""

    why: str = ""

    @property
    def reason(self) -> str:
        return f"program: invalid output ({self.why})"


@dataclass(frozen=True, slots=True)
class TimedOut(Failed):
    """It used up its time. `kind` is `cpu` or `wall`."""

    kind: str = "cpu"

    @property
    def reason(self) -> str:
        return f"program: timeout {self.kind}"


@dataclass(frozen=True, slots=True)
class OutOfMemory(Failed):
    """It ran into its memory limit."""

    @property
    def reason(self) -> str:
        return "program: memory"


@dataclass(frozen=True, slots=True)
class Crashed(Failed):
    """The process died, or what it wrote makes no sense. `detail` such as `signal 11`."""

    detail: str = ""

    @property
    def reason(self) -> str:
        return f"program: crashed ({self.detail})"


@dataclass(frozen=True, slots=True)
class Exited(Failed):
    """It ended its process, or raised SystemExit. `status` is what it exited with, 0..255."""

    status: int = 0

    @property
    def reason(self) -> str:
        return f"program: exit {self.status}"


@dataclass(frozen=True, slots=True)
class NonDeterministic(Failed):
    """Two runs from the same source gave different grids."""

    @property
    def reason(self) -> str:
        return "program: nondeterministic"


@dataclass(frozen=True, slots=True)
class TooLarge(Failed):
    """The source is longer than the limit."""

    @property
    def reason(self) -> str:
        return "program: source too large"


@dataclass(frozen=True, slots=True)
class NotRun(Failed):
    """The deadline passed before its turn, or while it ran: nothing is known about the program."""

    @property
    def reason(self) -> str:
        return "program: not run"


Verdict = Ok | Failed
