"""Operations: what each computes is what its source says, and loops and masks are found."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.dsl.registry import PRIMITIVES, Object
from arc_solver.proposers.search.enumerate import PROGRAM_ERRORS, Enumeration
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.values import signature
from arc_solver.proposers.search.vocabulary import Operation, operations

GRID = np.array([[0, 1, 1, 0, 0], [0, 1, 1, 0, 3], [0, 0, 0, 0, 3], [2, 2, 2, 0, 3]], dtype=np.int8)
OBJECTS = PRIMITIVES["find_objects"].function(GRID, True, False)
SAMPLES = {
    "grid": [GRID, GRID[::-1, ::-1].copy()],
    "grids": [[GRID[:2], GRID[2:]], [GRID[:, :2], GRID[:, 2:]]],
    "object": OBJECTS,
    "objects": [OBJECTS, OBJECTS[::-1]],
    "color": [0, 1, 3],
    "count": [1, 2],
    "bool": [True, False],
    "int": [0, 1],
    "cells": [GRID == 1, GRID > 0],
}
OPERATIONS = {f"{one.pattern} {one.argument_types}": one for one in operations()}


def result_of(call, result_type: str) -> bytes | str:
    try:
        return signature(result_type, [call()])
    except PROGRAM_ERRORS as error:
        return type(error).__name__


@pytest.mark.parametrize("name", OPERATIONS)
def test_source_says_what_is_computed(name: str) -> None:
    operation: Operation = OPERATIONS[name]
    scope = {one.name: one.function for one in PRIMITIVES.values()} | {"np": np, "Object": Object}
    letters = [f"argument_{index}" for index in range(len(operation.argument_types))]
    source = compile(operation.pattern.format(*letters), "<pattern>", "eval")
    for arguments in itertools.product(*(SAMPLES[one] for one in operation.argument_types)):
        names = scope | dict(zip(letters, arguments, strict=True))
        written = result_of(lambda names=names: eval(source, names), operation.result_type)  # noqa: S307 - our own text
        computed = result_of(lambda arguments=arguments: operation.function(*arguments), operation.result_type)
        assert written == computed


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if one.commutes])
def test_what_commutes_commutes(name: str) -> None:
    operation = OPERATIONS[name]
    first_two, rest = SAMPLES[operation.argument_types[0]], operation.argument_types[2:]
    for others in itertools.product(*(SAMPLES[one] for one in rest)):
        calls = [operation.function(*pair, *others) for pair in (first_two[:2], first_two[1::-1])]
        assert signature("", calls[:1]) == signature("", calls[1:])


def found(task, prices: dict[str, int], max_programs: int = 3000) -> list[str]:
    bank = Enumeration(Examples.of_task(task), max_programs, Deadline.after(1, ManualClock()), prices).run()
    return [value.expression for value in bank.fitting]


def test_loops_over_objects_are_found(toy_task) -> None:
    pairs = [("1110/0000/0220/0220", "0000/0000/0220/0220"), ("3300/3300/0000/0444", "3300/3300/0000/0000")]
    words = {"find_objects": 2, "is_line": 3, "remove_objects": 3, "keep_objects": 3}
    assert any(
        "for obj in" in one and "is_line(obj)" in one for one in found(toy_task(pairs, "5550/0000/0660/0660"), words)
    )


def test_masks_are_found(toy_task) -> None:
    pairs = [("1010/0120/1111", "3030/0320/3333"), ("0100/2010/0001", "0300/2030/0003")]
    fitting = found(toy_task(pairs, "11/20"), {"==": 2, "paint_cells": 2, "replace_color": 9, "swap_colors": 9})
    assert fitting[0] == "paint_cells(grid, (grid == 1), 3)"


def test_cheap_words_come_first(toy_task) -> None:
    pairs = [("12/34", "21/43"), ("501/230", "105/032")]
    dear = {one.word: 9 for one in operations()}
    task = toy_task(pairs, "67/89")
    bank = Enumeration(Examples.of_task(task), 2, Deadline.after(1, ManualClock()), dear | {"flip_horizontal": 2}).run()
    assert [value.expression for value in bank.fitting] == ["flip_horizontal(grid)"]
