"""The questions that are shipped: each can be read, at both sizes, and is measured on training tasks only."""

from __future__ import annotations

from pathlib import Path

import pytest

from arc_solver.experiments.jobs import plan_jobs, trainings
from arc_solver.experiments.measuring import can_estimate
from arc_solver.experiments.pages import marks
from arc_solver.experiments.plan import GROUPS, load_experiment
from arc_solver.experiments.tasks import MeasuredTasks
from arc_solver.tasks import Challenges

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "experiments").glob("*/*.toml"))
NO_TASKS = MeasuredTasks(Challenges((), (), ()), {})


def test_every_question_is_there_at_both_sizes():
    names = {size: {path.stem for path in FILES if path.parent.name == size} for size in ("nano", "full")}
    assert names["nano"] == names["full"]
    assert names["nano"] >= {"steps", "learning-tasks", "temperature", "prompts", "code-or-outputs", "model-size"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_question_makes_sense(path, tmp_path):
    asked = load_experiment(path)
    assert asked.question.endswith("?")
    assert asked.seed_says
    assert asked.measure.challenges is None
    assert set(asked.measure.tasks) <= set(GROUPS)
    assert len(asked.points) >= 2
    repeats = plan_jobs(asked, NO_TASKS, tmp_path)
    assert len({repeat.job.key for repeat in repeats}) == len(repeats) == len(asked.points) * len(asked.seeds)
    can = [can_estimate(point.config) for point in asked.points]
    assert any(can) if asked.measure.pass_at else not any(can)
    assert asked.points[0].name == asked.baseline
    needed = any(point.training is not None and point.training.is_needed for point in asked.points)
    assert bool(trainings(repeats)) == needed


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "nano"], ids=lambda path: path.stem)
def test_the_page_has_a_place_for_each_nano_question(path):
    page = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    for mark in marks(path.stem):
        assert page.count(mark) == 1


def test_the_example_on_the_page_is_an_experiment(tmp_path):
    page = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    asked = load_experiment(tmp_path / "mine.toml")
    assert [point.name for point in asked.points] == ["lora_rank=4", "lora_rank=16", "lora_rank=64"]
    assert asked.baseline == "lora_rank=16"
    assert all(can_estimate(point.config) for point in asked.points)
