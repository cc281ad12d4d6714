"""Synthetic tasks are what their source computes, and worth learning."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

import arc_solver.dsl
from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.grids import Grid, as_grid, grid_key, grids_equal
from arc_solver.omni.synthesis import SynthesizedTask, synthesize

N_TASKS = 300


def scenes(seed: int, n: int = 4) -> list[Grid]:
    """A few alike grids: rectangles and dots of some colors on black."""
    rng = np.random.default_rng(seed)
    colors = 1 + rng.permutation(9)[:3]
    grids = []
    for _ in range(n):
        cells = np.zeros(rng.integers(5, 13, 2), dtype=np.int8)
        for _ in range(4):
            row, col = rng.integers(0, cells.shape[0]), rng.integers(0, cells.shape[1])
            n_rows, n_cols = rng.integers(1, 4, 2)
            cells[row : row + n_rows, col : col + n_cols] = rng.choice(colors)
        grids.append(as_grid(cells))
    return grids


def sample(seed: int) -> SynthesizedTask | None:
    return synthesize(np.random.default_rng(seed), scenes(seed))


@pytest.fixture(scope="module")
def tasks() -> list[SynthesizedTask]:
    return [task for task in map(sample, range(N_TASKS)) if task is not None]


def execute(source: str, grid: Grid) -> Any:
    scope: dict[str, Any] = {name: getattr(arc_solver.dsl, name) for name in arc_solver.dsl.__all__}
    exec(source, scope)
    return scope["task"](grid)


def test_nearly_every_call_finds_a_task(tasks: list[SynthesizedTask]) -> None:
    assert len(tasks) >= 0.9 * N_TASKS


def test_the_source_computes_the_pairs(tasks: list[SynthesizedTask]) -> None:
    for task in tasks:
        for pair in task.pairs:
            assert grids_equal(execute(task.source, pair.input), pair.output), task.source


def test_pairs_are_valid_and_belong_to_the_inputs_in_order() -> None:
    inputs = scenes(5)
    task = synthesize(np.random.default_rng(5), inputs)
    assert task is not None
    assert [grid_key(pair.input) for pair in task.pairs] == [grid_key(grid) for grid in inputs]
    for pair in task.pairs:
        assert grids_equal(as_grid(pair.output.tolist()), pair.output)
        assert not pair.output.flags.writeable


def test_programs_are_one_to_four_calls_in_lines_of_assignment(tasks: list[SynthesizedTask]) -> None:
    lengths = set()
    for task in tasks:
        (function,) = ast.parse(task.source).body
        assert isinstance(function, ast.FunctionDef)
        assert (function.name, [argument.arg for argument in function.args.args]) == ("task", ["grid"])
        *assignments, last = function.body
        assert all(isinstance(line, ast.Assign) for line in assignments)
        assert isinstance(last, ast.Return)
        called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
        assert all(isinstance(name, ast.Name) and name.id in PRIMITIVES for name in called)
        assert len(called) == len(function.body)
        lengths.add(len(called))
    assert lengths == {1, 2, 3, 4}


def test_every_assigned_name_is_used_before_it_is_assigned_again(tasks: list[SynthesizedTask]) -> None:
    for task in tasks:
        (function,) = ast.parse(task.source).body
        assert isinstance(function, ast.FunctionDef)
        pending: set[str] = set()
        for line in function.body:
            used = {node.id for node in ast.walk(line) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
            pending -= used
            stored = {
                node.id for node in ast.walk(line) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            assert not stored & pending, task.source
            pending |= stored
        assert not pending, task.source


def test_outputs_are_no_copies_no_blanks_and_vary(tasks: list[SynthesizedTask]) -> None:
    for task in tasks:
        outputs = [pair.output for pair in task.pairs]
        assert len({grid_key(output) for output in outputs}) > 1
        # Four pairs: a third of them is one.
        assert sum(grids_equal(pair.input, pair.output) for pair in task.pairs) <= 1
        assert sum(len(np.unique(output)) == 1 for output in outputs) <= 1


def test_no_line_can_be_skipped(tasks: list[SynthesizedTask]) -> None:
    n_checked = 0
    for task in tasks:
        lines = task.source.splitlines()
        for number, line in enumerate(lines[1:-1], start=1):
            name, _, call = line.strip().partition(" = ")
            # `result = f(grid)` and `result = f(result, ...)` can be left out without breaking the types.
            inner = call.partition("(")[2].partition(",")[0].rstrip(")")
            if not (name == "result" and inner in ("grid", "result")):
                continue
            shorter = "\n".join([*lines[:number], f"    {name} = {inner}", *lines[number + 1 :]])
            n_checked += 1
            assert not _computes(shorter, task), task.source
    assert n_checked > 50


def test_same_seed_same_task_other_seed_other_task() -> None:
    sources = {}
    for seed in range(20):
        first, again = sample(seed), sample(seed)
        assert first is not None
        assert again is not None
        assert first.source == again.source
        sources[seed] = first.source
    assert len(set(sources.values())) > 10


def test_much_of_the_vocabulary_occurs(tasks: list[SynthesizedTask]) -> None:
    used = {word for task in tasks for word in PRIMITIVES if f" {word}(" in task.source}
    assert len(used) >= 80


def test_blank_inputs_give_nothing_and_one_input_is_refused() -> None:
    blank = as_grid(np.zeros((3, 3), dtype=np.int8))
    assert synthesize(np.random.default_rng(0), [blank, blank]) is None
    with pytest.raises(ValueError, match="at least 2"):
        synthesize(np.random.default_rng(0), [blank])


def _computes(source: str, task: SynthesizedTask) -> bool:
    try:
        return all(grids_equal(execute(source, pair.input), pair.output) for pair in task.pairs)
    except ValueError:
        return False
