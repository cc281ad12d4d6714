"""What learning the demonstrations came to, as a line that people read and that can be read back. Imports no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass

LOADED = re.compile(r"cell model (?P<size>[\d.]+)M on (?P<device>\w+) in (?P<precision>\w+)")
"""What is said once the model is loaded."""
DROPPED = "test-time fine-tuning dropped after "
"""What is said where learning did not help begins so."""

_LINE = re.compile(
    r"test-time fine-tuning: (?P<n_learned>\d+) of (?P<n_tasks>\d+) tasks, (?P<steps>\d+) steps, "
    r"(?P<n_tokens>[\d,]+) tokens in (?P<seconds>\d+)s; loss on demonstrations kept apart "
    r"(?P<loss_before>\d+\.\d+) -> (?P<loss_after>\d+\.\d+)"
)


@dataclass(frozen=True, slots=True)
class Learned:
    """What learning all tasks together came to.

    Attributes:
        n_learned: Tasks that were learned to the end.
        n_tasks: Tasks of the run.
        steps: Steps.
        n_tokens: Trained on, padding included.
        seconds: What it took.
        loss_before: On demonstrations kept apart, nats a token.
        loss_after: Likewise.
    """

    n_learned: int
    n_tasks: int
    steps: int
    n_tokens: int
    seconds: float
    loss_before: float
    loss_after: float

    def text(self) -> str:
        """One line; `from_text` is the inverse, seconds and losses rounded."""
        return (
            f"test-time fine-tuning: {self.n_learned} of {self.n_tasks} tasks, {self.steps} steps, "
            f"{self.n_tokens:,} tokens in {self.seconds:.0f}s; loss on demonstrations kept apart "
            f"{self.loss_before:.3f} -> {self.loss_after:.3f}"
        )

    @classmethod
    def from_text(cls, text: str) -> Learned | None:
        """What the line says; None if it is another line."""
        found = _LINE.fullmatch(text)
        if found is None:
            return None
        return cls(
            int(found["n_learned"]),
            int(found["n_tasks"]),
            int(found["steps"]),
            int(found["n_tokens"].replace(",", "")),
            float(found["seconds"]),
            float(found["loss_before"]),
            float(found["loss_after"]),
        )
