"""Tasks made of programs, for the corpus of the bundled base.

Two groups: `made` are varied solvers, solvers on drawn inputs and uses of primitives; `synthetic` are random programs.
Only solvers and inputs of tasks that may be trained on are seen. Programs are told apart by what they do on fixed
grids, not by their text. Work comes in numbered chunks, each a function of the seed and its number, so that any number
of processes and any interruption give the same tasks. Knows nothing of evaluation tasks: whoever collects leaves out
what resembles them.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from arc_solver.grids import Grid, frozen, grid_key
from arc_solver.omni.choosing import choose
from arc_solver.omni.inputs import GeneratedInputs, TaskInputs
from arc_solver.omni.made_tasks import InputMix, PrimitiveTasks, ProgramTask, SynthesizedTasks, digest
from arc_solver.omni.running import run_program
from arc_solver.omni.solvers import Solver, load_solvers
from arc_solver.omni.sources import ReArc, TrainingTasks
from arc_solver.omni.splits import held_out_ids, split_ids
from arc_solver.omni.synthesis import SynthesizedTask, synthesize
from arc_solver.omni.synthesis.filters import is_interesting
from arc_solver.omni.variations import vary
from arc_solver.tasks import Pair

MIN_PAIRS, MAX_PAIRS = 8, 12
CHUNK = 64
"""Draws of a chunk; a draw gives at most one task."""
_N_PROBES = 12
_PROBE_CELLS = 100
_TELLING_PROBES = 4
MADE, SYNTHETIC = "made", "synthetic"
_SHARES = {
    MADE: (("varied", 0.4), ("varied-drawn", 0.2), ("drawn", 0.1), ("primitive", 0.3)),
    SYNTHETIC: (("synthetic", 1.0),),
}
_AHEAD = 4


@dataclass(frozen=True)
class Made:
    """A made task.

    Attributes:
        task_id: Of its own.
        behaviour: The same for programs that do the same on the fixed grids.
        pairs: `MIN_PAIRS` to `MAX_PAIRS`.
    """

    task_id: str
    behaviour: bytes
    pairs: tuple[Pair, ...]


class Workshop:
    """Makes tasks.

    Args:
        re_arc: The archive that inputs are drawn from.
        max_cells: No grid is larger.
    """

    def __init__(self, re_arc: Path, max_cells: int) -> None:
        source = ReArc(re_arc)
        allowed = split_ids(source.task_ids(), "train", held_out_ids(TrainingTasks().task_ids()))
        own = TaskInputs(source, allowed, max_cells=max_cells)
        self._max_cells = max_cells
        self._drawn = GeneratedInputs(max_cells=max_cells)
        # A held-out task's solver must not be shown, on whatever inputs.
        solvers = load_solvers()
        self.solvers: tuple[Solver, ...] = tuple(solvers[task_id] for task_id in allowed if task_id in solvers)
        self._own = own
        inputs = InputMix([(self._drawn, 1.0), (own, 1.0)])
        self._primitives = PrimitiveTasks(inputs)
        self._synthesized = SynthesizedTasks(inputs, synthesize)
        self._probes = _probes()

    def draw(self, rng: np.random.Generator, group: str) -> Made | None:
        """A task of a group, or None if this draw found none."""
        n = int(rng.integers(MIN_PAIRS, MAX_PAIRS + 1))
        kind = choose(rng, _SHARES[group])
        made: ProgramTask | None
        if kind == "primitive":
            made = self._primitives.draw(rng, n)
        elif kind == "synthetic":
            made = self._synthesized.draw(rng, n)
        else:
            made = self._of_solver(rng, n, kind)
        if made is None or not MIN_PAIRS <= len(made.pairs) <= MAX_PAIRS:
            return None
        if max(grid.size for pair in made.pairs for grid in (pair.input, pair.output)) > self._max_cells:
            return None
        return Made(f"{kind}-{digest(made.source)}", self.behaviour(made.source), made.pairs)

    def _of_solver(self, rng: np.random.Generator, n: int, kind: str) -> ProgramTask | None:
        """A solver varied, or on inputs that belong to no task, or both."""
        solver = self.solvers[int(rng.integers(len(self.solvers)))]
        inputs = self._own.draw_for(rng, solver.task_id, n) if kind == "varied" else self._drawn.draw(rng, n)
        if inputs is None:
            return None
        if kind != "drawn":
            return vary(rng, solver, inputs.grids, self.solvers)
        outputs = run_program(solver.source, inputs.grids)
        if outputs is None or not is_interesting(inputs.grids, outputs):
            return None
        pairs = (Pair(given, wanted) for given, wanted in zip(inputs.grids, outputs, strict=True))
        return SynthesizedTask(solver.source, tuple(pairs))

    def behaviour(self, source: str) -> bytes:
        """What a program does on the fixed grids; where it does too little there, its text."""
        told, n_telling = [], 0
        for probe in self._probes:
            outputs = run_program(source, [probe])
            told.append(b"" if outputs is None else grid_key(outputs[0]))
            if outputs is not None:
                is_blank = bool((outputs[0] == outputs[0][0, 0]).all())
                n_telling += not is_blank and grid_key(outputs[0]) != grid_key(probe)
        content = b"|".join(told) if n_telling >= _TELLING_PROBES else source.encode()
        return hashlib.blake2b(content, digest_size=12).digest()


def made_tasks(
    group: str, n_tasks: int, seed: int, *, re_arc: Path, max_cells: int, folder: Path, n_workers: int
) -> Iterator[Made]:
    """Different tasks of a group, `n_tasks` of them, the same for any number of processes.

    Args:
        group: `made` or `synthetic`.
        n_tasks: How many.
        seed: Of everything.
        re_arc: The archive.
        max_cells: No grid is larger.
        folder: Chunks are kept here, so that a run that was interrupted goes on.
        n_workers: Processes.

    Raises:
        RuntimeError: So many cannot be made.
    """
    behaviours: set[bytes] = set()
    names: set[str] = set()
    if n_tasks == 0:
        return
    most = 100 + 20 * n_tasks // CHUNK
    for chunk in _chunks(partial(kept_chunk, group, seed, re_arc, max_cells, folder), n_workers, range(most)):
        for made in chunk:
            if made.behaviour in behaviours or made.task_id in names:
                continue
            behaviours.add(made.behaviour)
            names.add(made.task_id)
            yield made
            if len(names) == n_tasks:
                return
    raise RuntimeError(f"only {len(names)} different tasks in {most * CHUNK} draws for {group}")


def _chunks(make: Callable[[int], list[Made]], n_workers: int, numbers: Iterable[int]) -> Iterator[list[Made]]:
    """Chunks in their order."""
    if n_workers <= 1:
        yield from map(make, numbers)
        return
    waiting: deque[Future[list[Made]]] = deque()
    with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn")) as pool:
        try:
            for number in numbers:
                waiting.append(pool.submit(make, number))
                if len(waiting) >= _AHEAD * n_workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def kept_chunk(group: str, seed: int, re_arc: Path, max_cells: int, folder: Path, number: int) -> list[Made]:
    """Chunk `number`, read if an earlier run made it."""
    path = folder / f"{group}-{seed}-{max_cells}-{number:06d}.pkl"
    if path.is_file():
        found: list[Made] = pickle.loads(path.read_bytes())
        return found
    workshop = _workshop(re_arc, max_cells)
    rng = np.random.default_rng([seed, sorted(_SHARES).index(group), number])
    made = [one for one in (workshop.draw(rng, group) for _ in range(CHUNK)) if one is not None]
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.partial")
    unfinished.write_bytes(pickle.dumps(made))
    unfinished.replace(path)
    return made


@cache
def _workshop(re_arc: Path, max_cells: int) -> Workshop:
    """One a process, so that each reads a task at most once."""
    return Workshop(re_arc, max_cells)


def _probes() -> tuple[Grid, ...]:
    """Fixed grids with objects, lines and patterns."""
    rng, source = np.random.default_rng(20), GeneratedInputs(max_cells=_PROBE_CELLS)
    found: list[Grid] = []
    while len(found) < _N_PROBES:
        inputs = source.draw(rng, 1)
        if inputs is not None:
            found.append(frozen(inputs.grids[0]))
    return tuple(found)
