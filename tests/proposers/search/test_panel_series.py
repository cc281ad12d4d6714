"""Panels that follow from one of them: tiny tasks, each with other lines and another way to go on."""

from __future__ import annotations

import pytest

from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import panel_series

Pairs = list[tuple[str, str]]

SOLVED: dict[str, tuple[Pairs, str, str]] = {
    "turned the other way, panel by panel downwards": (
        [("12/00/88/00/00/88/00/00", "12/00/88/20/10/88/00/21"), ("34/50/88/00/00", "34/50/88/40/35")],
        "60/71/88/00/00/88/00/00",
        "60/71/88/01/67/88/17/06",
    ),
    "mirrored over both lines": (
        [("10300/20300/33333/00300/00300", "10301/20302/33333/20302/10301"), ("05300/60300", "05350/60306")],
        "00300/07300/33333/00300/00300",
        "00300/07370/33333/07370/00300",
    ),
    "moved on by a row": (
        [("12400/00400/00400", "12400/00412/00400"), ("00400/03400/00400", "00400/03400/00403")],
        "50400/00400/60400",
        "50460/00450/60400",
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_panels_follow_from_one(name: str, assert_explained) -> None:
    assert_explained(panel_series.solve, *SOLVED[name])


@pytest.mark.parametrize(
    ("pairs", "test"),
    [
        ([("0120/0000/3004", "0140/0200/3004"), ("0500/6000/0007", "0500/6050/8007")], "0100/2000"),
        ([("12400/00400", "12434/00400"), ("30400/00400", "30411/00422")], "50400/00400"),
        ([("123/405", "123"), ("31/42", "31")], "11/21"),
    ],
    ids=["no panels", "another panel", "other sizes"],
)
def test_other_tasks_get_no_program(pairs: Pairs, test: str, toy_task) -> None:
    assert list(panel_series.solve(Examples.of_task(toy_task(pairs, test)))) == []
