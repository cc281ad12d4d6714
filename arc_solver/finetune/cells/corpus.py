"""What the cell model is trained on: tasks with their pairs, in groups, in one compact file.

Groups are drawn by weight, then a task of the group, then its pairs: a task with three demonstrations and one with
three hundred generated examples weigh the same. Knows nothing of tokens and torch, and nothing of evaluation tasks
but how to leave out what resembles them.

Shapes: P pairs in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arc_solver.errors import InputError
from arc_solver.grids import MAX_SIDE, Grid
from arc_solver.tasks import Pair


@dataclass(frozen=True, slots=True)
class Corpus:
    """Tasks and their pairs.

    Attributes:
        names: Of the entries, each unique: `group/task id`.
        numbers: Which task each entry belongs to: the same rule may be shown by several groups, shape (len(names),).
        groups: Group -> indices of its entries.
        starts: Entry i has the pairs `starts[i]` to `starts[i + 1]`, shape (len(names) + 1,).
        cells: Every cell of every grid: input and output of pair 0, of pair 1, ...; int8.
        sides: Rows and columns of each grid, shape (2 * P, 2).
        offsets: Where each grid begins in `cells`, shape (2 * P,).
    """

    names: tuple[str, ...]
    numbers: NDArray[np.int64]
    groups: Mapping[str, NDArray[np.int64]]
    starts: NDArray[np.int64]
    cells: NDArray[np.int8]
    sides: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @property
    def n_tasks(self) -> int:
        """Different tasks."""
        return int(self.numbers.max()) + 1

    def n_pairs(self, entry: int) -> int:
        """Pairs of an entry."""
        return int(self.starts[entry + 1] - self.starts[entry])

    def pairs(self, entry: int) -> tuple[Pair, ...]:
        """All pairs of an entry."""
        return tuple(self.pair(entry, index) for index in range(self.n_pairs(entry)))

    def pair(self, entry: int, index: int) -> Pair:
        """One pair of an entry."""
        number = 2 * (int(self.starts[entry]) + index)
        return Pair(self._grid(number), self._grid(number + 1))

    def _grid(self, number: int) -> Grid:
        n_rows, n_columns = self.sides[number].tolist()
        start = int(self.offsets[number])
        return self.cells[start : start + n_rows * n_columns].reshape(n_rows, n_columns)

    def save(self, path: Path) -> None:
        """Write the corpus as one compressed file."""
        groups = np.empty(len(self.names), dtype=object)
        for group, members in self.groups.items():
            groups[members] = group
        np.savez_compressed(
            path,
            names=np.array(self.names),
            groups=groups.astype(str),
            starts=self.starts,
            cells=self.cells,
            sides=self.sides.astype(np.uint8),
        )

    @classmethod
    def load(cls, path: Path) -> Corpus:
        """Read what `save` wrote.

        Raises:
            InputError: No such file, or another kind of file.
        """
        try:
            with np.load(path, allow_pickle=False) as content:
                names, of_task = content["names"].tolist(), content["groups"]
                return _assembled(names, of_task, content["starts"], content["cells"], content["sides"])
        except (OSError, KeyError, ValueError) as error:
            raise InputError(f"{path}: no corpus: {error}") from error

    @classmethod
    def build(cls, tasks: Iterable[tuple[str, str, Iterable[Pair]]]) -> Corpus:
        """The corpus of (group, task id, pairs)."""
        names, of_task, starts, sides = [], [], [0], []
        cells = bytearray()
        for group, task_id, pairs in tasks:
            names.append(f"{group}/{task_id}")
            of_task.append(group)
            for pair in pairs:
                for grid in (pair.input, pair.output):
                    sides.append(grid.shape)
                    cells += grid.tobytes()
            starts.append(len(sides) // 2)
        return _assembled(
            names,
            np.array(of_task),
            np.array(starts),
            np.frombuffer(bytes(cells), dtype=np.int8),
            np.array(sides).reshape(-1, 2),
        )


def _assembled(
    names: list[str],
    of_task: NDArray[np.str_],
    starts: NDArray[np.int64],
    cells: NDArray[np.int8],
    sides: NDArray[np.int64],
) -> Corpus:
    if len(set(names)) != len(names):
        raise ValueError("two tasks share a name")
    sides = sides.astype(np.int64)
    if len(sides) and not (sides.min() >= 1 and sides.max() <= MAX_SIDE):
        raise ValueError("a side is outside 1..30")
    sizes = sides[:, 0] * sides[:, 1]
    if sizes.sum() != len(cells):
        raise ValueError("cells are missing")
    cells.flags.writeable = False
    numbers = np.unique([name.split("/", 1)[1] for name in names], return_inverse=True)[1]
    groups = {str(group): np.flatnonzero(of_task == group) for group in np.unique(of_task)}
    return Corpus(tuple(names), numbers, groups, starts.astype(np.int64), cells, sides, np.cumsum(sizes) - sizes)
