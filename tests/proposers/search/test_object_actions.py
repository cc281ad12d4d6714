"""Objects in action: each kind of rule on a tiny task of its own, and tasks that no rule should fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.grids import Grid, grids_equal
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.solvers import object_actions
from arc_solver.proposers.search.solvers.object_actions import _painting_lines
from arc_solver.proposers.search.solvers.object_canvas import Rule
from arc_solver.proposers.search.solvers.object_marks import marks, own_cells
from arc_solver.proposers.search.solvers.object_motions import motions
from arc_solver.proposers.search.solvers.object_pointers import aimed_marks
from arc_solver.proposers.search.solvers.object_scenes import scenes
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Task

# name -> (training pairs, test input, the right answer)
SOLVED: dict[str, tuple[list[tuple[str, str]], str, str]] = {
    "recoloured by size": (
        [
            ("110000/000010/000010/100000", "330000/000030/000030/100000"),
            ("100000/000010/110000/000000", "100000/000010/330000/000000"),
        ],
        "001000/000000/110010/000010",
        "001000/000000/330030/000030",
    ),
    "a table from colours to colours of rings": (
        [
            ("00000/00100/00000/00000/02000", "04440/04140/04440/55500/52500"),
            ("00000/02000/00000/00000/00010", "55500/52500/55500/00444/00414"),
        ],
        "10000/00000/00000/00020/00000",
        "14000/44000/00555/00525/00555",
    ),
    "erased unless it is the largest": (
        [
            ("110000/110020/000000/333000", "110000/110000/000000/000000"),
            ("100020/000022/440002/440002", "000020/000022/000002/000002"),
        ],
        "555000/555010/000000/220000",
        "555000/555000/000000/000000",
    ),
    "moved by its own height": (
        [("1100/1100/0000/0000/0020/0000", "0000/0000/1100/1100/0000/0020"), ("300/300/000/000", "000/000/300/300")],
        "044/000/000/000",
        "000/044/000/000",
    ),
    "slides down until something stops it": (
        [("100/100/000/555", "000/100/100/555"), ("0020/0000/0000/5555", "0000/0000/0020/5555")],
        "0330/0000/0000/5555",
        "0000/0000/0330/5555",
    ),
    "rays of two colours in two directions": (
        [
            ("00000/01000/00000/00020/00000", "00020/01121/00020/00020/00000"),
            ("10000/00000/00002/00000/00000", "11112/00002/00002/00000/00000"),
        ],
        "00000/00000/00100/20000/00000",
        "20000/20000/20111/20000/00000",
    ),
    "filled and outlined": (
        [
            ("0000000/0222000/0202000/0222000/0000000", "3333300/3222300/3242300/3222300/3333300"),
            ("00000000/00022220/00020020/00022220/00000000", "00333333/00322223/00324423/00322223/00333333"),
        ],
        "00000000/00222000/00202000/00202000/00222000/00000000/00000000",
        "03333300/03222300/03242300/03242300/03222300/03333300/00000000",
    ),
    "every figure in the colour of the marker": (
        [("700/011/011", "000/077/077"), ("0006/1110/0100/0000", "0000/6660/0600/0000")],
        "0011/0010/0000/3000",
        "0033/0030/0000/0000",
    ),
    "on a background that is not black": (
        [("88888/81118/88888/88818", "88888/83338/88888/88818"), ("8888/1888/8811/8888", "8888/1888/8833/8888")],
        "8881/1188/8888",
        "8881/3388/8888",
    ),
    "poured out of the open side of cups": (
        [
            ("0000000/0220000/0200000/0220000/0000000", "0000000/0220000/0277777/0220000/0000000"),
            ("33300/30300/00000/00000/00000", "33300/37300/07000/07000/07000"),
        ],
        "00000/00000/00404/00444/00000",
        "00070/00070/00474/00444/00000",
    ),
    "pushed to the side of their odd cell": (
        [
            ("00000/11200/00000", "00000/00112/00000"),
            ("0000/0000/0020/0010/0010", "0020/0010/0010/0000/0000"),
            ("00211/00000/00000", "21100/00000/00000"),
        ],
        "01000/01000/02000/00000/00000",
        "00000/00000/01000/01000/02000",
    ),
    "shot away from the block that they sit on": (
        [
            ("0000000/0022000/0022400/0000000", "0000000/0022000/0022444/0000000"),
            ("00000/00000/00300/00220/00220", "00300/00300/00300/00220/00220"),
        ],
        "0000000/0005220/0000220",
        "0000000/5555220/0000220",
    ),
    "dots away from the edge": (
        [
            ("000000000/000000000/500000000/000000000/000000000", "000000000/000000000/506060606/000000000/000000000"),
            ("0005000/0000000/0000000/0000000/0000000", "0005000/0000000/0006000/0000000/0006000"),
        ],
        "000000/000000/000005/000000/000000",
        "000000/000000/060605/000000/000000",
    ),
    "copies in the colour and direction of those begun": (
        [
            ("110300000/110330000/000000000", "110330330/110330330/000000000"),
            ("000/000/000/040/044/000/011/011", "044/044/000/044/044/000/011/011"),
        ],
        "11000000/11000000/00000000/00022000/00020000/00000000/00000000/00000000",
        "11000000/11000000/00000000/00022000/00022000/00000000/00000022/00000022",
    ),
    "figures with three ends or more": (
        [
            ("3330300/0300300/0000333/3030000/3330000/0000000", "5550300/0500300/0000333/3030000/3330000/0000000"),
            ("0300333/3330030/0300030/0000000/3333000/0000000", "0500555/5550050/0500050/0000000/3333000/0000000"),
            ("3003000/3333000/3003000/0000033/3330030/0000000", "5005000/5555000/5005000/0000033/3330030/0000000"),
        ],
        "0000030/3330333/3000000/3330330/0000030/0000333",
        "0000050/3330555/3000000/3330550/0000050/0000555",
    ),
    "arms as long as the object": (
        [
            ("000000000/000330000/000000000", "000000000/088338800/000000000"),
            ("00000/00000/00400", "00000/00000/08480"),
        ],
        "0000000000000/0000055500000/0000000000000",
        "0000000000000/0088855588800/0000000000000",
    ),
    "rays where nothing is ahead": (
        [
            ("00000/02050/00000", "07070/72057/07070"),
            ("0000/0200/0000/0500", "0700/7277/0000/7577"),
        ],
        "00000/05020/00000/00000",
        "07070/75027/07070/07070",
    ),
    "beams as broad as the bar is thick": (
        [
            ("6600000/6600000/6900000/6600000/6600000", "6600000/6666666/6999999/6666666/6600000"),
            (
                "0000000/0000000/0000000/0000000/6669666/6666666/6666666",
                "0669660/0669660/0669660/0669660/6669666/6666666/6666666",
            ),
        ],
        "00066/00066/00096/00066/00066",
        "00066/66666/99996/66666/00066",
    ),
}
UNSOLVED: dict[str, tuple[list[tuple[str, str]], str]] = {
    "rays in directions that no shape tells": (
        [("000/020/000/000", "000/022/000/000"), ("000/020/000/000", "020/020/000/000")],
        "000/000/020/000",
    ),
    "outputs of another size": ([("10/00", "1"), ("02/00", "2")], "30/00"),
    "cells that no object explains": (
        [
            ("00000/00200/00000", "00300/00200/40000"),
            ("00000/02000/00000", "30000/02000/00004"),
            ("00020/00000/00000", "00020/00003/04000"),
        ],
        "00000/00000/02000",
    ),
    "no rule for twins of which one changes": ([("10/00", "20/00"), ("10/00", "10/00")], "10/11"),
}


@pytest.mark.parametrize("name", SOLVED)
def test_a_rule_about_objects_gives_the_right_test_output(
    name: str, toy_task: Callable[..., Task], toy_grid: Callable[[str], Grid], runner
) -> None:
    pairs, test, answer = SOLVED[name]
    task = toy_task(pairs, test)
    best = _best(list(object_actions.solve(Examples.of_task(task))))
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    [verdict] = runner.confirm([Program(best.source, inputs)])

    assert isinstance(verdict, Ok)
    wanted = [*(pair.output for pair in task.train), toy_grid(answer)]
    assert all(grids_equal(a, b) for a, b in zip(verdict.outputs, wanted, strict=True)), best.source


@pytest.mark.parametrize("name", UNSOLVED)
def test_other_tasks_get_no_draft(name: str, toy_task: Callable[..., Task]) -> None:
    pairs, test = UNSOLVED[name]

    assert list(object_actions.solve(Examples.of_task(toy_task(pairs, test)))) == []


def test_every_draft_does_what_its_rules_foresee(toy_task: Callable[..., Task], runner) -> None:
    for pairs, test, _ in SOLVED.values():
        task = toy_task(pairs, test)
        drafts = list(object_actions.solve(Examples.of_task(task)))
        verdicts = runner.confirm([Program(draft.source, tuple(p.input for p in task.train)) for draft in drafts])
        for draft, verdict in zip(drafts, verdicts, strict=True):
            found = zip(verdict.outputs, (pair.output for pair in task.train), strict=True)
            assert all(grids_equal(a, b) for a, b in found), draft.source


def test_sources_are_short_and_found_again(toy_task: Callable[..., Task]) -> None:
    for pairs, test, _ in SOLVED.values():
        examples = Examples.of_task(toy_task(pairs, test))
        drafts = list(object_actions.solve(examples))

        assert drafts == list(object_actions.solve(examples))
        assert len(_best(drafts).body) <= 12


def test_marks_foresee_the_cells_that_their_python_paints() -> None:
    names: dict[str, object] = {name: one.function for name, one in PRIMITIVES.items()} | {"np": np}
    rng = np.random.default_rng(5)
    n_painted = 0
    for _ in range(2):
        cells = rng.choice(4, size=(7, 9), p=(0.7, 0.1, 0.1, 0.1)).astype(np.int8)
        cells[3, 3:6] = (2, 1, 3)
        examples = Examples((cells, cells), (np.roll(cells, 1, 0),))
        for scene in list(scenes(examples))[:3]:
            names["grid"], names["objects"] = cells, [thing.obj for thing in scene.things[0]]
            aimed = aimed_marks(scene, examples.outputs)
            for mark in (own_cells(), *marks(), *motions(scene, examples.outputs), *aimed):
                for thing in scene.things[0]:
                    lines = _painting_lines(Rule(scene, mark, "9", "", "", "", False, False, 0, 0, 0.0))
                    names["out"], names["obj"] = cells.copy(), thing.obj
                    touched = mark.touched(thing)
                    try:
                        exec("\n".join(lines), names)
                    except ValueError:
                        assert not len(touched), lines
                        continue
                    painted = np.flatnonzero(np.asarray(names["out"]).ravel() == 9)
                    assert painted.tolist() == sorted(set(touched.tolist())), lines
                    n_painted += len(painted)
    assert n_painted > 500


def _best(drafts: list[Draft]) -> Draft:
    return min(drafts, key=lambda draft: (draft.cost, draft.source))
