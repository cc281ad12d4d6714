"""`arc-solver validate`: its exit codes, and lines that say what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from arc_solver.board import Board
from arc_solver.candidates import Candidate, Origin, ProgramEvidence
from arc_solver.cli import main, validating
from arc_solver.datasets import challenges_hash, load_challenges
from arc_solver.grids import as_grid
from arc_solver.journal import Journal, RunRecord, read
from arc_solver.submission import build
from arc_solver.tasks import Challenges, Pair, Task

PAIR = {"input": [[1]], "output": [[2]]}
CHALLENGES = {"a": {"train": [PAIR], "test": [{"input": [[3]]}] * 2}, "b": {"train": [PAIR], "test": [PAIR]}}
ONE = {"attempt_1": [[1]], "attempt_2": [[2]]}


@pytest.fixture(autouse=True)
def _not_on_kaggle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validating, "find_kaggle_challenges", lambda: None)


def call(tmp_path: Path, value: Any, *args: str, against: Any = CHALLENGES) -> Result:
    (tmp_path / "c.json").write_text(json.dumps(against))
    submission = tmp_path / "s.json"
    submission.write_text(value if isinstance(value, str) else json.dumps(value))
    flags = ["--challenges", str(tmp_path / "c.json")] if against is not None else []
    return CliRunner().invoke(main, ["validate", str(submission), *flags, *args])


def test_a_valid_one(tmp_path: Path) -> None:
    result = call(tmp_path, {"b": [ONE], "a": [ONE, ONE]})
    assert result.exit_code == 0
    assert result.output == f"{tmp_path}/s.json: valid (2 tasks; against {tmp_path}/c.json)\n"


def test_an_invalid_one_is_told_line_by_line(tmp_path: Path) -> None:
    result = call(tmp_path, {"a": [ONE, {"attempt_1": [[1], [1, 2]], "attempt_2": [[10]]}], "c": [ONE]})
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "task b: is missing",
        "task a: [1].attempt_1: ragged: row 0 has 1 cells, row 1 has 2",
        "task a: [1].attempt_2: row 0 holds 10, outside 0..9",
        "task c: is not among the challenges",
        f"{tmp_path}/s.json: invalid, 4 problems (2 tasks; against {tmp_path}/c.json)",
    ]


def test_the_lines_are_bounded_but_not_in_json(tmp_path: Path) -> None:
    many = {f"x{index}": [] for index in range(50)} | {"a": [ONE, ONE], "b": [ONE]}
    lines = call(tmp_path, many, "--max-problems", "3").output.splitlines()
    assert lines[2:] == [
        "task x2: is not among the challenges",
        "and 47 more",
        f"{tmp_path}/s.json: invalid, 50 problems (52 tasks; against {tmp_path}/c.json)",
    ]
    result = call(tmp_path, many, "--json")
    assert result.exit_code == 1
    value = json.loads(result.output)
    assert (value["valid"], value["n_problems"], len(value["problems"])) == (False, 50, 50)


@pytest.mark.parametrize("text", ["", "{", "[]", "nul", '{"a": ' + "1" * 5000 + "}", "[" * 100_000])
def test_what_cannot_be_read_is_one_line_and_exit_code_2(tmp_path: Path, text: str) -> None:
    result = call(tmp_path, text)
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert line.startswith(f"error: submission {tmp_path}/s.json: ")


def test_challenges_that_cannot_be_read_and_two_sources(tmp_path: Path) -> None:
    assert "challenges file" in call(tmp_path, {}, against={}).output
    result = call(tmp_path, {}, "--dataset", "arc1-train")
    assert result.exit_code == 2
    assert "exclude each other" in result.output


def test_without_challenges_the_form_is_checked_and_that_is_said(tmp_path: Path) -> None:
    result = call(tmp_path, {"any": [ONE]}, against=None)
    assert result.exit_code == 0
    assert "valid (1 tasks; the form only: give --challenges" in result.output
    assert call(tmp_path, {"any": [ONE | {"attempt_1": [[1.0]]}]}, against=None).exit_code == 1


def test_the_submission_of_a_run_with_a_limit(tmp_path: Path) -> None:
    assert call(tmp_path, {"a": [ONE, ONE]}).exit_code == 1
    assert call(tmp_path, {"a": [ONE, ONE]}, "--limit", "1").exit_code == 0
    assert call(tmp_path, {"b": [ONE]}, "--limit", "1").exit_code == 1


def test_kaggles_own_challenges_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "k.json").write_text(json.dumps(CHALLENGES))
    monkeypatch.setattr(validating, "find_kaggle_challenges", lambda: tmp_path / "k.json")
    result = call(tmp_path, {"a": [ONE, ONE]}, against=None)
    assert result.exit_code == 1
    assert result.output.startswith("task b: is missing\n")


def test_an_id_that_no_terminal_takes(tmp_path: Path) -> None:
    result = call(tmp_path, {"a": [ONE, ONE], "b": [ONE], "\ud800\x1b[2J\n": []})
    assert result.exit_code == 1
    assert result.output.splitlines()[0] == "task \\ud800\\x1b[2J: is not among the challenges"


def flips() -> dict[str, Any]:
    grids = [[[1, 2], [3, 4]], [[5, 6, 7]], [[8, 0], [0, 9]]]
    pairs = [{"input": grid, "output": [row[::-1] for row in grid]} for grid in grids]
    return {"f": {"train": pairs, "test": [{"input": [[4, 2, 1]]}]}}


def journal_of(tmp_path: Path, source: str) -> Path:
    evidence = ProgramEvidence(source, 3, 3, 1.0)
    path = tmp_path / "s.journal.jsonl"
    with Journal.open(path, "key", resume=False)[0] as journal:
        journal.append(Candidate("f", {0: as_grid([[1, 2, 4]])}, Origin("search"), evidence))
    return path


def test_the_programs_of_a_journal_are_run_again(tmp_path: Path) -> None:
    challenges = flips()
    train = tuple(Pair(as_grid(pair["input"]), as_grid(pair["output"])) for pair in challenges["f"]["train"])
    task = Task("f", train, (as_grid([[4, 2, 1]]),))
    path = journal_of(tmp_path, "def task(grid):\n    return grid[:, ::-1]\n")
    board = Board(Challenges((task,), (), ("f",)))
    for candidate in read(path).candidates:
        board.add(candidate)
    submission = build(board.challenges, board.attempts())
    result = call(tmp_path, submission, "--journal", str(path), against=challenges)
    assert result.exit_code == 0, result.output
    assert "1 of 2 attempts come from programs; 1 programs ran again, 0 differences" in result.output
    # Everything in order but for what the source says.
    path = journal_of(tmp_path, "def task(grid):\n    return grid\n")
    result = call(tmp_path, submission, "--journal", str(path), against=challenges)
    assert result.exit_code == 1
    assert "task f: [0].attempt_1: its program now gives: another grid" in result.output
    value = json.loads(call(tmp_path, submission, "--journal", str(path), "--json", against=challenges).output)
    assert (value["valid"], value["programs"]["n_problems"]) == (True, 2)


def test_a_journal_tells_the_tasks_where_nothing_else_does(tmp_path: Path) -> None:
    path = journal_of(tmp_path, "def task(grid):\n    return grid[:, ::-1]\n")
    result = call(tmp_path, {"f": [ONE]}, "--journal", str(path), against=None)
    assert result.exit_code == 2
    assert "does not hold its tasks" in result.output
    (tmp_path / "flips.json").write_text(json.dumps(flips()))
    tasks = load_challenges(tmp_path / "flips.json")
    with Journal.open(path, "key")[0] as journal:
        journal.begin_run(RunRecord("0", 0, {}, challenges_hash=challenges_hash(tasks)), tasks)
    board = Board(tasks)
    board.take_over(read(path))
    result = call(tmp_path, build(tasks, board.attempts()), "--journal", str(path), against=None)
    assert result.exit_code == 0, result.output
    assert f"valid (1 tasks; against {path})" in result.output
    assert "1 programs ran again, 0 differences" in result.output
    assert call(tmp_path, {"any": [ONE]}, "--journal", str(path), against=None).exit_code == 1


def test_a_journal_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "s.journal.jsonl").write_text("nothing\n")
    result = call(tmp_path, {"b": [ONE], "a": [ONE, ONE]}, "--journal", str(tmp_path / "s.journal.jsonl"))
    assert result.exit_code == 2
    assert "is none, or its header is damaged" in result.output
