"""What steps cost and solved on training tasks, as recorded: chances are counted from it, simulations draw from it.

Records of tuning tasks and of held-out ones lie apart, the latter without ids. Knows nothing of what a step is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parent / "recorded"
Part = Literal["tuning", "held-out"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken for a task.

    Attributes:
        name: As in `Prospect.step`.
        features: What was known before it.
        seconds: CPU-seconds that it took.
        solved: Whether the task was solved after it.
        ended: Whether it was settled after it, so that no further step followed.
    """

    name: str
    features: tuple[str, ...]
    seconds: float
    solved: bool
    ended: bool = False


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """The steps of one task, in their order.

    Attributes:
        task_id: The task, or a name that does not tell which.
        n_cells: Cells of its inputs.
        steps: Kind of steps (`search`, `views`) -> its steps.
    """

    task_id: str
    n_cells: int
    steps: Mapping[str, tuple[Step, ...]]

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` is the inverse."""
        steps = {
            kind: [
                [one.name, list(one.features), round(one.seconds, 3), int(one.solved), int(one.ended)] for one in taken
            ]
            for kind, taken in self.steps.items()
        }
        return {"task": self.task_id, "n_cells": self.n_cells, "steps": steps}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TaskRecord:
        """The record that `to_json` wrote, seconds rounded."""
        steps = {
            kind: tuple(
                Step(name, tuple(known), seconds, bool(solved), bool(ended))
                for name, known, seconds, solved, ended in taken
            )
            for kind, taken in value["steps"].items()
        }
        return cls(str(value["task"]), int(value["n_cells"]), steps)


def load_records(part: Part) -> tuple[TaskRecord, ...]:
    """The records that come with the package, of the 300 tuning tasks or of the 100 held-out ones."""
    return read_records(records_path(part))


def records_path(part: Part) -> Path:
    """Where they are."""
    return FOLDER / f"{part}.jsonl"


def read_records(path: Path) -> tuple[TaskRecord, ...]:
    """Records, one a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(TaskRecord.from_json(json.loads(line)) for line in lines)


def write_records(path: Path, records: Iterable[TaskRecord]) -> None:
    """The inverse of `read_records`, in place of what was there."""
    path.write_text("".join(f"{json.dumps(one.to_json())}\n" for one in records), encoding="utf-8")
