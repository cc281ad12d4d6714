from __future__ import annotations

import pytest

from arc_solver.config import WEIGHTS
from arc_solver.errors import InputError
from arc_solver.experiments.plan import load_experiment


def test_a_sweep_is_a_point_for_each_value(new_experiment, swept):
    asked = new_experiment(swept)
    assert (asked.name, asked.question, asked.seeds) == ("asked", "Does it matter?", (0, 1))
    assert [point.name for point in asked.points] == ["temperature=0", "temperature=0.5", "temperature=1.0"]
    assert [point.config.induction.temperature for point in asked.points] == [0.0, 0.5, 1.0]
    for point in asked.points:
        assert point.config.induction.n_samples == 4
        assert point.config.proposers == ("induction",)
        assert point.training is not None
        assert (point.training.base, point.training.choices.lora_rank) == (WEIGHTS / "base", 4)
        assert point.config.cells is None  # or the bundled cell model would write the grids


def test_points_and_sweeps_multiply_and_a_mix_is_replaced_as_a_whole(new_experiment, named):
    asked = new_experiment(named)
    assert [point.name for point in asked.points] == [
        "one, steps=0", "one, steps=20", "all, steps=0", "all, steps=20",
    ]  # fmt: skip
    assert asked.baseline == "one, steps=0"
    one, _, _, both = (point.training for point in asked.points)
    assert one is not None
    assert both is not None
    assert one.choices.recipes == {"code-from-examples": 1.0}
    assert both.choices.recipes == {"code-from-examples": 2.0, "output-from-examples": 1.0}
    assert [one.is_needed, both.is_needed] == [False, True]


def test_a_training_preset_is_the_ground_that_the_file_builds_on(new_experiment):
    asked = new_experiment('[train]\npreset = "train-qwen2.5-coder-0.5b"\nbase = "somewhere"\nsteps = 7\n')
    training = asked.points[0].training
    assert training is not None
    assert (training.choices.steps, training.choices.lora_rank, training.choices.prompts) == (7, 64, "v4")
    assert training.choices.train["batch_tokens"] == 65536


def test_settings_of_the_command_line_are_laid_over_the_file(new_experiment, swept):
    changes = {"seeds": [5], "run.induction.n_samples": 9, "train.steps": 3}
    asked = new_experiment(swept, **changes)
    assert asked.seeds == (5,)
    assert {point.config.induction.n_samples for point in asked.points} == {9}
    assert {point.training.choices.steps for point in asked.points} == {3}


def test_without_training_model_and_adapter_are_taken_as_they_are(new_experiment):
    (point,) = new_experiment('[run]\nmodel = "here"\nadapter = "none"\n').points
    assert point.training is None
    assert (str(point.config.model), point.config.adapter) == ("here", None)
    assert point.name == "asked"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "asked.toml: "),
        ("sweeps = 3", "asked.toml: no key 'sweeps'; there are question"),
        ("seeds = [0, 0]", "asked.toml: seeds: [0, 0] is no list of different"),
        ("seeds = []", "asked.toml: seeds: []"),
        ("seeds = [-1]", "asked.toml: seeds: [-1]"),
        ("seeds = [true]", "asked.toml: seeds: [True]"),
        ("seeds = 3", "asked.toml: seeds: 3"),
        ("question = 3", "asked.toml: question: 3 is no str"),
        ("baseline = 'x'", "asked.toml: baseline: no point is named 'x'; there are 'asked'"),
        ("run = 3", "asked.toml: run: must be a table"),
        ("[run]\ntemprature = 1", "asked.toml: point 'asked': run: no setting 'temprature'"),
        ("[run.induction]\ntemperature = 'hot'", "asked.toml: point 'asked': run.induction.temperature: 'hot' is no"),
        ("[run.induction]\nn_samples = 0", "asked.toml: point 'asked': run.induction: n_samples"),
        ("[run.induction]\nversion = 'v9'", "asked.toml: point 'asked': run: no prompt for"),
        ("[run]\npreset = 'x'", "asked.toml: point 'asked': run: preset 'x'"),
        ("[run]\nseed = 3", "asked.toml: point 'asked': run.seed: comes from `seeds`"),
        ("[sweep]\n'run.induction.temperature' = 3", "asked.toml: sweep.run.induction.temperature: must be a list"),
        ("[sweep]\nrun.tmperature = [3]", "asked.toml: point 'tmperature=3': run: no setting 'tmperature'"),
        ("[sweep]\nruns.x = [3]", "asked.toml: point 'x=3': no key 'runs'; there are train, run"),
        ("[sweep]\nrun.time_limit_s = [3, 3]", "asked.toml: point: two are named 'time_limit_s=3'"),
        ("[[point]]\n[[point]]", "asked.toml: point 1: needs a name"),
        ("point = 3", "asked.toml: point: must be tables"),
        ("[measure]\ntasks = ['arc1-eval']", "asked.toml: measure: tasks: 'arc1-eval'; choose from held-out, trained"),
        ("[measure]\nmetrics = ['luck']", "asked.toml: measure: metrics: 'luck'; choose from pass_n"),
        ("[measure]\nchallenges = 'x.json'", "asked.toml: measure: challenges and solutions go together"),
        ("[measure]\npass_at = [0]", "asked.toml: measure: n_tasks must be"),
        ("[measure]\nlimit = 3", "asked.toml: measure: no setting 'limit'"),
        ("[train]\nsteps = 0", "asked.toml: point 'asked': train.steps: 0 steps leave the base as it is"),
        ("[train]\nlora_rank = 4", "asked.toml: point 'asked': train: an adapter needs a base"),
        ("[train]\nbase = 3", "asked.toml: point 'asked': train.base: 3 is no path"),
        ("[train]\nseed = -3", "asked.toml: point 'asked': train.seed: -3 is no whole"),
        ("[train]\ndevice = 'tpu'", "asked.toml: point 'asked': train.device: 'tpu'; choose from"),
        ("[train]\npreset = 'mine'", "asked.toml: point 'asked': train.preset: 'mine'; choose from"),
        ("[train]\nstps = 3", "asked.toml: point 'asked': train: no setting 'stps'"),
        ("[train.train]\nlearning = 3", "asked.toml: point 'asked': train: no training setting 'learning'"),
        ("[train.recipes]\ncode-from-nothing = 3", "asked.toml: point 'asked': train: "),
        ("[train.sources]\nthe-web = 3", "asked.toml: point 'asked': train: no source is named 'the-web'"),
        ("[train]\nsteps = 1\n[run]\nmodel = 'x'", "asked.toml: point 'asked': run: model and adapter are what is"),
    ],
)
def test_what_is_wrong_is_told_with_the_file_and_the_key(new_experiment, text, told):
    with pytest.raises(InputError) as error:
        new_experiment(text)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.toml: .*No such file"):
        load_experiment(tmp_path / "nowhere.toml")
