"""What goes to the process that learns and what it says: a JSON file, and a JSON object a line.

Knows the values that travel, nothing of processes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.finetune.test_time.settings import TtftSettings
from arc_solver.grids import as_grid, to_lists
from arc_solver.omni.recipes import Lesson
from arc_solver.tasks import Pair, Task

ALL_TASKS = ""
"""Stands for all tasks together where a task's id is expected."""


@dataclass(frozen=True, slots=True)
class PromptStyle:
    """How the model will be asked, and so how it learns.

    Attributes:
        version: Prompt version.
        encoder: Name of the grid encoder.
        max_pairs: Most training pairs that a prompt shows, 0 for all.
        symmetries: Views are rotated and mirrored.
        colors: Views are recoloured.
        keep_background: Colour 0 stays 0 in them.
    """

    version: str
    encoder: str
    max_pairs: int = 0
    symmetries: bool = True
    colors: bool = True
    keep_background: bool = True


@dataclass(frozen=True, slots=True)
class LearnSpec:
    """Everything that the process needs to know.

    Attributes:
        tasks: Whose demonstrations are learned. Their test inputs are not looked at.
        relabelled: Programs with what they compute (`finetune.hindsight`).
        model: Folder of the base.
        adapter: Folder of the LoRA that learns on, or None for a new one.
        folder: Where the adapters go.
        settings: How.
        grids: How grids are asked for.
        programs: How programs are asked for.
        seed: Of views, order and new adapters.
        end_s: The deadline on the machine's monotonic clock.
        device: `auto`, `cpu` or `cuda`.
        n_threads: CPU threads.
        context_length: Most tokens of a sample; 0 for the model's own, up to a bound.
        parent_pid: The process that reads what is said.
    """

    tasks: tuple[Task, ...]
    relabelled: tuple[Lesson, ...]
    model: Path
    adapter: Path | None
    folder: Path
    settings: TtftSettings
    grids: PromptStyle
    programs: PromptStyle
    seed: int
    end_s: float
    device: str = "auto"
    n_threads: int = 1
    context_length: int = 0
    parent_pid: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """A line for people."""

    text: str


@dataclass(frozen=True, slots=True)
class Learned:
    """An adapter is saved, in a folder of this name, and better on what was kept apart.

    Attributes:
        task_id: Whose it is; `ALL_TASKS` for the one that all share.
        name: Of its folder within `LearnSpec.folder`.
        loss_before: On the demonstrations kept apart, in nats a token.
        loss_after: Likewise.
        n_steps: Steps made.
        n_tokens: Learned from.
        seconds: What it took, measuring and saving included.
    """

    task_id: str
    name: str
    loss_before: float
    loss_after: float
    n_steps: int
    n_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nothing was gained for a task, or for all together: it is asked as it would have been.

    Attributes:
        task_id: As in `Learned`.
        kind: A phrase to count by, such as `no gain` or `not admitted`.
        reason: With the figures, for people.
        seconds: What it took.
    """

    task_id: str
    kind: str
    reason: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Through:
    """The process is through with all that it could do."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Advanced:
    """The process made so many steps until now."""

    n_steps: int


Report = Said | Learned | Dropped | Through | Advanced
_KINDS: dict[str, type[Said] | type[Learned] | type[Dropped] | type[Through] | type[Advanced]] = {
    "said": Said,
    "learned": Learned,
    "dropped": Dropped,
    "through": Through,
    "advanced": Advanced,
}
_NAME_OF = {kind: name for name, kind in _KINDS.items()}


def encode_report(report: Report) -> bytes:
    """One line, newline included; `decode_report` is the inverse."""
    value = {"say": _NAME_OF[type(report)], "value": dataclasses.asdict(report)}
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def decode_report(line: bytes) -> Report:
    """The report of a line.

    Raises:
        ValueError: The line is not what `encode_report` writes.
    """
    try:
        value = json.loads(line)
        return _KINDS[value["say"]](**value["value"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"no report: {line[:80]!r}") from error


def encode_spec(spec: LearnSpec) -> bytes:
    """The spec as JSON; `decode_spec` is the inverse."""
    value = {
        "tasks": [
            {"id": task.task_id, "train": _pairs(task.train), "test": [to_lists(grid) for grid in task.test_inputs]}
            for task in spec.tasks
        ],
        "relabelled": [
            {"id": lesson.task_id, "pairs": _pairs(lesson.pairs), "source": lesson.source} for lesson in spec.relabelled
        ],
        "model": str(spec.model),
        "adapter": None if spec.adapter is None else str(spec.adapter),
        "folder": str(spec.folder),
        "settings": dataclasses.asdict(spec.settings),
        "grids": dataclasses.asdict(spec.grids),
        "programs": dataclasses.asdict(spec.programs),
    }
    value |= {name: getattr(spec, name) for name in _PLAIN}
    return json.dumps(value, separators=(",", ":")).encode()


def decode_spec(data: bytes) -> LearnSpec:
    """The spec that `encode_spec` wrote."""
    value = json.loads(data)
    tasks = tuple(
        Task(item["id"], _read_pairs(item["train"]), tuple(as_grid(grid) for grid in item["test"]))
        for item in value["tasks"]
    )
    relabelled = []
    for item in value["relabelled"]:
        *shown, last = _read_pairs(item["pairs"])
        relabelled.append(Lesson(item["id"], tuple(shown), last, item["source"]))
    return LearnSpec(
        tasks=tasks,
        relabelled=tuple(relabelled),
        model=Path(value["model"]),
        adapter=None if value["adapter"] is None else Path(value["adapter"]),
        folder=Path(value["folder"]),
        settings=TtftSettings(**value["settings"]),
        grids=PromptStyle(**value["grids"]),
        programs=PromptStyle(**value["programs"]),
        **{name: value[name] for name in _PLAIN},
    )


_PLAIN = ("seed", "end_s", "device", "n_threads", "context_length", "parent_pid")


def _pairs(pairs: Sequence[Pair]) -> list[Any]:
    return [[to_lists(pair.input), to_lists(pair.output)] for pair in pairs]


def _read_pairs(values: Sequence[Any]) -> tuple[Pair, ...]:
    return tuple(Pair(as_grid(given), as_grid(wanted)) for given, wanted in values)
