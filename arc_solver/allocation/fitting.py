"""Counting chances from records: how often a step newly solved a task, and how its time grows with the grids.

Knows nothing of what a step is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from arc_solver.allocation.chances import Chances, StepTable
from arc_solver.allocation.records import Step, TaskRecord, load_records

MIN_SECONDS = 1e-3


def fit(records: Iterable[TaskRecord]) -> Chances:
    """The table of every step that was taken."""
    taken: dict[str, list[tuple[Step, bool, int]]] = {}
    for record in records:
        for steps in record.steps.values():
            solved = False
            for step in steps:
                newly, solved = step.solved and not solved, step.solved
                taken.setdefault(step.name, []).append((step, newly, record.n_cells))
    return Chances({name: _table(found) for name, found in sorted(taken.items())})


def fit_package() -> Chances:
    """The table of the records that come with the package: passes of the search from tuning tasks, views of the cell
    model, which was trained on those, from held-out ones.
    """
    views = [
        TaskRecord(one.task_id, one.n_cells, {"views": one.steps.get("views", ())}) for one in load_records("held-out")
    ]
    return fit((*load_records("tuning"), *views))


def _table(found: Sequence[tuple[Step, bool, int]]) -> StepTable:
    features: dict[str, tuple[int, int]] = {}
    for step, newly, _ in found:
        for name in step.features:
            n_tasks, n_solved = features.get(name, (0, 0))
            features[name] = (n_tasks + 1, n_solved + newly)
    scale, growth = growth_of([n_cells for *_, n_cells in found], [step.seconds for step, *_ in found])
    n_ended = sum(step.ended for step, *_ in found)
    return StepTable(len(found), sum(newly for _, newly, _ in found), n_ended, features, scale, growth)


def growth_of(n_cells: Sequence[int], seconds: Sequence[float]) -> tuple[float, float]:
    """Scale and exponent of `seconds = scale * cells ** growth`: a line through the logarithms, moved so that the sum
    of all estimates is the sum of all times.
    """
    x = np.log(np.maximum(1, np.array(n_cells, dtype=float)))
    measured = np.maximum(MIN_SECONDS, np.array(seconds, dtype=float))
    growth = float(np.polyfit(x, np.log(measured), 1)[0]) if len(set(n_cells)) > 1 else 0.0
    growth = max(0.0, growth)
    scale = float(measured.sum() / np.exp(growth * x).sum())
    return scale, growth


def calibration(chances: Chances, records: Iterable[TaskRecord]) -> Mapping[str, tuple[int, int, float]]:
    """Step -> tasks that took it, those that it newly solved, and as many as were expected."""
    found: dict[str, tuple[int, int, float]] = {}
    for record in records:
        for steps in record.steps.values():
            solved = False
            for step in steps:
                newly, solved = step.solved and not solved, step.solved
                n_tasks, n_solved, expected = found.get(step.name, (0, 0, 0.0))
                table = chances.steps.get(step.name)
                chance = table.chance(step.features) if table else 0.0
                found[step.name] = (n_tasks + 1, n_solved + newly, expected + chance)
    return dict(sorted(found.items()))
