"""`report` and `compare` on the command line: files found beside one another, exit codes, what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from arc_solver.candidates import Candidate, GridEvidence, Origin
from arc_solver.cli import main
from arc_solver.datasets import challenges_hash
from arc_solver.grids import as_grid
from arc_solver.journal import Journal, RunRecord
from arc_solver.tasks import Challenges

N_TASKS = 4


def call(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def content_of(page: Path) -> dict[str, Any]:
    text = page.read_text(encoding="utf-8").split('id="content">', 1)[1].split("</script>", 1)[0]
    content: dict[str, Any] = json.loads(text)
    return content


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Challenges and solutions, and two submissions: `a` solves the tasks 0 and 1, `b` all but the first."""
    rng = np.random.default_rng(0)
    grids = rng.integers(0, 10, (N_TASKS, 4, 3, 3))
    challenges, solutions = {}, {}
    for index, some in enumerate(grids.tolist()):
        pairs = [{"input": one, "output": one} for one in some[:2]]
        challenges[f"task{index}"] = {"train": pairs, "test": [{"input": some[2]}]}
        solutions[f"task{index}"] = [some[3]]
    for name, solved in (("a", {0, 1}), ("b", {1, 2, 3})):
        answers = {
            f"task{index}": [{"attempt_1": [[0]], "attempt_2": grids[index, 3].tolist() if index in solved else [[1]]}]
            for index in range(N_TASKS)
        }
        (tmp_path / f"{name}.json").write_text(json.dumps(answers))
    (tmp_path / "challenges.json").write_text(json.dumps(challenges))
    (tmp_path / "solutions.json").write_text(json.dumps(solutions))
    return tmp_path


def given(files: Path) -> list[str | Path]:
    return ["--challenges", files / "challenges.json", "--solutions", files / "solutions.json"]


def write_journal(path: Path, challenges: Challenges, tasks_from: str = "") -> None:
    """A journal in which the first task was found, and that holds its tasks."""
    with Journal.open(path, "key", resume=False)[0] as journal:
        journal.begin_run(RunRecord("1", 0, {}, {}, challenges_hash(challenges), tasks_from), challenges)
        task = challenges.tasks[0]
        outputs = {0: as_grid(task.test_inputs[0][::-1])}
        journal.append(Candidate(task.task_id, outputs, Origin("transduction"), GridEvidence(-1.0, 9)))


def test_a_submission_becomes_a_page_with_its_score(files: Path) -> None:
    result = call("report", files / "a.json", *given(files), "--out", files / "page.html")
    assert result.exit_code == 0, result.output
    assert "4 tasks" in result.output
    content = content_of(files / "page.html")
    assert content["title"] == "a"
    assert content["runs"][0]["cards"][0]["count"] == 2


def test_a_limit_leaves_the_other_tasks_out(files: Path) -> None:
    result = call("report", files / "a.json", *given(files), "--limit", "3", "--out", files / "page.html")
    assert result.exit_code == 0, result.output
    assert [task["id"] for task in content_of(files / "page.html")["tasks"]] == ["task0", "task1", "task2"]


def test_a_journal_tells_its_tasks_itself(files: Path, flip_challenges: Challenges) -> None:
    write_journal(files / "run.journal.jsonl", flip_challenges, "made up")
    result = call("report", files / "run.journal.jsonl", "--out", files / "page.html")
    assert result.exit_code == 0, result.output
    content = content_of(files / "page.html")
    assert [task["id"] for task in content["tasks"]] == list(flip_challenges.order)
    assert (content["title"], content["where"], content["scored"]) == ("run", "made up", False)
    assert content["tasks"][0]["group"] == "guessed"


def test_submission_and_journal_find_each_other(files: Path, flip_challenges: Challenges) -> None:
    write_journal(files / "run.journal.jsonl", flip_challenges)
    answers = {task_id: [{"attempt_1": [[7]], "attempt_2": [[8]]}] for task_id in flip_challenges.order}
    (files / "run.json").write_text(json.dumps(answers))
    for name in ("run.json", "run.journal.jsonl"):
        result = call("report", files / name, "--out", files / f"{name}.html")
        assert result.exit_code == 0, result.output
    pages = [content_of(files / f"{name}.html") for name in ("run.json", "run.journal.jsonl")]
    assert pages[0] == pages[1]
    first = pages[0]["tasks"][0]
    assert [first["grids"][one["grid"]] for one in first["tests"][0]["runs"][0]["attempts"]] == ["17", "18"]
    assert pages[0]["runs"][0]["proposers"][0]["candidates"] == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["report", "none.json"], "cannot be read"),
        (["report", "a.json", "--out", "none/page.html"], "cannot be written"),
        (["report", "elsewhere.json"], "none of its tasks is in"),
        (["compare", "a.json", "none.json"], "cannot be read"),
        (["compare", "a.json", "elsewhere.json"], "none of its tasks is in"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(files: Path, arguments: list[str], why: str) -> None:
    (files / "elsewhere.json").write_text(json.dumps({"other": [{"attempt_1": [[0]], "attempt_2": [[1]]}]}))
    paths = [files / one if one.endswith((".json", ".html")) else one for one in arguments]
    result = call(*paths, *given(files))
    assert result.exit_code == 2
    assert result.output.startswith("error: ")
    assert result.output.count("\n") == 1
    assert why in result.output


def test_two_submissions_are_compared(files: Path) -> None:
    result = call("compare", files / "a.json", files / "b.json", *given(files), "--out", files / "two.html")
    assert result.exit_code == 0, result.output
    assert "solved by both 1, by neither 0; exact paired test (McNemar) p = 1" in result.output
    assert "only A: task0\n" in result.output
    assert "only B: task2, task3\n" in result.output
    assert "cannot tell" in result.output
    content = content_of(files / "two.html")
    assert {task["id"]: task["group"] for task in content["tasks"]} == {
        "task0": "only_a", "task1": "both", "task2": "only_b", "task3": "only_b",
    }  # fmt: skip


def test_a_comparison_is_json_too(files: Path) -> None:
    result = call("compare", files / "a.json", files / "b.json", *given(files), "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    assert figures["tasks_solved"] == [2, 3]
    assert (figures["only_a"], figures["both"], figures["neither"]) == (["task0"], ["task1"], [])
    assert figures["mcnemar_p"] == 1.0


def test_runs_of_the_same_name_are_told_apart_by_their_folders(files: Path) -> None:
    (files / "later").mkdir()
    (files / "later" / "a.json").write_bytes((files / "b.json").read_bytes())
    result = call("compare", files / "a.json", files / "later" / "a.json", *given(files), "--json")
    assert json.loads(result.output)["runs"] == [f"{files.name}/a", "later/a"]


def test_a_comparison_needs_right_answers(files: Path) -> None:
    result = call("compare", files / "a.json", files / "b.json", "--challenges", files / "challenges.json")
    assert result.exit_code == 2
    assert "--solutions or --dataset" in result.output
    (files / "others.json").write_text(json.dumps({"other": [[[1]]]}))
    others = ["--challenges", files / "challenges.json", "--solutions", files / "others.json"]
    result = call("compare", files / "a.json", files / "b.json", *others)
    assert result.exit_code == 2
    assert "none of the tasks" in result.output


@pytest.mark.parametrize("command", ["report", "compare"])
def test_the_commands_teach(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.output
