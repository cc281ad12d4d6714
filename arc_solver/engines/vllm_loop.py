"""vLLM's step loop, driven by us: which requests run for whom, and what comes of them.

The clock is looked at before every step, finished completions leave at once, and unwanted requests can be dropped. Any
number of calls share the loop: whoever turns it, what finishes goes to the call that asked for it. Knows nothing of
prompts as text, nor of where weights come from.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from arc_solver.budget import Deadline
from arc_solver.engines import vllm_calls
from arc_solver.engines.base import Completion, IsWanted, Request
from arc_solver.engines.ordering import prefix_order
from arc_solver.engines.rendering import CompletionText
from arc_solver.engines.vllm_calls import Finished
from arc_solver.engines.vllm_weights import VllmWeights, Weights
from arc_solver.engines.weights import first_line
from arc_solver.errors import EngineError
from arc_solver.prompts.base import Prompt

Groups = Mapping[Weights, Sequence[Request]]
"""The requests of a call by the weights that they ask for."""

TokenIds = Mapping[Prompt, tuple[int, ...]]


@dataclass(slots=True, eq=False)
class _Call:
    """One call of `generate` that is being read."""

    deadline: Deadline
    is_wanted: IsWanted | None
    outstanding: dict[str, Request] = field(default_factory=dict)
    inbox: deque[tuple[str, Completion]] = field(default_factory=deque)
    error: str = ""


@dataclass(slots=True)
class Counts:
    """What an engine has done since it was made.

    Attributes:
        n_steps: Turns of the step loop.
        n_prompt_tokens: Of all finished requests.
        n_cached_tokens: Of those, read from the prefix cache.
        n_output_tokens: Of all finished requests.
    """

    n_steps: int = 0
    n_prompt_tokens: int = 0
    n_cached_tokens: int = 0
    n_output_tokens: int = 0


class StepLoop:
    """The requests in the engine, and whose they are.

    Args:
        weights: The engine below and what it samples from.
        text: Where completions end, and their text.
        end_tokens: Ids that end a completion.
        context_length: Most tokens of prompt and completion together.

    Attributes:
        counts: What it has done.
    """

    def __init__(
        self, weights: VllmWeights, text: CompletionText, end_tokens: frozenset[int], context_length: int
    ) -> None:
        self.counts = Counts()
        self._weights = weights
        self._text = text
        self._end_tokens = end_tokens
        self._context_length = context_length
        self._numbers = count(1)
        self._owners: dict[str, tuple[_Call, int]] = {}

    def answers(
        self, groups: Groups, encoded: TokenIds, deadline: Deadline, is_wanted: IsWanted | None
    ) -> Iterator[tuple[str, Completion]]:
        """Add what is asked, step, hand out: batch by batch, where batches must not mix.

        Raises:
            ModelError: An adapter cannot be used.
            EngineError: vLLM broke; the next call starts another.
        """
        call = _Call(deadline, is_wanted)
        try:
            for batch in [[item] for item in groups.items()] if self._weights.one_at_a_time else [list(groups.items())]:
                for weights, members in batch:
                    if call.deadline.passed():
                        return
                    self._become(weights)
                    self._add(weights, members, encoded, call)
                while call.outstanding or call.inbox or call.error:
                    # What is finished goes out first, also what came while another call was stepping.
                    if call.inbox:
                        yield call.inbox.popleft()
                        self._drop_unwanted(call)
                        continue
                    if call.error:
                        raise EngineError(call.error)
                    if call.deadline.passed():
                        return
                    self._step()
        finally:
            self._abort(call, list(call.outstanding))

    def _add(self, weights: Weights, members: Sequence[Request], encoded: TokenIds, call: _Call) -> None:
        calls = self._weights.calls
        adapter = self._weights.served(weights)
        for index in prefix_order([encoded[request.prompt] for request in members]):
            request = members[index]
            if call.is_wanted is not None and not call.is_wanted(request.request_id):
                continue
            ids = encoded[request.prompt]
            limit = min(request.sampling.max_new_tokens, self._context_length - len(ids))
            number = str(next(self._numbers))
            params = vllm_calls.sampling_params(request.sampling, limit, self._end_tokens)
            try:
                calls.add(number, ids, params, adapter)
            except vllm_calls.errors() as error:
                raise EngineError(f"vllm refused a request: {first_line(error)}") from error
            call.outstanding[number] = request
            self._owners[number] = call, len(ids)

    def _drop_unwanted(self, call: _Call) -> None:
        """The caller has worked on an answer: it may want fewer of the others now."""
        if call.is_wanted is not None:
            self._abort(
                call, [number for number, request in call.outstanding.items() if not call.is_wanted(request.request_id)]
            )

    def _abort(self, call: _Call, numbers: list[str]) -> None:
        for number in numbers:
            del call.outstanding[number], self._owners[number]
        if self._weights.running:
            self._weights.calls.abort(numbers)

    def _step(self) -> None:
        """One turn; finished completions go to whoever asked for them."""
        calls = self._weights.calls
        try:
            if not calls.has_unfinished():
                raise RuntimeError("it knows nothing of requests that are still open")
            finished = calls.step()
        except vllm_calls.errors() as error:
            self._lose(f"vllm broke while sampling: {first_line(error)}")
            return
        self.counts.n_steps += 1
        for answer in finished:
            owner = self._owners.pop(answer.request_id, None)
            if owner is not None:
                self._deliver(answer, *owner)

    def _deliver(self, answer: Finished, call: _Call, n_prompt: int) -> None:
        request = call.outstanding.pop(answer.request_id)
        self.counts.n_prompt_tokens += n_prompt
        self.counts.n_cached_tokens += answer.n_cached
        self.counts.n_output_tokens += len(answer.token_ids)
        if not math.isfinite(answer.logprob):
            call.error = (
                "the model's logits are not finite: weights trained in bfloat16 overflow in float16, try float32"
            )
            return
        text = self._text.text(answer.token_ids, request.sampling.stop)
        call.inbox.append((request.request_id, Completion(text, answer.token_ids, answer.logprob, answer.finish)))

    def _become(self, weights: Weights) -> None:
        """Make the engine sample from base + adapter; what runs with other weights runs to its end first."""
        if self._weights.must_wait(weights):
            self._finish_running()
        self._weights.become(weights)

    def _finish_running(self) -> None:
        """Step until nothing runs, each call to its own deadline."""
        while self._owners:
            for call in {id(call): call for call, _ in self._owners.values()}.values():
                if call.deadline.passed():
                    self._abort(call, list(call.outstanding))
            if self._owners:
                self._step()

    def _lose(self, why: str) -> None:
        """The engine below is broken: all who wait for it are told, and the next call starts another."""
        for call, _ in self._owners.values():
            call.outstanding.clear()
            call.error = why
        self._owners.clear()
        self._weights.end()
