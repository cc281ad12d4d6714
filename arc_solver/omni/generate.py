"""Samples as a file: `arc-solver generate`, and the face of the data engine.

Writes JSON lines, in the order of the stream whatever the number of worker processes, and counts what it wrote. Whoever
streams samples without a file imports `open_engine` from here too. Knows nothing of the command line.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from arc_solver.errors import InputError
from arc_solver.omni.recipes import get_recipe, prompt_chars
from arc_solver.omni.stream import DataEngine, Drawn, GenerateConfig, open_engine
from arc_solver.prompts.base import Prompt, Sample

__all__ = [
    "DataEngine",
    "Drawn",
    "GenerateConfig",
    "Statistics",
    "draw_samples",
    "format_sample",
    "generate_to_file",
    "open_engine",
    "parse_recipe_weights",
    "sample_from_json",
    "sample_to_json",
]

_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a file of samples holds.

    Attributes:
        n_samples: Lines.
        n_distinct: Different samples among them.
        by_recipe: Learning task -> samples.
        by_source: Source of grids -> samples.
        n_tasks: Different task ids.
        prompt_chars: Minimum, median, 95th percentile and maximum of the prompts' characters.
        completion_chars: The same of the completions'.
    """

    n_samples: int
    n_distinct: int
    by_recipe: Mapping[str, int]
    by_source: Mapping[str, int]
    n_tasks: int
    prompt_chars: tuple[int, int, int, int]
    completion_chars: tuple[int, int, int, int]

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the attributes as keys."""
        return {name: getattr(self, name) for name in self.__slots__}

    def lines(self) -> list[str]:
        """The figures as lines of text, for people."""
        return [
            f"samples      {self.n_samples} ({self.n_distinct} distinct, {self.n_tasks} tasks)",
            *(f"  recipe     {name}: {count}" for name, count in sorted(self.by_recipe.items())),
            *(f"  source     {name}: {count}" for name, count in sorted(self.by_source.items())),
            "characters   min, median, 95%, max",
            f"  prompt     {', '.join(map(str, self.prompt_chars))}",
            f"  completion {', '.join(map(str, self.completion_chars))}",
        ]


def parse_recipe_weights(text: str) -> tuple[tuple[str, float], ...]:
    """Recipe weights from `output-from-examples,code-from-examples:2`; a recipe without a weight has 1.

    Raises:
        InputError: An unknown or repeated recipe, or a weight that is no number above 0.
    """
    weights: dict[str, float] = {}
    for item in text.split(","):
        name, _, number = item.strip().partition(":")
        recipe = get_recipe(name).name
        if recipe in weights:
            raise InputError(f"recipe {recipe} is named twice in {text!r}")
        try:
            weights[recipe] = float(number or 1)
        except ValueError:
            raise InputError(f"weight {number!r} of recipe {recipe} is no number") from None
        if not 0 < weights[recipe] < float("inf"):
            raise InputError(f"weight {number!r} of recipe {recipe} must be above 0")
    return tuple(weights.items())


def draw_samples(
    config: GenerateConfig, n_samples: int, seed: int, *, re_arc: Path | None = None, n_workers: int = 1
) -> Iterator[Drawn]:
    """The first `n_samples` of the stream, in order, the same for any number of worker processes.

    Raises:
        InputError: As `open_engine`, or the sources hold nothing that fits.
    """
    if n_workers <= 1:
        engine = open_engine(config, re_arc)
        yield from (engine.draw(seed, index) for index in range(n_samples))
        return
    chunks = [range(start, min(start + _CHUNK, n_samples)) for start in range(0, n_samples, _CHUNK)]
    with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn")) as pool:
        n_chunks = len(chunks)
        for drawn in pool.map(_draw_chunk, [config] * n_chunks, [re_arc] * n_chunks, [seed] * n_chunks, chunks):
            yield from drawn


def generate_to_file(
    config: GenerateConfig,
    n_samples: int,
    seed: int,
    out: Path,
    *,
    re_arc: Path | None = None,
    n_workers: int = 1,
) -> Statistics:
    """Write the first `n_samples` of the stream as JSON lines; `out` appears only when it is complete.

    Args:
        config: What to draw.
        n_samples: How many, at least 1.
        seed: Of the stream.
        out: The file.
        re_arc: A RE-ARC archive; None draws from the original tasks alone.
        n_workers: Worker processes; the file does not depend on it.

    Returns:
        Statistics of the file.

    Raises:
        InputError: `n_samples` is below 1, `out` cannot be written, or as `draw_samples`.
    """
    if n_samples < 1:
        raise InputError(f"the number of samples must be at least 1, not {n_samples}")
    counts = _Counts()
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            for drawn in counts.counted(draw_samples(config, n_samples, seed, re_arc=re_arc, n_workers=n_workers)):
                file.write(json.dumps(sample_to_json(drawn.sample) | {"source": drawn.source}) + "\n")
        partial.replace(out)
    except OSError as error:
        raise InputError(f"samples cannot be written to {out}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return counts.statistics()


def sample_to_json(sample: Sample) -> dict[str, str]:
    """A flat JSON object; `sample_from_json` is its exact inverse."""
    return {
        "recipe": sample.recipe,
        "task_id": sample.task_id,
        "system": sample.prompt.system,
        "user": sample.prompt.user,
        "prefill": sample.prompt.prefill,
        "completion": sample.completion,
    }


def sample_from_json(value: Mapping[str, str]) -> Sample:
    """The sample that `sample_to_json` wrote; other keys are ignored.

    Raises:
        KeyError: A key is missing.
    """
    prompt = Prompt(user=value["user"], system=value["system"], prefill=value["prefill"])
    return Sample(value["recipe"], value["task_id"], prompt, value["completion"])


def format_sample(drawn: Drawn) -> str:
    """A sample as text for people: its turns, each under a heading."""
    sample = drawn.sample
    turns = {"system": sample.prompt.system, "user": sample.prompt.user, "assistant, given": sample.prompt.prefill}
    shown = "".join(f"--- {role}\n{text.rstrip()}\n" for role, text in turns.items() if text)
    return f"=== {sample.recipe}, task {sample.task_id}, {drawn.source}\n{shown}--- completion\n{sample.completion}\n"


@cache
def _worker_engine(config: GenerateConfig, re_arc: Path | None) -> DataEngine:
    """One engine a process, so that each reads a task at most once."""
    return open_engine(config, re_arc)


def _draw_chunk(config: GenerateConfig, re_arc: Path | None, seed: int, indices: range) -> list[Drawn]:
    engine = _worker_engine(config, re_arc)
    return [engine.draw(seed, index) for index in indices]


class _Counts:
    """Counts samples as they pass."""

    def __init__(self) -> None:
        self._recipes: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._distinct: set[int] = set()
        self._tasks: set[str] = set()
        self._lengths: list[tuple[int, int]] = []

    def counted(self, stream: Iterable[Drawn]) -> Iterator[Drawn]:
        for drawn in stream:
            sample = drawn.sample
            self._recipes[sample.recipe] += 1
            self._sources[drawn.source] += 1
            self._distinct.add(hash((sample.prompt, sample.completion)))
            self._tasks.add(sample.task_id)
            self._lengths.append((prompt_chars(sample.prompt), len(sample.completion)))
            yield drawn

    def statistics(self) -> Statistics:
        prompts, completions = (_summary(column) for column in zip(*self._lengths, strict=True))
        return Statistics(
            n_samples=len(self._lengths),
            n_distinct=len(self._distinct),
            by_recipe=dict(self._recipes),
            by_source=dict(self._sources),
            n_tasks=len(self._tasks),
            prompt_chars=prompts,
            completion_chars=completions,
        )


def _summary(lengths: tuple[int, ...]) -> tuple[int, int, int, int]:
    low, median, high, top = np.percentile(lengths, [0, 50, 95, 100]).round().astype(int).tolist()
    return low, median, high, top
