"""From samples to batches: tokens, a loss weight for each token, and groups of similar length under a token budget.

Data comes in chunks of the same number of samples, so a position in an endless stream is two small numbers, and a
resumed run sees exactly the batches that an unbroken one would have seen. Knows nothing of models or optimisers, nor of
what a sample is about.

Shapes: B sequences of a batch, L tokens of its longest sequence.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.errors import InputError
from arc_solver.prompts.base import Sample
from arc_solver.prompts.rendering import PromptEncoder

SampleSource = Callable[[int], Iterator[Sample]]
"""start -> samples start, start + 1, and so on, without end; sample i is always the same."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One sample as tokens.

    Attributes:
        recipe: Its learning task.
        token_ids: Prompt, completion and end token, int32 of shape (L,).
        weights: The loss weight of each token, float32 of shape (L,); 1 on completion and end token.
        n_prompt: Number of prompt tokens.
    """

    recipe: str
    token_ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    n_prompt: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences of similar length, padded on the right.

    Attributes:
        recipes: The learning task of each sequence.
        token_ids: int64 of shape (B, L).
        weights: float32 of shape (B, L); 0 on padding.
        lengths: Tokens of each sequence that are not padding, in rising order where `bucket` made the batch.
    """

    recipes: tuple[str, ...]
    token_ids: NDArray[np.int64]
    weights: NDArray[np.float32]
    lengths: tuple[int, ...]

    @property
    def n_tokens(self) -> int:
        """Tokens that are not padding."""
        return sum(self.lengths)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How samples become tokens.

    Attributes:
        max_tokens: Longer samples are left out.
        prompt_weight: Loss weight of the prompt's own tokens. Above 0 a base that starts from nothing also learns what
            grids look like.
        pattern: A regular expression for those parts of the user's turn that are answers themselves, such as the
            outputs of the examples: a base that starts from nothing learns several times as much from a sample if they
            count. Empty for none.
        pattern_weight: Loss weight of their tokens.
    """

    max_tokens: int
    prompt_weight: float = 0.0
    pattern: str = ""
    pattern_weight: float = 0.0


@dataclass(slots=True)
class Position:
    """Where a run stands in its data: the chunk, and the batches of it that are done."""

    chunk: int = 0
    batch: int = 0


def encode(tokenizer: Any, sample: Sample, encoding: Encoding) -> Encoded | None:
    """Tokens and loss weights of `sample`, or None where it is longer than `encoding.max_tokens`.

    The prompt is written as it is at inference, for a chat model and for a base model alike. Prompt and completion are
    split into tokens apart from each other, as they are there too.
    """
    encoder = PromptEncoder(tokenizer)
    prompt = encoder.encode(sample.prompt)
    spans: list[tuple[int, int]] = []
    if encoding.pattern:
        prompt, spans = encoder.encode_with_spans(sample.prompt)
    if len(prompt) >= encoding.max_tokens:
        return None
    completion = [*tokenizer.encode(sample.completion, add_special_tokens=False), tokenizer.eos_token_id]
    token_ids = np.array([*prompt, *completion], dtype=np.int32)
    if len(token_ids) > encoding.max_tokens:
        return None
    weights = np.ones(len(token_ids), dtype=np.float32)
    weights[: len(prompt)] = encoding.prompt_weight
    if spans:
        answers = [match.span() for match in re.finditer(encoding.pattern, encoder.render(sample.prompt))]
        weights[_tokens_within(spans, answers)] = encoding.pattern_weight
    # Nothing precedes the first token, so nothing predicts it.
    weights[0] = 0.0
    return Encoded(sample.recipe, token_ids, weights, len(prompt))


def collate(samples: Sequence[Encoded], pad_id: int) -> Batch:
    """Pad `samples` on the right to a common length."""
    longest = max(len(sample.token_ids) for sample in samples)
    token_ids = np.full((len(samples), longest), pad_id, dtype=np.int64)
    weights = np.zeros((len(samples), longest), dtype=np.float32)
    for row, sample in enumerate(samples):
        token_ids[row, : len(sample.token_ids)] = sample.token_ids
        weights[row, : len(sample.weights)] = sample.weights
    return Batch(tuple(s.recipe for s in samples), token_ids, weights, tuple(len(s.token_ids) for s in samples))


def bucket(samples: Sequence[Encoded], batch_tokens: int, pad_id: int) -> list[Batch]:
    """Batches of similar length, each at most `batch_tokens` with its padding (one sample at least), shortest first."""
    batches: list[Batch] = []
    group: list[Encoded] = []
    for sample in sorted(samples, key=lambda s: len(s.token_ids)):
        if group and (len(group) + 1) * len(sample.token_ids) > batch_tokens:
            batches.append(collate(group, pad_id))
            group = []
        group.append(sample)
    if group:
        batches.append(collate(group, pad_id))
    return batches


def split_batch(batch: Batch, max_tokens: int | None) -> list[Batch]:
    """The sequences of `batch` in parts, in their order, each at most `max_tokens` with what padding it needs (one
    sequence at least); None keeps them together.
    """
    if max_tokens is None:
        return [batch]
    starts = [0]
    longest = 0
    for row, length in enumerate(batch.lengths):
        longest = max(longest, length)
        if row > starts[-1] and longest * (row - starts[-1] + 1) > max_tokens:
            starts.append(row)
            longest = length
    return [_rows(batch, start, end) for start, end in itertools.pairwise([*starts, len(batch.lengths)])]


def _rows(batch: Batch, start: int, end: int) -> Batch:
    rows, lengths = slice(start, end), batch.lengths[start:end]
    longest = max(lengths)
    return Batch(batch.recipes[rows], batch.token_ids[rows, :longest], batch.weights[rows, :longest], lengths)


def chunk_batches(
    tokenizer: Any,
    source: SampleSource,
    *,
    seed: int,
    chunk: int,
    n_samples: int,
    batch_tokens: int,
    encoding: Encoding,
) -> list[Batch]:
    """All batches of one chunk, in random order: the same for the same arguments.

    Args:
        tokenizer: Of the model.
        source: Where samples come from.
        seed: Of the order.
        chunk: Which chunk; it holds the samples chunk * n_samples and following.
        n_samples: Samples of a chunk.
        batch_tokens: As in `bucket`.
        encoding: As in `encode`.

    Raises:
        InputError: The source gives no sample that fits `encoding.max_tokens`.
    """
    samples = itertools.islice(source(chunk * n_samples), n_samples)
    encoded = [item for sample in samples if (item := encode(tokenizer, sample, encoding)) is not None]
    if not encoded:
        raise InputError(
            f"no training sample fits into {encoding.max_tokens} tokens: allow more tokens or smaller grids"
        )
    batches = bucket(encoded, batch_tokens, tokenizer.pad_token_id)
    order = np.random.default_rng([seed, chunk]).permutation(len(batches))
    return [batches[index] for index in order]


def _tokens_within(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> list[int]:
    """Indices of the tokens that lie wholly within one of `spans`; both in rising order."""
    chosen: list[int] = []
    index = 0
    for start, end in spans:
        while index < len(offsets) and offsets[index][0] < start:
            index += 1
        while index < len(offsets) and offsets[index][1] <= end:
            chosen.append(index)
            index += 1
    return chosen
