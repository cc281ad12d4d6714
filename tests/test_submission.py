from __future__ import annotations

import copy
import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver import submission
from arc_solver.errors import MAX_LINE_LENGTH, InputError
from arc_solver.grids import as_grid, to_lists
from arc_solver.submission import (
    build,
    check_output_path,
    encode,
    load,
    validate,
    validate_form,
    write_atomic,
    write_json,
)
from arc_solver.tasks import Challenges, MalformedTask, Pair, Task
from arc_solver.voting import Attempt, TaskAttempts, choose_attempts

GRID = as_grid([[1, 2], [3, 4]])
GOOD = Task("good", (Pair(GRID, GRID),), (GRID, GRID))
BAD = MalformedTask("bad", "task bad: is ill", (None,))
CHALLENGES = Challenges((GOOD,), (BAD,), ("good", "bad"))


@pytest.fixture
def value():
    return build(CHALLENGES, {})


class TestBuild:
    def test_every_task_of_the_file_is_answered_in_its_order(self, value):
        assert list(value) == ["good", "bad"]
        assert [len(answers) for answers in value.values()] == [2, 1]
        assert validate(value, CHALLENGES) == []

    def test_given_attempts_are_taken(self):
        one, two = (Attempt(as_grid([[color]]), "") for color in (1, 2))
        value = build(CHALLENGES, {"bad": TaskAttempts("bad", ((one, two),))})
        assert value["bad"] == [{"attempt_1": [[1]], "attempt_2": [[2]]}]
        fallback = choose_attempts(GOOD).pairs[1][1]
        assert value["good"][1]["attempt_2"] == to_lists(fallback.grid)

    def test_bytes_are_compact_and_the_same_each_time(self, value):
        assert encode(value) == encode(build(CHALLENGES, {}))
        assert b" " not in encode(value)
        assert json.loads(encode(value)) == value


