from __future__ import annotations

import pytest
from click.testing import CliRunner

from arc_solver.cli import main

FILE = """
question = "Does it?"
[measure]
challenges = "{challenges}"
solutions = "{solutions}"
[train]
base = "{folder}/nowhere"
lora_rank = 4
[run]
proposers = ["induction"]
[sweep]
run.induction.temperature = [0.0, 1.0]
"""


@pytest.fixture
def call(tmp_path, task_files, monkeypatch):
    """`arc-solver experiment ...` in a folder of its own."""
    challenges, solutions = task_files
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(FILE.format(challenges=challenges, solutions=solutions, folder=tmp_path))
    return lambda *arguments: CliRunner().invoke(main, ["experiment", *arguments])


def test_a_base_that_is_not_there_is_told_before_anything_runs(call, tmp_path):
    result = call("run", "mine.toml")
    assert result.exit_code == 2
    assert "mine.toml: point 'temperature=0.0': train.base: " in result.output
    assert "--set train.base=DIR" in result.output
    assert not (tmp_path / "runs").exists()


def test_a_table_of_nothing_says_so_and_goes_into_a_page(call, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- experiment mine: written by `arc-solver experiment table` -->\n<!-- end of mine -->\n")
    result = call("table", "mine.toml", "--set", "seeds=[0,1]", "--into", "page.md")
    assert (result.exit_code, result.output) == (0, "page.md: mine brought up to date\n")
    text = page.read_text()
    assert "Not run yet." in text
    assert "`arc-solver experiment run mine.toml --set 'seeds=[0,1]'`; 0 of 4 runs (2 points, 2 seeds)" in text
    assert call("table", "mine.toml", "--set", "seeds=[0,1]", "--into", "page.md").output == ""


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--set", "seeds"), "--set seeds: write KEY=VALUE"),
        (("--set", "run.temprature=3"), "run: no setting 'temprature'"),
        (("--set", "train.re_arc=nowhere.zip", "--set", "train.base=bundled"), "there is no file nowhere.zip"),
        (("--set", "train.base=bundled", "--set", "measure.challenges=nowhere.json"), "nowhere.json: cannot be read"),
    ],
)
def test_wrong_settings_are_told_in_a_line(call, flags, told):
    result = call("run", "mine.toml", *flags)
    assert result.exit_code == 2
    assert result.output.startswith("error: ")
    assert result.output.count("\n") == 1
    assert told in result.output


def test_a_picture_of_nothing_is_refused(call):
    result = call("plot", "mine.toml", "x.svg")
    assert (result.exit_code, "no run is finished yet" in result.output) == (2, True)


def test_help_shows_how_to_begin():
    result = CliRunner().invoke(main, ["experiment", "--help"])
    assert "experiments/nano/temperature.toml" in result.output
