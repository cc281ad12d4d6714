"""Every primitive gets tasks in which it is the decisive step."""

from __future__ import annotations

import ast
import zlib
from functools import cache

import numpy as np
import pytest

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.grids import Grid, as_grid, grid_key, grids_equal
from arc_solver.omni.inputs import GeneratedInputs
from arc_solver.omni.made_tasks import InputMix, PrimitiveTasks
from arc_solver.omni.primitive_tasks import primitive_task, teachable_primitives, unteachable_primitives
from arc_solver.omni.running import run_program
from arc_solver.omni.synthesis import SynthesizedTask

N_DRAWS = 40
MAX_SHARE_UNCOVERED = 0.03


@cache
def inputs(seed: int) -> tuple[Grid, ...] | None:
    drawn = GeneratedInputs(max_cells=120).draw(np.random.default_rng(seed), 3)
    return None if drawn is None else drawn.grids


@cache
def first_task(name: str) -> SynthesizedTask | None:
    """The first task that is found for a primitive; every one of them starts with other inputs."""
    start = zlib.crc32(name.encode()) % 100
    for seed in range(start, start + N_DRAWS):
        grids = inputs(seed)
        task = None if grids is None else primitive_task(np.random.default_rng(seed), name, grids)
        if task is not None:
            return task
    return None


def test_every_primitive_can_be_taught() -> None:
    # The list follows from the kinds that primitives take and give; a new kind may need a way from and to grids.
    assert unteachable_primitives() == {}
    assert teachable_primitives() == tuple(PRIMITIVES)


def test_nearly_every_primitive_finds_a_task_on_generated_inputs() -> None:
    uncovered = [name for name in PRIMITIVES if first_task(name) is None]
    # These apply to rare inputs only: two halves beside a line of a color of its own, for example.
    assert len(uncovered) <= MAX_SHARE_UNCOVERED * len(PRIMITIVES), uncovered


def test_the_source_calls_the_primitive_and_computes_the_pairs() -> None:
    for name in PRIMITIVES:
        task = first_task(name)
        if task is None:
            continue
        called = {node.id for node in ast.walk(ast.parse(task.source)) if isinstance(node, ast.Name)}
        assert name in called, task.source
        outputs = run_program(task.source, [pair.input for pair in task.pairs])
        assert outputs is not None
        for pair, output in zip(task.pairs, outputs, strict=True):
            assert grids_equal(pair.output, output), task.source
        assert len({grid_key(pair.output) for pair in task.pairs}) > 1


def test_the_stream_goes_through_the_whole_vocabulary() -> None:
    maker = PrimitiveTasks(InputMix([(GeneratedInputs(max_cells=100), 1.0)]))
    made = [maker.draw(np.random.default_rng(seed), 3) for seed in range(150)]
    assert sum(task is not None for task in made) > 120
    sources = " ".join(task.source for task in made if task is not None)
    called = {name for name in PRIMITIVES if f"{name}(" in sources or f"key={name}" in sources}
    assert len(called) > 0.5 * len(PRIMITIVES)


def test_programs_are_short() -> None:
    lengths = [task.source.count("\n") for task in map(first_task, PRIMITIVES) if task is not None]
    assert np.median(lengths) <= 6


def test_same_seed_same_task() -> None:
    grids = inputs(1)
    assert grids is not None
    for name in ("rotate_90", "largest_object", "component_size", "count_colors", "is_line"):
        first, again = (primitive_task(np.random.default_rng(3), name, grids) for _ in range(2))
        assert (first and first.source) == (again and again.source)


def test_blank_inputs_give_nothing_and_unknown_names_are_refused() -> None:
    blank = as_grid(np.zeros((3, 3), dtype=int))
    assert primitive_task(np.random.default_rng(0), "outline", [blank, blank]) is None
    with pytest.raises(KeyError):
        primitive_task(np.random.default_rng(0), "no_such_word", [blank, blank])
