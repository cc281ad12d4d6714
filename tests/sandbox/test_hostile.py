"""Programs that mean harm, each alone and between good neighbours. Real processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hostile.base import Hostile
from hostile.harm import SPOILERS
from hostile.nondeterminism import NONDETERMINISM
from hostile.suite import HOSTILES, LIMITS, is_contained, run_between_neighbours
from hostile.witness import GOOD, GRID, Witness, is_unharmed, reason_of

from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Program

BY_NAME = {hostile.name: hostile for hostile in HOSTILES}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS, n_workers=2) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def witness() -> Iterator[Witness]:
    with Witness() as witness:
        yield witness


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(HOSTILES) > 150


@pytest.mark.parametrize("name", BY_NAME)
def test_alone(sandbox: Sandbox, witness: Witness, name: str) -> None:
    hostile = BY_NAME[name]
    if not is_contained(hostile, sandbox.describe()):
        pytest.skip(f"would do harm here: {sandbox.describe().text()}")
    (verdict,) = sandbox.run([Program(witness.aim(hostile.source), (GRID,))])
    assert hostile.may_end_with(reason_of(verdict)), verdict
    assert witness.harm() == []


def test_between_good_neighbours(sandbox: Sandbox, witness: Witness) -> None:
    loose = [hostile for hostile in HOSTILES if is_contained(hostile, sandbox.describe())]
    reasons, harmed = run_between_neighbours(sandbox, witness, loose)
    assert {name: reason for name, reason in reasons.items() if not BY_NAME[name].may_end_with(reason)} == {}
    assert harmed == []
    assert witness.harm() == []


@pytest.mark.parametrize("spoiler", SPOILERS, ids=lambda hostile: hostile.name)
def test_who_spoils_a_screening_spoils_nothing_that_is_used(sandbox: Sandbox, spoiler: Hostile) -> None:
    programs = [GOOD, Program(spoiler.source, (GRID,)), *[GOOD] * 9]
    verdicts = sandbox.run(programs)
    assert is_unharmed(verdicts[0])
    assert spoiler.may_end_with(reason_of(verdicts[1])), verdicts[1]
    confirmed = sandbox.confirm(programs)
    assert spoiler.may_end_with(reason_of(confirmed[1])), confirmed[1]
    assert all(map(is_unharmed, [confirmed[0], *confirmed[2:]]))


@pytest.mark.parametrize("program", NONDETERMINISM, ids=lambda hostile: hostile.name)
def test_what_is_no_function_of_its_input_is_not_confirmed(sandbox: Sandbox, program: Hostile) -> None:
    first, verdict, last = sandbox.confirm([GOOD, Program(program.source, (GRID,)), GOOD])
    assert program.may_end_with(reason_of(verdict)), verdict
    assert is_unharmed(first)
    assert is_unharmed(last)
