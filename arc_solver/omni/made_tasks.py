"""Tasks made of programs: solvers of training tasks on further inputs and varied, synthesised programs, primitives.

Outputs are recomputed by running the program, always. Solvers of tasks outside the split are never seen here. Knows
nothing of recipes or prompts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from arc_solver.augment import sample_view
from arc_solver.grids import Grid, grid_key
from arc_solver.omni.choosing import choose
from arc_solver.omni.config import PRIMITIVES, SOLVERS, SYNTHESIS, VARIATIONS
from arc_solver.omni.inputs import Inputs, InputSource, TaskInputs
from arc_solver.omni.primitive_tasks import primitive_task, teachable_primitives
from arc_solver.omni.running import run_program
from arc_solver.omni.solvers import Solver
from arc_solver.omni.variations import vary
from arc_solver.tasks import Pair

_AS_THEY_ARE_RATE = 0.5
"""Share of solver tasks whose inputs stay as they are; the others are seen in a view, and what becomes of them is what
the program says."""
_SAME_COLORS_RATE = 0.6
"""Share of those views that keep the colours, since most rules name some."""
_MAX_SHARE_UNCHANGED = 0.34
_N_INPUTS = 8
"""Inputs that one primitive is tried on, so that those which apply to few come up as often as the others, nearly."""


@dataclass(frozen=True, slots=True)
class MadeTask:
    """A program and what it computes.

    Attributes:
        task_id: A training task for its solver, else an id of its own.
        source: Python source that defines `task(grid)`.
        pairs: At least two, each output recomputed.
        grids_from: Name of the source of the inputs.
    """

    task_id: str
    source: str
    pairs: tuple[Pair, ...]
    grids_from: str


class TaskMaker(Protocol):
    """Draws tasks with programs."""

    @property
    def name(self) -> str:
        """One of `config.PROGRAM_SOURCES`."""
        ...

    def draw(self, rng: np.random.Generator, n: int) -> MadeTask | None:
        """A task of `n` pairs or a few less; None if this draw found none, so draw again."""
        ...


class ProgramTask(Protocol):
    """A program and what it computes."""

    @property
    def source(self) -> str: ...

    @property
    def pairs(self) -> tuple[Pair, ...]: ...


Synthesizer = Callable[[np.random.Generator, Sequence[Grid]], ProgramTask | None]
"""(rng, inputs) -> a program that makes something of these inputs, or None where it found nothing interesting."""


class InputMix:
    """Several sources of inputs, by weight."""

    def __init__(self, sources: Sequence[tuple[InputSource, float]]) -> None:
        """Keep the sources; those without a weight are never drawn from."""
        self._sources = tuple((source, weight) for source, weight in sources if weight)

    def __bool__(self) -> bool:
        return bool(self._sources)

    def draw(self, rng: np.random.Generator, n: int) -> tuple[str, Inputs] | None:
        """The name of a source and `n` inputs of it."""
        source = choose(rng, self._sources)
        inputs = source.draw(rng, n)
        return None if inputs is None else (source.name, inputs)


class SolverInputs:
    """Inputs of the tasks that solvers belong to."""

    def __init__(self, solvers: Iterable[Solver], sources: Sequence[tuple[TaskInputs, float]]) -> None:
        """Keep the solvers that may be shown.

        Args:
            solvers: In any order; a task may have several.
            sources: Inputs by task id, of one split only; a solver of a task that none of them has is left out.
        """
        ordered = sorted(solvers, key=lambda solver: (solver.task_id, solver.source))
        self._sources = {
            task_id: tuple((source, weight) for source, weight in sources if weight and task_id in source.task_ids)
            for task_id in dict.fromkeys(solver.task_id for solver in ordered)
        }
        self.solvers = tuple(solver for solver in ordered if self._sources[solver.task_id])

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Solver, str, tuple[Grid, ...]] | None:
        """A solver, the name of a source, and at least two inputs of the solver's task as they are."""
        solver = self.solvers[int(rng.integers(len(self.solvers)))]
        source = choose(rng, self._sources[solver.task_id])
        inputs = source.draw_for(rng, solver.task_id, n)
        return None if inputs is None or len(inputs.grids) < 2 else (solver, source.name, inputs.grids)


