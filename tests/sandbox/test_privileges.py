"""The sandbox without privileges: as an ordinary user, in user namespaces, without a single capability."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile.places import (
    ORDINARY_UID,
    as_ordinary_user,
    reaching_out,
    readable_copy,
    run_suite,
    throw_away,
    user_namespace,
    without_capabilities,
)
from hostile.suite import HOSTILES

NAMES = [hostile.name for hostile in HOSTILES] if os.environ.get("ARC_SOLVER_ALL_HOSTILES") else reaching_out()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with readable_copy() as folder:
        yield folder


def check(told: dict[str, Any]) -> None:
    """Whatever the grade, it is honest: A harms nothing, and each layer that is missing has a reason."""
    assert all(told["missing"].values())
    assert told["left_behind"] == []
    if told["grade"] == "C":
        pytest.skip(f"nothing holds on this machine: {told['missing']}")
    assert told["harmed_neighbours"] == []
    if told["grade"] == "A":
        assert told["unexpected"] == {}
        assert told["harm"] == []


def test_as_an_ordinary_user(folder: Path) -> None:
    told = run_suite([*throw_away(), *as_ordinary_user()], folder, names=NAMES)
    check(told)
    if told["uid"] == ORDINARY_UID:
        assert told["missing"]["setuid"] == "Operation not permitted"
        assert told["missing"]["chroot"] == "Operation not permitted"


def test_as_root_of_a_user_namespace(folder: Path) -> None:
    told = run_suite([*throw_away(), *as_ordinary_user(), *user_namespace()], folder, names=NAMES)
    check(told)
    assert told["uid"] == 0
    # There is only one user in there, so nobody else to become.
    assert "setuid" in told["missing"]


@pytest.mark.parametrize("namespace", [False, True])
def test_without_capabilities(folder: Path, namespace: bool) -> None:
    prefix = [*throw_away(), *(user_namespace() if namespace else []), *without_capabilities()]
    told = run_suite(prefix, folder, names=NAMES)
    check(told)
    assert {"chroot", "setuid"} <= set(told["missing"])


def test_without_privileges_and_without_the_kernel_s_newest_layer(folder: Path) -> None:
    told = run_suite([*throw_away(), *as_ordinary_user()], folder, without=["landlock"], names=NAMES)
    assert told["missing"]["landlock"] == "switched off"
    assert told["grade"] != "A"
    check(told)
    # The allow-list alone keeps files and network closed.
    if "seccomp" in told["active"]:
        assert told["harm"] == []
