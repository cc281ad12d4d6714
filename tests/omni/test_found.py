"""Programs as training data: what is written is read, and what is wrong is refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import InputError
from arc_solver.omni.config import FOUND
from arc_solver.omni.found import (
    FoundProgram,
    load_programs,
    read_programs,
    write_programs,
)
from arc_solver.omni.recipes import Lesson
from arc_solver.omni.sources import TrainingTasks
from arc_solver.omni.stream import DataEngine, GenerateConfig

SOURCE = "def task(grid):\n    return flip_vertical(grid)\n"
OTHER = "def task(grid):\n    return grid[::-1]\n"
RIGHT = FoundProgram("aaaaaaaa", SOURCE, "search", "enumerate", 1.0)

programs = st.builds(
    FoundProgram,
    st.text(max_size=9),
    st.text(max_size=60),
    st.text(max_size=9),
    st.text(max_size=9),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(programs, min_size=1, max_size=4))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, found: list[FoundProgram]) -> None:
    path = tmp_path_factory.mktemp("found") / "found.jsonl"
    write_programs(path, found)
    assert read_programs(path) == tuple(found)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_right_programs_of_a_file_are_loaded_as_they_are(tmp_path: Path, training: TrainingTasks) -> None:
    found = (RIGHT, replace(RIGHT, source=OTHER, cost=2.5), replace(RIGHT, task_id="bbbbbbbb"))
    write_programs(tmp_path / "found.jsonl", found)
    assert load_programs(tmp_path / "found.jsonl", training) == found


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (
            replace(RIGHT, task_id="cccccccc", source="def task(grid):\n    return grid[:, ::-1]\n"),
            "gives 0 of 4 pairs",
        ),
        (replace(RIGHT, task_id="cccccccc", source="def task(grid):\n    return grid.nope()\n"), "uses .nope"),
        (replace(RIGHT, task_id="cccccccc", source="def task(grid) return"), "is no Python"),
        (replace(RIGHT, task_id="dddddddd"), "is no training task"),
    ],
)
def test_a_wrong_program_is_refused_by_name(
    tmp_path: Path, training: TrainingTasks, wrong: FoundProgram, why: str
) -> None:
    path = tmp_path / "found.jsonl"
    write_programs(path, [RIGHT, wrong])
    with pytest.raises(InputError, match=why) as caught:
        load_programs(path, training)
    assert f"task {wrong.task_id}: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_program_that_is_right_on_the_demonstrations_only_is_refused(tmp_path: Path, training: TrainingTasks) -> None:
    last = training.table("aaaaaaaa").pair(3).input
    source = f"def task(grid):\n    out = grid[::-1]\n    return grid if grid.tolist() == {last.tolist()} else out\n"
    write_programs(tmp_path / "found.jsonl", [replace(RIGHT, source=source)])
    with pytest.raises(InputError, match="gives 3 of 4 pairs: wrong grid"):
        load_programs(tmp_path / "found.jsonl", training)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no program"),
        ("{", "line 1"),
        ("[]", "has no provenance"),
        ('{"task_id": "a", "source": "x"}', "has no provenance"),
        ('{"task_id": 1, "source": "x", "provenance": {"proposer": "", "stage": "", "cost": 1}}', "task_id is of"),
        ('{"task_id": "a", "source": "x", "provenance": {"proposer": "", "stage": "", "cost": true}}', "no number"),
        ('{"task_id": "a", "source": "x", "provenance": {"proposer": "", "stage": "", "cost": NaN}}', "no number"),
        ("[" * 100_000, "line 1"),
        ("\ud800", "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "found.jsonl"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=why) as caught:
        read_programs(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="cannot be read"):
        read_programs(tmp_path / "missing.jsonl")


def test_found_programs_are_a_source_of_the_stream_within_its_split(training: TrainingTasks) -> None:
    config = GenerateConfig(
        recipe_weights=(("code-from-examples", 1.0),),
        program_weights=((FOUND, 1.0),),
        source_weights=(("training", 1.0),),
    )
    found = [RIGHT, replace(RIGHT, source=OTHER), replace(RIGHT, task_id="bbbbbbbb")]
    engine = DataEngine(config, [training], frozenset({"bbbbbbbb"}), found=found)
    drawn = [engine.draw(0, index) for index in range(40)]
    assert {one.program for one in drawn} == {FOUND}
    assert {one.sample.task_id for one in drawn} == {"aaaaaaaa"}
    lessons = [one.lesson for one in drawn if isinstance(one.lesson, Lesson)]
    assert {lesson.source for lesson in lessons} == {SOURCE, OTHER}
    with pytest.raises(InputError, match="nothing gives code-from-examples"):
        DataEngine(config, [training], frozenset({"bbbbbbbb"}), found=found[2:])


def test_the_stream_without_found_programs_stays_what_it_was(training: TrainingTasks) -> None:
    config = GenerateConfig(source_weights=(("training", 1.0),), split="all")
    weighted = replace(config, program_weights=(*config.program_weights, (FOUND, 3.0)))
    plain, other = (DataEngine(one, [training], frozenset()) for one in (config, weighted))
    assert [plain.draw(1, i).sample for i in range(20)] == [other.draw(1, i).sample for i in range(20)]
