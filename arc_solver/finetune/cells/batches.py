"""Batches of packed documents, drawn at random and reproducibly: batch i is the same whoever makes it, and when.

Rows of a batch hold several documents one after the other; attention stays inside each. Worker processes make batches
ahead of the training step. Knows nothing of torch.

Shapes: B rows of a batch, T tokens of a row.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.augment import View
from arc_solver.finetune.cells import vocabulary as words
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.finetune.cells.sequences import Document, document, document_spans, n_document_tokens
from arc_solver.grids import MAX_SIDE, N_COLORS
from arc_solver.tasks import Pair

PADDING = 32767
"""Number of the document that padding belongs to: above all others, so that numbers never fall along a row."""
_N_WAITING = 48
"""Documents from which the one that fills a row best is chosen."""


@dataclass(frozen=True, slots=True)
class DrawConfig:
    """What documents are drawn, and how they are packed.

    Attributes:
        weights: Group -> share of documents.
        n_rows: B.
        n_tokens: T, at least the longest document of one pair.
        max_pairs: Most pairs of a document.
        share_several: Documents that show several pairs.
        share_unknown: Documents of several pairs whose task has the token for unknown tasks: the rule must be read off
            the pairs before.
        share_offset: Documents that lie somewhere on the canvas, not at its corner.
        share_plain_colors: Documents in their own colours.
        share_moved_background: Documents in which colour 0 is recoloured as well.
        symmetries: Views are rotated and mirrored.
    """

    weights: Mapping[str, float]
    n_rows: int = 32
    n_tokens: int = 2048
    max_pairs: int = 1
    share_several: float = 0.0
    share_unknown: float = 0.0
    share_offset: float = 0.0
    share_plain_colors: float = 0.2
    share_moved_background: float = 0.1
    symmetries: bool = True


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """One batch.

    Attributes:
        tokens: Shape (B, T), int32.
        documents: Number of the document in its row at each place, `PADDING` behind the last; shape (B, T), int16.
        targets: The token to answer at each place (the next one), 0 where nothing is answered; shape (B, T), int32.
    """

    tokens: NDArray[np.int32]
    documents: NDArray[np.int16]
    targets: NDArray[np.int32]

    @property
    def is_one_a_row(self) -> bool:
        """Every row holds one document, from its first place on."""
        return bool(np.isin(self.documents, (0, PADDING)).all())


def draw_document(rng: np.random.Generator, corpus: Corpus, config: DrawConfig) -> Document:
    """A random document."""
    names = sorted(config.weights)
    shares = np.array([config.weights[name] for name in names])
    members = corpus.groups[names[int(np.searchsorted(np.cumsum(shares / shares.sum()), rng.random()))]]
    entry = int(members[rng.integers(len(members))])
    n_wanted = 1
    if config.max_pairs > 1 and rng.random() < config.share_several:
        n_wanted = int(rng.integers(2, config.max_pairs + 1))
    drawn = rng.choice(corpus.n_pairs(entry), size=min(n_wanted, corpus.n_pairs(entry)), replace=False)
    pairs = _fitting([corpus.pair(entry, int(index)) for index in drawn], config.n_tokens)
    is_unknown = len(pairs) > 1 and rng.random() < config.share_unknown
    return document(
        words.TASK if is_unknown else words.TASK + 1 + int(corpus.numbers[entry]),
        draw_view(rng, config),
        pairs,
        n_given=1 if is_unknown else 0,
        offset=_offset(rng, pairs) if rng.random() < config.share_offset else (0, 0),
    )


def draw_view(rng: np.random.Generator, config: DrawConfig) -> View:
    """A random view: its colours are often its own, seldom with another background."""
    point = rng.random()
    first = 0 if point < config.share_moved_background else 1
    colors = np.arange(N_COLORS)
    if point < 1 - config.share_plain_colors:
        colors[first:] = first + rng.permutation(N_COLORS - first)
    return View(int(rng.integers(8)) if config.symmetries else 0, tuple(colors.tolist()))


def _fitting(pairs: list[Pair], n_tokens: int) -> list[Pair]:
    while len(pairs) > 1 and n_document_tokens(pairs) > n_tokens:
        pairs.pop()
    return pairs


def _offset(rng: np.random.Generator, pairs: list[Pair]) -> tuple[int, int]:
    # A square canvas: the view may still swap rows and columns.
    side = max(max(grid.shape) for pair in pairs for grid in (pair.input, pair.output))
    top, left = rng.integers(MAX_SIDE - side + 1, size=2).tolist()
    return top, left


def make_batch(corpus: Corpus, config: DrawConfig, seed: int, index: int) -> PackedBatch:
    """Batch `index` of the endless stream of `seed`."""
    rng = np.random.default_rng([seed, index])
    waiting: list[Document] = []
    tokens = np.zeros((config.n_rows, config.n_tokens), dtype=np.int32)
    documents = np.full((config.n_rows, config.n_tokens), PADDING, dtype=np.int16)
    targets = np.zeros((config.n_rows, config.n_tokens), dtype=np.int32)
    for row in range(config.n_rows):
        used = n_used = 0
        while True:
            while len(waiting) < _N_WAITING:
                waiting.append(draw_document(rng, corpus, config))
            chosen = _best_fit(waiting, config.n_tokens - used)
            if chosen is None:
                break
            drawn = waiting.pop(chosen)
            end = used + len(drawn.tokens)
            tokens[row, used:end] = drawn.tokens
            documents[row, used:end] = n_used
            targets[row, used : end - 1] = np.where(drawn.answered[1:], drawn.tokens[1:], 0)
            used, n_used = end, n_used + 1
    return PackedBatch(tokens, documents, targets)


def one_a_row(made: Sequence[Document]) -> PackedBatch:
    """A batch with one document in each row, at least one document."""
    width = max(len(one.tokens) for one in made)
    tokens = np.zeros((len(made), width), dtype=np.int32)
    documents = np.full((len(made), width), PADDING, dtype=np.int16)
    targets = np.zeros((len(made), width), dtype=np.int32)
    for row, one in enumerate(made):
        end = len(one.tokens)
        tokens[row, :end], documents[row, :end] = one.tokens, 0
        targets[row, : end - 1] = np.where(one.answered[1:], one.tokens[1:], 0)
    return PackedBatch(tokens, documents, targets)


def parts(batch: PackedBatch, n_tokens: int) -> Iterator[PackedBatch]:
    """The documents of a batch in their order, as batches of one row without padding, of at most `n_tokens` tokens
    unless one document is longer.
    """
    chosen: list[tuple[int, int, int]] = []
    for span in _spans(batch):
        if chosen and sum(end - start for _, start, end in (*chosen, span)) > n_tokens:
            yield _one_row(batch, chosen)
            chosen = []
        chosen.append(span)
    if chosen:
        yield _one_row(batch, chosen)


def padded_parts(batch: PackedBatch, n_tokens: int) -> Iterator[PackedBatch]:
    """The documents of a batch, those of similar lengths together, one a row, as batches of at most `n_tokens` tokens
    with padding, unless one document is longer.

    For GPUs: plain causal attention does for such a batch, which every kernel can, and a few large launches do for many
    small documents.
    """
    spans = sorted(_spans(batch), key=lambda span: span[2] - span[1])
    chosen: list[tuple[int, int, int]] = []
    for span in spans:  # the longest so far is the width
        if chosen and (len(chosen) + 1) * (span[2] - span[1]) > n_tokens:
            yield _stacked(batch, chosen)
            chosen = []
        chosen.append(span)
    if chosen:
        yield _stacked(batch, chosen)


def _spans(batch: PackedBatch) -> Iterator[tuple[int, int, int]]:
    """Row, start and end of each document, padding left out."""
    return (span for span in document_spans(batch.documents) if batch.documents[span[:2]] != PADDING)


def _one_row(batch: PackedBatch, spans: Sequence[tuple[int, int, int]]) -> PackedBatch:
    def joined(array: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([array[row, start:end] for row, start, end in spans])[None]

    numbers = np.repeat(np.arange(len(spans), dtype=np.int16), [end - start for _, start, end in spans])
    return PackedBatch(joined(batch.tokens), numbers[None], joined(batch.targets))


def _stacked(batch: PackedBatch, spans: Sequence[tuple[int, int, int]]) -> PackedBatch:
    shape = len(spans), max(end - start for _, start, end in spans)
    made = PackedBatch(np.zeros(shape, np.int32), np.full(shape, PADDING, np.int16), np.zeros(shape, np.int32))
    for at, (row, start, end) in enumerate(spans):
        here = slice(end - start)
        made.tokens[at, here], made.documents[at, here] = batch.tokens[row, start:end], 0
        made.targets[at, here] = batch.targets[row, start:end]
    return made


def _best_fit(waiting: list[Document], room: int) -> int | None:
    """The document to place next: the oldest while there is room for any, then the longest that still fits."""
    if len(waiting[0].tokens) <= room:
        return 0
    fitting = [index for index, one in enumerate(waiting) if len(one.tokens) <= room]
    return max(fitting, key=lambda index: len(waiting[index].tokens)) if fitting else None


def stream(
    corpus: Corpus, config: DrawConfig, seed: int, *, start: int = 0, n_workers: int = 0
) -> Iterator[PackedBatch]:
    """Batches from number `start` on, without end; the same whatever the number of workers.

    Worker processes are forked when the first batch is asked for, so ask before a GPU is touched; they end with the
    generator.
    """
    if n_workers == 0:
        while True:
            yield make_batch(corpus, config, seed, start)
            start += 1
    context = multiprocessing.get_context("fork")
    queues: list[Queue[Any]] = [context.Queue(maxsize=4) for _ in range(n_workers)]
    workers = [
        context.Process(target=_produce, args=(corpus, config, seed, start + rank, n_workers, queue), daemon=True)
        for rank, queue in enumerate(queues)
    ]
    for worker in workers:
        worker.start()
    try:
        while True:
            for queue in queues:
                yield PackedBatch(*queue.get())
    finally:
        for worker in workers:
            worker.terminate()


def _produce(corpus: Corpus, config: DrawConfig, seed: int, index: int, step: int, queue: Queue[Any]) -> None:
    while True:
        batch = make_batch(corpus, config, seed, index)
        queue.put((batch.tokens, batch.documents, batch.targets))
        index += step
