"""What a stream of samples holds, counted as it passes. Knows nothing of files; of a tokenizer only how to ask it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_solver.omni.recipes import prompt_chars
from arc_solver.omni.stream import Drawn
from arc_solver.prompts.base import Sample

TokenCounter = Callable[[Sample], tuple[int, int]]
"""A sample -> tokens of its prompt, tokens of its completion with the end token."""

Summary = tuple[int, int, int, int]
"""Minimum, median, 95th percentile, maximum."""

N_COUNTED = 1000
"""Samples whose tokens are counted: splitting a text into tokens takes as long as making it."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a file of samples holds.

    Attributes:
        n_samples: Lines.
        n_distinct: Different samples among them.
        by_recipe: Learning task -> samples.
        by_source: Source of grids -> samples.
        by_program: Source of programs -> samples; those of a task's own pairs count nowhere.
        n_tasks: Different task ids.
        prompt_chars: Minimum, median, 95th percentile and maximum of the prompts' characters.
        completion_chars: The same of the completions'.
        prompt_tokens: The same of the tokens of the first `N_COUNTED` prompts, where they were counted.
        completion_tokens: The same of the completions, end token included.
    """

    n_samples: int
    n_distinct: int
    by_recipe: Mapping[str, int]
    by_source: Mapping[str, int]
    by_program: Mapping[str, int]
    n_tasks: int
    prompt_chars: Summary
    completion_chars: Summary
    prompt_tokens: Summary | None = None
    completion_tokens: Summary | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the attributes as keys."""
        return {name: getattr(self, name) for name in self.__slots__}

    def lines(self) -> list[str]:
        """The figures as lines of text, for people."""
        lines = [f"samples      {self.n_samples} ({self.n_distinct} distinct, {self.n_tasks} tasks)"]
        counts = {"recipe": self.by_recipe, "grids": self.by_source, "program": self.by_program}
        for kind, counted in counts.items():
            for name, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
                lines.append(f"  {kind:10} {name}: {count} ({count / self.n_samples:.1%})")
        lines += ["characters   min, median, 95%, max", *_pair_of_lines(self.prompt_chars, self.completion_chars)]
        if self.prompt_tokens and self.completion_tokens:
            n_counted = min(N_COUNTED, self.n_samples)
            lines += [
                f"tokens       of the first {n_counted}",
                *_pair_of_lines(self.prompt_tokens, self.completion_tokens),
            ]
        return lines


class Counting:
    """Counts samples as they pass."""

    def __init__(self, count_tokens: TokenCounter | None = None) -> None:
        """Begin at nothing.

        Args:
            count_tokens: Counts tokens as training does; None leaves them uncounted.
        """
        self._count_tokens = count_tokens
        self._recipes: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._programs: Counter[str] = Counter()
        self._distinct: set[int] = set()
        self._tasks: set[str] = set()
        self._chars: list[tuple[int, int]] = []
        self._tokens: list[tuple[int, int]] = []

    def counted(self, stream: Iterable[Drawn]) -> Iterator[Drawn]:
        """The stream, unchanged."""
        for drawn in stream:
            self._count(drawn)
            yield drawn

    def statistics(self) -> Statistics:
        """The figures so far, of one sample at least."""
        prompts, completions = _summaries(self._chars)
        prompt_tokens, completion_tokens = _summaries(self._tokens) if self._tokens else (None, None)
        return Statistics(
            n_samples=len(self._chars),
            n_distinct=len(self._distinct),
            by_recipe=dict(self._recipes),
            by_source=dict(self._sources),
            by_program=dict(self._programs),
            n_tasks=len(self._tasks),
            prompt_chars=prompts,
            completion_chars=completions,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
        )

    def _count(self, drawn: Drawn) -> None:
        sample = drawn.sample
        self._recipes[sample.recipe] += 1
        self._sources[drawn.source] += 1
        if drawn.program:
            self._programs[drawn.program] += 1
        self._distinct.add(hash((sample.prompt, sample.completion)))
        self._tasks.add(sample.task_id)
        self._chars.append((prompt_chars(sample.prompt), len(sample.completion)))
        if self._count_tokens is not None and len(self._tokens) < N_COUNTED:
            self._tokens.append(self._count_tokens(sample))


def _pair_of_lines(prompts: Summary, completions: Summary) -> list[str]:
    return [f"  prompt     {', '.join(map(str, prompts))}", f"  completion {', '.join(map(str, completions))}"]


def _summaries(lengths: Sequence[tuple[int, int]]) -> tuple[Summary, Summary]:
    prompts, completions = zip(*lengths, strict=True)
    return _summary(prompts), _summary(completions)


def _summary(lengths: tuple[int, ...]) -> Summary:
    low, median, high, top = np.percentile(lengths, [0, 50, 95, 100]).round().astype(int).tolist()
    return low, median, high, top