class TestValidate:
    @pytest.mark.parametrize(
        ("damage", "problem"),
        [
            (lambda v: v.pop("bad"), "task bad: is missing"),
            (lambda v: v.update(extra=[]), "task extra: is not among the challenges"),
            (lambda v: v.update(bad={}), "task bad: must be a list with an entry per test input, not dict"),
            (lambda v: v["good"].pop(), "task good: answers 1 test inputs, the task has 2"),
            (lambda v: v["bad"].append(v["bad"][0]), "task bad: answers 2 test inputs, the task has 1"),
            (lambda v: v["good"].__setitem__(1, []), "task good: [1]: must be an object, not list"),
            (lambda v: v["good"][1].pop("attempt_2"), "task good: [1]: has no attempt_2"),
            (lambda v: v["bad"][0].update(attempt_3=[[1]]), "task bad: [0]: 'attempt_3' does not belong here"),
            (lambda v: v["bad"][0].update(attempt_1=[]), "task bad: [0].attempt_1: the grid has no rows"),
            (lambda v: v["bad"][0].update(attempt_1=None), "task bad: [0].attempt_1: must be a list of lists"),
            (lambda v: v["bad"][0].update(attempt_1=[1]), "task bad: [0].attempt_1: must be a list of lists"),
            (lambda v: v["bad"][0].update(attempt_1=((1,),)), "task bad: [0].attempt_1: must be a list of lists"),
            (
                lambda v: v["bad"][0].update(attempt_1=[[True]]),
                "task bad: [0].attempt_1: row 0 holds True (bool), which is not a plain int",
            ),
            (
                lambda v: v["bad"][0].update(attempt_1=[[np.int8(1)]]),
                "task bad: [0].attempt_1: row 0 holds np.int8(1) (int8), which is not a plain int",
            ),
            (
                lambda v: v["bad"][0].update(attempt_1=[[0], [1.0]]),
                "task bad: [0].attempt_1: row 1 holds 1.0 (float), which is not a plain int",
            ),
            (lambda v: v["bad"][0].update(attempt_2=[[10]]), "task bad: [0].attempt_2: row 0 holds 10, outside 0..9"),
            (
                lambda v: v["bad"][0].update(attempt_2=[[0] * 31]),
                "task bad: [0].attempt_2: the grid is 1x31, a side may be at most 30",
            ),
            (
                lambda v: v["bad"][0].update(attempt_2=[[1], [1, 2]]),
                "task bad: [0].attempt_2: ragged: row 0 has 1 cells, row 1 has 2",
            ),
        ],
    )
    def test_each_problem_is_told_exactly(self, value, damage, problem):
        damage(value)
        assert validate(value, CHALLENGES) == [problem]

    def test_all_problems_are_told_at_once(self, value):
        value["good"][0]["attempt_1"] = []
        value["good"][1]["attempt_2"] = []
        del value["bad"]
        assert len(validate(value, CHALLENGES)) == 3

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            (
                '{"bad": [%(one)s], "good": [%(one)s, %(one)s], "bad": [%(one)s]}',
                "task bad: is answered more than once",
            ),
            (
                '{"bad": [{"attempt_1": [[1]], "attempt_2": [[1]], "attempt_1": [[2]]}], "good": [%(one)s, %(one)s]}',
                "task bad: [0].attempt_1: is told more than once",
            ),
        ],
    )
    def test_what_a_file_says_twice_is_not_resolved_silently(self, tmp_path, text, problem):
        path = tmp_path / "submission.json"
        path.write_text(text % {"one": '{"attempt_1": [[1]], "attempt_2": [[2]]}'})
        assert validate(load(path), CHALLENGES) == [problem]

    def test_problems_are_short_printable_lines_whatever_a_file_holds(self, value):
        wrong = "\x1b[31m\n\ud800" * 10_000
        value["bad"][0]["attempt_1"] = [[wrong]]
        value["good"][0][wrong] = 1
        value["good"][1]["attempt_1"] = [[10**5000]]
        value["good"][1]["attempt_2"] = [[[[[[[[[wrong]]]]]]]]]
        value[wrong] = []
        problems = validate(value, CHALLENGES)
        assert len(problems) == 5
        for problem in problems:
            assert problem.isprintable()
            assert len(problem) <= MAX_LINE_LENGTH
        assert "task good: [1].attempt_1: row 0 holds an integer of 16610 bits, outside 0..9" in problems

    def test_the_form_alone_can_be_checked_without_the_tasks(self, value):
        assert validate_form(value) == []
        value["other"] = []
        value["bad"][0]["attempt_1"] = [[True]]
        assert validate_form(value) == [
            "task bad: [0].attempt_1: row 0 holds True (bool), which is not a plain int",
            "task other: answers no test input",
        ]
        assert validate_form([]) == ["the submission must be an object, not list"]

    def test_what_is_no_object(self):
        assert validate([], CHALLENGES) == ["the submission must be an object, not list"]

    @settings(deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-1, 11) | st.text(max_size=3),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["good", "bad", "attempt_1", "attempt_2"]), inner, max_size=2)
            ),
            max_leaves=10,
        )
    )
    def test_nothing_raises(self, value):
        assert validate(value, CHALLENGES)


