"""The decode loop: which rows run, one forward pass for all of them, who is finished.

`Decoder.step` is one turn: admit waiting requests (prefill), else decode one token of every running row. The caller
checks the clock between steps. Knows nothing of time, adapters or ARC.

Shapes: n running rows, m prompts in a prefill, L longest of them, T longest row, V vocabulary.
"""

from __future__ import annotations

import inspect
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import DynamicCache

from arc_solver.engines.base import Completion, Finish, IsWanted, Request
from arc_solver.engines.choosing import RowSampling, choose
from arc_solver.engines.rendering import CompletionText
from arc_solver.engines.slots import SlotCache
from arc_solver.engines.weights import LoadedModel


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much may run at once.

    Attributes:
        max_rows: Rows that decode together.
        max_tokens: Rows times the longest row's reserved length.
        prefill_tokens: Tokens of one prefill pass (one prompt may be longer), which is how long a deadline may be
            overrun.
    """

    max_rows: int
    max_tokens: int
    prefill_tokens: int

    def __post_init__(self) -> None:
        if min(self.max_rows, self.max_tokens, self.prefill_tokens) < 1:
            raise ValueError("batch limits must be at least 1")


@dataclass(slots=True, eq=False)
class _Row:
    """One completion in the making."""

    request: Request
    limit: int
    uniforms: NDArray[np.float64] | None
    token_ids: list[int] = field(default_factory=list)
    logprob: float = 0.0


@dataclass(slots=True, eq=False)
class _Question:
    """One prompt and the rows that wait for it; its prefill serves all of them."""

    prompt_ids: tuple[int, ...]
    waiting: deque[_Row] = field(default_factory=deque)
    running: int = 0
    logits: torch.Tensor | None = None

    @property
    def longest(self) -> int:
        return len(self.prompt_ids) + max(row.limit for row in self.waiting)


class Decoder:
    """Decodes the requests of one call, all with the same weights.

    Args:
        loaded: The model.
        text: Where completions end, and their text.
        limits: How much may run at once.
        device: Where the model lies.
        context_length: Most tokens of prompt and completion together.
    """

    def __init__(
        self, loaded: LoadedModel, text: CompletionText, limits: BatchLimits, device: torch.device, context_length: int
    ) -> None:
        self._model = loaded.model
        self._attention = loaded.attention
        self._text = text
        self._limits = limits
        self._device = device
        self._context_length = context_length
        self._selects_logits = "logits_to_keep" in inspect.signature(loaded.model.forward).parameters
        self._questions: dict[tuple[int, ...], _Question] = {}
        self._queue: deque[_Question] | None = None
        self._rows: list[tuple[_Row, _Question]] = []
        self._filling = False
        self._reserved = 0  # the longest row's length when it is finished, of all that run
        self._cache = SlotCache()
        self._sampling: RowSampling | None = None
        self._steps = torch.arange(context_length + 1, device=device)

    def add(self, request: Request, prompt_ids: tuple[int, ...]) -> None:
        """Queue a request; all are added before the first step."""
        sampling = request.sampling
        limit = min(sampling.max_new_tokens, self._context_length - len(prompt_ids))
        uniforms = np.random.default_rng(sampling.seed).random(limit) if sampling.temperature > 0 else None
        question = self._questions.setdefault(prompt_ids, _Question(prompt_ids))
        question.waiting.append(_Row(request, limit, uniforms))

    def unfinished(self) -> bool:
        """Whether anything runs or waits."""
        return bool(self._rows) or (bool(self._questions) if self._queue is None else bool(self._queue))

    def drop_unwanted(self, is_wanted: IsWanted) -> None:
        """Let go of the requests, running or waiting, that nobody wants an answer to any more."""
        for question in self._queue or ():
            question.waiting = deque(row for row in question.waiting if is_wanted(row.request.request_id))
        self._queue = deque(question for question in self._queue or () if question.waiting)
        unwanted = [i for i, (row, _) in enumerate(self._rows) if not is_wanted(row.request.request_id)]
        for index in reversed(unwanted):
            self._leave(index)
        if unwanted:
            self._sampling = None

    @torch.inference_mode()
    def step(self) -> list[tuple[str, Completion]]:
        """Admit waiting requests, or decode one token of every running row; return what finished by it."""
        if self._queue is None:
            # Short ones first: most answers a second, should the deadline cut the rest; and rows of like length
            # together.
            self._queue = deque(sorted(self._questions.values(), key=lambda question: question.longest))
        admitted = self._admit()
        if admitted:
            return self._prefill(admitted)
        return self._decode()

    # -- admission ---------------------------------------------------------------------------------------------------

    def _admit(self) -> list[tuple[_Question, list[_Row]]]:
        """The next questions with as many of their rows as there is room for, if it is time to let some in."""
        assert self._queue is not None
        n_free = self._limits.max_rows - len(self._rows)
        # Nobody decodes while others are let in: wait until several can, and then let in all that fit.
        if not self._rows or n_free >= max(1, self._limits.max_rows // 8):
            self._filling = True
        if not self._queue or not self._filling:
            return []
        admitted: list[tuple[_Question, list[_Row]]] = []
        n_rows, reserved, n_prefill = len(self._rows), self._reserved if self._rows else 0, 0
        while self._queue:
            question = self._queue[0]
            reserved = max(reserved, question.longest)
            room = min(self._limits.max_rows, self._limits.max_tokens // reserved) - n_rows
            if n_rows == 0:
                room = max(room, 1)  # one row always runs, however little memory is allowed
            n_prefill = max(n_prefill, len(question.prompt_ids))
            if room < 1 or (admitted and n_prefill * (len(admitted) + 1) > self._limits.prefill_tokens):
                break
            rows = [question.waiting.popleft() for _ in range(min(room, len(question.waiting)))]
            admitted.append((question, rows))
            n_rows += len(rows)
            self._reserved = reserved
            if not question.waiting:
                self._queue.popleft()
            if n_rows >= self._limits.max_rows:
                break
        if admitted:
            self._reserve(n_rows)
        else:
            self._filling = False
        return admitted

    def _reserve(self, n_rows: int) -> None:
        """Buffers for the rows that run now, and at once for those that wait, if they fit: growing copies all of it."""
        waiting = self._queue or ()
        n_most = min(self._limits.max_rows, n_rows + sum(len(question.waiting) for question in waiting))
        length = max(self._reserved, waiting[-1].longest if waiting else 0)
        if n_most * length > self._limits.max_tokens:
            length = min(length, self._reserved + self._reserved // 4)
            n_most = max(n_rows, min(n_most, self._limits.max_tokens // length))
        self._cache.reserve(n_most, length)

    # -- forward passes ----------------------------------------------------------------------------------------------

    def _prefill(self, admitted: list[tuple[_Question, list[_Row]]]) -> list[tuple[str, Completion]]:
        fresh = [question for question, _ in admitted if question.logits is None or not question.running]
        prefilled = self._prefill_prompts(fresh) if fresh else None
        first_logits: list[torch.Tensor] = []
        n_before = len(self._rows)
        for question, rows in admitted:
            length = len(question.prompt_ids)
            if prefilled is not None and question in fresh:
                self._cache.append(prefilled, fresh.index(question), length, len(rows))
            else:
                donor = next(index for index, (_, other) in enumerate(self._rows) if other is question)
                self._cache.append_copies(donor, length, len(rows))
            assert question.logits is not None
            first_logits.extend([question.logits] * len(rows))
            question.running += len(rows)
            self._rows.extend((row, question) for row in rows)
            if not question.waiting:
                question.logits = None
        return self._advance(torch.stack(first_logits), n_before)

    def _prefill_prompts(self, questions: list[_Question]) -> DynamicCache:
        """One pass over m prompts (m, L), padded on the right, where a causal model never looks.

        Keeps the logits that follow each prompt with its question.
        """
        lengths = [len(question.prompt_ids) for question in questions]
        longest = max(lengths)
        ids = [list(question.prompt_ids) + [0] * (longest - len(question.prompt_ids)) for question in questions]
        cache = DynamicCache()
        ends = sorted({length - 1 for length in lengths})
        options = {"logits_to_keep": torch.tensor(ends, device=self._device)} if self._selects_logits else {}
        logits = self._model(
            input_ids=torch.tensor(ids, device=self._device),
            position_ids=self._steps[None, :longest],
            past_key_values=cache,
            use_cache=True,
            **options,
        ).logits
        columns = ends if not self._selects_logits else list(range(len(ends)))
        column_of = dict(zip(ends, columns, strict=True))
        for row, question in enumerate(questions):
            question.logits = logits[row, column_of[len(question.prompt_ids) - 1]].float()
        return cache

    def _decode(self) -> list[tuple[str, Completion]]:
        positions = [len(question.prompt_ids) + len(row.token_ids) - 1 for row, question in self._rows]
        length = max(positions) + 1
        at = torch.tensor(positions, device=self._device)
        self._cache.begin_step(at, length)
        logits = self._model(
            input_ids=torch.tensor([[row.token_ids[-1]] for row, _ in self._rows], device=self._device),
            position_ids=at[:, None],
            attention_mask=self._masks(at, length),
            past_key_values=self._cache,
            use_cache=True,
        ).logits
        return self._advance(logits[:, -1].float(), 0)

    def _masks(self, positions: torch.Tensor, length: int) -> torch.Tensor | dict[str, torch.Tensor]:
        """Additive masks (n, 1, 1, T): a row sees its own positions, in sliding layers only the last of them."""
        steps = self._steps[None, :length]
        seen = steps <= positions[:, None]
        masks = {}
        if "full_attention" in self._attention.kinds:
            masks["full_attention"] = self._additive(seen)
        if "sliding_attention" in self._attention.kinds:
            window = self._attention.window
            near = seen if window is None else seen & (steps > positions[:, None] - window)
            masks["sliding_attention"] = self._additive(near)
        return masks if len(masks) > 1 else next(iter(masks.values()))

    def _additive(self, seen: torch.Tensor) -> torch.Tensor:
        dtype = self._model.dtype
        mask = torch.zeros(seen.shape, dtype=dtype, device=self._device)
        return mask.masked_fill_(~seen, torch.finfo(dtype).min)[:, None, None, :]

    # -- after a forward pass ----------------------------------------------------------------------------------------

    def _advance(self, logits: torch.Tensor, first_row: int) -> list[tuple[str, Completion]]:
        """Choose the next token of the rows from `first_row` on, and let the finished ones leave."""
        rows = [row for row, _ in self._rows[first_row:]]
        uniform = [0.0 if row.uniforms is None else float(row.uniforms[len(row.token_ids)]) for row in rows]
        tokens, logprobs = choose(
            logits, self._row_sampling(rows, first_row), torch.tensor(uniform, dtype=torch.float32, device=self._device)
        )
        finished = []
        for index, (row, token, logprob) in enumerate(zip(rows, tokens.tolist(), logprobs.tolist(), strict=True)):
            row.token_ids.append(token)
            row.logprob += logprob
            ended = self._text.ends(row.token_ids, row.request.sampling.stop)
            if ended or len(row.token_ids) >= row.limit:
                finished.append((first_row + index, Finish.STOP if ended else Finish.LENGTH))
        completions = [self._completion(self._rows[index][0], finish) for index, finish in finished]
        for index, _ in reversed(finished):
            self._leave(index)
        if finished or first_row:
            self._sampling = None
        return completions

    def _row_sampling(self, rows: list[_Row], first_row: int) -> RowSampling:
        """Each row's settings on the device; kept while the same rows run."""
        if self._sampling is not None and first_row == 0:
            return self._sampling
        settings = [row.request.sampling for row in rows]
        sampled = [setting for setting in settings if setting.temperature > 0]
        made = RowSampling(
            torch.tensor([setting.temperature for setting in settings], device=self._device),
            torch.tensor([setting.top_p for setting in settings], device=self._device),
            torch.tensor([setting.min_p for setting in settings], device=self._device),
            any_sampled=bool(sampled),
            any_nucleus=any(setting.top_p < 1 for setting in sampled),
            any_min_p=any(setting.min_p > 0 for setting in sampled),
        )
        if first_row == 0:
            self._sampling = made
        return made

    def _completion(self, row: _Row, finish: Finish) -> tuple[str, Completion]:
        text = self._text.text(row.token_ids, row.request.sampling.stop)
        return row.request.request_id, Completion(text, tuple(row.token_ids), row.logprob, finish)

    def _leave(self, index: int) -> None:
        """Take a row out; the last row moves to its place, here and in the cache."""
        last_row, last_question = self._rows[-1]
        self._cache.remove(index, len(last_question.prompt_ids) + len(last_row.token_ids) - 1)
        self._rows[index][1].running -= 1
        self._rows[index] = self._rows[-1]
        self._rows.pop()
