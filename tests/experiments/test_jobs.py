from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.config import load_preset
from arc_solver.experiments.jobs import plan_jobs, trainings
from arc_solver.experiments.tasks import MeasuredTasks
from arc_solver.experiments.toml_text import to_toml
from arc_solver.tasks import Challenges

NO_TASKS = MeasuredTasks(Challenges((), (), ()), {})

plain = st.recursive(
    st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), plain, max_size=4))
def test_what_is_written_as_toml_is_read_again(table):
    assert tomllib.loads(to_toml(table)) == table


def test_nothing_is_left_out_and_anything_else_is_refused():
    assert to_toml({"a": None, "b": {"c": None}}) == "b = {}\n"
    with pytest.raises(TypeError, match="cannot be written as TOML"):
        to_toml({"a": object()})


def test_points_that_train_alike_share_the_training(new_experiment, swept, tmp_path):
    repeats = plan_jobs(new_experiment(swept), NO_TASKS, tmp_path)
    assert len(repeats) == 6
    assert len({repeat.job.key for repeat in repeats}) == 6
    assert len(trainings(repeats)) == 2  # one for each seed
    assert len(trainings(plan_jobs(new_experiment(swept, **{"train.seed": 7}), NO_TASKS, tmp_path))) == 1
    assert [repeat.seed for repeat in repeats] == [0, 0, 0, 1, 1, 1]


def test_a_job_is_known_by_what_decides_its_result_and_by_nothing_else(new_experiment, swept, tmp_path):
    def keys(**changes):
        return {repeat.job.key for repeat in plan_jobs(new_experiment(swept, **changes), NO_TASKS, tmp_path)}

    same = {"question": "?", "conclusion": "!", "baseline": "temperature=1.0", "measure.pass_at": [2]}
    assert keys(**same) == keys()
    assert keys(seeds=[0, 1, 2]) > keys()
    for key, value in (("train.steps", 31), ("run.induction.n_samples", 5), ("run.time_limit_s", 61)):
        assert not keys(**{key: value}) & keys()


def test_a_run_reads_exactly_the_settings_of_its_point(new_experiment, swept, tmp_path):
    asked = new_experiment(swept)
    for repeat in plan_jobs(asked, NO_TASKS, tmp_path):
        repeat.job.prepare(3)
        config = load_preset(str(repeat.job.preset_file))
        assert config.decides() == repeat.point.config.decides()
        assert (config.engine.n_threads, config.cells) == (3, None)
        assert repeat.job.needs is not None
        assert config.adapter == repeat.job.needs.model
        assert f"--seed {repeat.seed}" in " ".join(repeat.job.arguments)
        assert "--resume" in repeat.job.arguments


def test_weights_are_what_was_trained(new_experiment, named, tmp_path):
    whole = plan_jobs(new_experiment(named), NO_TASKS, tmp_path)
    untrained, trained = whole[0].job, whole[1].job
    assert untrained.needs is None
    assert (untrained.preset["model"].endswith("weights/base"), untrained.preset["adapter"]) == (True, "none")
    assert trained.needs is not None
    assert (trained.preset["model"], trained.preset["adapter"]) == (str(trained.needs.model), "none")


def test_a_stamp_of_other_settings_is_no_stamp(new_experiment, swept, tmp_path):
    job = plan_jobs(new_experiment(swept), NO_TASKS, tmp_path)[0].job
    job.prepare(1)
    assert not job.is_done()
    job.finish({"seconds": 2.0})
    assert job.is_done()
    stamp = job.stamp()
    assert stamp["settings"]["config"]["induction"]["temperature"] == 0.0
    assert {"key", "version", "seconds", "settings"} <= set(stamp)
    (job.folder / "done.json").write_text('{"key": "another"}')
    assert not job.is_done()