class TestWrite:
    def test_what_was_written_is_read(self, tmp_path, value):
        path = tmp_path / "submission.json"
        write_atomic(path, value)
        assert load(path) == value
        assert os.listdir(tmp_path) == ["submission.json"]

    def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(self, tmp_path, value):
        path = tmp_path / "submission.json"
        write_atomic(path, value)
        umask = os.umask(0)
        os.umask(umask)
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
        path.chmod(0o640)
        write_atomic(path, value)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_link_stays_a_link(self, tmp_path, value):
        (tmp_path / "real").mkdir()
        link, target = tmp_path / "submission.json", tmp_path / "real" / "target.json"
        target.write_text("{}")
        link.symlink_to(target)
        write_atomic(link, value)
        assert link.is_symlink()
        assert load(target) == value

    @pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
    def test_a_failure_leaves_the_old_file_and_nothing_else(self, tmp_path, value, monkeypatch, broken):
        path = tmp_path / "submission.json"
        write_atomic(path, value)
        before = path.read_bytes()

        def full(*args):
            raise OSError(errno.ENOSPC, "No space left on device")

        other = copy.deepcopy(value)
        other["bad"][0]["attempt_1"] = [[9]]
        with monkeypatch.context() as patch:
            if broken == "write":
                patch.setattr(submission, "_write_synced", lambda path, *args: (path.touch(), full()))
            else:
                patch.setattr(os, broken, full)
            with pytest.raises(OSError, match="No space left"):
                write_atomic(path, other)
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == ["submission.json"]

    def test_numpy_integers_and_numbers_that_json_lacks_are_refused_before_anything_is_touched(self, tmp_path):
        for value in ({"a": [{"attempt_1": [[np.int8(1)]]}]}, {"a": float("nan")}):
            with pytest.raises((TypeError, ValueError)):
                write_atomic(tmp_path / "submission.json", value)
        assert os.listdir(tmp_path) == []

    def test_leftovers_of_dead_processes_are_removed_and_others_kept(self, tmp_path, value):
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        kept = [".submission.json.1.tmp", ".submission.json.x.tmp", f".other.json.{dead.pid}.tmp"]
        for name in (*kept, f".submission.json.{dead.pid}.tmp"):
            (tmp_path / name).touch()
        write_atomic(tmp_path / "submission.json", value)
        assert sorted(os.listdir(tmp_path)) == sorted([*kept, "submission.json"])

    def test_json_for_people(self, tmp_path):
        write_json(tmp_path / "run.json", {"a": [1]})
        assert (tmp_path / "run.json").read_text() == '{\n  "a": [\n    1\n  ]\n}\n'

    def test_a_killed_writer_leaves_a_whole_file(self, tmp_path, value):
        path = tmp_path / "submission.json"
        values = [value, build(Challenges((), (BAD,), ("bad",)), {})]
        (tmp_path / "values.json").write_text(json.dumps(values))
        program = (
            "import itertools, json, pathlib, sys\n"
            "from arc_solver.submission import write_atomic\n"
            "folder = pathlib.Path(sys.argv[1])\n"
            "values = json.loads((folder / 'values.json').read_text())\n"
            "for value in itertools.cycle(values): write_atomic(folder / 'submission.json', value)\n"
        )
        rng = np.random.default_rng(5)
        for _ in range(5):
            writer = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
            while not path.exists():
                assert writer.poll() is None
                time.sleep(0.01)
            time.sleep(float(rng.uniform(0, 0.05)))
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            assert load(path) in values
            path.unlink()
        write_atomic(path, value)
        assert sorted(os.listdir(tmp_path)) == ["submission.json", "values.json"]


class TestOutputPath:
    def test_good_ones(self, tmp_path):
        check_output_path(tmp_path / "new.json")
        assert os.listdir(tmp_path) == []

    def test_bad_ones(self, tmp_path):
        with pytest.raises(InputError, match="is a folder"):
            check_output_path(tmp_path)
        with pytest.raises(InputError, match="does not exist"):
            check_output_path(tmp_path / "none" / "submission.json")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_read_only_folder(self, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(InputError, match="cannot be written"):
            check_output_path(tmp_path / "submission.json")


class TestLoad:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "the file is empty"),
            (b'{"a":', "broken JSON at line 1, column 6"),
            (b"[]", "the top level must be an object, not a list"),
            (b"\xff\xfe\xfd", "not UTF-8 text: byte 0 is 0xff"),
            (b"\xef\xbb\xbf{}", "begins with a byte order mark, which JSON readers refuse"),
            ('{"a": []}'.encode("utf-16"), "not UTF-8 text: byte 0 is 0xff"),
            (b"[" * 100_000, "broken JSON"),
            (b'{"a":' * 100_000, "broken JSON"),
            (b'{"a": ' + b"1" * 5000 + b"}", "broken JSON: Exceeds the limit"),
        ],
    )
    def test_one_line_names_the_fault(self, tmp_path, data, message):
        path = tmp_path / "submission.json"
        path.write_bytes(data)
        with pytest.raises(InputError, match=message) as caught:
            load(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(InputError, match="cannot be read: No such file"):
            load(tmp_path / "none.json")
