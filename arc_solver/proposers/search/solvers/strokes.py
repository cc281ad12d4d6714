"""Drawings taken apart: strokes that are laid over each other, the topmost found first.

A stroke paints some cells of every grid. It may be wrong only where something lies on top of it, so strokes are peeled
off from the top until every changed cell is explained, and written down from the bottom. Knows nothing of how the
strokes of a family come about.

Shapes: S strokes, N cells of all training grids one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.dsl.coloring import least_common_color, most_common_color
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples

NOTHING = -1
"""Where a stroke paints nothing."""
MAX_STROKES = 6
N_VARIANTS = 2
BEAM = 4
BRANCHES = 4
WEAK_COST = 2.0
MAX_COST = 11.75
STROKE_COST = 0.6
RESTORE_COST = 0.5
MAX_LINES = 18

Bools = NDArray[np.bool_]
Cells = NDArray[np.int8]
Directions = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """One way to paint.

    Attributes:
        head: Loops and conditions around the statement, outermost first; each ends with a colon.
        line: The statement; `{d}` stands for a direction as two arguments, `{step}` for the cell `step` steps that way
            from `row, col`.
        painted: The colour of every painted cell, `NOTHING` elsewhere, shape (N,).
        cost: Description length.
        directions: What `{d}` stands for; empty if there is no direction.
        inner: Conditions that depend on the direction.
        before: Statements ahead of the loops.
        after: Statements behind the loops.
    """

    head: tuple[str, ...]
    line: str
    painted: Cells
    cost: float
    directions: Directions = ()
    inner: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A same-size task on one background, as those who propose strokes see it.

    Attributes:
        examples: The task.
        background: The colour behind everything, the same in every input.
        own: The inputs' colours, shape (N,).
        target: The outputs' colours, shape (N,).
        colors: Colours other than the background that changed cells take, the most frequent first.
        content: Colours other than the background in the inputs.
        memory: Maps of the inputs that several strokes ask for.
    """

    examples: Examples
    background: int
    own: Cells
    target: Cells
    colors: tuple[int, ...]
    content: tuple[int, ...]
    memory: dict[object, Any] = field(default_factory=dict)

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The training inputs."""
        return self.examples.train_inputs

    def is_hopeless(self, painted: Cells) -> bool:
        """Whether empty cells that stay empty are painted, or no changed cell rightly."""
        # Every stroke of every family comes by here.
        self.examples.check_time()
        shown = painted != NOTHING
        if not ((painted == self.target) & (self.own != self.target)).any():
            return True
        return self.is_harmed(shown & (painted != self.background))

    def is_harmed(self, cells: Bools) -> bool:
        """Whether some of the cells are empty and stay so."""
        return bool((cells & (self.own == self.target) & (self.own == self.background)).any())

    def ranked_colors(self) -> dict[str, list[int]]:
        """Source of a colour of the whole grid -> its value for each training grid, where these differ."""
        if "ranked" not in self.memory:
            words: dict[str, Callable[[Grid], int]] = {
                "most_common_color(grid)": most_common_color,
                "least_common_color(grid)": least_common_color,
            }
            try:
                found = {word: [int(rank(grid)) for grid in self.grids] for word, rank in words.items()}
            except ValueError:
                found = {}
            self.memory["ranked"] = {word: colors for word, colors in found.items() if len(set(colors)) > 1}
        ranked: dict[str, list[int]] = self.memory["ranked"]
        return ranked

    def joined(self, maps: Sequence[NDArray[np.int8]]) -> Cells:
        """One map for each training grid as one array."""
        return np.concatenate([m.ravel() for m in maps])


def scenes_of(examples: Examples) -> Iterator[Scene]:
    """The task on each background that its inputs may share, where the outputs add something to that background."""
    if not examples.same_size():
        return
    own = np.concatenate([grid.ravel() for grid in examples.train_inputs])
    target = np.concatenate([grid.ravel() for grid in examples.outputs])
    changed = own != target
    for background in _backgrounds(examples.inputs):
        empty = own == background
        if (changed & empty).any() and 4 * np.count_nonzero(empty) >= own.size:
            counts = Counter(target[changed & (target != background)].tolist())
            content = tuple(color for color in np.unique(own).tolist() if color != background)
            colors = tuple(color for color, _ in counts.most_common())
            yield Scene(examples, background, own, target, colors, content)


def _backgrounds(grids: Sequence[Grid]) -> list[int]:
    """0 where every grid has it, and the colour of most cells of every grid."""
    dominant = {int(np.bincount(grid.ravel()).argmax()) for grid in grids}
    shared = [0] if all((grid == 0).any() for grid in grids) else []
    return sorted({*shared, *dominant}) if len(dominant) == 1 else shared


def drawings(scene: Scene, stage: str, strokes: Sequence[Stroke]) -> Iterator[Draft]:
    """Programs that paint with some of the strokes.

    Args:
        scene: What is to be explained.
        stage: Who asks.
        strokes: What may be painted.
    """
    twins = _useful(scene, strokes)
    pool = [alike[0] for alike in twins]
    steady = [c for c in scene.content if (scene.target[scene.own == c] == c).all()]
    seen: set[tuple[str, ...]] = set()
    for on_top in (np.zeros(scene.own.shape, dtype=np.bool_), np.isin(scene.own, steady)):
        banned: set[int] = set()
        for _ in range(N_VARIANTS):
            scene.examples.check_time()
            peeling = _Peeling(scene, [s for s in pool if id(s) not in banned])
            chosen = peeling.run(on_top)
            if chosen is None:
                break
            others = [next(alike for alike in twins if alike[0] is stroke)[-1] for stroke in chosen]
            for strokes_down in (chosen, others):
                body, cost = _written(scene, strokes_down, steady)
                if body not in seen and len(body) <= MAX_LINES and cost <= MAX_COST:
                    seen.add(body)
                    yield scene.examples.draft(stage, body, cost)
            banned.add(id(chosen[0]))


def _useful(scene: Scene, strokes: Sequence[Stroke]) -> list[tuple[Stroke, ...]]:
    """Strokes that are not harmful; of those that paint the same, the two cheapest."""
    pool: dict[bytes, tuple[Stroke, ...]] = {}
    harmless = [stroke for stroke in strokes if not scene.is_hopeless(stroke.painted)]
    for stroke in sorted(harmless, key=lambda stroke: stroke.cost):
        key = stroke.painted.tobytes()
        pool[key] = (*pool.get(key, ()), stroke)[:2]
    return list(pool.values())


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """What has been peeled off: strokes from the top down, what they cover, and the changed cells that remain."""

    chosen: tuple[int, ...]
    cost: float
    covered: Bools
    left: Bools


class _Peeling:
    """A beam search for strokes that explain every changed cell, from the top to the bottom."""

    def __init__(self, scene: Scene, pool: Sequence[Stroke]) -> None:
        painted = np.array([stroke.painted for stroke in pool]).reshape(len(pool), scene.own.size)
        right = painted == scene.target
        self._check_time = scene.examples.check_time
        self._pool = pool
        self._changed = scene.own != scene.target
        self._right = right.astype(np.float32)
        self._wrong = ((painted != NOTHING) & ~right).astype(np.float32)
        self._shown = painted != NOTHING
        self._costs = np.array([stroke.cost + STROKE_COST for stroke in pool], dtype=np.float32)

    def run(self, on_top: Bools) -> list[Stroke] | None:
        """The cheapest strokes found, the topmost first; None if there are none.

        Args:
            on_top: Cells that lie above every stroke, shape (N,).
        """
        beam = [_State((), 0.0, on_top, self._changed & ~on_top)]
        if not self._pool or (self._right.sum(axis=0)[beam[0].left] == 0).any():
            return None
        best: _State | None = None
        for _ in range(MAX_STROKES):
            self._check_time()
            following = [after for state in beam for after in self._after(state)]
            beam = []
            for state in sorted(following, key=lambda state: (state.cost + self._outlook(state), state.chosen)):
                if not state.left.any():
                    best = state if best is None or state.cost < best.cost else best
                elif len(beam) < BEAM and not any(set(state.chosen) == set(other.chosen) for other in beam):
                    beam.append(state)
            beam = [state for state in beam if best is None or state.cost < best.cost]
        return None if best is None else [self._pool[index] for index in best.chosen]

    def _after(self, state: _State) -> list[_State]:
        """The state with one stroke more: those that the outlook needs, else those of least cost a cell."""
        gains = self._right @ state.left
        valid = (gains > 0) & (self._wrong @ ~state.covered == 0)
        price = np.where(valid, self._costs / np.maximum(gains, 0.5), np.inf)
        cheap = [int(index) for index in np.argsort(price, kind="stable")[:BRANCHES] if valid[index]]
        planned = [index for index in self._cover(state) if valid[index]]
        return [
            _State(
                (*state.chosen, index),
                state.cost + float(self._costs[index]),
                state.covered | self._shown[index],
                state.left & (self._right[index] == 0),
            )
            for index in dict.fromkeys(planned + cheap)
        ]

    def _outlook(self, state: _State) -> float:
        return float(sum(self._costs[index] for index in self._cover(state)))

    def _cover(self, state: _State) -> list[int]:
        """Strokes that would explain the cells that are left if those that do little harm did none."""
        left = state.left.copy()
        harm = self._wrong @ ~state.covered
        chosen: list[int] = []
        while left.any() and len(chosen) < MAX_STROKES:
            gains = self._right @ left
            worth = np.maximum(gains - harm, gains * np.float32(0.1))
            index = int(np.where(gains > 0, self._costs / np.maximum(worth, 0.01), np.inf).argmin())
            chosen.append(index)
            left &= self._right[index] == 0
        return chosen


def _written(scene: Scene, chosen: Sequence[Stroke], steady: Sequence[int]) -> tuple[tuple[str, ...], float]:
    """Statements that paint from the bottom to the top, with their cost."""
    canvas, cost = scene.own.copy(), 0.5
    ends = np.cumsum([grid.size for grid in scene.grids])[:-1]
    for stroke in reversed(chosen):
        shown = stroke.painted != NOTHING
        canvas[shown] = stroke.painted[shown]
        cost += stroke.cost + STROKE_COST
        explains = shown & (stroke.painted == scene.target) & (scene.own != scene.target)
        if len(ends) and sum(bool(part.any()) for part in np.split(explains, ends)) < 2:
            cost += WEAK_COST
    lines = ["out = grid.copy()", *_merged(list(reversed(chosen)))]
    hidden = np.unique(scene.own[canvas != scene.target]).tolist()
    if hidden:
        cost += RESTORE_COST
        if set(steady) == set(scene.content):
            lines.append(f"return np.where(grid != {scene.background}, grid, out)")
        elif len(hidden) == 1:
            lines.append(f"return np.where(grid == {hidden[0]}, grid, out)")
        else:
            lines.append(f"return np.where(np.isin(grid, {hidden}), grid, out)")
    else:
        lines.append("return out")
    return tuple(lines), cost


def _merged(strokes: Sequence[Stroke]) -> list[str]:
    """Source of the strokes in order; neighbours under the same loops share them."""
    lines: list[str] = []
    block: list[Stroke] = []
    for stroke in strokes:
        depth = "    " * len(stroke.head)
        alone = not block or not stroke.head or stroke.before or block[-1].after
        if alone or stroke.head != block[-1].head or any(_clash(stroke, b) for b in block):
            lines.extend(stroke.before)
            lines.extend("    " * level + loop for level, loop in enumerate(stroke.head))
            block = []
        block.append(stroke)
        lines.extend(depth + line for line in _inner_lines(stroke))
        lines.extend(stroke.after)
    return lines


STEPPED = "row + step * d_row, col + step * d_col"


def _stepped(direction: tuple[int, int]) -> str:
    words = {0: "{}", 1: "{} + step", -1: "{} - step"}
    return f"{words[direction[0]].format('row')}, {words[direction[1]].format('col')}"


def _clash(one: Stroke, other: Stroke) -> bool:
    """Whether they give a cell different colours, so that one must be finished before the other."""
    both = (one.painted != NOTHING) & (other.painted != NOTHING)
    return bool((one.painted[both] != other.painted[both]).any())


def _inner_lines(stroke: Stroke) -> list[str]:
    if len(stroke.directions) > 1:
        loop = [f"for d_row, d_col in {stroke.directions}:"]
        words = "d_row, d_col"
    else:
        loop = []
        words = ", ".join(map(str, stroke.directions[0])) if stroke.directions else ""
    nested = [*loop, *(condition.replace("{d}", words) for condition in stroke.inner)]
    lines = ["    " * level + line for level, line in enumerate(nested)]
    stepped = _stepped(stroke.directions[0]) if len(stroke.directions) == 1 else STEPPED
    statements = stroke.line.replace("{d}", words).replace("{step}", stepped).split("\n")
    return lines + ["    " * len(nested) + statement for statement in statements]
