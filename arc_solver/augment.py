"""Views: the same task seen rotated or mirrored, in other colours, with its pairs in another order.

A `View` is a value: it is applied to a task before a model sees it, and inverted on the grid that the model answers.
Every view of grids has an exact inverse. This module knows nothing of prompts, models or how many views pay.

Shapes: R rows, C columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from arc_solver.grids import N_COLORS, Grid
from arc_solver.tasks import Pair, Task

N_SYMMETRIES = 8
_SAME_COLORS = tuple(range(N_COLORS))
_TEXT = re.compile(r"(?:symmetry ([1-7]))?(?:(?:^|(?<=[1-7]), )colours ([0-9]{10}))?")


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a task.

    Attributes:
        symmetry: Element of the symmetry group of the square, 0..7: `symmetry // 4` transpositions, then `symmetry % 4`
            quarter turns counter-clockwise. 0 changes nothing.
        colors: Permutation of 0..9: colour c becomes `colors[c]`.
        pair_order: Training pair i of the viewed task is pair `pair_order[i]` of the original; None keeps the order.

    Raises:
        ValueError: A field that is no symmetry, or no permutation.
    """

    symmetry: int = 0
    colors: tuple[int, ...] = _SAME_COLORS
    pair_order: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.symmetry < N_SYMMETRIES:
            raise ValueError(f"symmetry {self.symmetry} is outside 0..7")
        if tuple(sorted(self.colors)) != _SAME_COLORS:
            raise ValueError(f"colors {self.colors} are no permutation of 0..9")
        if self.pair_order is not None and sorted(self.pair_order) != list(range(len(self.pair_order))):
            raise ValueError(f"pair_order {self.pair_order} is no permutation")

    def apply(self, grid: Grid) -> Grid:
        """The grid in this view: (R, C) -> (R, C) or (C, R)."""
        if self.symmetry == 0 and self.colors == _SAME_COLORS:
            return grid
        return _recolored(_transformed(grid, self.symmetry), self.colors)

    def invert(self, grid: Grid) -> Grid:
        """The grid whose view this is: `view.invert(view.apply(grid))` equals `grid`."""
        return self.inverse().apply(grid)

    def apply_pair(self, pair: Pair) -> Pair:
        """Both grids of the pair in this view."""
        return Pair(self.apply(pair.input), self.apply(pair.output))

    def apply_pairs(self, pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
        """The training pairs in this view and in its order.

        Raises:
            ValueError: The view orders another number of pairs.
        """
        if self.pair_order is None:
            return tuple(self.apply_pair(pair) for pair in pairs)
        if len(self.pair_order) != len(pairs):
            raise ValueError(f"the view orders {len(self.pair_order)} pairs, the task has {len(pairs)}")
        return tuple(self.apply_pair(pairs[index]) for index in self.pair_order)

    def apply_task(self, task: Task) -> Task:
        """The task in this view; its id and the order of its test inputs stay.

        Raises:
            ValueError: The view orders another number of training pairs.
        """
        return Task(task.task_id, self.apply_pairs(task.train), tuple(self.apply(grid) for grid in task.test_inputs))

    @property
    def on_grids(self) -> View:
        """The view that does the same to grids and keeps the order of the pairs."""
        return self if self.pair_order is None else View(self.symmetry, self.colors)

    def text(self) -> str:
        """What it does to grids, such as `symmetry 5, colours 0213456789`; empty if it leaves them as they are."""
        words = [f"symmetry {self.symmetry}"] if self.symmetry else []
        if self.colors != _SAME_COLORS:
            words.append("colours " + "".join(map(str, self.colors)))
        return ", ".join(words)

    @classmethod
    def from_text(cls, text: str) -> View:
        """The view on grids whose `text` this is.

        Raises:
            ValueError: It is that of no view.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no view")
        symmetry, colors = found.groups()
        return cls(int(symmetry or 0), tuple(map(int, colors)) if colors else _SAME_COLORS)

    def inverse(self) -> View:
        """The view that undoes this one, on grids and on tasks."""
        return _inverse(self)

    def then(self, other: View) -> View:
        """The view that is this one followed by `other`."""
        colors = tuple(other.colors[color] for color in self.colors)
        return View(
            _PRODUCT[self.symmetry][other.symmetry], colors, _orders_composed(self.pair_order, other.pair_order)
        )


IDENTITY = View()


def all_symmetries() -> tuple[View, ...]:
    """The eight views that keep colours and order, the identity first."""
    return tuple(View(symmetry) for symmetry in range(N_SYMMETRIES))


def sample_view(
    rng: np.random.Generator,
    n_pairs: int | None = None,
    *,
    symmetries: bool = True,
    colors: bool = True,
    keep_background: bool = False,
) -> View:
    """A view drawn uniformly from those that the options allow.

    Args:
        rng: Source of randomness.
        n_pairs: Number of training pairs to shuffle; None keeps their order.
        symmetries: Draw a symmetry, else keep the orientation.
        colors: Draw a colour permutation, else keep the colours.
        keep_background: Colour 0 stays 0.
    """
    permutation = _SAME_COLORS
    if colors:
        first = 1 if keep_background else 0
        drawn: list[int] = (first + rng.permutation(N_COLORS - first)).tolist()
        permutation = (*range(first), *drawn)
    order = None if n_pairs is None else tuple(rng.permutation(n_pairs).tolist())
    return View(int(rng.integers(N_SYMMETRIES)) if symmetries else 0, permutation, order)


def _transformed(grid: NDArray[np.int8], symmetry: int) -> NDArray[np.int8]:
    """A (possibly strided) view of `grid` under one symmetry."""
    return np.rot90(grid.T if symmetry >= 4 else grid, symmetry % 4)


def _recolored(grid: NDArray[np.int8], colors: tuple[int, ...]) -> Grid:
    # np.take answers in C order whatever the strides, so one look-up both recolours and makes the grid contiguous.
    answer: Grid = np.take(_table(colors), grid)
    answer.flags.writeable = False
    return answer


@lru_cache(maxsize=4096)
def _table(colors: tuple[int, ...]) -> NDArray[np.int8]:
    return np.array(colors, dtype=np.int8)


@lru_cache(maxsize=4096)
def _inverse(view: View) -> View:
    colors = tuple(int(color) for color in np.argsort(view.colors))
    order = None if view.pair_order is None else tuple(int(index) for index in np.argsort(view.pair_order))
    return View(_PRODUCT[view.symmetry].index(0), colors, order)


def _orders_composed(first: tuple[int, ...] | None, second: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if first is None or second is None:
        return second if first is None else first
    if len(first) != len(second):
        raise ValueError(f"the views order {len(first)} and {len(second)} pairs")
    return tuple(first[index] for index in second)


def _products() -> tuple[tuple[int, ...], ...]:
    """Which symmetry the composition of two is, found by trying them on a square without symmetry."""
    square = np.arange(4, dtype=np.int8).reshape(2, 2)
    index_of = {_transformed(square, s).tobytes(): s for s in range(N_SYMMETRIES)}
    return tuple(
        tuple(index_of[_transformed(_transformed(square, a), b).tobytes()] for b in range(N_SYMMETRIES))
        for a in range(N_SYMMETRIES)
    )


_PRODUCT = _products()
