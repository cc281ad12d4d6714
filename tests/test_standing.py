"""A valid file stands from the first moment, and a run that is refused leaves what was there."""

from __future__ import annotations

import json
from pathlib import Path

from arc_solver.standing import stand_by
from arc_solver.submission import load, validate
from arc_solver.tasks import Challenges, MalformedTask


def test_what_stands_first_is_valid_malformed_tasks_and_all(flip_challenges: Challenges, tmp_path: Path) -> None:
    broken = MalformedTask("broken", "task broken: no training pairs", (None, flip_challenges.tasks[0].test_inputs[0]))
    challenges = Challenges(flip_challenges.tasks, (broken,), ("broken", *flip_challenges.order))
    path = tmp_path / "submission.json"
    assert stand_by(challenges, path, resume=False).wrote
    assert validate(load(path), challenges) == []


def test_answers_to_these_tasks_are_left_alone(flip_challenges: Challenges, tmp_path: Path) -> None:
    path = tmp_path / "submission.json"
    stand_by(flip_challenges, path, resume=False)
    value = load(path)
    value["task0"][0]["attempt_1"] = [[7, 1, 7]]
    path.write_text(json.dumps(value))
    before = path.read_bytes()
    standing = stand_by(flip_challenges, path, resume=False)
    assert not standing.wrote
    standing.take_back()
    assert path.read_bytes() == before


def test_other_answers_give_way_and_come_back_if_the_run_is_refused(
    flip_challenges: Challenges, tmp_path: Path
) -> None:
    path = tmp_path / "submission.json"
    path.write_bytes(b'{"of other tasks": []}')
    standing = stand_by(flip_challenges, path, resume=False)
    assert validate(load(path), flip_challenges) == []
    standing.take_back()
    assert path.read_bytes() == b'{"of other tasks": []}'


def test_where_nothing_was_there_nothing_is_left(flip_challenges: Challenges, tmp_path: Path) -> None:
    path = tmp_path / "submission.json"
    stand_by(flip_challenges, path, resume=False).take_back()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_goes_on_leaves_what_is_there(flip_challenges: Challenges, tmp_path: Path) -> None:
    path = tmp_path / "submission.json"
    path.write_bytes(b"whatever the run before wrote")
    assert not stand_by(flip_challenges, path, resume=True).wrote
    assert path.read_bytes() == b"whatever the run before wrote"
    path.unlink()
    assert stand_by(flip_challenges, path, resume=True).wrote


def test_what_cannot_be_written_is_said(flip_challenges: Challenges, tmp_path: Path) -> None:
    standing = stand_by(flip_challenges, tmp_path / "nowhere" / "submission.json", resume=False)
    assert standing.problem == "cannot be written: No such file or directory"
    standing.take_back()
