"""The training cells as one row, and what objects and rules paint there.

Knows nothing of how rules are found or combined.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from arc_solver.proposers.search.solvers.object_marks import Mark, Positions
from arc_solver.proposers.search.solvers.object_scenes import Scene


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """All training cells in one row, pair after pair.

    Attributes:
        source: Colours of the inputs, shape (n_cells,).
        target: Colours of the outputs.
        starts: Where each pair begins.
        changed: Where the two differ, one bit a cell.
    """

    source: NDArray[np.int8]
    target: NDArray[np.int8]
    starts: tuple[int, ...]
    changed: int


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One sentence about the objects of a scene.

    Attributes:
        scene: The objects.
        mark: What they leave.
        color: Python for the colour; `AS_IS` if the mark is painted in the object's own colours.
        condition: Python that chooses objects, empty for all.
        table: Python of a table from values of `key` to colours, if colours go by a table.
        key: Python of the measure that the table is asked for.
        restricted: True if only background is painted over.
        erases: True if the chosen objects are erased first.
        right: Cells that it paints as the outputs have them, one bit a cell.
        wrong: Cells that it paints otherwise.
        cost: Description length.
    """

    scene: Scene
    mark: Mark
    color: str
    condition: str
    table: str
    key: str
    restricted: bool
    erases: bool
    right: int
    wrong: int
    cost: float


def bits_of(cells: NDArray[np.bool_]) -> int:
    """One bit for each cell."""
    return int.from_bytes(np.packbits(cells).tobytes(), "big")


def cells_of(bits: int, n_cells: int) -> NDArray[np.bool_]:
    """The inverse of `bits_of`."""
    packed = np.frombuffer(bits.to_bytes((n_cells + 7) // 8, "big"), dtype=np.uint8)
    return np.unpackbits(packed, count=n_cells).astype(np.bool_)


@dataclass(slots=True)
class Painting:
    """A mark of all training objects of a scene, beside what the outputs show.

    Attributes:
        mark: The mark.
        restricted: True if only background may be painted over.
        cells: For each object the cells that it touches, as positions on the canvas.
        everything: All these cells in one.
        gains: Bit i is set if the i-th object's mark covers a changed cell.
        own: For each object the own colours of its mark, None if the mark has none.
        spared: True if cells were left out because they are not background.
        moves: True if the object may be erased first.
        shown: For each object the one colour that the outputs show there, `NO_COLOR` if there are several.
        copies: Bit i is set if the outputs show the i-th object's own colours there.
        by_color: For each colour of `shown`, bit i is set if it is the i-th object's.
    """

    mark: Mark
    restricted: bool
    cells: list[Positions]
    everything: Positions
    gains: int
    own: list[NDArray[np.int8]] | None
    spared: bool
    moves: bool
    shown: list[int] = field(default_factory=list)
    copies: int = 0
    by_color: dict[int, int] = field(default_factory=dict)
