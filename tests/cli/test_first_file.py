"""The first valid file waits for nothing that takes long: neither for imports nor for checks that may refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from arc_solver.cli import main, running
from arc_solver.datasets import load_challenges
from arc_solver.errors import ModelError
from arc_solver.submission import load, validate

TASK = {"train": [{"input": [[1, 2]], "output": [[2, 1]]}], "test": [{"input": [[3, 4]]}]}


@pytest.fixture
def challenges(tmp_path: Path) -> Path:
    path = tmp_path / "challenges.json"
    path.write_text(json.dumps({"first": TASK, "second": TASK}))
    return path


def test_nothing_slow_is_imported_before_tasks_are_read() -> None:
    code = "import sys, arc_solver.cli.solving; print(*sorted(name for name in sys.modules if 'arc_solver' in name))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    slow = ("config", "pipeline", "lanes", "dsl", "sandbox", "engines", "evaluation", "doctor", "board", "journal")
    assert [name for name in said if name.split(".")[1:2] and name.split(".")[1] in slow] == []
    assert "arc_solver.proposers.search" not in said


def test_a_valid_file_stands_before_the_model_is_looked_at(
    challenges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "submission.json"
    seen = []

    def look(*_: object) -> None:
        seen.append(validate(load(output), load_challenges(challenges)))
        raise ModelError("this model does not work")

    monkeypatch.setattr(running, "_check_model", look)
    flags = ["--challenges", str(challenges), "--output", str(output), "--proposers", "induction"]
    result = CliRunner().invoke(main, ["solve", *flags])
    assert result.exit_code == 2
    assert seen == [[]]
    assert not output.exists(), "a run that is refused leaves nothing"


def test_a_run_that_is_refused_leaves_the_answers_of_another(challenges: Path, tmp_path: Path) -> None:
    output = tmp_path / "submission.json"
    output.write_text('{"another": 1}')
    flags = ["--challenges", str(challenges), "--output", str(output), "--preset", "no-such-preset"]
    assert CliRunner().invoke(main, ["solve", *flags]).exit_code == 2
    assert output.read_text() == '{"another": 1}'
