"""Figures completed by symmetry, or mirrored and copied towards their marks: tiny tasks, each with its own choices."""

from __future__ import annotations

import pytest

from arc_solver.grids import grids_equal
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import reflections, symmetries
from arc_solver.sandbox.verdicts import Program

Pairs = list[tuple[str, str]]

COMPLETED: dict[str, tuple[Pairs, str, str]] = {
    "quarter turns around a core": (
        [
            ("000000/000300/003530/000300/010000/000000", "010001/000300/003530/000300/010001/000000"),
            ("00000/04000/00500/00000/00000", "00000/04040/00500/04040/00000"),
        ],
        "000000/000000/000050/000002/000000/000000",
        "000000/000202/000050/000202/000000/000000",
    ),
    "left to right in each box, in a colour of its own": (
        [
            ("0000000/0110000/0111000/0000000/0000300/0003330", "0000000/0118000/0111000/0000000/0000300/0003330"),
            ("2200/2000/2222/0000", "2288/2008/2222/0000"),
        ],
        "00000/44444/04400/00000/00000",
        "00000/44444/04480/00000/00000",
    ),
    "half turns of everything": (
        [
            ("0000000/0120000/0000000/0000000/0000010/0000000", "0000000/0120000/0000000/0000000/0000210/0000000"),
            ("3000/4000/0000/0003", "3000/4000/0004/0003"),
        ],
        "000000/050600/000000/000050",
        "000000/050600/000000/006050",
    ),
}

THROWN: dict[str, tuple[Pairs, str, str]] = {
    "mirrored over the marked side, the mark goes": (
        [
            ("00000000/00330000/00032000/00330000/00000000", "00000000/00333300/00033000/00333300/00000000"),
            ("00000/00200/04440/04000/00000/00000", "04000/04440/04440/04000/00000/00000"),
        ],
        "00000000/00000110/00002100/00000110",
        "00000000/00011110/00001100/00011110",
    ),
    "copied in the colour of the mark, again and again": (
        [
            ("0000000000/0330000000/0304000000/0000000000", "0000000000/0330440440/0304400400/0000000000"),
            ("0000/5500/0500/0600/0000/0000/0000", "0000/5500/0500/0600/6600/0600/0000"),
        ],
        "000000000/007770000/080700000/000000000",
        "000000000/807770000/080700000/000000000",
    ),
    "onto the other side of the marks, on another ground": (
        [
            ("77777777/71177777/77127777/77777777/77777777", "77777777/71171177/77121777/77777777/77777777"),
            ("37777/33777/78777/77777/77777/77777", "37777/33777/78777/33777/37777/77777"),
        ],
        "777777777/777447777/772747777/777447777",
        "777777777/447447777/472747777/447447777",
    ),
}


def _solved(solve, pairs: Pairs, test: str, wanted: str, toy_task, toy_grid, runner) -> bool:
    task = toy_task(pairs, test)
    drafts = list(solve(Examples.of_task(task)))
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    verdicts = runner.confirm([Program(draft.source, inputs) for draft in drafts])
    for verdict in verdicts:
        assert all(map(grids_equal, verdict.outputs, [pair.output for pair in task.train]))
    return any(grids_equal(verdict.outputs[-1], toy_grid(wanted)) for verdict in verdicts)


@pytest.mark.parametrize("name", COMPLETED)
def test_figures_are_completed_by_symmetry(name: str, toy_task, toy_grid, runner) -> None:
    assert _solved(symmetries.solve, *COMPLETED[name], toy_task, toy_grid, runner)


@pytest.mark.parametrize("name", THROWN)
def test_figures_are_thrown_to_their_marks(name: str, toy_task, toy_grid, runner) -> None:
    assert _solved(reflections.solve, *THROWN[name], toy_task, toy_grid, runner)


@pytest.mark.parametrize("solve", [symmetries.solve, reflections.solve], ids=["symmetries", "reflections"])
@pytest.mark.parametrize(
    ("pairs", "test"),
    [
        ([("0120/0000/3004", "0140/0200/3004"), ("0500/6000/0007", "0500/6050/8007")], "0100/2000"),
        ([("1100/0000", "2200/0000"), ("0011/1000", "0022/2000")], "1000/0001"),
        ([("123/405", "123"), ("31/42", "31")], "11/21"),
    ],
    ids=["noise", "recoloured only", "other sizes"],
)
def test_other_tasks_get_no_program(solve, pairs: Pairs, test: str, toy_task) -> None:
    assert list(solve(Examples.of_task(toy_task(pairs, test)))) == []
