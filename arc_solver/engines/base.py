"""The seam between proposers and whatever samples tokens.

An engine turns prompts into completions. It knows tokens, chat templates, adapters and devices, and nothing of ARC.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from arc_solver.budget import Deadline
from arc_solver.prompts.base import Prompt


class Finish(enum.StrEnum):
    """Why a completion ended."""

    STOP = "stop"  # an end token or a stop string
    LENGTH = "length"  # max_new_tokens or the context was reached


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one completion is sampled.

    Attributes:
        max_new_tokens: Upper bound on generated tokens, at least 1.
        temperature: 0 is greedy.
        top_p: Nucleus; 1.0 keeps everything.
        seed: The completion depends on prompt, sampling and this seed only, never on what else is in the batch.
        stop: The completion ends before the first of these strings.
        min_p: Tokens less probable than this share of the likeliest one's probability are never chosen, judged after
            the temperature and before the nucleus; 0 drops none, and greedy completions do not change.
    """

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    min_p: float = 0.0

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise ValueError("max_new_tokens must be at least 1")
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError("temperature must be >= 0 and top_p in (0, 1]")
        if not 0 <= self.min_p <= 1:
            raise ValueError("min_p must be in [0, 1]")


@dataclass(frozen=True, slots=True)
class Request:
    """One completion to be sampled.

    Attributes:
        request_id: Chosen by the caller, unique within one call of `generate`.
        prompt: What to complete.
        sampling: How.
        adapter: A LoRA folder for this request, or None for the engine's own weights.
    """

    request_id: str
    prompt: Prompt
    sampling: Sampling
    adapter: Path | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model wrote after the prompt and its prefill.

    Attributes:
        text: Decoded text, without prefill, end token and stop string.
        token_ids: The generated tokens, the end token included.
        logprob: Sum over `token_ids` of log p under the model at temperature 1 without nucleus, in nats.
        finish: Why it ended.
    """

    text: str
    token_ids: tuple[int, ...]
    logprob: float
    finish: Finish


IsWanted = Callable[[str], bool]
"""Whether the answer to a request, by its id, is still wanted."""


class Engine(Protocol):
    """Samples completions."""

    @property
    def context_length(self) -> int:
        """Most tokens that prompt and completion may have together."""
        ...

    def count_tokens(self, prompt: Prompt) -> int:
        """Tokens of the rendered prompt, chat template and prefill included."""
        ...

    def generate(
        self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
    ) -> Iterator[tuple[str, Completion]]:
        """Yield (request_id, completion) as each finishes, in any order.

        At the deadline it returns: what is finished has been yielded, the rest is dropped, and the engine can be used
        again. A request whose prompt does not fit the context raises ValueError before anything is sampled:
        shortening is the caller's business (`prompts.build`).

        Args:
            requests: What to complete.
            deadline: When to stop.
            is_wanted: Asked about unfinished requests whenever the caller comes back for more after an answer. One that
                is no longer wanted (its task has programs enough) is dropped and makes room for others; it may still be
                answered if it was finished already. None wants all.

        Raises:
            ModelError: A request's adapter cannot be used; the engine goes on with other calls.
            EngineError: The sampler itself broke.
        """
        ...

    def describe(self) -> str:
        """One line for people: which model runs on what."""
        ...

    def close(self) -> None:
        """Free the device."""
        ...
