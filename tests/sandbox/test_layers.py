"""The hostile suite with each layer switched off in turn, and with all of them off: nothing hangs, the parent lives.

It runs in a process namespace of its own. By default with the programs that reach out of their process, whose fate
depends on layers; `ARC_SOLVER_ALL_HOSTILES=1` takes all of them (four minutes on two cores).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile.places import as_ordinary_user, reaching_out, readable_copy, run_suite, throw_away
from hostile.suite import HOSTILES

from arc_solver.sandbox.layers import LAYERS

NAMES = [hostile.name for hostile in HOSTILES] if os.environ.get("ARC_SOLVER_ALL_HOSTILES") else reaching_out()
DATAGRAMS = "network 1"
"""What only seccomp keeps in: Landlock knows nothing of datagrams."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with readable_copy() as folder:
        yield folder


@pytest.mark.parametrize("layer", LAYERS)
def test_one_layer_less_harms_nobody(folder: Path, layer: str) -> None:
    told = run_suite(throw_away(), folder, without=[layer], names=NAMES)
    assert layer in told["missing"]
    if set(told["missing"]) != {layer}:
        pytest.skip(f"this machine has not got the other layers: {told['missing']}")
    assert len(told["reasons"]) == len(NAMES)
    assert told["harmed_neighbours"] == []
    assert told["left_behind"] == []
    assert told["too_dangerous"] == []
    assert set(told["harm"]) <= ({DATAGRAMS} if layer == "seccomp" else set())
    # Without the limits or closed descriptors other verdicts are right; without one of the others another one stops it.
    if layer not in ("rlimits", "descriptors"):
        assert told["unexpected"] == {}


def test_without_any_layer_the_parent_still_lives_and_nothing_is_left(folder: Path) -> None:
    told = run_suite([*throw_away(), *as_ordinary_user()], folder, without=LAYERS, names=NAMES)
    assert told["grade"] == "C"
    assert told["active"] == []
    assert len(told["reasons"]) + len(told["too_dangerous"]) == len(NAMES)
    assert told["left_behind"] == []
    # Files and the network lie open; this process does not, to programs that do not go for it by number.
    assert set(told["harm"]) <= {"files", "network 0", "network 1", "network 2"}
    assert told["reasons"]["reads a file"] == "returned its input"
    assert told["reasons"]["loop"] == "program: timeout cpu"
    assert told["reasons"]["disarms the timer"] == "program: timeout cpu"
