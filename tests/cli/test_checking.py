"""Models and adapters through the command line: a bad one is one message and exit code 2, and nothing is started."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from arc_solver.cli import checking, main, running
from arc_solver.config import WEIGHTS, load_preset
from arc_solver.doctor.weights import asked_as_trained, made_up_tasks, sample_prompts
from arc_solver.engines.devices import Machine, simulated
from arc_solver.engines.preflight import Remark, Severity
from arc_solver.errors import ModelError
from arc_solver.proposers.induction import InductionSettings

BASE, ADAPTER = WEIGHTS / "base", WEIGHTS / "adapter"


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without GPUs whose devices are not asked, and a model that is never loaded."""
    found = dataclasses.replace(simulated("none"), simulated="")
    for module in (checking, running):
        monkeypatch.setattr(module, "probe", lambda: found)
        monkeypatch.setattr(module, "rehearse_on", lambda *_: (Remark(Severity.WARNING, "it was rehearsed"),))
    monkeypatch.delenv("KAGGLE_IS_COMPETITION_RERUN", raising=False)
    return found


def use(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for module in (checking, running):
        monkeypatch.setattr(module, "probe", lambda: simulated(name))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A copy of the bundled base as if somebody else had made it."""
    folder = tmp_path / "theirs"
    shutil.copytree(BASE, folder)
    (folder / "arc_solver.json").unlink()
    return folder


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "lora"
    shutil.copytree(ADAPTER, folder)
    (folder / "arc_solver.json").unlink()
    return folder


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def call(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def doctor(*args: object) -> Result:
    return call("doctor", *args)


def challenges(folder: Path) -> Path:
    """A file with one small task."""
    pairs = [{"input": [[1, 2]], "output": [[2, 1]]}, {"input": [[3, 4]], "output": [[4, 3]]}]
    path = folder / "challenges.json"
    path.write_text(json.dumps({"flip": {"train": pairs, "test": [{"input": [[5, 6]]}]}}))
    return path


def solve(folder: Path, *args: object) -> Result:
    output = folder / "submission.json"
    return call("solve", "--challenges", challenges(folder), "--output", output, "--time-limit", "20s", *args)


def test_a_good_model_gets_its_notes_and_a_plan(base: Path, adapter: Path) -> None:
    result = doctor("--model", base, "--adapter", adapter)
    assert result.exit_code == 0, result.output
    assert "rank-stabilised" in result.output
    assert "it was rehearsed" in result.output
    assert "engine 1: transformers on CPU" in result.output


def test_a_simulated_machine_loads_nothing(base: Path) -> None:
    result = doctor("--model", base, "--simulate", "t4x2", "--json")
    value = json.loads(result.output)
    assert len(value["plan"]["engines"]) == 2
    assert not any("rehearsed" in remark["what"] for remark in value["remarks"])


def _pickled(base: Path, adapter: Path) -> None:
    (base / "model.safetensors").rename(base / "pytorch_model.bin")


def _end_outside(base: Path, adapter: Path) -> None:
    change(base / "config.json", eos_token_id=99999)


def _short_context(base: Path, adapter: Path) -> None:
    change(base / "config.json", max_position_embeddings=64)


def _no_lora(base: Path, adapter: Path) -> None:
    change(adapter / "adapter_config.json", peft_type="LOHA")


def _another_base(base: Path, adapter: Path) -> None:
    from_wide = (adapter / "adapter_model.safetensors").read_bytes().replace(b"layers.7.", b"layers.9.")
    (adapter / "adapter_model.safetensors").write_bytes(from_wide)


def _pissa(base: Path, adapter: Path) -> None:
    change(adapter / "adapter_config.json", init_lora_weights="pissa")


def _gone(base: Path, adapter: Path) -> None:
    shutil.rmtree(base)


def _swapped(base: Path, adapter: Path) -> None:
    (base / "config.json").rename(base / "adapter_config.json")


def _no_tokenizer(base: Path, adapter: Path) -> None:
    for path in base.glob("tokenizer*"):
        path.unlink()


def _end_unknown(base: Path, adapter: Path) -> None:
    change(base / "tokenizer_config.json", eos_token="<|im_end|>")


def _cut_short(base: Path, adapter: Path) -> None:
    path = base / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def _adapter_gone(base: Path, adapter: Path) -> None:
    shutil.rmtree(adapter)


def _adapter_pickled(base: Path, adapter: Path) -> None:
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")


def _adapter_is_a_model(base: Path, adapter: Path) -> None:
    (adapter / "adapter_config.json").rename(adapter / "config.json")


BAD = [
    (_gone, "no such folder"),
    (_swapped, "this is an adapter; give it as --adapter"),
    (_no_tokenizer, "no tokenizer"),
    (_end_unknown, "'<|im_end|>' is not in its vocabulary"),
    (_cut_short, "cut short"),
    (_adapter_gone, "no such folder"),
    (_adapter_pickled, "pickled (adapter_model.bin)"),
    (_adapter_is_a_model, "a whole model, not an adapter; give it as --model"),
    (_pickled, "pickled"),
    (_end_outside, "end token 99999"),
    (_short_context, "64 tokens"),
    (_no_lora, "LOHA"),
    (_another_base, "layers.9."),
    (_pissa, "pissa"),
]


@pytest.mark.parametrize(("damage", "message"), BAD)
def test_a_bad_one_is_one_message_and_exit_2(base: Path, adapter: Path, damage: Any, message: str) -> None:
    damage(base, adapter)
    result = doctor("--model", base, "--adapter", adapter)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def _never(*args: Any, **settings: Any) -> None:
    raise AssertionError("something was started")


@pytest.mark.parametrize(("damage", "message"), BAD)
def test_solve_refuses_it_before_anything_is_started(
    base: Path, adapter: Path, tmp_path: Path, damage: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "run_pipeline", _never)
    damage(base, adapter)
    result = solve(tmp_path, "--model", base, "--adapter", adapter)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.glob("submission*"))


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"r": 600}, "rank 600 is above 512"),
        ({"target_modules": ["q_proj", "lm_head"]}, "the head (lm_head)"),
        ({"target_modules": ["q_proj", "embed_tokens"]}, "the head (embed_tokens)"),
        ({"bias": "all"}, "biases"),
        ({"trainable_token_indices": [1]}, "rows of the embeddings"),
    ],
)
def test_what_is_not_served_is_refused_where_it_would_be_served_and_merged_elsewhere(
    base: Path, adapter: Path, settings: dict[str, Any], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(adapter / "adapter_config.json", **settings)
    result = doctor("--model", base, "--adapter", adapter, "--simulate", "t4x2")
    assert result.exit_code == 2
    assert what in result.stderr
    assert "merge it into its base" in result.stderr
    assert doctor("--model", base, "--adapter", adapter, "--simulate", "none").exit_code == 0
    use(monkeypatch, "t4x2")
    monkeypatch.setattr(running, "run_pipeline", _never)
    result = solve(tmp_path, "--preset", "kaggle-t4x2", "--model", base, "--adapter", adapter)
    assert result.exit_code == 2
    assert what in result.stderr
    assert not list(tmp_path.glob("submission*"))


def test_the_program_itself_ends_with_2_and_writes_nothing(base: Path, adapter: Path, tmp_path: Path) -> None:
    _pickled(base, adapter)
    program = WEIGHTS.parent / "make_submission.py"
    command = [sys.executable, program, "--model", base, "--adapter", adapter, "--output", tmp_path / "out.json"]
    command += ["--challenges", challenges(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: model ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.glob("out*"))


def test_what_a_model_lacks_is_told_and_the_run_goes_on(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StartedError(Exception):
        pass

    def started(*args: Any, **settings: Any) -> None:
        raise StartedError

    monkeypatch.setattr(running, "run_pipeline", started)
    for name in ("config.json", "generation_config.json"):
        change(base / name, eos_token_id=None)
    change(base / "tokenizer_config.json", eos_token=None, chat_template=None)
    result = solve(tmp_path, "--model", base)
    assert isinstance(result.exception, StartedError)
    assert "warning: no end token anywhere" in result.output
    assert "no chat template: a base model" in doctor("--model", base).output


def test_the_bundled_adapter_on_somebody_else_s_base_is_told_by_its_hash(base: Path, tmp_path: Path) -> None:
    data = bytearray((base / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (base / "model.safetensors").write_bytes(bytes(data))
    result = doctor("--model", base, "--adapter", ADAPTER)
    assert result.exit_code == 2
    assert "another base" in result.stderr


def test_in_the_scoring_run_a_bad_model_costs_its_own_proposers_only(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pickled(base, base)
    monkeypatch.setenv("KAGGLE_IS_COMPETITION_RERUN", "1")
    result = solve(tmp_path, "--model", base)
    assert result.exit_code == 0, result.output
    assert "the cell model goes on without the text model" in result.output
    assert (tmp_path / "submission.json").is_file()
    assert solve(tmp_path, "--model", base, "--proposers", "induction").exit_code == 2


def test_a_preset_for_a_gpu_is_refused_where_none_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    result = solve(tmp_path, "--preset", "kaggle-t4x2")
    assert result.exit_code == 2
    assert "there is no GPU" in result.stderr
    use(monkeypatch, "p100")
    result = solve(tmp_path, "--preset", "kaggle-p100")
    assert result.exit_code == 2
    assert "CUDA 12.6" in result.stderr


def test_float16_is_rehearsed_with_somebody_else_s_model_and_overflow_ends_the_run(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def overflow(config: Any, engine: Any, tasks: Any) -> None:
        asked.append((engine.dtype, [task.task_id for task in tasks]))
        raise ModelError("float16 overflows; use float32 (--dtype float32)")

    monkeypatch.setattr(running, "rehearse_on", overflow)
    result = solve(tmp_path, "--model", base, "--dtype", "float16")
    assert result.exit_code == 2
    assert "--dtype float32" in result.stderr
    assert asked == [("float16", ["flip"])]


def test_somebody_else_s_model_is_asked_in_plain_words_with_cells_that_it_can_tell_apart(base: Path) -> None:
    pytest.importorskip("tokenizers")
    config = load_preset("cpu")
    ours = asked_as_trained(config)
    assert (ours.induction.version, ours.induction.use_stop_strings) == ("brief", False)
    theirs = asked_as_trained(load_preset("cpu", model=base, adapter=None))
    assert (theirs.induction.version, theirs.transduction.encoder) == ("v0", "rows")
    assert theirs.transduction.use_stop_strings
    chosen = load_preset("cpu", model=base, adapter=None, induction=InductionSettings(version="v3"))
    assert asked_as_trained(chosen).induction.version == "v3"
    assert asked_as_trained(chosen).transduction.version == "v0"
    assert asked_as_trained(load_preset("cpu", induction=InductionSettings(version="v3"))).induction.version == "brief"
    value = json.loads((base / "tokenizer.json").read_text())
    joined = value["added_tokens"][0] | {"id": 570, "content": "12", "special": False}
    value["added_tokens"].append(joined)
    (base / "tokenizer.json").write_text(json.dumps(value))
    assert asked_as_trained(load_preset("cpu", model=base, adapter=None)).transduction.encoder == "spaced"


def test_prompts_of_small_and_large_tasks_are_sampled() -> None:
    config = asked_as_trained(load_preset("cpu"))
    prompts = sample_prompts(config, made_up_tasks())
    assert len(prompts) == 6
    lengths = [len(prompt.user) for prompt in prompts]
    assert lengths[0] < lengths[2] < lengths[4]
    many = made_up_tasks() * 5
    assert len(sample_prompts(config, many)) == 8


@pytest.mark.model
def test_a_model_that_really_overflows_in_float16_ends_the_run(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from safetensors.torch import load_file, save_file

    from arc_solver.doctor.weights import rehearse_on

    monkeypatch.setattr(running, "rehearse_on", rehearse_on)
    monkeypatch.setattr(running, "run_pipeline", _never)
    tensors = {name: value.float() for name, value in load_file(base / "model.safetensors").items()}
    tensors["model.layers.3.mlp.down_proj.weight"] *= 1e4
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})
    result = solve(tmp_path, "--model", base, "--dtype", "float16")
    assert result.exit_code == 2
    assert "float16 overflows: its numbers are not finite from layer 4 on" in result.stderr
    assert "--dtype bfloat16" in result.stderr
    assert not list(tmp_path.glob("submission*"))


@pytest.mark.model
def test_the_bundled_model_is_really_rehearsed() -> None:
    pytest.importorskip("torch")
    from arc_solver.doctor.planning import plan_for
    from arc_solver.doctor.weights import rehearse_on
    from arc_solver.engines.plans import Plan

    config = asked_as_trained(load_preset("cpu"))
    plan = plan_for(config, simulated("none"))
    assert isinstance(plan, Plan)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        remarks = rehearse_on(config, plan.engines[0], made_up_tasks()[:1])
    assert [remark.what for remark in remarks] == ["finite in float32 on 2 prompts"]
