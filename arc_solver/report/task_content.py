"""One task as a page holds it: its grids once each, and everything else by their numbers.

    {"id", "group", "note", "grids": [packed, ...], "train": [[input, output], ...],
     "tests": [{"input", "truth", "runs": [{"attempts": [attempt, attempt], "ranked": [entry, ...], "n_ranked"}]}],
     "programs": [program, ...], "by": [proposer, ...]}

Numbers stand for grids, programs of the task and proposers of the page; null is what there is not. Knows nothing of
how it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arc_solver.grids import Grid, grids_equal
from arc_solver.report.answers import Answer, TaskAnswers
from arc_solver.report.behind import Standing
from arc_solver.report.highlighting import pieces
from arc_solver.report.outcomes import Group
from arc_solver.report.packing import pack
from arc_solver.tasks import MalformedTask, Task
from arc_solver.voting import RankedGrid

MAX_RANKED = 12
"""Grids of a test input that a page shows; of the others it tells how many there are."""
MAX_SOURCE = 6_000
"""Characters of a program that a page shows."""


class TaskContent:
    """Builds the content of one task.

    Args:
        task: The task.
        truth: Its right answers, None where they are not known.
        group: What became of it.
        place_of: The proposers of the page, by name.
    """

    def __init__(
        self,
        task: Task | MalformedTask,
        truth: Sequence[Grid] | None,
        group: Group,
        place_of: Mapping[str, int],
    ) -> None:
        self._task, self._truth, self._group, self._place_of = task, truth, group, place_of
        self._grids: dict[str, int] = {}
        self._programs: dict[tuple[int, str, str], int] = {}
        self._told: list[dict[str, Any]] = []

    def build(self, runs: Sequence[TaskAnswers]) -> dict[str, Any]:
        """The content, with what each run says."""
        task = self._task
        train = task.train if isinstance(task, Task) else ()
        tests = [self._test(index, test_input, runs) for index, test_input in enumerate(task.test_inputs)]
        return {
            "id": task.task_id,
            "group": self._group.key,
            "note": task.reason if isinstance(task, MalformedTask) else "",
            "train": [[self._grid(pair.input), self._grid(pair.output)] for pair in train],
            "tests": tests,
            "programs": self._told,
            "by": sorted({self._place_of[name] for run in runs for name in behind(run)}),
            "grids": list(self._grids),
        }

    def _test(self, index: int, test_input: Grid | None, runs: Sequence[TaskAnswers]) -> dict[str, Any]:
        true = self._truth[index] if self._truth is not None and index < len(self._truth) else None
        return {
            "input": self._grid(test_input),
            "truth": self._grid(true),
            "runs": [
                {
                    "attempts": [self._attempt(place, one, true) for one in run.attempts[index]],
                    "ranked": self._ranked(run, index, true),
                    "n_ranked": len(run.ranked[index]) if run.ranked else 0,
                }
                for place, run in enumerate(runs)
            ],
        }

    def _attempt(self, run: int, one: Answer, true: Grid | None) -> dict[str, Any]:
        return {
            "grid": self._grid(one.grid),
            "why": one.reason,
            "by": [self._place_of[name] for name in one.proposers],
            "right": _is_right(one.grid, true),
            "program": self._program(run, one.programs[0]) if one.programs else None,
            "n_programs": len(one.programs),
            "found_s": None if one.found_s is None else round(one.found_s, 2),
        }

    def _ranked(self, run: TaskAnswers, index: int, true: Grid | None) -> list[dict[str, Any]]:
        entries = run.ranked[index] if run.ranked else ()
        shown = list(enumerate(entries))[:MAX_RANKED]
        # The right answer is what one looks for, however far down it stands.
        shown += [(rank, entry) for rank, entry in list(enumerate(entries))[MAX_RANKED:] if _is_right(entry.grid, true)]
        return [self._entry(rank, entry, true) for rank, entry in shown]

    def _entry(self, rank: int, entry: RankedGrid, true: Grid | None) -> dict[str, Any]:
        return {
            "rank": rank + 1,
            "grid": self._grid(entry.grid),
            "why": entry.reason,
            "kind": entry.kind,
            "hits": entry.n_hits,
            "by": [self._place_of[name] for name in entry.proposers],
            "right": _is_right(entry.grid, true),
        }

    def _program(self, run: int, standing: Standing) -> int:
        program, origin = standing.program, standing.origin
        key = (run, program.source, program.view)
        if key not in self._programs:
            self._programs[key] = len(self._told)
            source = program.source.strip("\n")
            self._told.append(
                {
                    "run": run,
                    "code": pieces(source[:MAX_SOURCE]),
                    "cut": max(0, len(source) - MAX_SOURCE),
                    "by": self._place_of[origin.proposer],
                    "detail": origin.detail,
                    "passed": program.n_train_passed,
                    "of": program.n_train,
                    "cost": f"{program.cost:g}",
                    "view": program.view,
                }
            )
        return self._programs[key]

    def _grid(self, grid: Grid | None) -> int | None:
        if grid is None:
            return None
        return self._grids.setdefault(pack(grid), len(self._grids))


def behind(run: TaskAnswers) -> set[str]:
    """Who stands behind a run's first attempts at a task."""
    return {name for first, _ in run.attempts for name in first.proposers}


def _is_right(grid: Grid | None, true: Grid | None) -> bool | None:
    if true is None:
        return None
    return grid is not None and grids_equal(grid, true)
