"""Which objects of a scene do it, and in which colour: sentences about objects that are true of all training pairs.

A rule says "the objects for which this holds leave that mark in this colour". What it paints is compared with the
outputs; together the rules of a program must explain every change. Knows nothing of how rules are combined.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.proposers.search.solvers.object_canvas import Canvas, Painting, Rule, bits_of
from arc_solver.proposers.search.solvers.object_colors import NO_COLOR, Column, color_sources
from arc_solver.proposers.search.solvers.object_features import POSITIONS, Predicate, columns, predicates
from arc_solver.proposers.search.solvers.object_marks import Mark, Positions
from arc_solver.proposers.search.solvers.object_scenes import Scene, Thing

MAX_PREDICATES = 3
MAX_TABLE = 4
MAX_TABLES = 3
SINGLE_PAIR_COST = 1.5
SINGLE_OBJECT_COST = 0.4
SINGLE_ENTRY_COST = 0.6
ERASE_COST = 0.5
RESTRICTED_COST = 0.3
AND_COST = 1.0
IDLE_COST = 1.0
RECOLORED_COST = 0.6
MAX_JOINED = 40
AS_IS = "as it is"
NOTHING_SEEN = -2


@dataclass(slots=True)
class SceneRules:
    """Finds the rules of one scene.

    Args:
        scene: The scene.
        canvas: What is to be explained.
        n_train: How many of its inputs are training inputs.
    """

    scene: Scene
    canvas: Canvas
    n_train: int
    things: list[Thing] = field(init=False)
    _paintings: list[Painting] = field(default_factory=list)
    _columns: list[Column] | None = None
    _predicates: list[Predicate] | None = None
    _sources: list[tuple[Column, dict[Any, int]]] | None = None
    _changed: NDArray[np.bool_] = field(init=False)
    _pair_bits: list[int] = field(init=False)
    _test_bits: list[int] = field(init=False)
    _first_look: int = field(init=False)

    def __post_init__(self) -> None:
        self.things = self.scene.flat_things(self.n_train)
        self._changed = self.canvas.source != self.canvas.target
        pairs = [thing.pair for thing in self.things]
        tested = [index for index, things in enumerate(self.scene.things[self.n_train :]) for _ in things]
        n_tests = len(self.scene.things) - self.n_train
        self._test_bits = [sum(1 << i for i, one in enumerate(tested) if one == t) for t in range(n_tests)]
        self._first_look = sum(pair < 2 for pair in pairs)
        self._pair_bits = [sum(1 << i for i, one in enumerate(pairs) if one == p) for p in range(self.n_train)]

    def consider(self, mark: Mark, moves: bool) -> None:
        """Look at a mark of all objects.

        Args:
            mark: The mark.
            moves: True if rules that erase the object first are wanted too.
        """
        for restricted in (True, False) if mark.over_content and not mark.sees_input else (not mark.sees_input,):
            painting = self._painting(mark, restricted, moves)
            if painting is None:
                continue
            self._paintings.append(painting)
            if restricted and not self._is_restricted(painting):
                painting.restricted = False
                return

    def _is_restricted(self, painting: Painting) -> bool:
        """Whether sparing what is not background makes a difference, on the test inputs too."""
        if painting.spared:
            return True
        every = [thing for things in self.scene.things[self.n_train :] for thing in things]
        return any((thing.grid.ravel()[painting.mark.touched(thing)] != thing.background).any() for thing in every)

    def _painting(self, mark: Mark, restricted: bool, moves: bool) -> Painting | None:
        """The mark of every object; None if it explains nothing."""
        cells, own = [], []
        gains, promising, spared = 0, False, False
        for index, thing in enumerate(self.things):
            if index == self._first_look and not promising:
                return None
            found, colors = mark.shown(thing) if mark.shown else (mark.touched(thing), None)
            if restricted and len(found):
                free = thing.grid.ravel()[found] == thing.background
                if not free.all():
                    spared = True
                    found = found[free]
                    colors = colors[free] if colors is not None else None
            found = found + self.canvas.starts[thing.pair]
            cells.append(found)
            if colors is not None:
                own.append(colors)
            if len(found) and self._changed[found].any():
                gains |= 1 << index
                promising = promising or self._promises(mark, found, colors, thing.background)
        if not promising:
            return None
        return Painting(mark, restricted, cells, np.concatenate(cells), gains, own or None, spared, moves)

    def _promises(self, mark: Mark, found: Positions, colors: NDArray[np.int8] | None, background: int) -> bool:
        """Whether the outputs show something like the mark, in one colour or in the object's own."""
        seen = self.canvas.target[found]
        if colors is not None and 2 * np.count_nonzero(seen == colors) > len(seen):
            return True
        counts = np.bincount(seen)
        most = int(counts.argmax())
        return bool(2 * counts[most] >= len(seen)) and (most != background or mark.is_filling)

    def _look(self, painting: Painting, hidden: NDArray[np.bool_] | None) -> None:
        """See what the outputs show; where marks overlap, or in hidden cells, another may have been painted later."""
        target, cells, own = self.canvas.target, painting.cells, painting.own
        times = np.bincount(painting.everything, minlength=len(target))
        painting.shown, painting.copies = [], 0
        for index, found in enumerate(cells):
            colors = own[index] if own else None
            if hidden is not None:
                visible = ~hidden[found]
                found, colors = found[visible], colors[visible] if colors is not None else None
            seen = target[found]
            if colors is not None and (seen == colors).all():
                painting.copies |= 1 << index
            uniform = len(seen) > 0 and bool((seen == seen[0]).all())
            if not uniform and len(seen):
                alone = times[found] == 1
                seen = seen[alone]
                uniform = len(seen) > 0 and bool((seen == seen[0]).all())
                if colors is not None and len(seen) and (seen == colors[alone]).all():
                    painting.copies |= 1 << index
            painting.shown.append(int(seen[0]) if uniform else NOTHING_SEEN if not len(found) else NO_COLOR)

    def explain(self, hidden: NDArray[np.bool_] | None = None) -> Iterator[Rule]:
        """The rules about all marks that promise something.

        Args:
            hidden: Cells that are painted over later, shape (n_cells,); only rules about marks that reach into them.
        """
        for painting in self._paintings:
            if hidden is not None and not hidden[painting.everything].any():
                continue
            self._look(painting, hidden)
            yield from self._explain(painting, painting.moves)

    def _explain(self, painting: Painting, moves: bool) -> Iterator[Rule]:
        everyone = (1 << len(self.things)) - 1
        painting.by_color = _by_value(painting.shown)
        useful = [color for i, color in enumerate(painting.shown) if painting.gains >> i & 1 and color >= 0]
        if painting.own is not None:
            yield from self._chosen(painting, AS_IS, None, painting.copies, 0.0, moves)
        ground = {thing.background for thing in self.things}
        for color in sorted(set(useful) - (ground if not painting.mark.is_filling else set())):
            values = [color] * len(self.things)
            yield from self._in_color(painting, str(color), values, {color: everyone}, 0.3, moves)
        if len(set(useful)) > 1:
            for source, by_value in self.sources:
                yield from self._in_color(painting, source.expression, source.values, by_value, source.cost, moves)
            if len(set(useful)) <= MAX_TABLE:
                yield from self._tables(painting)

    def _in_color(
        self,
        painting: Painting,
        color: str,
        values: Sequence[Any],
        by_value: dict[Any, int],
        cost: float,
        moves: bool,
    ) -> Iterator[Rule]:
        seen = painting.by_color
        fitting = seen.get(NOTHING_SEEN, 0)
        for value, bits in by_value.items():
            fitting |= bits & seen.get(value, 0)
        yield from self._chosen(painting, color, values, fitting, cost, moves)

    def _chosen(
        self, painting: Painting, color: str, values: Sequence[Any] | None, fitting: int, cost: float, moves: bool
    ) -> Iterator[Rule]:
        """Rules for the objects that fit: all of them, or those that a predicate tells from the others."""
        everyone = (1 << len(self.things)) - 1
        wanted = fitting & painting.gains
        if sum(1 for pair in self._pair_bits if wanted & pair) < min(2, self.n_train):
            return
        against = everyone & ~fitting
        if not against and (values is None or NO_COLOR not in values):
            yield from self._rule(painting, color, values, everyone, None, cost, moves)
            return
        n_found = 0
        for predicate in self.predicates:
            if wanted & ~predicate.train == 0 and against & predicate.train == 0:
                yield from self._rule(painting, color, values, predicate.train, predicate, cost, moves)
                n_found += 1
                if n_found == MAX_PREDICATES:
                    return
        if not n_found and painting.mark.is_filling:
            for predicate in self._both(wanted, against):
                yield from self._rule(painting, color, values, predicate.train, predicate, cost, moves)

    def _both(self, wanted: int, against: int) -> Iterator[Predicate]:
        """Two predicates that together tell the wanted objects from the others."""
        possible = [one for one in self.predicates if wanted & ~one.train == 0][:MAX_JOINED]
        n_found = 0
        for first, second in itertools.combinations(possible, 2):
            if against & first.train & second.train == 0:
                expression = f"{first.expression} and {second.expression}"
                cost = first.cost + second.cost + AND_COST
                yield Predicate(expression, first.train & second.train, first.test & second.test, cost)
                n_found += 1
                if n_found == 2:
                    return

    def _rule(
        self,
        painting: Painting,
        color: str,
        values: Sequence[Any] | None,
        chosen: int,
        predicate: Predicate | None,
        cost: float,
        moves: bool,
    ) -> Iterator[Rule]:
        cost += painting.mark.cost + self.scene.cost + RESTRICTED_COST * painting.restricted
        if painting.own is not None and values is not None:
            cost += RECOLORED_COST
        if predicate is not None:
            cost += predicate.cost + self._doubt(chosen & painting.gains, predicate.test)
        for erases in (False, True) if moves else (False,):
            drawn = np.full(len(self.canvas.target), NO_COLOR, dtype=np.int16)
            indices = [i for i in range(len(self.things)) if chosen >> i & 1]
            if erases:
                for i in indices:
                    thing = self.things[i]
                    drawn[thing.flat + self.canvas.starts[thing.pair]] = thing.background
            for i in indices:
                drawn[painting.cells[i]] = painting.own[i] if values is None and painting.own else values[i]  # type: ignore[index]
            condition = predicate.expression if predicate else ""
            yield self._drawn(painting, drawn, color, condition, "", "", erases, cost + ERASE_COST * erases)

    def _doubt(self, explained: int, in_test: int) -> float:
        """What a predicate costs that rests on little, or that chooses nothing in a test input."""
        idle = sum(IDLE_COST for bits in self._test_bits if not in_test & bits)
        n_pairs = sum(1 for pair in self._pair_bits if explained & pair)
        lonely = SINGLE_OBJECT_COST * (explained.bit_count() <= 2)
        return (SINGLE_PAIR_COST if n_pairs < 2 <= self.n_train else 0.0) + lonely + idle

    def _drawn(
        self,
        painting: Painting,
        drawn: NDArray[np.int16],
        color: str,
        condition: str,
        table: str,
        key: str,
        erases: bool,
        cost: float,
    ) -> Rule:
        painted = drawn != NO_COLOR
        right = painted & (drawn == self.canvas.target)
        wrong = painted & ~right
        return Rule(
            self.scene,
            painting.mark,
            color,
            condition,
            table,
            key,
            painting.restricted,
            erases,
            bits_of(right),
            bits_of(wrong),
            cost,
        )

    def _tables(self, painting: Painting) -> Iterator[Rule]:
        """Colours by a measure: each of its few values has one colour, or its objects leave no mark."""
        n_found = 0
        for column in self.columns:
            if column.expression in POSITIONS:
                continue
            table = self._table(painting, column)
            if table is None:
                continue
            drawn = np.full(len(self.canvas.target), NO_COLOR, dtype=np.int16)
            for i, value in enumerate(column.values[: len(self.things)]):
                if value in table:
                    drawn[painting.cells[i]] = table[value]
            everywhere = all(value in table for value in column.values)
            cost = painting.mark.cost + self.scene.cost + column.cost + 0.5 * len(table) + 0.5
            cost += RESTRICTED_COST * painting.restricted + SINGLE_ENTRY_COST * self._n_lonely(column, table)
            condition = "" if everywhere else f"{column.expression} in colors"
            source = repr(dict(sorted(table.items())))
            yield self._drawn(painting, drawn, f"colors[{column.expression}]", condition, source, "", False, cost)
            n_found += 1
            if n_found == MAX_TABLES:
                return

    def _n_lonely(self, column: Column, table: dict[Any, int]) -> int:
        """How many entries of the table rest on one training pair."""
        pairs: dict[Any, set[int]] = {value: set() for value in table}
        for thing, value in zip(self.things, column.values, strict=False):
            if value in pairs:
                pairs[value].add(thing.pair)
        return sum(1 for found in pairs.values() if len(found) == 1) if self.n_train > 1 else 0

    def _table(self, painting: Painting, column: Column) -> dict[Any, int] | None:
        table: dict[Any, int] = {}
        quiet: set[Any] = set()
        for i, shown in enumerate(painting.shown):
            value = column.values[i]
            if shown == NOTHING_SEEN:
                continue
            if not painting.gains >> i & 1 or shown == NO_COLOR:
                quiet.add(value)
            elif table.setdefault(value, shown) != shown:
                return None
        if not 2 <= len(table) <= MAX_TABLE or quiet & set(table) or len(set(table.values())) < 2:
            return None
        known = set(column.values[: len(self.things)])
        return table if all(value in known for value in column.values) else None

    @property
    def columns(self) -> list[Column]:
        """Measures of this scene's objects."""
        if self._columns is None:
            self._columns = columns(self.scene)
        return self._columns

    @property
    def predicates(self) -> list[Predicate]:
        """Predicates over this scene's objects."""
        if self._predicates is None:
            self._predicates = predicates(self.scene, self.columns, self.n_train)
        return self._predicates

    @property
    def sources(self) -> list[tuple[Column, dict[Any, int]]]:
        """Colours that this scene's objects refer to, and which training objects refer to each."""
        if self._sources is None:
            n = len(self.things)
            self._sources = [(one, _by_value(one.values[:n])) for one in color_sources(self.scene)]
        return self._sources


def _by_value(values: Sequence[Any]) -> dict[Any, int]:
    """For each value, bit i is set if the i-th is it."""
    bits: dict[Any, int] = {}
    for index, value in enumerate(values):
        bits[value] = bits.get(value, 0) | 1 << index
    bits.pop(NO_COLOR, None)
    return bits
