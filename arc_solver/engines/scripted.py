"""An engine whose answers are written down: for tests, and for rehearsals without a model.

It keeps the whole contract of `base.Engine` (order, length, stop strings, deadline, too long prompts), so that a caller
that works with it works with a real one. One character is one token; the end token is `END_TOKEN`. It knows nothing of
ARC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from arc_solver.budget import Deadline
from arc_solver.engines.base import Completion, Finish, IsWanted, Request
from arc_solver.engines.checks import check_requests
from arc_solver.errors import EngineError
from arc_solver.prompts.base import Prompt

END_TOKEN = 0x110000  # the first number that is no character


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer.

    Attributes:
        text: What the model would write; it then emits its end token.
        logprob_per_token: Log-probability of each of its tokens, in nats.
    """

    text: str
    logprob_per_token: float = -0.1


Script = Callable[[Request], "str | Answer"] | Mapping[str, "str | Answer | Sequence[str | Answer]"]


class ScriptedEngine:
    """Answers from a function of the request, or from a mapping of the user's turn to answers.

    Args:
        script: A function of the request, or a mapping from `prompt.user` to one answer or to several, of which the
            seed picks one.
        context_length: Characters that prompt and completion may have together.
        shuffle_seed: Results come in an order shuffled by this seed, since the contract promises none; None keeps the
            requests' order.

    Attributes:
        calls: The requests of every call of `generate`, in order.
    """

    def __init__(self, script: Script, *, context_length: int = 1 << 20, shuffle_seed: int | None = 0) -> None:
        self._script = script
        self._context_length = context_length
        self._shuffle_seed = shuffle_seed
        self.calls: list[tuple[Request, ...]] = []

    @property
    def context_length(self) -> int:
        return self._context_length

    def count_tokens(self, prompt: Prompt) -> int:
        return len(prompt.system) + len(prompt.user) + len(prompt.prefill)

    def generate(
        self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
    ) -> Iterator[tuple[str, Completion]]:
        check_requests(requests, self.count_tokens, self._context_length)
        self.calls.append(tuple(requests))
        return self._answers(tuple(requests), deadline, is_wanted)

    def describe(self) -> str:
        return "scripted answers"

    def close(self) -> None:
        """Nothing to free."""

    def _answers(
        self, requests: tuple[Request, ...], deadline: Deadline, is_wanted: IsWanted | None
    ) -> Iterator[tuple[str, Completion]]:
        order = np.arange(len(requests))
        if self._shuffle_seed is not None:
            np.random.default_rng(self._shuffle_seed).shuffle(order)
        for index in order:
            if deadline.passed():
                return
            request = requests[index]
            if is_wanted is not None and not is_wanted(request.request_id):
                continue
            answer = self._lookup(request)
            if deadline.passed():  # the script itself may take time: then this one was not finished
                return
            yield request.request_id, self._complete(request, answer)

    def _lookup(self, request: Request) -> Answer:
        if isinstance(self._script, Mapping):
            if request.prompt.user not in self._script:
                raise EngineError(f"no scripted answer for request {request.request_id!r}")
            found = self._script[request.prompt.user]
            if not isinstance(found, str | Answer):
                found = found[request.sampling.seed % len(found)]
        else:
            found = self._script(request)
        return Answer(found) if isinstance(found, str) else found

    def _complete(self, request: Request, answer: Answer) -> Completion:
        room = self._context_length - self.count_tokens(request.prompt)
        limit = min(request.sampling.max_new_tokens, room)
        ends = [answer.text.find(stop) + len(stop) for stop in request.sampling.stop if stop in answer.text]
        emitted = answer.text[: min(ends)] if ends else answer.text
        tokens = tuple(map(ord, emitted)) if ends else (*map(ord, emitted), END_TOKEN)
        finish = Finish.STOP if len(tokens) <= limit else Finish.LENGTH
        tokens = tokens[:limit]
        text = emitted[:limit]
        if finish is Finish.STOP and ends:
            text = text[: min(text.find(stop) for stop in request.sampling.stop if stop in text)]
        return Completion(text, tokens, answer.logprob_per_token * len(tokens), finish)
