"""The hostile suite with each layer switched off in turn, and with all of them off: nothing hangs, the parent lives.

It runs in a process namespace of its own. By default with the programs that reach out of their process, whose fate
depends on layers; `ARC_SOLVER_ALL_HOSTILES=1` takes all of them (four minutes on two cores).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile.places import as_ordinary_user, reaching_out, readable_copy, run_suite, throw_away
from hostile.suite import HOSTILES

from arc_solver.sandbox import zygote
from arc_solver.sandbox.layers import LAYERS, Isolation

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


def test_without_a_zygote_the_parent_lives_just_as_well(folder: Path) -> None:
    # Their parent is this process itself, and nothing keeps them from it.
    names = [name for name in NAMES if not name.endswith("its parent")]
    told = run_suite([*throw_away(), *as_ordinary_user()], folder, names=names, flags=["--portable"])
    assert told["grade"] == "C"
    assert len(told["reasons"]) + len(told["too_dangerous"]) == len(names)
    assert told["left_behind"] == []
    assert set(told["harm"]) <= {"files", "network 0", "network 1", "network 2"}
    assert told["reasons"]["loop"] == "program: timeout cpu"


@pytest.mark.parametrize(
    ("active", "grade"),
    [
        (LAYERS, "A"),
        (("landlock", "seccomp"), "A"),
        (("chroot", "seccomp", "rlimits"), "A"),
        (("setuid", "seccomp"), "B"),
        (("chroot", "setuid", "landlock"), "B"),
        (("setuid",), "B"),
        (("no_new_privs", "descriptors", "rlimits", "oom_score_adj"), "C"),
        ((), "C"),
    ],
)
def test_the_grade_follows_from_the_layers(active: tuple[str, ...], grade: str) -> None:
    assert Isolation(active, {}).grade == grade


def test_strays_are_found_on_any_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        found = zygote._children(os.getpid())
        assert child.pid in found

        def without_the_list(path: str) -> Any:
            if path.endswith("/children"):
                raise FileNotFoundError(path)
            return open(path)

        monkeypatch.setattr(zygote, "open", without_the_list, raising=False)
        assert set(zygote._children(os.getpid())) == set(found)
        child.communicate(b"\n")
