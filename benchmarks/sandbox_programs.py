"""The workload of `sandbox.py`: many different trivial programs, the grids that they run on, and what must come out.

Expected outputs are computed here with numpy, from the numbers that a source was made from, and never by running the
source. Knows nothing of how programs are run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.grids import Grid, as_grid

N_GRIDS = 4
SIDE = 10
MAX_PROGRAMS = 2500
HANGING_SOURCE = "def task(grid):\n    while True:\n        pass\n"

_FLIPS: dict[str, Callable[[Grid], Grid]] = {
    "np.flipud": np.flipud,
    "np.fliplr": np.fliplr,
    "np.rot90": np.rot90,
    "np.transpose": np.transpose,
}
_Rule = tuple[str, Callable[[Grid], Grid]]


@dataclass(frozen=True, slots=True)
class Workload:
    """Programs, and the right outputs of each.

    Attributes:
        sources: Python sources that define `task(grid)`, all different.
        grids: Inputs of every program, 10x10.
        expected: expected[i][j] is the output of sources[i] on grids[j].
    """

    sources: tuple[str, ...]
    grids: tuple[Grid, ...]
    expected: tuple[tuple[Grid, ...], ...]

    def head(self, n_programs: int) -> Workload:
        """The first programs only."""
        return Workload(self.sources[:n_programs], self.grids, self.expected[:n_programs])

    def is_right(self, index: int, outputs: Sequence[Grid]) -> bool:
        """Whether these are the outputs of program `index`."""
        expected = self.expected[index]
        return len(outputs) == len(expected) and all(map(np.array_equal, outputs, expected))


def make_workload(n_programs: int, seed: int) -> Workload:
    """Draw grids and programs: flips, recolourings, crops and shifts with constants.

    Args:
        n_programs: At most `MAX_PROGRAMS`.
        seed: The same seed gives the same workload.

    Raises:
        ValueError: More programs than the constants make.
    """
    if n_programs > MAX_PROGRAMS:
        raise ValueError(f"at most {MAX_PROGRAMS} different programs")
    rng = np.random.default_rng(seed)
    grids = tuple(as_grid(rng.integers(0, 10, (SIDE, SIDE))) for _ in range(N_GRIDS))
    rules: dict[str, Callable[[Grid], Grid]] = {}
    while len(rules) < n_programs:
        # By chance and not in turns: the kinds have 360 to 1,000 different members.
        body, rule = _KINDS[int(rng.integers(len(_KINDS)))](rng)
        rules.setdefault(f"def task(grid):\n    {body}\n", rule)
    expected = tuple(tuple(as_grid(rule(grid)) for grid in grids) for rule in rules.values())
    return Workload(tuple(rules), grids, expected)


def _flip(rng: np.random.Generator) -> tuple[str, Callable[[Grid], Grid]]:
    names = sorted(_FLIPS)
    name = names[int(rng.integers(len(names)))]
    return name, _FLIPS[name]


def _recolour(rng: np.random.Generator) -> _Rule:
    name, flip = _flip(rng)
    old, new = rng.choice(10, 2, replace=False).tolist()
    lines = (f"out = {name}(grid).copy()", f"out[out == {old}] = {new}", "return out")
    return "\n    ".join(lines), lambda grid: np.where(flip(grid) == old, new, flip(grid))


def _recolour_by_cell(rng: np.random.Generator) -> _Rule:
    old, new, left = rng.integers(0, 10, 3).tolist()
    body = f"return [[{new} if cell == {old} else int(cell) for cell in row] for row in grid[:, {left}:]]"
    return body, lambda grid: np.where(grid == old, new, grid)[:, left:]


def _crop(rng: np.random.Generator) -> _Rule:
    top, left = rng.integers(0, 5, 2).tolist()
    bottom, right = rng.integers(5, 11, 2).tolist()
    return f"return grid[{top}:{bottom}, {left}:{right}]", lambda grid: grid[top:bottom, left:right]


def _shift(rng: np.random.Generator) -> _Rule:
    name, flip = _flip(rng)
    down, right = rng.integers(0, SIDE, 2).tolist()
    body = f"return np.roll({name}(grid), ({down}, {right}), axis=(0, 1))"
    return body, lambda grid: np.roll(flip(grid), (down, right), axis=(0, 1))


_KINDS = (_recolour, _recolour_by_cell, _crop, _shift)
