"""A model that gets words keeps what it knew."""

from pathlib import Path
from typing import Any

import pytest

from arc_solver.errors import InputError

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.model

from arc_solver.finetune.growing import grow  # noqa: E402
from arc_solver.finetune.nano import NanoConfig, load_model, new_model, save_model  # noqa: E402
from arc_solver.finetune.request import Choices, train_request  # noqa: E402
from arc_solver.finetune.tokenizer import build_tokenizer  # noqa: E402

SIZES = NanoConfig(width=32, n_layers=2, n_heads=2, head_width=16, ffn_width=48)
OLD, NEW = ("crop", "flip"), ("flip", "gravity", *(f"word_{number}" for number in range(70)))
TEXT = "def task(grid):\n    return flip(grid, 12)"


def logits(model: Any, tokenizer: Any, text: str) -> Any:
    with torch.no_grad():
        return model(input_ids=torch.tensor([tokenizer.encode(text)])).logits[0, -1]


def test_what_it_knew_is_answered_as_before(tmp_path: Path) -> None:
    old, new = build_tokenizer(OLD), build_tokenizer(NEW)
    model = new_model(SIZES, old, seed=0).eval()
    grown, n_new = grow(model, old, new)
    assert n_new == 71
    assert grown.config.vocab_size % 64 == 0
    assert grown.config.vocab_size >= len(new) > model.config.vocab_size
    before, after = logits(model, old, TEXT), logits(grown.eval(), new, TEXT)
    shared = [text for text in old.get_vocab() if text in new.get_vocab()]
    assert [word for word in (*OLD, *NEW) if word in shared] == ["flip", "flip"]
    places = [old.get_vocab()[text] for text in shared], [new.get_vocab()[text] for text in shared]
    torch.testing.assert_close(before[places[0]], after[places[1]])
    save_model(grown, new, tmp_path / "grown")
    loaded, its_tokenizer = load_model(tmp_path / "grown")
    assert loaded.get_input_embeddings().weight.data_ptr() == loaded.get_output_embeddings().weight.data_ptr()
    assert its_tokenizer.decode(its_tokenizer.encode(TEXT)) == TEXT


def test_a_new_word_starts_from_the_mean_of_its_spelling() -> None:
    old, new = build_tokenizer(OLD), build_tokenizer(NEW)
    model = new_model(SIZES, old, seed=0)
    grown, _ = grow(model, old, new)
    spelled = old.encode("gravity")
    assert (len(spelled), len(new.encode("gravity"))) == (7, 1)
    table, rows = model.get_input_embeddings().weight, grown.get_input_embeddings().weight
    torch.testing.assert_close(rows[new.get_vocab()["gravity"]], table[spelled].mean(dim=0))


@pytest.mark.parametrize("lora", [None, 4])
def test_words_are_for_models_of_ours(lora: int | None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--add-words is for all weights of a model of ours"):
        train_request(tmp_path / "out", Choices(add_words=True, lora_rank=lora), base=tmp_path if lora else None)
