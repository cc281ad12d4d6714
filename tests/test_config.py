"""Presets and settings: checked where they are made, the same after a trip through JSON."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from arc_solver.config import PROPOSERS, RunConfig, build, default_preset, load_preset, preset_names
from arc_solver.errors import InputError


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads_and_comes_back_from_json(name: str) -> None:
    config = load_preset(name, seed=7, model=Path("some/model"), adapter=None)
    assert config.seed == 7
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_kaggle_s_scoring_run_gets_its_own_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAGGLE_IS_COMPETITION_RERUN", raising=False)
    assert default_preset() == "cpu"
    monkeypatch.setenv("KAGGLE_IS_COMPETITION_RERUN", "1")
    assert default_preset() == "kaggle"
    assert load_preset("kaggle").time_limit_s > 3600 > load_preset("cpu").time_limit_s


def test_a_file_of_one_s_own_says_what_is_different(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(
        'preset = "kaggle-t4x2"\n'
        '[induction]\nversion = "v2"\nsymmetries = true\nmin_p = 0.05\n'
        "[cell_model]\nn_views = 3\n"
    )
    base, config = load_preset("kaggle-t4x2"), load_preset(str(own), seed=3)
    induction = dataclasses.replace(base.induction, version="v2", symmetries=True, min_p=0.05)
    cell_model = dataclasses.replace(base.cell_model, n_views=3)
    assert config == dataclasses.replace(base, induction=induction, cell_model=cell_model, seed=3)
    own.write_text("time_limit_s = 60\n")
    assert load_preset(str(own)) == dataclasses.replace(load_preset(default_preset()), time_limit_s=60.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_limit_s = ", "mine.toml"),
        ("[induction]\nversion = 'v9'", "v9"),
        ("[induction]\nmin_p = 2.0", "min_p"),
        ("[ttft]\nmode = 'sometimes'", "off, joint, per-task"),
        ("[inductoin]\nmin_p = 0.1", "no setting 'inductoin'"),
        ("preset = 'huge'", "preset 'huge': choose from cpu"),
    ],
)
def test_a_file_of_one_s_own_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(text)
    with pytest.raises(InputError, match=message):
        load_preset(str(own))
    with pytest.raises(InputError, match="No such file"):
        load_preset(str(tmp_path / "other.toml"))


def test_kaggle_s_presets_differ_in_their_engines_and_in_the_waves_that_fill_them_only() -> None:
    plain = load_preset("kaggle")
    for name in ("kaggle-t4x2", "kaggle-l4x4", "kaggle-p100"):
        preset = load_preset(name)
        assert preset.engine.device == "cuda"
        assert (
            dataclasses.replace(
                preset,
                engine=plain.engine,
                induction=dataclasses.replace(preset.induction, wave_size=plain.induction.wave_size),
                transduction=dataclasses.replace(preset.transduction, wave_size=plain.transduction.wave_size),
            )
            == plain
        )
    assert load_preset("kaggle-p100").engine.kind == "transformers"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"time_limit_s": 0}, "positive"),
        ({"time_limit_s": 5, "proposers": ["magic"]}, "choose from search"),
        ({"time_limit_s": 5, "proposers": []}, "choose from search"),
        ({"time_limit_s": "5"}, "config.time_limit_s"),
        ({"time_limit_s": 5, "seed": True}, "config.seed"),
        ({"time_limit_s": 5, "colour": 1}, "no setting 'colour'"),
        ({"time_limit_s": 5, "engine": {"device": "tpu"}}, "config.engine.device"),
        ({"time_limit_s": 5, "search": {"max_programs": -1}}, "max_programs"),
        ({}, "time_limit_s"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(value: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build(RunConfig, value, "config")


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="cpu"):
        load_preset("mainframe")


def test_time_and_threads_do_not_decide_answers_but_everything_else_does() -> None:
    base = load_preset("cpu")
    assert base.decides() == load_preset("cpu", time_limit_s=5.0, refresh_s=1.0).decides()
    # A run that refused the model's programs is resumed with leave to run them.
    assert base.decides() == load_preset("cpu", allow_unsafe_sandbox=True).decides()
    assert base.decides() != load_preset("cpu", seed=3).decides()


def test_test_time_fine_tuning_is_off_for_text_models_and_joint_for_cells_unless_asked_for() -> None:
    for name in preset_names():
        config = load_preset(name)
        assert (config.ttft.mode, config.cell_model.ttft) == ("off", "joint")
        asked = config.with_ttft("per-task")
        assert asked.ttft == dataclasses.replace(config.ttft, mode="per-task")
        assert asked.cell_model.ttft in ("joint", "per-task")
        assert asked.decides() != config.decides()
    with pytest.raises(InputError, match="off, joint, per-task"):
        load_preset("cpu").with_ttft("sometimes")


def test_a_longer_run_keeps_more_for_its_end() -> None:
    config = load_preset("cpu")
    kept = [config.lasting(limit_s).reserve_s for limit_s in (10.0, 600.0, 7200.0, 43200.0)]
    assert kept == pytest.approx([1.0, 5.0, 7.2, 43.2])
    assert load_preset("kaggle").lasting(41400.0).reserve_s == 120.0


def test_the_bundled_model_leaves_the_grids_to_the_cell_model() -> None:
    assert load_preset("cpu").proposers == ("search", "cells")
    assert load_preset("kaggle").proposers == ("search", "induction", "cells")
    assert load_preset("cpu", proposers=("transduction",)).proposers == ("cells",)
    assert load_preset("cpu", proposers=("transduction", "cells")).proposers == ("cells",)
    without = load_preset("cpu", cells=None)
    assert without.proposers == ("search", "transduction")
    assert not without.has_cells()


def test_a_model_of_ones_own_is_asked_for_all_beside_the_others_unless_somebody_is_named(tmp_path: Path) -> None:
    for preset in ("cpu", "kaggle-t4x2"):
        assert load_preset(preset, model=tmp_path).proposers == PROPOSERS
        assert load_preset(preset, model=tmp_path, cells=None).proposers == ("search", "induction", "transduction")
        named = load_preset(preset, model=tmp_path, proposers=("transduction",))
        assert named.proposers == ("transduction",)
        assert named.asks_text()
        assert not named.uses_cells()
    own = tmp_path / "mine.toml"
    own.write_text(f'preset = "cpu"\nmodel = "{tmp_path}"\n')
    assert load_preset(str(own)).proposers == PROPOSERS
    own.write_text('preset = "cpu"\nproposers = ["search", "induction"]\n')
    assert load_preset(str(own), model=tmp_path).proposers == ("search", "induction")


def test_a_model_that_has_the_machine_to_itself_gets_every_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    alone, beside = (load_preset("cpu", proposers=names) for names in (("cells",), ("search", "cells")))
    assert (alone.model_threads(), beside.model_threads()) == (6, 1)
    chosen = dataclasses.replace(alone, engine=dataclasses.replace(alone.engine, n_threads=3))
    assert chosen.model_threads() == 3
