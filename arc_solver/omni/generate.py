"""Samples as a file: `arc-solver generate`, and the face of the data engine.

Writes JSON lines, in the order of the stream whatever the number of worker processes, and counts what it wrote. Whoever
streams samples without a file imports `open_engine` from here too. Knows nothing of the command line.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache, partial
from itertools import islice
from pathlib import Path

from arc_solver.errors import InputError
from arc_solver.omni.config import GenerateConfig, parse_recipe_weights, parse_source_weights
from arc_solver.omni.found import FoundProgram, load_programs
from arc_solver.omni.statistics import Counting, Statistics, TokenCounter
from arc_solver.omni.stream import DataEngine, Drawn, open_engine
from arc_solver.prompts.base import Prompt, Sample

__all__ = [
    "DataEngine",
    "Drawn",
    "FoundProgram",
    "GenerateConfig",
    "Statistics",
    "draw_samples",
    "format_sample",
    "generate_to_file",
    "load_programs",
    "open_engine",
    "parse_recipe_weights",
    "parse_source_weights",
    "sample_from_json",
    "sample_to_json",
]

_CHUNK = 64
_CHUNKS_AHEAD = 4
"""Chunks a process may be ahead of whoever reads: memory stays small however long the stream is."""


def draw_samples(
    config: GenerateConfig,
    n_samples: int,
    seed: int,
    *,
    re_arc: Path | None = None,
    found: tuple[FoundProgram, ...] = (),
    n_workers: int = 1,
) -> Iterator[Drawn]:
    """The first `n_samples` of the stream, in order, the same for any number of worker processes.

    Args:
        config: What to draw.
        n_samples: How many.
        seed: Of the stream.
        re_arc: A RE-ARC archive; None draws from the original tasks alone.
        found: Programs from `load_programs`, a further source.
        n_workers: Worker processes.

    Raises:
        InputError: As `open_engine`, or the sources hold nothing that fits.
    """
    if n_workers <= 1:
        engine = open_engine(config, re_arc, found)
        yield from (engine.draw(seed, index) for index in range(n_samples))
        return
    chunks = (range(start, min(start + _CHUNK, n_samples)) for start in range(0, n_samples, _CHUNK))
    with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn")) as pool:
        try:
            yield from _in_order(
                pool, partial(_draw_chunk, config, re_arc, found, seed), chunks, _CHUNKS_AHEAD * n_workers
            )
        finally:
            # Whoever stops listening, or fails, does not wait for what nobody reads.
            pool.shutdown(wait=False, cancel_futures=True)


def generate_to_file(
    config: GenerateConfig,
    n_samples: int,
    seed: int,
    out: Path,
    *,
    re_arc: Path | None = None,
    found: tuple[FoundProgram, ...] = (),
    n_workers: int = 1,
    count_tokens: TokenCounter | None = None,
    report: Callable[[int], None] = lambda n_done: None,
) -> Statistics:
    """Write the first `n_samples` of the stream as JSON lines; `out` appears only when it is complete.

    Args:
        config: What to draw.
        n_samples: How many, at least 1.
        seed: Of the stream.
        out: The file.
        re_arc: A RE-ARC archive; None draws from the original tasks alone.
        found: Programs from `load_programs`, a further source.
        n_workers: Worker processes; the file does not depend on it.
        count_tokens: For the statistics of tokens; None leaves them out.
        report: Called after each sample with the number of those written.

    Returns:
        Statistics of the file.

    Raises:
        InputError: `n_samples` is below 1, `out` cannot be written, or as `draw_samples`.
    """
    if n_samples < 1:
        raise InputError(f"the number of samples must be at least 1, not {n_samples}")
    counts = Counting(count_tokens)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            drawn_samples = draw_samples(config, n_samples, seed, re_arc=re_arc, found=found, n_workers=n_workers)
            for number, drawn in enumerate(counts.counted(drawn_samples), start=1):
                origin = {"source": drawn.source, "program": drawn.program}
                file.write(json.dumps(sample_to_json(drawn.sample) | origin) + "\n")
                report(number)
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
    origin = ", ".join(filter(None, (drawn.program, drawn.source)))
    return f"=== {sample.recipe}, task {sample.task_id}, {origin}\n{shown}--- completion\n{sample.completion}\n"


def _in_order(
    pool: Executor, draw: Callable[[range], list[Drawn]], chunks: Iterator[range], n_ahead: int
) -> Iterator[Drawn]:
    """The samples of all chunks in their order, `n_ahead` chunks begun before they are asked for."""
    waiting = deque(pool.submit(draw, chunk) for chunk in islice(chunks, n_ahead))
    while waiting:
        drawn = waiting.popleft().result()
        waiting.extend(pool.submit(draw, chunk) for chunk in islice(chunks, 1))
        yield from drawn


@cache
def _worker_engine(config: GenerateConfig, re_arc: Path | None, found: tuple[FoundProgram, ...]) -> DataEngine:
    """One engine a process, so that each reads a task at most once."""
    return open_engine(config, re_arc, found)


def _draw_chunk(
    config: GenerateConfig, re_arc: Path | None, found: tuple[FoundProgram, ...], seed: int, indices: range
) -> list[Drawn]:
    engine = _worker_engine(config, re_arc, found)
    return [engine.draw(seed, index) for index in indices]
