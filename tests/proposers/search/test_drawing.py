"""Drawings on tiny tasks, one for each kind of stroke: the source gives the outputs; what was not drawn gets none."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.grids import grids_equal
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import drawing
from arc_solver.proposers.search.solvers.strokes import NOTHING, Stroke, drawings, scenes_of
from arc_solver.sandbox.verdicts import Ok, Program

Text = str

# name -> (stage that should find it, training pairs, test input, the right answer)
SOLVED: dict[str, tuple[str, list[tuple[Text, Text]], Text, Text]] = {
    "rows and columns, one on top": (
        "lines",
        [
            ("0000/0200/0000/0001", "0001/2222/0001/0001"),
            ("1000/0000/0002/0000", "1000/1000/2222/1000"),
        ],
        "0010/0000/0000/2000",
        "0010/0010/0010/2222",
    ),
    "rays away from the corner, behind what is there": (
        "lines",
        [
            ("00000/02200/02200/00000/00000", "80000/02200/02200/00000/00000"),
            ("00000/00000/00044/00044/00000", "08000/00800/00044/00044/00000"),
        ],
        "0000000/0000000/0000000/0006600/0006600",
        "8000000/0800000/0080000/0006600/0006600",
    ),
    "crossings in a colour of their own": (
        "lines",
        [
            ("00000/03000/00000/00000/00040", "03040/33383/03040/03040/48444"),
            ("40000/00000/00300/00000/00000", "44844/40300/83333/40300/40300"),
        ],
        "00000/00030/00000/04000/00000",
        "04030/38333/04030/44484/04030",
    ),
    "a box spanned by corners": (
        "lines",
        [
            ("00000/03030/00000/03030/00000", "00000/03030/00800/03030/00000"),
            ("3003/0000/0000/3003", "3003/0880/0880/3003"),
        ],
        "000000/300003/000000/000000/300003",
        "000000/300003/088880/088880/300003",
    ),
    "diagonals between equals": (
        "lines",
        [
            ("2000/0000/0000/0002", "2000/0200/0020/0002"),
            ("00003/02000/00000/00020/30000", "00003/02030/00300/03020/30000"),
        ],
        "00004/00000/00500/00000/40005",
        "00004/00040/00500/04050/40005",
    ),
    "a cross around dots": (
        "stamps",
        [
            ("00000/00000/00200/00000/00000", "00000/00700/07270/00700/00000"),
            ("00000/02000/00000/00002/00000", "07000/72700/07007/00072/00007"),
        ],
        "20000/00000/00000/00020/00000",
        "27000/70000/00070/00727/00070",
    ),
    "another pattern for another colour": (
        "stamps",
        [
            ("000000/010000/000000/000000/000040/000000", "000000/515000/000000/000606/000040/000606"),
            ("400000/000000/000010/000000", "400000/060000/000515/000000"),
        ],
        "00000/00100/00000/00000/04000",
        "00000/05150/00000/60600/04000",
    ),
    "water between walls": (
        "spreading",
        [
            ("05000/35000/05555/00000", "35000/35000/35555/33333"),
            ("00500/00500/55500/00003", "00533/00533/55533/33333"),
        ],
        "00050/30050/00050/55550",
        "33350/33350/33350/55550",
    ),
    "a shape that goes on": (
        "spreading",
        [
            ("1200000/2100000/0000000", "1212121/2121212/0000000"),
            ("000000/110000/030000", "000000/111111/030303"),
        ],
        "00000000/54500000/45400000",
        "00000000/54545454/45454545",
    ),
    "rays on a ground of another colour, some cells 0": (
        "lines",
        [
            ("77777/70777/77777/77777", "77777/00777/77777/77777"),
            ("77777/77777/77770/77777", "77777/77777/00000/77777"),
        ],
        "777777/777777/770777",
        "777777/777777/000777",
    ),
    "rings at a distance": (
        "spreading",
        [
            ("300000/000000/000000/000000/000000/000000", "380080/880080/000080/000080/888880/000000"),
            ("000000/000000/000000/000000/000000/000003", "000000/088888/080000/080000/080088/080083"),
        ],
        "000003/000000/000000/000000/000000/000000",
        "080083/080088/080000/080000/088888/000000",
    ),
    "a ball between two walls": (
        "spreading",
        [
            ("000/000/000/000/500", "500/050/005/050/500"),
            ("00/00/00/00/00/50", "05/50/05/50/05/50"),
        ],
        "0000/0000/0000/0000/0000/0000/5000",
        "5000/0500/0050/0005/0050/0500/5000",
    ),
    "a row of arrows, in two colours by turns": (
        "spreading",
        [
            ("0000000/0000000/3000000/0000000/0000000", "0000000/0030303/3606060/0030303/0000000"),
            ("000000/040000/000000/000000", "000404/046060/000404/000000"),
        ],
        "000000/008000/000000",
        "000080/008606/000080",
    ),
    "cones": (
        "spreading",
        [
            ("00000/00000/00200", "22222/02220/00200"),
            ("00000/00000/00000/07000", "77777/77770/77700/07000"),
        ],
        "000000/000000/000010",
        "001111/000111/000010",
    ),
    "moved aside by whatever is in the way": (
        "spreading",
        [
            ("000000/000000/300800/000000", "000000/003333/333800/000000"),
            ("000000/000000/000050/307000", "000000/000333/033350/337000"),
        ],
        "00000/00000/39000",
        "00000/33333/39000",
    ),
    "turned by whatever is in the way": (
        "spreading",
        [
            ("00040/00000/00000/00020/00000", "00040/00040/44440/00020/00000"),
            ("000040/000000/000000/010000/000060/000000", "004040/004040/004040/014440/000060/000000"),
        ],
        "0040/0000/0080/0000",
        "0040/4440/0080/0000",
    ),
    "water that parts": (
        "spreading",
        [
            ("00100/00000/05550/00000/00000", "00100/11111/15551/10001/10001"),
            ("0100/0000/0000/0600", "0100/0100/1110/1610"),
        ],
        "000100/000000/000200/000000",
        "000100/001110/001210/001010",
    ),
    "a flood of two colours by turns": (
        "spreading",
        [
            ("34000/55550/00000/05555", "34343/55554/34343/45555"),
            ("2500/1500/0550/0000", "2521/1512/2551/1212"),
        ],
        "0780/0550/0000",
        "8787/7558/8787",
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_the_solver_answers(name: str, runner, toy_task, toy_grid) -> None:
    stage, pairs, test, answer = SOLVED[name]
    task = toy_task(pairs, test)
    wanted = (*(pair.output for pair in task.train), toy_grid(answer))
    drafts = list(drawing.solve(Examples.of_task(task)))
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    verdicts = runner.confirm([Program(draft.source, inputs) for draft in drafts])
    fits = [draft for draft, v in zip(drafts, verdicts, strict=True) if isinstance(v, Ok)]
    assert len(fits) == len(drafts)
    for draft, verdict in zip(drafts, verdicts, strict=True):
        assert all(map(grids_equal, verdict.outputs, wanted[: len(pairs)])), draft.source
    right = {d.stage for d, v in zip(drafts, verdicts, strict=True) if grids_equal(v.outputs[-1], wanted[-1])}
    assert stage in right, [draft.source for draft in drafts]


@pytest.mark.parametrize(
    ("pairs", "test"),
    [
        ([("123/405/678", "9087/1234"), ("31/42", "91827/36455")], "11/21"),
        ([("0120/0000/3004", "0140/0200/3004"), ("0500/6000/0007", "0500/6050/8007")], "0100/2000"),
        ([("1100/0000", "2200/0000"), ("0011/1000", "0022/2000")], "1000/0001"),
    ],
    ids=["other sizes", "noise", "recoloured only"],
)
def test_what_was_not_drawn_gets_no_program(pairs: list[tuple[Text, Text]], test: Text, toy_task) -> None:
    assert list(drawing.solve(Examples.of_task(toy_task(pairs, test)))) == []


def test_strokes_are_written_from_the_bottom(toy_task) -> None:
    (scene,) = scenes_of(Examples.of_task(toy_task([("000/000", "112/020"), ("000/000", "112/020")], "000/000")))
    row = np.tile(np.array([1, 1, 1, -1, -1, -1], dtype=np.int8), 2)
    corner = np.tile(np.array([-1, -1, 2, -1, 2, -1], dtype=np.int8), 2)
    strokes = [Stroke((), "corner", corner, 1.0), Stroke((), "row", row, 1.0)]
    (draft, *_) = drawings(scene, "test", strokes)
    assert draft.body == ("out = grid.copy()", "row", "corner", "return out")


def test_a_stroke_that_paints_what_stays_empty_is_not_used(toy_task) -> None:
    (scene,) = scenes_of(Examples.of_task(toy_task([("000", "110"), ("000", "110")], "000")))
    whole = np.full(6, 1, dtype=np.int8)
    right = np.array([1, 1, NOTHING, 1, 1, NOTHING], dtype=np.int8)
    assert list(drawings(scene, "test", [Stroke((), "whole", whole, 1.0)])) == []
    bodies = [draft.body for draft in drawings(scene, "test", [Stroke((), "right", right, 1.0)])]
    assert bodies == [("out = grid.copy()", "right", "return out")]
