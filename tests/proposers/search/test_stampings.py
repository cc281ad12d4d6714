"""A figure stamped on marked cells: tiny tasks, each with another figure, other marks and another way to stamp."""

from __future__ import annotations

import pytest

from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import stampings

Pairs = list[tuple[str, str]]

SOLVED: dict[str, tuple[Pairs, str, str]] = {
    "from below a line, centred, whole": (
        [
            (
                "0000000/0010000/0000000/0000000/0000000/5555555/0230000/3320000/2030000",
                "0023000/0332000/0203000/0000000/0000000/5555555/0230000/3320000/2030000",
            ),
            (
                "0000000/0000010/0000000/0000000/6666666/0040000/0777000/0040000",
                "0000040/0000777/0000040/0000000/6666666/0040000/0777000/0040000",
            ),
        ],
        "00000/00100/00000/00000/11111/22000/20000/22200",
        "02200/02000/02220/00000/11111/22000/20000/22200",
    ),
    "taken away, in the colours of the marks": (
        [
            ("220000/020000/000000/000700/000000/000000", "000000/000000/000000/000770/000070/000000"),
            ("0000000/0333000/0000000/0000006/0800000/0000000", "0000000/0000000/0000000/0000006/0888000/0000000"),
        ],
        "00000000/00500000/05550000/00000000/00000800/00000000/00300000",
        "00000000/00000000/00000000/00000000/00000080/00000888/00030000",
    ),
    "mirrored, the cell of the mark's colour upon it, on another ground": (
        [
            ("7777777/7127777/7277777/7777777/7777177/7777777", "7777777/7127777/7277777/7777777/7772177/7777277"),
            ("777777/773477/777477/777777/777737", "777777/773477/777477/777777/777437"),
        ],
        "7777777/7567777/7577777/7577777/7777777/7777767/7777777/7777777",
        "7777777/7567777/7577777/7577777/7777777/7777765/7777775/7777775",
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_figures_are_stamped(name: str, assert_explained) -> None:
    assert_explained(stampings.solve, *SOLVED[name])


@pytest.mark.parametrize(
    ("pairs", "test"),
    [
        ([("0120/0000/3004", "0140/0200/3004"), ("0500/6000/0007", "0500/6050/8007")], "0100/2000"),
        ([("111000/000000/000020", "111000/000000/000030"), ("0111/0000/2000", "0111/0000/3000")], "1110/0002"),
        ([("123/405", "123"), ("31/42", "31")], "11/21"),
    ],
    ids=["noise", "a mark recoloured", "other sizes"],
)
def test_other_tasks_get_no_program(pairs: Pairs, test: str, toy_task) -> None:
    assert list(stampings.solve(Examples.of_task(toy_task(pairs, test)))) == []
