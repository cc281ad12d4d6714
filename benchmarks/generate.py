"""How fast training samples are made, and how often the programs among them repeat. `--help` says more.

Knows nothing of training.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import click
import numpy as np

from arc_solver.dsl.registry import Color, Count, Grid, Object
from arc_solver.omni.choosing import choose
from arc_solver.omni.config import GenerateConfig
from arc_solver.omni.generate import draw_samples, open_engine
from arc_solver.omni.inputs import InputSource, open_input_sources
from arc_solver.omni.synthesis import default_grammar, synthesize
from arc_solver.omni.synthesis.behaviour import behaviour, probes
from arc_solver.omni.synthesis.forms import CALL
from arc_solver.omni.synthesis.plans import Grammar, Plan, Step
from arc_solver.omni.synthesis.vocabulary import Kind, vocabulary

_N_WARM_UP = 200
_N_WARM_UP_RE_ARC = 1500  # by then nearly every task of the archive has been read, as soon happens in training
_CHUNK = 50
_N_INPUTS = (3, 5)
_N_FIRST_PROBES = 6

OURS, FORMER = "ours", "former"

_KINDS: Mapping[str, Kind] = {
    "grid": Grid,
    "obj": Object,
    "objects": list[Object],
    "grids": list[Grid],
    "color": Color,
    "count": Count,
}
_FORMER_SKELETONS = (
    (5, "grid"),
    (20, "grid grid"),
    (20, "grid grid grid"),
    (14, "grid grid merge"),
    (6, "objects grid"),
    (8, "objects objects grid"),
    (16, "objects obj grid"),
    (4, "objects grids grid"),
    (3, "objects count grid"),
    (8, "grid objects grid"),
    (8, "grids grid"),
    (5, "grids grid grid"),
    (4, "grid grids grid"),
    (5, "color grid"),
    (3, "color grid grid"),
    (3, "grid color grid"),
    (3, "count grid"),
    (3, "objects objects grids grid"),
    (3, "objects objects obj grid"),
    (3, "objects obj obj grid"),
    (2, "objects obj color grid"),
    (2, "objects obj count grid"),
)
"""What programs went through when each line was a call that used the line before it; every word weighed the same."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Programs of one distribution.

    Attributes:
        sources: Those found; for some inputs there is none.
        behaviours: What each makes of the first few probes.
        seconds: Processor time that their synthesis took.
    """

    sources: list[str]
    behaviours: list[bytes]
    seconds: float


@click.command(context_settings={"max_content_width": 110})
@click.option("--quick", is_flag=True, help="Tiny sizes: shows that everything runs; the figures mean nothing.")
@click.option("--seed", default=0, show_default=True, help="Of the stream and of the programs.")
@click.option("--workers", "n_workers", default=0, help="Processes.  [default: one a core]")
@click.option("--n-samples", default=3000, show_default=True, help="Samples of the default mix.")
@click.option("--n-programs", default=3000, show_default=True, help="Synthesised programs of each distribution.")
@click.option("--re-arc", type=click.Path(exists=True, path_type=Path), help="A RE-ARC archive, for more inputs.")
def main(quick: bool, seed: int, n_workers: int, n_samples: int, n_programs: int, re_arc: Path | None) -> None:
    """Time the stream of training samples, and count synthesised programs that do the same.

    \b
    stream      samples a second of the default mix, over all processes, after a warm-up
    by recipe   samples a second of processor time: all, of each learning task, of each source; in one process
    programs    of N programs as the stream delivers them, the share that repeats an earlier one: by text, and
                by what it makes of a fixed set of grids, failures included
    former      the same of the distribution that came before: one call a line, few skeletons, equal weights

    The last line is one JSON object.

    \b
    Examples:
      python benchmarks/generate.py --re-arc re_arc.zip
      python benchmarks/generate.py --n-programs 100000 --re-arc re_arc.zip
      python benchmarks/generate.py | tail -n 1 > figures.json
    """
    n_workers = n_workers or len(os.sched_getaffinity(0))
    if quick:
        n_samples, n_programs = 40, 40
    figures: dict[str, Any] = {"samples_per_s": _time_stream(n_samples, seed, n_workers, re_arc, quick)}
    figures |= _time_parts(max(20, n_samples // 3), seed, re_arc, quick)
    for which in (OURS, FORMER):
        figures[which] = _measure_programs(which, n_programs, seed, n_workers, re_arc)
        _show_programs(which, figures[which])
    figures |= {"n_samples": n_samples, "n_workers": n_workers, "cores": len(os.sched_getaffinity(0)), "seed": seed}
    figures |= {"quick": quick, "re_arc": re_arc is not None}
    figures |= {"python": platform.python_version(), "numpy": np.__version__}
    click.echo(json.dumps(figures))


def _time_stream(n_samples: int, seed: int, n_workers: int, re_arc: Path | None, quick: bool) -> float:
    n_warm_up = 0 if quick else _warm_up(re_arc) * n_workers
    stream = draw_samples(GenerateConfig(), n_warm_up + n_samples, seed, re_arc=re_arc, n_workers=n_workers)
    for _ in range(n_warm_up):
        next(stream)
    started_s = time.perf_counter()
    n_drawn = sum(1 for _ in stream)
    per_s = round(n_drawn / (time.perf_counter() - started_s), 1)
    click.echo(f"{'the default mix, samples a second':<58}{n_drawn:>9,}{per_s:>12,.1f}")
    return per_s


def _warm_up(re_arc: Path | None) -> int:
    return _N_WARM_UP if re_arc is None else _N_WARM_UP_RE_ARC


def _time_parts(n_samples: int, seed: int, re_arc: Path | None, quick: bool) -> dict[str, Any]:
    """Samples a second of processor time in one process: all, by recipe, by source of programs, by source of grids."""
    engine = open_engine(GenerateConfig(), re_arc)
    # Whatever is found out once a process is found out before.
    for index in range(0 if quick else _warm_up(re_arc)):
        engine.draw(seed + 1, index)
    parts: dict[str, dict[str, list[float]]] = {"by_recipe": {}, "by_program": {}, "by_source": {}}
    for index in range(n_samples):
        started_s = time.process_time()
        drawn = engine.draw(seed, index)
        seconds = time.process_time() - started_s
        names = (drawn.sample.recipe, drawn.program or "none", drawn.source)
        for part, name in zip(parts.values(), names, strict=True):
            part.setdefault(name, []).append(seconds)
    total_s = sum(chain.from_iterable(parts["by_recipe"].values()))
    rates: dict[str, Any] = {"samples_per_cpu_s": round(n_samples / total_s, 1)}
    click.echo(
        f"{'the default mix, one process, samples a cpu second':<58}{n_samples:>9,}{rates['samples_per_cpu_s']:>12,.1f}"
    )
    for kind, part in parts.items():
        rates[kind] = {}
        for name, taken in sorted(part.items()):
            rates[kind][name] = round(len(taken) / sum(taken), 1)
            label = f"  {kind.replace('_', ' ')}: {name}, one process"
            click.echo(f"{label:<58}{len(taken):>9,}{rates[kind][name]:>12,.1f}")
    return rates


def _measure_programs(which: str, n_programs: int, seed: int, n_workers: int, re_arc: Path | None) -> dict[str, Any]:
    chunks = [range(start, min(start + _CHUNK, n_programs)) for start in range(0, n_programs, _CHUNK)]
    with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn")) as pool:
        results = list(pool.map(partial(_program_chunk, which, seed, re_arc), chunks))
        sources = list(chain.from_iterable(result.sources for result in results))
        behaviours = list(chain.from_iterable(result.behaviours for result in results))
        n_distinct = _n_distinct(pool, sources, behaviours)
    return {
        "n_programs": len(sources),
        "n_without": n_programs - len(sources),
        "per_cpu_s": round(len(sources) / sum(result.seconds for result in results), 1),
        "duplicates_by_behaviour_percent": _percent(len(sources) - n_distinct, len(sources)),
        "duplicates_by_text_percent": _percent(len(sources) - len(set(sources)), len(sources)),
    }


def _program_chunk(which: str, seed: int, re_arc: Path | None, indices: range) -> Programs:
    """The programs of these indices: each depends on the seed and its index only."""
    grammar = _grammar(which)
    made = Programs([], [], 0.0)
    seconds = 0.0
    for index in indices:
        rng = np.random.default_rng((seed, index))
        inputs = next(_inputs(rng, re_arc))
        started_s = time.process_time()
        task = synthesize(rng, inputs, grammar)
        seconds += time.process_time() - started_s
        if task is not None:
            made.sources.append(task.source)
            made.behaviours.append(behaviour(task.source, probes()[:_N_FIRST_PROBES]))
    return Programs(made.sources, made.behaviours, seconds)


def _n_distinct(pool: ProcessPoolExecutor, sources: Sequence[str], first: Sequence[bytes]) -> int:
    """How many behaviours there are; only programs that agree on the first few probes must be run on the rest."""
    counts = Counter(first)
    unclear = sorted({source for source, seen in zip(sources, first, strict=True) if counts[seen] > 1})
    n_clear = sum(count == 1 for count in counts.values())
    return n_clear + len(set(pool.map(behaviour, unclear, chunksize=_CHUNK)))


def _inputs(rng: np.random.Generator, re_arc: Path | None) -> Iterator[Sequence[Grid]]:
    """Inputs as the stream draws them for programs."""
    sources = _weighted_sources(re_arc)
    n_inputs = int(rng.integers(_N_INPUTS[0], _N_INPUTS[1] + 1))
    while True:
        inputs = choose(rng, sources).draw(rng, n_inputs)
        if inputs is not None:
            yield inputs.grids


@cache
def _weighted_sources(re_arc: Path | None) -> tuple[tuple[InputSource, float], ...]:
    config = GenerateConfig()
    weights = dict(config.source_weights)
    sources = open_input_sources(re_arc=re_arc, max_cells=config.max_code_input_cells)
    return tuple((source, weights[source.name]) for source in sources)


@cache
def _grammar(which: str) -> Grammar:
    if which == OURS:
        return default_grammar()
    plans = [(_plan(skeleton.split()), float(weight)) for weight, skeleton in _FORMER_SKELETONS]
    return Grammar(vocabulary(), lengths=(), families={CALL: 1.0}, plans=plans, weigh=lambda n_variants: 1.0)


def _plan(skeleton: Sequence[str]) -> Plan:
    if skeleton[-1] == "merge":
        return Step(Grid, (0,)), Step(Grid, (0,)), Step(Grid, (1, 2))
    return tuple(Step(_KINDS[name], (index,)) for index, name in enumerate(skeleton))


def _percent(n: int, n_all: int) -> float:
    return round(100 * n / n_all, 2) if n_all else 0.0


def _show_programs(which: str, figures: Mapping[str, Any]) -> None:
    click.echo(
        f"{f'synthesised programs, {which}, one process':<58}{figures['n_programs']:>9,}{figures['per_cpu_s']:>12,.1f}"
    )
    for key in ("behaviour", "text"):
        percent = figures[f"duplicates_by_{key}_percent"]
        click.echo(f"  duplicates by {key:<42}{'':>9}{percent:>11.2f}%")


if __name__ == "__main__":
    main()
