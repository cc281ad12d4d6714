import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("transformers")

from arc_solver.errors import InputError
from arc_solver.finetune.dataset import Encoded, Encoding, bucket, chunk_batches, collate, encode, split_batch
from arc_solver.finetune.tokenizer import build_tokenizer
from arc_solver.prompts.base import Prompt, Sample
from arc_solver.prompts.rendering import PromptEncoder

pytestmark = pytest.mark.model

SAMPLE = Sample("copy", "t", Prompt(user="input\n12\noutput\n34\ninput\n56", prefill="go "), "56")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return build_tokenizer(())


def texts(tokenizer: Any, encoded: Encoded, weight: float) -> str:
    return "".join(
        tokenizer.decode([token]) for token, w in zip(encoded.token_ids, encoded.weights, strict=True) if w == weight
    )


def test_loss_on_completion_and_end_token_only(tokenizer: Any) -> None:
    encoded = encode(tokenizer, SAMPLE, Encoding(100))
    assert encoded is not None
    assert texts(tokenizer, encoded, 1.0) == "56<|end|>"
    assert texts(tokenizer, encoded, 0.0) == "<|user|>input\n12\noutput\n34\ninput\n56<|assistant|>go "
    assert encoded.n_prompt == int((encoded.weights == 0).sum())


def test_prompt_and_pattern_have_weights_of_their_own(tokenizer: Any) -> None:
    encoded = encode(
        tokenizer, SAMPLE, Encoding(100, prompt_weight=0.25, pattern=r"(?<=output\n)\d+\n", pattern_weight=0.5)
    )
    assert encoded is not None
    assert texts(tokenizer, encoded, 0.5) == "34\n"
    assert texts(tokenizer, encoded, 1.0) == "56<|end|>"
    # Nothing predicts the first token.
    assert texts(tokenizer, encoded, 0.0) == "<|user|>"
    assert texts(tokenizer, encoded, 0.25) == "input\n12\noutput\ninput\n56<|assistant|>go "


def test_tokens_are_those_of_the_rendered_text(tokenizer: Any) -> None:
    encoded = encode(tokenizer, SAMPLE, Encoding(100))
    assert encoded is not None
    assert tokenizer.decode(encoded.token_ids) == PromptEncoder(tokenizer).render(SAMPLE.prompt) + "56<|end|>"


def test_a_model_without_a_chat_template_is_trained_on_what_it_is_asked() -> None:
    tokenizer = build_tokenizer(())
    tokenizer.chat_template = None
    sample = Sample("copy", "t", Prompt("12", system="be quick", prefill="go"), "56")
    encoded = encode(tokenizer, sample, Encoding(100))
    assert encoded is not None
    assert tokenizer.decode(encoded.token_ids) == "be quick\n\n12\ngo56<|end|>"
    assert tuple(encoded.token_ids[: encoded.n_prompt]) == PromptEncoder(tokenizer).encode(sample.prompt)


def test_too_long_is_none(tokenizer: Any) -> None:
    encoded = encode(tokenizer, SAMPLE, Encoding(100))
    assert encoded is not None
    assert encode(tokenizer, SAMPLE, Encoding(len(encoded.token_ids))) is not None
    assert encode(tokenizer, SAMPLE, Encoding(len(encoded.token_ids) - 1)) is None
    assert encode(tokenizer, SAMPLE, Encoding(encoded.n_prompt)) is None


@settings(deadline=None)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=30), budget=st.integers(20, 100))
def test_buckets_hold_every_sample_once_within_the_budget(lengths: list[int], budget: int) -> None:
    samples = [Encoded(str(i), np.full(n, i + 1, np.int32), np.ones(n, np.float32), 0) for i, n in enumerate(lengths)]
    batches = bucket(samples, budget, pad_id=0)
    assert sorted(recipe for batch in batches for recipe in batch.recipes) == sorted(
        str(i) for i in range(len(lengths))
    )
    for batch in batches:
        assert batch.token_ids.size <= budget or len(batch.recipes) == 1
        assert batch.n_tokens == int((batch.token_ids != 0).sum())
        assert not batch.weights[batch.token_ids == 0].any()
        for recipe, row in zip(batch.recipes, batch.token_ids, strict=True):
            assert row[row != 0].tolist() == [int(recipe) + 1] * lengths[int(recipe)]


def numbered(start: int) -> Iterator[Sample]:
    return (Sample("count", "t", Prompt(str(index)), str(index)) for index in itertools.count(start))


def batches_of(tokenizer: Any, seed: int, chunk: int) -> list[list[list[int]]]:
    arguments = {"n_samples": 20, "batch_tokens": 24, "encoding": Encoding(50)}
    return [b.token_ids.tolist() for b in chunk_batches(tokenizer, numbered, seed=seed, chunk=chunk, **arguments)]


def test_chunks_are_reproducible_and_do_not_overlap(tokenizer: Any) -> None:
    assert batches_of(tokenizer, 1, 3) == batches_of(tokenizer, 1, 3)
    assert batches_of(tokenizer, 1, 3) != batches_of(tokenizer, 2, 3)
    rows = [str(row) for chunk in range(3) for batch in batches_of(tokenizer, 1, chunk) for row in batch]
    assert len(rows) == len(set(rows)) == 60


def test_a_source_without_a_fitting_sample_is_an_error(tokenizer: Any) -> None:
    with pytest.raises(InputError, match="2 tokens"):
        chunk_batches(tokenizer, numbered, seed=0, chunk=0, n_samples=5, batch_tokens=50, encoding=Encoding(2))


@settings(deadline=None)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=30), most=st.integers(1, 100))
def test_parts_hold_the_rows_of_a_batch_in_their_order(lengths: list[int], most: int) -> None:
    samples = [Encoded(str(i), np.full(n, i + 1, np.int32), np.ones(n, np.float32), 0) for i, n in enumerate(lengths)]
    batch = collate(samples, pad_id=0)
    parts = split_batch(batch, most)
    assert [recipe for part in parts for recipe in part.recipes] == list(batch.recipes)
    assert sum(part.n_tokens for part in parts) == batch.n_tokens == sum(lengths)
    assert sum(float(part.weights.sum()) for part in parts) == batch.weights.sum()
    for part in parts:
        assert part.token_ids.size <= most or len(part.recipes) == 1
        for recipe, row in zip(part.recipes, part.token_ids, strict=True):
            assert row[row != 0].tolist() == [int(recipe) + 1] * lengths[int(recipe)]
    assert split_batch(batch, None) == [batch]
