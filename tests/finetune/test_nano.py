import json
from pathlib import Path
from typing import Any

import pytest

from arc_solver.errors import ModelError

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.model

from arc_solver.finetune.nano import NanoConfig, load_model, new_model, save_model  # noqa: E402


def test_a_saved_model_loads_as_it_is_in_fp16(tiny_model: Any, tokenizer: Any, tmp_path: Path) -> None:
    save_model(tiny_model, tokenizer, tmp_path / "m")
    loaded, its_tokenizer = load_model(tmp_path / "m")
    for name, value in tiny_model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value.half().float())
        assert value.dtype == torch.float32
    assert its_tokenizer.encode("12") == tokenizer.encode("12")
    assert loaded.config.eos_token_id == its_tokenizer.eos_token_id
    assert loaded.generation_config.eos_token_id == its_tokenizer.eos_token_id


def test_weights_that_overflow_are_not_saved(tiny_model: Any, tokenizer: Any, tmp_path: Path) -> None:
    with torch.no_grad():
        tiny_model.model.layers[1].mlp.up_proj.weight[0, 0] = 1e6
    with pytest.raises(ModelError, match=r"not finite in fp16: .*up_proj"):
        save_model(tiny_model, tokenizer, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_activations_that_overflow_are_found(tiny_model: Any, tokenizer: Any, tmp_path: Path) -> None:
    with torch.no_grad():
        for projection in (tiny_model.model.layers[1].mlp.up_proj, tiny_model.model.layers[1].mlp.down_proj):
            projection.weight.fill_(6e4)
    with pytest.raises(ModelError, match="in fp16 after layer"):
        save_model(tiny_model, tokenizer, tmp_path / "m")


def test_the_seed_decides_the_weights(tokenizer: Any) -> None:
    config = NanoConfig(width=32, n_layers=1, n_heads=1, head_width=16, ffn_width=32)
    one, same, other = (new_model(config, tokenizer, seed=seed).lm_head.weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_bundled_sizes(tokenizer: Any) -> None:
    model = new_model(NanoConfig(), tokenizer, seed=0)
    assert 2e6 < sum(parameter.numel() for parameter in model.parameters()) < 6e6
    assert model.config.max_position_embeddings >= 2048


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model(tmp_path)


def test_a_tokenizer_without_an_end_token_takes_the_model_s(tiny_base: Path) -> None:
    from arc_solver.finetune.tokenizer import END

    settings = tiny_base / "tokenizer_config.json"
    value = json.loads(settings.read_text())
    settings.write_text(
        json.dumps({name: word for name, word in value.items() if name not in ("eos_token", "pad_token")})
    )
    _, tokenizer = load_model(tiny_base)
    assert tokenizer.eos_token == tokenizer.pad_token == END
    for name in ("config.json", "generation_config.json"):
        known = json.loads((tiny_base / name).read_text())
        known.pop("eos_token_id")
        (tiny_base / name).write_text(json.dumps(known))
    with pytest.raises(ModelError, match="no end token anywhere"):
        load_model(tiny_base)
