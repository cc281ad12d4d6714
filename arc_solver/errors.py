"""The errors that arc_solver raises, as one tree.

    ArcSolverError
    ├── InputError          the user's file or flag is at fault: exit code 2, one line
    │   └── GridError       a value that is no ARC grid
    ├── ModelError          weights that cannot be loaded or do not belong together: exit code 2
    ├── EngineError         the sampler broke (not: the model wrote nonsense)
    └── SandboxError        the sandbox broke (not: a program was bad)

What a model writes and what a program does is data, never an exception: see `candidates.Rejected` and
`sandbox.verdicts`. This module knows nothing of what is being solved.
"""

from __future__ import annotations

MAX_LINE_LENGTH = 300


class ArcSolverError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(ArcSolverError):
    """A file or flag that the user gave cannot be used; the message names it and says what is wrong."""


class GridError(InputError):
    """A value that is not an ARC grid; the message says why (ragged, too wide, a symbol outside 0..9)."""


class ModelError(ArcSolverError):
    """Weights, tokenizer or adapter that are missing, damaged or do not belong together."""


class EngineError(ArcSolverError):
    """The sampling engine itself failed."""


class SandboxError(ArcSolverError):
    """The sandbox itself failed, after it was replaced and tried once more."""


def one_line(text: str, max_length: int = MAX_LINE_LENGTH) -> str:
    """A message as one short printable line, whatever a file made it quote.

    Args:
        text: Any text: with line breaks, control characters, or halves of surrogate pairs that no terminal takes.
        max_length: Longer ones end in dots.
    """
    # The whole text may be megabytes; what is cut off need not be looked at.
    line = " ".join(text[: 4 * max_length].split())
    line = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)
    return line if len(line) <= max_length and len(text) <= 4 * max_length else line[: max_length - 3] + "..."
