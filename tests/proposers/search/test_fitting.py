"""Pieces put into the gaps of a board: tiny tasks, each with another board, other turns and another result."""

from __future__ import annotations

import pytest

from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import fitting

Pairs = list[tuple[str, str]]

SOLVED: dict[str, tuple[Pairs, str, str]] = {
    "moved into the wall, in their colours": (
        [
            ("3333333/3330333/3300333/0000000/0400000/4400000", "3333333/3334333/3344333/0000000/0000000/0000000"),
            ("8888880/8808880/8800888/0000000/0070000/0077000", "8888880/8878880/8877888/0000000/0000000/0000000"),
        ],
        "5555555/5550555/5500055/0000000/0010000/0111000",
        "5555555/5551555/5511155/0000000/0000000/0000000",
    ),
    "turned, the board alone": (
        [
            ("2222200/2002200/2202200/2222200/0000000/0050000/0550000", "22222/25522/22522/22222"),
            ("00333330/00303330/00300330/00333330/00000000/06600000/06000000", "33333/36333/36633/33333"),
        ],
        "4444400/4440400/4400400/4444400/0000000/0100000/0110000",
        "44444/44414/44114/44444",
    ),
    "copied in a colour of its own, the pieces stay": (
        [
            ("2222200/2022200/2002200/2222200/0000600/0000660", "2222200/2822200/2882200/2222200/0000600/0000660"),
            ("11110000/10010000/11110000/00000000/03300000", "11110000/18810000/11110000/00000000/03300000"),
        ],
        "777770000/770070000/777077000/777777000/000000000/000440000/000040000",
        "777770000/778870000/777877000/777777000/000000000/000440000/000040000",
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_pieces_are_put_into_gaps(name: str, assert_explained) -> None:
    assert_explained(fitting.solve, *SOLVED[name])


@pytest.mark.parametrize(
    ("pairs", "test"),
    [
        ([("0120/0000/3004", "0140/0200/3004"), ("0500/6000/0007", "0500/6050/8007")], "0100/2000"),
        ([("2222/2002/2222/0000/0300", "2222/2042/2222/0000/0300")] * 2, "2222/2002/2222/0000/0300"),
        ([("123/405", "123"), ("31/42", "31")], "11/21"),
    ],
    ids=["noise", "what fits nowhere", "a row"],
)
def test_other_tasks_get_no_program(pairs: Pairs, test: str, toy_task) -> None:
    assert list(fitting.solve(Examples.of_task(toy_task(pairs, test)))) == []
