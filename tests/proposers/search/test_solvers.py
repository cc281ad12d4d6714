"""Each solver on tiny tasks of its kind: its source gives the outputs; what is not of its kind gets none."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.grids import Grid, grids_equal
from arc_solver.proposers.search.answers import color_answers, count_answers
from arc_solver.proposers.search.enumerate import Bank, Enumeration
from arc_solver.proposers.search.examples import Draft, Examples
from arc_solver.proposers.search.second_step import recolored, ruled
from arc_solver.proposers.search.solvers import (
    cell_rules,
    completion,
    panel_rules,
    part_rules,
    recolor,
    selection,
    sorting,
    tiling,
)
from arc_solver.proposers.search.stability import UNSTABLE_COST, stable_drafts
from arc_solver.proposers.search.stacking import layers, side_by_side
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Task

Text = str
Toy = tuple[list[tuple[Text, Text]], Text, Text]


def bank_of(task: Task, max_programs: int = 2500) -> Bank:
    return Enumeration(Examples.of_task(task), max_programs, Deadline.after(1, ManualClock())).run()


def with_lists(solve: Callable[..., Iterable[Draft]]) -> Callable[[Task], Iterable[Draft]]:
    def found(task: Task) -> Iterable[Draft]:
        values = bank_of(task).values
        lists = sorted([*values.get("grids", []), *values.get("objects", [])], key=lambda value: value.cost)
        return solve(Examples.of_task(task), lists)

    return found


def with_values(solve: Callable[..., Iterable[Draft]], type_name: str) -> Callable[[Task], Iterable[Draft]]:
    return lambda task: solve(Examples.of_task(task), bank_of(task).values.get(type_name, []))


def alone(solve: Callable[[Examples], Iterable[Draft]]) -> Callable[[Task], Iterable[Draft]]:
    return lambda task: solve(Examples.of_task(task))


# name -> (solver, training pairs, test input, the right answer)
SOLVED: dict[str, tuple[Callable[[Task], Iterable[Draft]], list[tuple[Text, Text]], Text, Text]] = {
    "colour table": (alone(recolor.solve), [("12/30", "52/30"), ("11/20", "55/20")], "31/21", "35/25"),
    "mosaic of mirror images": (
        alone(tiling.solve),
        [("12/30", "1221/3003"), ("45/06", "4554/0660")],
        "70/08",
        "7007/0880",
    ),
    "a copy for every cell": (
        alone(tiling.solve),
        [("10/01", "1000/0100/0010/0001"), ("02/22", "0002/0022/0202/2222")],
        "30/33",
        "3000/3300/3030/3333",
    ),
    "cells in line with a marker": (
        alone(cell_rules.solve),
        [("0300/0000", "0344/0000"), ("0000/3000/0000", "0000/3444/0000")],
        "00000/00030",
        "00000/00034",
    ),
    "components by size": (
        alone(cell_rules.solve),
        [
            ("5500/0005/0005/0055", "1100/0002/0002/0022"),
            ("5550/0500/0000/5500", "2220/0200/0000/1100"),
        ],
        "0055/5000/5550/0000",
        "0011/2000/2220/0000",
    ),
    "only the largest stays": (
        alone(cell_rules.solve),
        [("1100/0000/0222", "0000/0000/0222"), ("3330/0000/4400", "3330/0000/0000")],
        "5000/0006/0006",
        "0000/0006/0006",
    ),
    "panels compared": (
        with_lists(panel_rules.solve),
        [("10510/01500/11511", "30/00/33"), ("01501/11510/00511", "03/30/00")],
        "11501/10510/01500",
        "03/30/00",
    ),
    "a cell for every panel": (
        with_lists(part_rules.solve),
        [
            ("10500/01511/55555/00510/11500", "22/20"),
            ("11501/00501/55555/10500/00500", "22/00"),
            ("10511/00500/55555/11510/11500", "02/20"),
        ],
        "10500/10500/55555/01511/10500",
        "20/22",
    ),
    "the part with most cells": (
        with_lists(selection.solve),
        [("1100/0002", "11"), ("3000/0044/0044", "44/44"), ("0500/0500/0006", "5/5")],
        "7000/0088/0080",
        "88/80",
    ),
    "the part unlike the others": (
        with_lists(selection.solve),
        [("125125134", "134"), ("725735725", "735"), ("845835845", "835")],
        "925945925",
        "945",
    ),
    "hidden by a patch": (
        alone(completion.solve),
        [("1221/3449/3443/1221", "1221/3443/3443/1221"), ("9551/2332/2332/1551", "1551/2332/2332/1551")],
        "1551/9332/2332/1551",
        "1551/2332/2332/1551",
    ),
    "the hidden patch alone": (
        alone(completion.solve),
        [("1221/3449/3443/1221", "3"), ("1551/2332/2992/1551", "33")],
        "9551/9332/2332/1551",
        "1/2",
    ),
    "diagonal stripes": (
        alone(completion.solve),
        [("1230/2300/3000/0000", "1231/2312/3123/1231"), ("4500/5400/4000/0000", "4545/5454/4545/5454")],
        "6780/7800/8000/0000",
        "6786/7867/8678/6786",
    ),
    "rows by length": (
        alone(sorting.solve),
        [("111/200/330", "200/330/111"), ("440/555/600", "600/440/555")],
        "777/880/900",
        "900/880/777",
    ),
    "colours by frequency": (
        alone(sorting.solve),
        [("0000/1112/1200", "1/2"), ("0000/0333/0400", "3/4")],
        "0066/0006/0500",
        "6/5",
    ),
    "one colour": (
        with_values(color_answers, "color"),
        [("1120/0000", "1"), ("3004/0044", "4"), ("0055/0500", "5")],
        "6670/0000",
        "6",
    ),
    "a count as a row": (
        with_values(count_answers, "count"),
        [("1010/0000", "22"), ("1010/0001", "222"), ("1000/0000", "2")],
        "1010/0000/1010",
        "2222",
    ),
    "two halves joined": (
        with_values(side_by_side, "grid"),
        [("12/34", "1221/3443"), ("50/06", "5005/0660")],
        "78/90",
        "7887/9009",
    ),
    "layers": (
        with_values(layers, "grid"),
        [("1000/0000", "1111/1000"), ("0000/0020", "0020/2222"), ("0300/0000", "3333/0300")],
        "0000/0004",
        "0004/4444",
    ),
    "turned and recoloured": (
        with_values(recolored, "grid"),
        [("12/00/00", "003/004"), ("10/20/00", "043/000")],
        "22/00/00",
        "004/004",
    ),
    "enlarged, then a rule": (
        with_values(ruled, "grid"),
        [("10/00", "1133/1133/3300/3300"), ("000/010", "003300/003300/331133/331133")],
        "01/00",
        "3311/3311/0033/0033",
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_the_solver_answers(name: str, runner, toy_task, toy_grid) -> None:
    solve, pairs, test, answer = SOLVED[name]
    task = toy_task(pairs, test)
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    wanted = (*(pair.output for pair in task.train), toy_grid(answer))
    drafts = list(solve(task))
    verdicts = runner.confirm([Program(draft.source, inputs) for draft in drafts])
    assert any(is_right(verdict, wanted) for verdict in verdicts), [draft.source for draft in drafts]
    for draft, verdict in zip(drafts, verdicts, strict=True):
        assert is_right(verdict, wanted[: len(pairs)]), draft.source


def is_right(verdict: object, wanted: tuple[Grid, ...]) -> bool:
    return isinstance(verdict, Ok) and all(map(grids_equal, verdict.outputs, wanted))


@pytest.mark.parametrize("name", SOLVED)
def test_nothing_is_written_for_noise(name: str, toy_task) -> None:
    solve = SOLVED[name][0]
    noise = toy_task([("123/405/678", "9087/1234"), ("31/42", "91827/36455")], "11/21")
    assert list(solve(noise)) == []


def test_a_program_that_needs_every_pair_costs_more(toy_task) -> None:
    shaky = Examples.of_task(toy_task([("12", "52"), ("13", "53"), ("24", "26")], "14"))
    firm = Examples.of_task(toy_task([("12", "52"), ("13", "53"), ("31", "35")], "12"))
    (unstable,), (stable,) = stable_drafts(recolor.solve, shaky), stable_drafts(recolor.solve, firm)
    assert unstable.cost >= next(recolor.solve(shaky)).cost + UNSTABLE_COST
    assert stable.cost == next(recolor.solve(firm)).cost


def test_rules_speak_of_the_test_inputs_too(toy_task) -> None:
    # Colour 3 and height 1 both explain the pairs; only the colour still says something about the test input.
    task = toy_task([("3330/0000/0200", "4440/0000/0200"), ("0000/0333/2000", "0000/0444/2000")], "3000/3000/3002")
    cheapest = min(cell_rules.solve(Examples.of_task(task)), key=lambda draft: draft.cost)
    assert "grid == 3" in cheapest.source or "ray_color" in cheapest.source
