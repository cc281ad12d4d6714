from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytest.importorskip("transformers")

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.finetune.tokenizer import END, PAD, SPECIAL_TOKENS, build_tokenizer, fixed_lines, save_tokenizer

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """As it is read back from disk, which is what everybody uses."""
    from transformers import AutoTokenizer

    folder: Path = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(build_tokenizer(PRIMITIVES, ("```grid ", "\noutput\n")), folder)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def ids_of(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return ids


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(text=st.text())
@example(text="```grid 2x3\n1 012\n2 345\n```\noutput\n")
@example(text="def task(grid):\n    return rot90(crop(grid)) , 's . ,")
@example(text="  leading, trailing  \n\n")
def test_every_text_survives(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(ids_of(tokenizer, text)) == text


@given(digits=st.text("0123456789", min_size=1, max_size=900))
@settings(deadline=None)
def test_a_cell_is_a_token(tokenizer: Any, digits: str) -> None:
    ids = ids_of(tokenizer, digits)
    assert len(ids) == len(digits)
    assert len(set(ids)) == len(set(digits))


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_every_word_of_the_dsl_is_a_token(tokenizer: Any, name: str) -> None:
    (word,) = ids_of(tokenizer, name)
    call = ids_of(tokenizer, f"x = {name}(grid)\n")
    assert call.count(word) == 1
    # Only where the word stands alone.
    assert word not in ids_of(tokenizer, f"{name}q")


def test_a_row_costs_its_cells_and_one_token(tokenizer: Any) -> None:
    assert len(ids_of(tokenizer, "\n1 012\n30 345")) == 8


def test_chat_template(tokenizer: Any) -> None:
    turns = [{"role": "user", "content": "12"}]
    prompt = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert prompt == "<|user|>12<|assistant|>"
    whole = tokenizer.apply_chat_template([*turns, {"role": "assistant", "content": "34"}], tokenize=False)
    assert whole == prompt + "34" + END
    assert len(ids_of(tokenizer, whole)) == 7


def test_special_tokens(tokenizer: Any) -> None:
    assert tokenizer.eos_token == END
    assert tokenizer.pad_token == PAD
    assert len({*ids_of(tokenizer, "".join(SPECIAL_TOKENS))}) == len(SPECIAL_TOKENS)


def test_nothing_is_added_to_a_text(tokenizer: Any) -> None:
    assert tokenizer("12")["input_ids"] == ids_of(tokenizer, "12")


def test_fixed_lines_are_the_shared_ones_without_digits() -> None:
    texts = ["input\n012\nwhat is it?", "input\n345\nwhat is it?", "input\n678\nrare words"]
    assert fixed_lines(texts, share=0.5) == ("what is it?", "input")
