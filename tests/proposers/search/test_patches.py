"""Patterns that scale with their objects, on tiny tasks: each with other cuts, colours and forms."""

from __future__ import annotations

import pytest

from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import patches

Pairs = list[tuple[str, str]]

SOLVED: dict[str, tuple[Pairs, str, str]] = {
    "as large as the object, in its colour, right and below": (
        [
            ("0000000/0200000/0000000/0000000", "0000000/0208000/0000000/0200000"),
            ("4000000/0000000/0000000", "4080000/0000000/4000000"),
        ],
        "000000000/055000000/055000000/000000000/000000000/000000000/000000000",
        "000000000/055008800/055008800/000000000/000000000/055000000/055000000",
    ),
    "half as wide on all sides": (
        [
            ("000000/002200/002200/000000/000000/000000", "033330/032230/032230/033330/000000/000000"),
            (
                "0000000000/0000000000/0055550000/0055550000/0055550000/0055550000/0000000000/0000000000",
                "3333333300/3333333300/3355553300/3355553300/3355553300/3355553300/3333333300/3333333300",
            ),
        ],
        "000000/006600/006600/000000",
        "033330/036630/036630/033330",
    ),
    "a pattern that turns with the object": (
        [
            ("00000/01000/01100/00000/00000", "00000/01200/01100/00000/00000"),
            ("000000/011110/011110/011000/011000/000000", "000000/011110/011110/011220/011220/000000"),
        ],
        "00000/00110/00010/00000",
        "00000/00110/00210/00000",
    ),
    "core and rim swap and the rows of the core run to the edges": (
        [
            ("00000000/00333000/00353000/00333000/00000000", "00000000/00555000/55535555/00555000/00000000"),
            ("0000000/0222200/0211200/0222200/0000000", "0000000/0111100/1122111/0111100/0000000"),
        ],
        "000000000/077770000/078870000/078870000/077770000",
        "000000000/088880000/887788888/887788888/088880000",
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_patches_scale_with_their_objects(name: str, assert_explained) -> None:
    assert_explained(patches.solve, *SOLVED[name])


@pytest.mark.parametrize(
    ("pairs", "test"),
    [
        ([("0120/0000/3004", "0140/0200/3004"), ("0500/6000/0007", "0500/6050/8007")], "0100/2000"),
        ([("0100/0000/0000", "0100/0000/2000"), ("0000/0010/0000", "2000/0010/0000")], "1000/0001/0000"),
        ([("123/405", "123"), ("31/42", "31")], "11/21"),
    ],
    ids=["noise", "elsewhere", "other sizes"],
)
def test_other_tasks_get_no_program(pairs: Pairs, test: str, toy_task) -> None:
    assert list(patches.solve(Examples.of_task(toy_task(pairs, test)))) == []
