"""What a program does, as bytes: two programs that do the same on a fixed set of varied grids count as one.

Knows nothing of how programs are made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from arc_solver.dsl.registry import Grid
from arc_solver.grids import N_COLORS, as_grid, grid_key
from arc_solver.omni.inputs import GeneratedInputs
from arc_solver.omni.synthesis.running import function_of, output_of

N_PROBES = 48
_N_NOISE = 8
_MAX_CELLS = 120
_SEED = 60
_N_BYTES = 12


@cache
def probes() -> tuple[Grid, ...]:
    """The fixed grids: inputs from all sorts of generators, and noise of few and of many colors."""
    rng = np.random.default_rng(_SEED)
    source = GeneratedInputs(max_cells=_MAX_CELLS)
    grids: list[Grid] = []
    while len(grids) < N_PROBES - _N_NOISE:
        inputs = source.draw(rng, 1)
        if inputs is not None:
            grids += inputs.grids
    for number in range(_N_NOISE):
        n_colors = (2, 3, 5, N_COLORS)[number % 4]
        cells = rng.choice(N_COLORS, n_colors, replace=False)[rng.integers(0, n_colors, rng.integers(3, 11, 2))]
        grids.append(as_grid(cells))
    return tuple(grids)


def behaviour(source: str, grids: Sequence[Grid] | None = None) -> bytes:
    """What the program makes of every probe, failures included.

    Args:
        source: A trusted source that defines `task(grid)`.
        grids: The probes; `probes()` by default.

    Returns:
        A digest: equal for programs that do the same.
    """
    return behaviour_of(function_of(source), grids)


def behaviour_of(function: Callable[[Grid], Any], grids: Sequence[Grid] | None = None) -> bytes:
    """As `behaviour`, of a function."""
    digest = hashlib.blake2b(digest_size=_N_BYTES)
    for grid in probes() if grids is None else grids:
        output = output_of(function, grid)
        digest.update(b"-" if output is None else repr(grid_key(output)).encode())
    return digest.digest()
