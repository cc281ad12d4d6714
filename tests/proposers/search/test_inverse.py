"""Last steps that can be undone: each is found, none is invented."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.inverse import _steps, undone
from arc_solver.proposers.search.values import Value

RNG = np.random.default_rng(3)
GRIDS = [RNG.integers(0, 10, shape, dtype=np.int8) for shape in ((3, 3), (2, 2), (4, 4))]
FOUND = Value("grid", "found(grid)", tuple(GRIDS), 2)
SAMPLE = Examples(tuple(GRIDS), (np.ones((2, 2), dtype=np.int8),))


@pytest.mark.parametrize("pattern", [step.pattern for step in _steps(SAMPLE)])
def test_a_last_step_is_found(pattern: str) -> None:
    names = {name: one.function for name, one in PRIMITIVES.items()}
    outputs = tuple(eval(pattern.format("grid"), names, {"grid": grid}) for grid in GRIDS[:2])  # noqa: S307 - our own text
    drafts = list(undone(Examples(tuple(GRIDS), outputs), [FOUND]))
    assert f"return {pattern.format('found(grid)')}" in [draft.body[-1] for draft in drafts]
    assert all(draft.cost == 2.0 for draft in drafts)


def test_nothing_is_found_where_no_step_fits() -> None:
    outputs = tuple(RNG.integers(0, 10, (4, 5), dtype=np.int8) for _ in range(2))
    assert not list(undone(Examples(tuple(GRIDS), outputs), [FOUND]))


def test_a_step_that_only_seems_to_fit_is_none() -> None:
    outputs = tuple(grid.repeat(2, axis=0).repeat(2, axis=1) for grid in GRIDS[:2])
    for output in outputs:
        output[1, 1] += 1
    assert not list(undone(Examples(tuple(GRIDS), outputs), [FOUND]))
