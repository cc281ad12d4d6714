"""A short rehearsal: the notebook of a bundle with our own wheel only, executed by papermill where there is no network.

This environment itself stands for Kaggle's image. The whole rehearsal, with vLLM and every fault, is played by hand:
`scripts/rehearse-kaggle`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from arc_solver.cli import main
from arc_solver.datasets import load_challenges, load_solutions

REHEARSE = Path(__file__).resolve().parents[2] / "scripts" / "rehearse-kaggle"


def rehearse(*flags: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(REHEARSE), *map(str, flags)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_tasks_are_good_ones_and_the_same_each_time(stage: ModuleType, tmp_path: Path) -> None:
    challenges, solutions = stage.made_up_tasks(25, 3)
    assert (challenges, solutions) == stage.made_up_tasks(25, 3)
    assert challenges != stage.made_up_tasks(25, 4)[0]
    (tmp_path / "c.json").write_text(json.dumps(challenges))
    (tmp_path / "s.json").write_text(json.dumps(solutions))
    read = load_challenges(tmp_path / "c.json")
    assert read.malformed == ()
    assert len(read.tasks) == 25
    assert read.n_outputs() == 28
    outputs = load_solutions(tmp_path / "s.json").outputs
    assert all(len(outputs[task.task_id]) == len(task.test_inputs) for task in read.tasks)


def test_an_image_is_told_as_packaging_reads_it(stage: ModuleType, tmp_path: Path) -> None:
    from arc_solver.packaging.images import load_image

    (tmp_path / "here.toml").write_text(stage.describe_image(Path(sys.executable)))
    image = load_image(str(tmp_path / "here.toml"))
    assert image.python == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert "numpy" in image.packages
    assert "torchvision" in image.packages
    assert "pip" not in image.packages
    assert image.overlay == (stage.VLLM,)


def test_the_cases_are_told_and_an_unknown_one_is_refused() -> None:
    listed = rehearse("--list", "--cases", "good").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["new-interactive", "new-rerun", "old-interactive", "old-rerun"]
    result = rehearse("--cases", "good,none")
    assert result.returncode == 2
    assert "no case 'none'" in result.stderr


def test_two_cases_for_real(stage: ModuleType, tmp_path: Path) -> None:
    for name in ("papermill", "ipykernel", "torch"):
        pytest.importorskip(name)
    if stage.namespace_command() is None:
        pytest.skip("this system lets us make no mounts and no network of our own")
    bundle = tmp_path / "bundle"
    command = ["package", "--out", str(bundle), "--owner", "somebody", "--accelerator", "cpu", "--wheels", "none"]
    packaged = CliRunner().invoke(main, command)
    assert packaged.exit_code == 0, packaged.output
    result = rehearse(
        "--bundle", bundle, "--image", sys.executable, "--work", tmp_path / "work", "--tasks", 5,
        "--cases", "old-interactive,missing-adapter", "--time-limit", "12s", "--fault-time-limit", "12s",
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    figures = json.loads(result.stdout.splitlines()[-1])
    assert [row["case"] for row in figures["cases"]] == ["old-interactive", "missing-adapter"]
    assert all(row["passed"] and row["valid"] and row["pictures"] == 4 for row in figures["cases"])
    assert figures["cases"][0]["score"] is not None
    assert figures["cases"][0]["said"] == []
    assert list((tmp_path / "work").iterdir()) == []