class SolverTasks:
    """Solvers on further inputs of their tasks, now and then in a view."""

    def __init__(self, inputs: SolverInputs, name: str = SOLVERS) -> None:
        self._inputs = inputs
        self.name = name

    def draw(self, rng: np.random.Generator, n: int) -> MadeTask | None:
        drawn = self._inputs.draw(rng, n)
        if drawn is None:
            return None
        solver, grids_from, grids = drawn
        if rng.random() >= _AS_THEY_ARE_RATE:
            keep = bool(rng.random() < _SAME_COLORS_RATE)
            view = sample_view(rng, colors=not keep, keep_background=True)
            seen = tuple(view.apply(grid) for grid in grids)
            outputs = run_program(solver.source, seen)
            if outputs is not None and not _is_dull(seen, outputs):
                return MadeTask(solver.task_id, solver.source, _paired(seen, outputs), grids_from)
        outputs = run_program(solver.source, grids)
        return None if outputs is None else MadeTask(solver.task_id, solver.source, _paired(grids, outputs), grids_from)


class VariedTasks:
    """Solvers that something was changed in, or two of them in sequence, on inputs of the first one's task."""

    name = VARIATIONS

    def __init__(self, inputs: SolverInputs, max_cells: int) -> None:
        """Keep the solvers; tasks whose inputs are enlarged beyond `max_cells` are not drawn."""
        self._inputs = inputs
        self._max_cells = max_cells

    def draw(self, rng: np.random.Generator, n: int) -> MadeTask | None:
        drawn = self._inputs.draw(rng, n)
        if drawn is None:
            return None
        solver, grids_from, grids = drawn
        made = vary(rng, solver, grids, self._inputs.solvers)
        if made is None or any(pair.input.size > self._max_cells for pair in made.pairs):
            return None
        return MadeTask(f"varied-{digest(made.source)}", made.source, made.pairs, grids_from)


class PrimitiveTasks:
    """Programs in which a primitive is the decisive step, every primitive as often as any other."""

    name = PRIMITIVES

    def __init__(self, inputs: InputMix) -> None:
        self._inputs = inputs

    def draw(self, rng: np.random.Generator, n: int) -> MadeTask | None:
        names = teachable_primitives()
        name = names[int(rng.integers(len(names)))]
        for _ in range(_N_INPUTS):
            drawn = self._inputs.draw(rng, max(n, 2))
            made = None if drawn is None else primitive_task(rng, name, drawn[1].grids)
            if drawn is not None and made is not None:
                return MadeTask(f"primitive-{digest(made.source)}", made.source, made.pairs, drawn[0])
        return None


class SynthesizedTasks:
    """Random programs on inputs of any source."""

    name = SYNTHESIS

    def __init__(self, inputs: InputMix, synthesize: Synthesizer) -> None:
        self._inputs = inputs
        self._synthesize = synthesize

    def draw(self, rng: np.random.Generator, n: int) -> MadeTask | None:
        drawn = self._inputs.draw(rng, n)
        if drawn is None:
            return None
        grids_from, inputs = drawn
        made = self._synthesize(rng, inputs.grids)
        if made is None or len(made.pairs) < 2:
            return None
        return MadeTask(f"synthetic-{digest(made.source)}", made.source, made.pairs, grids_from)


def digest(source: str) -> str:
    """A short name for a program's text; longer than the ids of training tasks, so that none looks like one."""
    return hashlib.sha256(source.encode()).hexdigest()[:10]


def _paired(inputs: Sequence[Grid], outputs: Sequence[Grid]) -> tuple[Pair, ...]:
    return tuple(Pair(given, wanted) for given, wanted in zip(inputs, outputs, strict=True))


def _is_dull(inputs: Sequence[Grid], outputs: Sequence[Grid]) -> bool:
    """True if every output is the same, or too many are what went in."""
    keys = [grid_key(output) for output in outputs]
    n_unchanged = sum(grid_key(grid) == key for grid, key in zip(inputs, keys, strict=True))
    return len(set(keys)) == 1 or n_unchanged > _MAX_SHARE_UNCHANGED * len(keys)
