"""Synthetic tasks are what their source computes, and worth learning."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

import arc_solver.dsl
from arc_solver.dsl.registry import PRIMITIVES, Grid, Primitive
from arc_solver.grids import as_grid, grid_key, grids_equal
from arc_solver.omni.synthesis import Grammar, SynthesizedTask, default_grammar, synthesize
from arc_solver.omni.synthesis.vocabulary import Vocabulary

N_TASKS = 300
BUILTINS = {"len", "max", "min", "sorted", "np"}


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


def function_in(source: str) -> ast.FunctionDef:
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    return function


def names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, context)}


def local_names(node: ast.AST) -> set[str]:
    """Variables of loops and comprehensions."""
    return {name for one in ast.walk(node) if isinstance(one, ast.For | ast.comprehension) for name in targets(one)}


def targets(node: ast.For | ast.comprehension) -> set[str]:
    return names(node.target, ast.Store)


def execute(source: str, grid: Grid) -> Any:
    scope: dict[str, Any] = {name: getattr(arc_solver.dsl, name) for name in arc_solver.dsl.__all__} | {"np": np}
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


def test_programs_use_primitives_numpy_and_plain_python_only(tasks: list[SynthesizedTask]) -> None:
    for task in tasks:
        function = function_in(task.source)
        assert (function.name, [argument.arg for argument in function.args.args]) == ("task", ["grid"])
        assert isinstance(function.body[-1], ast.Return)
        known = {*PRIMITIVES, *BUILTINS, "grid"} | names(function, ast.Store)
        assert names(function, ast.Load) <= known, task.source
        assert not names(function, ast.Store) & {*PRIMITIVES, *BUILTINS}, task.source
        assert max(map(len, task.source.splitlines())) <= 120


def test_programs_are_of_many_forms_and_lengths(tasks: list[SynthesizedTask]) -> None:
    functions = [function_in(task.source) for task in tasks]
    # A painted grid is two statements of Python, a loop that starts from it two more.
    assert {1, 2, 3, 4, 5, 6} <= {len(function.body) for function in functions}
    for kind in (ast.For, ast.If, ast.ListComp, ast.Subscript, ast.Compare, ast.BinOp):
        n_found = sum(any(isinstance(node, kind) for node in ast.walk(function)) for function in functions)
        assert n_found >= 0.01 * len(functions), kind


def test_every_assigned_name_is_used_before_it_is_assigned_again(tasks: list[SynthesizedTask]) -> None:
    for task in tasks:
        function = function_in(task.source)
        pending: set[str] = set()
        for line in function.body:
            stored = names(line, ast.Store) - local_names(line)
            pending -= names(line, ast.Load)
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


def test_no_call_can_be_skipped(tasks: list[SynthesizedTask]) -> None:
    n_checked = 0
    for task in tasks:
        tree = ast.parse(task.source)
        (function,) = tree.body
        assert isinstance(function, ast.FunctionDef)
        for line in function.body[:-1]:
            match line:
                case ast.Assign(value=ast.Call(args=[ast.Name() as first, *_]) as call):
                    line.value = first
                    n_checked += 1
                    assert not computes(ast.unparse(tree), task), task.source
                    line.value = call
    assert n_checked > 200


def test_same_seed_same_task_other_seed_other_task() -> None:
    sources = {}
    for seed in range(20):
        first, again = sample(seed), sample(seed)
        assert first is not None
        assert again is not None
        assert first.source == again.source
        sources[seed] = first.source
    assert len(set(sources.values())) == 20


def test_much_of_the_vocabulary_occurs(tasks: list[SynthesizedTask]) -> None:
    used = {name for task in tasks for name in names(function_in(task.source), ast.Load)} & set(PRIMITIVES)
    assert len(used) >= 0.6 * len(PRIMITIVES)


def test_a_new_primitive_is_used_at_once() -> None:
    def paint_corner(grid: Grid) -> Grid:
        painted = grid.copy()
        painted[0, 0] = 9
        return painted

    new = Primitive("paint_corner", paint_corner, (Grid,), Grid, "test")
    words = Vocabulary([PRIMITIVES["rotate_90"], PRIMITIVES["flip_vertical"], new])
    grammar = Grammar(words, lengths=((2, 1.0),), families={"call": 1.0})
    made = [synthesize(np.random.default_rng(seed), scenes(seed), grammar) for seed in range(10)]
    assert any(task is not None and "paint_corner(" in task.source for task in made)


def test_plans_end_with_a_grid_and_use_every_value() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        plan = default_grammar().plan(rng)
        assert plan[-1].gives == Grid
        used = {index for step in plan for index in step.uses}
        assert set(range(1, len(plan))) <= used
        assert all(index < number for number, step in enumerate(plan, start=1) for index in step.uses)


def test_blank_inputs_give_nothing_and_one_input_is_refused() -> None:
    blank = as_grid(np.zeros((3, 3), dtype=np.int8))
    assert synthesize(np.random.default_rng(0), [blank, blank]) is None
    with pytest.raises(ValueError, match="at least 2"):
        synthesize(np.random.default_rng(0), [blank])


def computes(source: str, task: SynthesizedTask) -> bool:
    try:
        return all(grids_equal(execute(source, pair.input), pair.output) for pair in task.pairs)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return False
