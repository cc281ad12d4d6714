"""What is said to be undone is undone, and the pairs that everybody expects are found."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.grids import as_grid, grids_equal
from arc_solver.omni.inverses import inverses
from arc_solver.omni.running import run_program


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_doing_and_undoing_gives_the_grid_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inverse = inverses()[int(rng.integers(len(inverses())))]
    grid = as_grid(rng.integers(0, int(rng.integers(2, 11)), rng.integers(2, 11, 2)))
    done = run_program(f"def task(grid):\n    return {inverse.do.format('grid')}\n", [grid])
    if done is None or len(np.unique(grid)) < 2:
        return
    undone = run_program(f"def task(grid):\n    return {inverse.undo.format('grid')}\n", done)
    # Probes are no proof: what moves content alone may lose a color that a probe never had.
    if undone is not None and not grids_equal(undone[0], grid):
        assert inverse.word in {"mirrored_components"}, inverse


def test_the_pairs_that_everybody_expects_are_found() -> None:
    found = {(inverse.word, inverse.undo.partition("(")[0]) for inverse in inverses()}
    expected = {
        ("rotate_90", "rotate_270"),
        ("flip_vertical", "flip_vertical"),
        ("transpose", "transpose"),
        ("swap_colors", "swap_colors"),
        ("upscale", "downscale"),
        ("add_border", "trim_border"),
    }
    assert expected <= found


def test_words_are_of_the_registry_and_nothing_is_done_for_nothing() -> None:
    assert {inverse.word for inverse in inverses()} <= set(PRIMITIVES)
    assert not any("swap_colors({}, 3, 3)" in inverse.do for inverse in inverses())
    assert len(set(inverses())) == len(inverses())
