"""What a step is worth: the chance that it newly solves a task, and the seconds that it takes.

A small table of counts from recorded training tasks (`scripts/fit-allocation`). For each step: how many tasks took it,
how many of them it newly solved (solved after it and not before), the same for each feature that tasks can have before
the step, and how its time grows with the size of the grids. A feature's lift is its share of new solves over that of
all tasks, pulled towards 1 where few tasks had it, and tempered because features overlap:

    chance  = share of all * product of lift(feature) ** TEMPER        (at most 1)
    seconds = scale * cells ** growth

The estimate depends on what is known of a task, never on measured time, so the same work gives the same order. Knows
steps and features as names only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

TABLE = Path(__file__).parent / "chances.json"

SHRINKAGE = 6.0
"""How many tasks a feature must have been seen in for its lift to count half."""
TEMPER = 0.7
UNKNOWN_CHANCE = 0.02
"""Of a step that nobody recorded: so that it is neither starved nor first."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """A step that could be taken next.

    Attributes:
        step: Its name, such as `search 1`: the second pass of the search.
        n_cells: Cells of the task's inputs, which say how long it takes.
        features: What is known of the task before the step.
        amount: How much more work it is than the step that was recorded: 2.0 is twice as much.
    """

    step: str
    n_cells: int
    features: tuple[str, ...] = ()
    amount: float = 1.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a step is worth.

    Attributes:
        chance: That it solves a task that was not solved before.
        seconds: CPU-seconds of the core that the table was recorded on; only ratios matter.
    """

    chance: float
    seconds: float

    @property
    def rate(self) -> float:
        """New solves per second."""
        return self.chance / max(self.seconds, 1e-9)


class Estimator(Protocol):
    """Says what steps are worth: `Chances`, or a stand-in."""

    def of(self, prospect: Prospect) -> Estimate: ...


@dataclass(frozen=True, slots=True)
class StepTable:
    """Counts of one step.

    Attributes:
        n_tasks: Tasks that took it.
        n_solved: Tasks that it newly solved.
        n_ended: Tasks that were settled after it, so that no further step followed.
        features: Feature -> tasks that had it before the step, and those of them that it newly solved.
        scale: Seconds for one cell.
        growth: Exponent of the number of cells.
    """

    n_tasks: int
    n_solved: int
    n_ended: int = 0
    features: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    scale: float = 1.0
    growth: float = 0.0

    def chance(self, features: Iterable[str]) -> float:
        """That it newly solves a task with these features."""
        # One more task, half solved: a step that never solved anything is not impossible.
        share = (self.n_solved + 0.5) / (self.n_tasks + 1.0)
        chance = share
        for name in features:
            n_tasks, n_solved = self.features.get(name, (0, 0))
            pulled = (n_solved + SHRINKAGE * share) / (n_tasks + SHRINKAGE)
            chance *= (pulled / share) ** TEMPER
        return min(1.0, chance)

    def seconds(self, n_cells: int) -> float:
        """What it takes for a task whose inputs have so many cells."""
        return float(self.scale * max(1, n_cells) ** self.growth)

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` is the inverse."""
        return {
            "n_tasks": self.n_tasks,
            "n_solved": self.n_solved,
            "n_ended": self.n_ended,
            "scale": self.scale,
            "growth": self.growth,
            "features": {name: list(counts) for name, counts in sorted(self.features.items())},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> StepTable:
        """The table that `to_json` wrote."""
        features = {name: (int(counts[0]), int(counts[1])) for name, counts in value["features"].items()}
        whole = (int(value["n_tasks"]), int(value["n_solved"]), int(value["n_ended"]))
        return cls(*whole, features, float(value["scale"]), float(value["growth"]))


@dataclass(frozen=True, slots=True)
class Chances:
    """The table: step -> its counts."""

    steps: Mapping[str, StepTable]

    def of(self, prospect: Prospect) -> Estimate:
        """What a step is worth for a task. A step that nobody recorded is taken for the last one recorded of its kind,
        or for one of little chance.
        """
        table = self.steps.get(prospect.step) or self._like(prospect.step)
        if table is None:
            return Estimate(UNKNOWN_CHANCE, 1.0)
        return Estimate(table.chance(prospect.features), prospect.amount * table.seconds(prospect.n_cells))

    def expected_seconds(self, steps: Iterable[Prospect]) -> float:
        """What a task's steps take, one after the other, given that settled tasks get no further one."""
        seconds, goes_on = 0.0, 1.0
        for prospect in steps:
            seconds += goes_on * self.of(prospect).seconds
            table = self.steps.get(prospect.step)
            goes_on *= 1.0 - table.n_ended / max(1, table.n_tasks) if table else 1.0
        return seconds

    def _like(self, step: str) -> StepTable | None:
        kind = step.rpartition(" ")[0]
        known = sorted(name for name in self.steps if name.rpartition(" ")[0] == kind)
        return self.steps[known[-1]] if known else None


@cache
def load_chances() -> Chances:
    """The table that comes with the package."""
    value = json.loads(TABLE.read_text(encoding="utf-8"))
    return Chances({name: StepTable.from_json(one) for name, one in value["steps"].items()})
