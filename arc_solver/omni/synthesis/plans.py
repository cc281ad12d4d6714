"""Plans: which kinds of values a program goes through, before any word is chosen.

A plan is drawn from the graph of kinds that the forms make. Each step uses the value before it, or starts anew from an
earlier one and leaves the value before it to be merged later. Knows nothing of inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.dsl.registry import Cells, Grid, Object
from arc_solver.omni.synthesis.blocks import forms_of
from arc_solver.omni.synthesis.forms import Form
from arc_solver.omni.synthesis.vocabulary import Kind, Lot, Vocabulary, weight_of

_FORK_RATE = 0.25
_RICHNESS = 16
"""A kind that this many forms lead to is drawn half as often as one that very many lead to."""
_EMPHASIS: tuple[tuple[Kind, float], ...] = ((list[Object], 5.0), (Object, 2.0), (Cells, 0.6))
"""Objects are what most tasks are about; cells are chosen within statements too."""


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of a plan.

    Attributes:
        gives: Kind of its value.
        uses: Values that it must use: 0 is the grid, i the i-th statement.
    """

    gives: Kind
    uses: tuple[int, ...]


Plan = tuple[Step, ...]


class Grammar:
    """The distribution of programs over a vocabulary."""

    def __init__(
        self,
        words: Vocabulary,
        *,
        lengths: Sequence[tuple[int, float]],
        families: Mapping[str, float],
        plans: Sequence[tuple[Plan, float]] = (),
        weigh: Callable[[float], float] = weight_of,
    ) -> None:
        """Prepare the draws.

        Args:
            words: What programs are made of.
            lengths: Number of statements -> weight.
            families: Family of forms -> weight, among the families that fit; a family without one is not used.
            plans: If given, plans are drawn from these and not from the graph.
            weigh: Number of a form's variants -> its weight within its family.
        """
        self.words = words
        self._forms = forms_of(words)
        self._families = dict(families)
        self._weigh = weigh
        self._lengths = Lot(lengths)
        self._plans = Lot(plans)
        self._fitting: dict[tuple[tuple[Kind, ...], Kind], Lot[Form]] = {}
        self._kinds = _distinct([Grid, *(form.gives for form in self._forms)])
        self._known_goals: dict[tuple[tuple[Kind, ...], tuple[Kind, ...], int], Lot[Kind]] = {}
        self._known_distances: dict[Kind, dict[Kind, int]] = {}
        self._n_steps = self._distances(Grid)

    def form(self, rng: np.random.Generator, taken: tuple[Kind, ...], gives: Kind) -> Form | None:
        """A random form that takes these kinds and gives that one, None if there is none."""
        forms = self._lot(taken, gives)
        return forms.draw(rng) if forms else None

    def forms_with(self, word: str) -> tuple[Form, ...]:
        """The forms that are sure to call this primitive."""
        return tuple(form for form in self._forms if form.name == word)

    def next_kinds(self, start: Kind, goal: Kind) -> list[Kind]:
        """Kinds other than the goal that one step makes of another, and that lead to the goal."""
        n_steps = self._distances(goal)
        return [kind for kind in self._kinds if kind != goal and kind in n_steps and self._lot((start,), kind)]

    def way(self, rng: np.random.Generator, start: Kind, goal: Kind) -> list[Kind] | None:
        """Kinds on a random shortest way from one kind to another, the goal included; None if there is no way."""
        n_steps = self._distances(goal)
        kinds: list[Kind] = []
        while start != goal:
            left = n_steps.get(start)
            nearer = [kind for kind in self._kinds if left is not None and n_steps.get(kind) == left - 1]
            goals = Lot((kind, float(len(self._lot((start,), kind).things))) for kind in nearer)
            if not goals:
                return None
            start = goals.draw(rng)
            kinds.append(start)
        return kinds

    def plan(self, rng: np.random.Generator) -> Plan:
        """A random plan that ends with a grid."""
        if self._plans:
            return self._plans.draw(rng)
        length = self._lengths.draw(rng)
        while True:
            plan = self._random_plan(rng, length)
            if plan is not None:
                return plan

    def _random_plan(self, rng: np.random.Generator, length: int) -> Plan | None:
        kinds: list[Kind] = [Grid]
        pending = [0]
        steps: list[Step] = []
        for left in range(length - 1, -1, -1):
            uses, kept = self._random_uses(rng, kinds, pending, left)
            goals = self._goals(kinds, uses, kept, left)
            if not goals:
                return None
            steps.append(Step(goals.draw(rng), uses))
            kinds.append(steps[-1].gives)
            pending = [*kept, len(steps)]
        return tuple(steps)

    def _random_uses(
        self,
        rng: np.random.Generator,
        kinds: Sequence[Kind],
        pending: Sequence[int],
        left: int,
    ) -> tuple[tuple[int, ...], list[int]]:
        """The values that the next step uses, and those that stay pending."""
        if len(pending) == 2:
            if left == 0 or rng.random() < 0.4:
                return tuple(pending), []
            return (pending[1],), [pending[0]]
        if left >= 1 and len(kinds) > 1 and rng.random() < _FORK_RATE:
            older = [index for index in range(len(kinds)) if index not in pending and kinds[index] == Grid]
            return (older[int(rng.random() * len(older))],), list(pending)
        return tuple(pending), []

    def _goals(
        self,
        kinds: Sequence[Kind],
        uses: tuple[int, ...],
        kept: Sequence[int],
        left: int,
    ) -> Lot[Kind]:
        """Kinds that the next step may give so that the rest can be finished."""
        taken = tuple(kinds[index] for index in uses)
        weighted = []
        for kind in self._kinds:
            n_forms = len(self._lot(taken, kind).things)
            weight = n_forms / (n_forms + _RICHNESS)
            weighted.append(
                (
                    kind,
                    weight if self._can_finish(kind, [kinds[index] for index in kept], left) else 0.0,
                )
            )
        return Lot(weighted)

    def _can_finish(self, kind: Kind, kept: Sequence[Kind], left: int) -> bool:
        if not kept:
            return self._n_steps.get(kind, left + 1) <= left
        return left >= 1 and (left > 1 or bool(self._lot((kept[0], kind), Grid)))

    def _lot(self, taken: tuple[Kind, ...], gives: Kind) -> Lot[Form]:
        key = (taken, gives)
        if key not in self._fitting:
            fitting = [form for form in self._forms if form.gives == gives and form.fits(taken)]
            totals: dict[str, float] = {}
            for form in fitting:
                totals[form.family] = totals.get(form.family, 0.0) + self._weigh(form.n_variants)
            self._fitting[key] = Lot(
                (
                    form,
                    self._families.get(form.family, 0.0) * self._weigh(form.n_variants) / totals[form.family],
                )
                for form in fitting
            )
        return self._fitting[key]

    def _distances(self, end: Kind) -> dict[Kind, int]:
        """Fewest steps from a value of each kind to one of kind `end`."""
        if end in self._known_distances:
            return self._known_distances[end]
        n_steps: dict[Kind, int] = {end: 0}
        for distance in range(1, len(self._kinds)):
            known = list(n_steps)
            for kind in self._kinds:
                if kind not in n_steps and any(self._lot((kind,), goal) for goal in known):
                    n_steps[kind] = distance
        self._known_distances[end] = n_steps
        return n_steps


def _distinct(kinds: Sequence[Kind]) -> list[Kind]:
    distinct: list[Kind] = []
    for kind in kinds:
        if kind not in distinct:
            distinct.append(kind)
    return distinct
