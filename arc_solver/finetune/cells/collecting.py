"""Collects the corpus of the bundled base: original training tasks, RE-ARC examples, newer training tasks, synthetic
ones.

    python -m arc_solver.finetune.cells.collecting --re-arc re_arc.zip --out corpus.npz

Groups `re-arc`, `training`, `newer`, `synthetic` may be trained on; `held-demonstrations`, `held-tests` and
`held-re-arc` belong to the held-out training tasks. Nothing of an evaluation set is in it: those are read for one
purpose, to leave out newer training tasks that resemble them.

Knows nothing of tokens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from arc_solver.augment import all_symmetries
from arc_solver.datasets import load_named
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.grids import Grid, grid_key
from arc_solver.omni.sources import ReArc, TrainingTasks
from arc_solver.omni.splits import LEAKING_IDS, held_out_ids
from arc_solver.omni.synthesis import synthesize
from arc_solver.tasks import Pair

Entry = tuple[str, str, list[Pair]]

_TELLING_CELLS, _TELLING_COLORS = 12, 3
_N_INPUTS = 7
_MAX_SYNTHETIC_CELLS = 260


def training_entries() -> Iterator[Entry]:
    """The original tasks: all pairs of those that may be trained on, demonstrations and tests of those held out."""
    source = TrainingTasks()
    held_out = held_out_ids(source.task_ids())
    challenges, solutions = load_named("arc1-train")
    for task in challenges.tasks:
        if task.task_id in LEAKING_IDS:
            continue
        outputs = solutions.outputs[task.task_id]
        tests = [Pair(given, wanted) for given, wanted in zip(task.test_inputs, outputs, strict=True)]
        if task.task_id in held_out:
            yield "held-demonstrations", task.task_id, list(task.train)
            yield "held-tests", task.task_id, tests
        else:
            yield "training", task.task_id, [*task.train, *tests]


def re_arc_entries(path: Path) -> Iterator[Entry]:
    """Generated examples of the original tasks."""
    source = ReArc(path)
    held_out = held_out_ids(TrainingTasks().task_ids())
    for task_id in source.task_ids():
        if task_id not in LEAKING_IDS:
            table = source.table(task_id)
            group = "held-re-arc" if task_id in held_out else "re-arc"
            yield group, task_id, [table.pair(index) for index in range(len(table))]


def newer_entries() -> Iterator[Entry]:
    """Training tasks that only the second edition has and that share nothing telling with an evaluation task."""
    first_ids = {task_id for name in ("arc1-train", "arc1-eval") for task_id in load_named(name)[0].order}
    evaluation = [pair for name in ("arc1-eval", "arc2-eval") for pair in _pairs_of(name)]
    hidden_pairs = {_pair_key(pair) for pair in evaluation}
    hidden_grids = {_grid_key(grid) for pair in evaluation for grid in (pair.input, pair.output) if _is_telling(grid)}
    challenges, solutions = load_named("arc2-train")
    for task in challenges.tasks:
        if task.task_id in first_ids:
            continue
        outputs = solutions.outputs[task.task_id]
        tests = [Pair(given, wanted) for given, wanted in zip(task.test_inputs, outputs, strict=True)]
        pairs = [*task.train, *tests]
        grids = [grid for pair in pairs for grid in (pair.input, pair.output) if _is_telling(grid)]
        if hidden_pairs.isdisjoint(map(_pair_key, pairs)) and hidden_grids.isdisjoint(map(_grid_key, grids)):
            yield "newer", task.task_id, pairs


def synthetic_entries(entries: list[Entry], n_tasks: int, seed: int) -> Iterator[Entry]:
    """Random programs over inputs of `entries`, each source once."""
    rng = np.random.default_rng(seed)
    inputs = [[pair.input for pair in pairs if pair.input.size <= _MAX_SYNTHETIC_CELLS] for _, _, pairs in entries]
    inputs = [grids for grids in inputs if len(grids) >= _N_INPUTS]
    seen: set[bytes] = set()
    while len(seen) < n_tasks:
        grids = inputs[int(rng.integers(len(inputs)))]
        chosen = [grids[int(index)] for index in rng.choice(len(grids), _N_INPUTS, replace=False)]
        made = synthesize(rng, chosen)
        if made is None or max(pair.output.size for pair in made.pairs) > _MAX_SYNTHETIC_CELLS:
            continue
        key = hashlib.blake2b(made.source.encode(), digest_size=6).digest()
        if key not in seen:
            seen.add(key)
            yield "synthetic", f"synthetic-{key.hex()}", list(made.pairs)


def _pairs_of(name: str) -> Iterator[Pair]:
    challenges, solutions = load_named(name)
    for task in challenges.tasks:
        yield from task.train
        for given, wanted in zip(task.test_inputs, solutions.outputs[task.task_id], strict=True):
            yield Pair(given, wanted)


def _is_telling(grid: Grid) -> bool:
    return grid.size >= _TELLING_CELLS and len(np.unique(grid)) >= _TELLING_COLORS


def _grid_key(grid: Grid) -> bytes:
    """The same for a grid in all eight symmetries."""
    return min(grid_key(view.apply(grid)) for view in all_symmetries())


def _pair_key(pair: Pair) -> bytes:
    return min(grid_key(view.apply(pair.input)) + grid_key(view.apply(pair.output)) for view in all_symmetries())


@click.command()
@click.option("--re-arc", "re_arc", type=click.Path(path_type=Path), required=True, help="RE-ARC archive.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write, .npz.")
@click.option("--synthetic", "n_synthetic", default=20_000, show_default=True, help="Synthetic tasks.")
@click.option("--seed", default=0, show_default=True)
def main(re_arc: Path, out: Path, n_synthetic: int, seed: int) -> None:
    """Collect the corpus that the bundled base is trained on, in one file."""
    entries = [*training_entries(), *re_arc_entries(re_arc), *newer_entries()]
    usable = [entry for entry in entries if entry[0] in ("re-arc", "training")]
    entries += synthetic_entries(usable, n_synthetic, seed)
    corpus = Corpus.build(entries)
    corpus.save(out)
    for group, members in corpus.groups.items():
        n_pairs = sum(corpus.n_pairs(int(member)) for member in members)
        click.echo(f"{group}: {len(members)} tasks, {n_pairs} pairs")
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
