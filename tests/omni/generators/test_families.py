"""Families: every random program is valid, small enough, varied; every builder is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.grids import as_grid, grid_key, grids_equal
from arc_solver.omni.generators import BUILDERS, FAMILIES, InputGenerator, check_generator, random_generator
from arc_solver.omni.generators.drafts import Draft

seeds = st.integers(0, 2**31 - 1)


def programs(n: int, **options: object) -> list[InputGenerator]:
    return [random_generator(np.random.default_rng(seed), **options) for seed in range(n)]


def builders_of(generator: InputGenerator) -> set[str]:
    return {node.func.id for node in ast.walk(ast.parse(generator.source)) if isinstance(node, ast.Call)}


def test_the_vocabulary_is_large() -> None:
    assert len(BUILDERS) >= 50
    assert len(FAMILIES) >= 40


@given(seeds, st.sampled_from(sorted(FAMILIES)), st.integers(9, 900))
@settings(max_examples=250, deadline=None)
def test_every_program_draws_grids_that_are_small_enough(seed: int, family: str, max_cells: int) -> None:
    generator = random_generator(np.random.default_rng(seed), family=family, max_cells=max_cells)
    assert generator.family == family
    check_generator(generator.source)
    assert all(len(line) <= 200 for line in generator.source.splitlines())
    for sample_seed in range(3):
        grid = generator.sample(sample_seed)
        assert grids_equal(as_grid(grid), grid)
        assert grid.size <= max_cells


def test_every_builder_is_used_by_a_family() -> None:
    used = set().union(*(builders_of(g) for name in FAMILIES for g in programs(60, family=name)))
    assert used == set(BUILDERS)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_most_programs_draw_rich_and_varied_grids(family: str) -> None:
    rich = 0
    for generator in programs(40, family=family, max_cells=400):
        grids = [generator.sample(seed) for seed in range(5)]
        n_different = len({grid_key(grid) for grid in grids})
        n_plain = sum(bool((grid == grid[0, 0]).all()) for grid in grids)
        rich += n_different >= 4 and n_plain == 0
    assert rich >= 30


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_programs_of_a_family_differ(family: str) -> None:
    assert len({generator.source for generator in programs(40, family=family)}) >= 35


def test_grids_of_one_program_are_more_alike_than_those_of_two() -> None:
    # Colours are drawn with the program, so those of its grids overlap more than those of two programs.
    def overlap(a: frozenset[int], b: frozenset[int]) -> float:
        return len(a & b) / len(a | b)

    colors = [[frozenset(g.sample(s).ravel().tolist()) for s in range(2)] for g in programs(200)]
    within = np.mean([overlap(first, second) for first, second in colors])
    between = np.mean([overlap(a[0], b[0]) for a, b in pairwise(colors)])
    assert within > between + 0.2


def test_every_family_is_drawn() -> None:
    assert {generator.family for generator in programs(1500)} == set(FAMILIES)


def test_some_backgrounds_are_not_black() -> None:
    backgrounds = [int(np.bincount(g.sample(0).ravel()).argmax()) for g in programs(300)]
    assert 0.15 < np.mean([background != 0 for background in backgrounds]) < 0.5


def test_the_same_seed_writes_the_same_program_in_another_process() -> None:
    code = (
        "import numpy as np; from arc_solver.omni.generators import random_generator;"
        "g = random_generator(np.random.default_rng(11)); print(g.source, g.sample(5).tolist())"
    )
    output = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PYTHONHASHSEED": "3"},
    ).stdout
    generator = random_generator(np.random.default_rng(11))
    assert output == f"{generator.source} {generator.sample(5).tolist()}\n"


def test_an_unknown_family_or_too_small_a_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="no family is named 'waves'; known: rectangles"):
        random_generator(np.random.default_rng(0), family="waves")
    with pytest.raises(ValueError, match="at least 9, not 8"):
        random_generator(np.random.default_rng(0), max_cells=8)


def test_a_draft_leaves_out_defaults_and_refuses_unknown_arguments() -> None:
    draft = Draft(np.random.default_rng(0), 900)
    draft.start("blank", rows=3, cols=(4, 5), background=0, square=False)
    assert draft.source() == "def generate(rng):\n    return blank(rng, rows=3, cols=(4, 5))\n"
    with pytest.raises(KeyError, match="depth"):
        draft.then("frame", color=3, depth=2)


@given(seeds, st.integers(1, 6), st.integers(1, 6))
def test_a_draft_hands_out_colors_once_while_there_are_any(seed: int, first: int, second: int) -> None:
    draft = Draft(np.random.default_rng(seed), 900)
    taken, others = draft.colors(first, first), draft.colors(second, second)
    assert len(set(taken)) == first
    assert draft.background not in taken
    if first + second <= 8:
        assert not set(taken) & set(others)


@given(seeds, st.integers(9, 900))
def test_sides_never_exceed_the_cells_allowed(seed: int, max_cells: int) -> None:
    sides = Draft(np.random.default_rng(seed), max_cells).sides()
    rows, cols = (side if isinstance(side, int) else side[1] for side in (sides["rows"], sides["cols"]))
    assert rows * cols <= max_cells
