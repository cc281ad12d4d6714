"""Synthetic tasks: random well-typed programs of one to four calls over grids that somebody else provides.

A program grows along a skeleton of types, each line using the one before it, and what does not matter is thrown away: a
line that could be left out, a scalar that is the same for every input, an output that repeats the input, is blank or
never varies. Programs run in this process, because they consist of our own primitives and literals only. This module
knows nothing of prompts, tokens or where the inputs come from.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from arc_solver.dsl.registry import PRIMITIVES, Color, Count, Grid, Object, Primitive
from arc_solver.grids import MAX_SIDE, N_COLORS, frozen, grid_key
from arc_solver.tasks import Pair

_N_SKELETONS = 8
_N_TRIES = 12
"""Programs tried for one skeleton before the next one is drawn."""
_MAX_SHARE_DULL = 0.34
"""At most this share of a task's outputs may be blank or equal to their inputs."""

_NAMES: dict[str, Any] = {
    "result": Grid,
    "obj": Object,
    "objects": list[Object],
    "grids": list[Grid],
    "color": Color,
    "count": Count,
}
"""Variable names and the kinds of their values; a kind goes by its name below."""
_LITERALS = (Color, Count, int, bool)

# Drawn by weight, because chance alone would hardly ever string three calls over objects together. The first line uses
# the grid, each other line the one before it; a trailing "merge" line uses both lines before it.
_SKELETONS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (5, ("result",)),
    (20, ("result", "result")),
    (20, ("result", "result", "result")),
    (14, ("result", "result", "merge")),
    (6, ("objects", "result")),
    (8, ("objects", "objects", "result")),
    (16, ("objects", "obj", "result")),
    (4, ("objects", "grids", "result")),
    (3, ("objects", "count", "result")),
    (8, ("result", "objects", "result")),
    (8, ("grids", "result")),
    (5, ("grids", "result", "result")),
    (4, ("result", "grids", "result")),
    (5, ("color", "result")),
    (3, ("color", "result", "result")),
    (3, ("result", "color", "result")),
    (3, ("count", "result")),
    (3, ("objects", "objects", "grids", "result")),
    (3, ("objects", "objects", "obj", "result")),
    (3, ("objects", "obj", "obj", "result")),
    (2, ("objects", "obj", "color", "result")),
    (2, ("objects", "obj", "count", "result")),
)


@dataclass(frozen=True, slots=True)
class SynthesizedTask:
    """A program and what it does.

    Attributes:
        source: Python source that defines `task(grid)`; every name it uses is a primitive.
        pairs: One pair for each input that was given, in their order.
    """

    source: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class _Word:
    """A primitive, the defaults that need not be written, and how many of its arguments are grids."""

    primitive: Primitive
    defaults: tuple[Any, ...]
    n_grids: int


@dataclass(frozen=True, slots=True)
class _Value:
    """A use of an earlier value: 0 is the grid, i the i-th line."""

    index: int


@dataclass(frozen=True, slots=True)
class _Line:
    """One call. Each argument is a `_Value` or a literal."""

    word: _Word
    arguments: tuple[Any, ...]


def synthesize(rng: np.random.Generator, inputs: Sequence[Grid]) -> SynthesizedTask | None:
    """A random program that does something worth learning to every one of `inputs`.

    Args:
        rng: The only source of randomness: same state and inputs, same task.
        inputs: At least two grids, which should look alike for a natural task.

    Returns:
        The task, or None if a fixed number of attempts found none.

    Raises:
        ValueError: Fewer than two inputs.
    """
    if len(inputs) < 2:
        raise ValueError(f"a task needs at least 2 inputs, not {len(inputs)}")
    colors = _palette(inputs)
    for _ in range(_N_SKELETONS):
        skeleton = _random_skeleton(rng)
        for _ in range(_N_TRIES):
            lines = _random_lines(rng, skeleton, colors)
            values = _run(lines, inputs)
            if values is not None and _is_interesting(inputs, values[-1]) and _every_line_matters(lines, values):
                pairs = (Pair(frozen(grid), frozen(output)) for grid, output in zip(inputs, values[-1], strict=True))
                return SynthesizedTask(_source(lines), tuple(pairs))
    return None


def _random_skeleton(rng: np.random.Generator) -> tuple[str, ...]:
    point = rng.random() * sum(weight for weight, _ in _SKELETONS)
    for weight, skeleton in _SKELETONS:
        point -= weight
        if point < 0:
            return skeleton
    return _SKELETONS[0][1]


def _random_lines(rng: np.random.Generator, skeleton: tuple[str, ...], colors: Sequence[int]) -> list[_Line]:
    """Well-typed lines with random words and literals."""
    kinds = ["result"]
    lines: list[_Line] = []
    is_merge = skeleton[-1] == "merge"
    for index, result in enumerate(skeleton):
        if result == "merge":
            words, uses = _merging_words(), [1, 2]
        else:
            source = 0 if is_merge else index
            words, uses = _words_between(kinds[source], result, index == 0 or is_merge), [source]
        lines.append(_random_line(rng, words[_below(rng, len(words))], uses, kinds, colors))
        kinds.append(result)
    return lines


def _random_line(
    rng: np.random.Generator, word: _Word, uses: list[int], kinds: Sequence[str], colors: Sequence[int]
) -> _Line:
    """A call that uses the values `uses`, in order; what else it needs are literals and earlier grids."""
    arguments: list[Any] = []
    grids = [index for index, kind in enumerate(kinds) if kind == "result" and index not in uses]
    left = list(uses)
    if word.n_grids == 2 and len(left) == 1:
        # Which of the two comes first is a matter of chance.
        left.insert(_below(rng, 2), grids[_below(rng, len(grids))])
    for wanted in word.primitive.argument_types:
        if left and wanted == _NAMES[kinds[left[0]]]:
            arguments.append(_Value(left.pop(0)))
        elif wanted == Grid:
            arguments.append(_Value(grids[_below(rng, len(grids))]))
        else:
            arguments.append(_random_literal(rng, wanted, colors))
    return _Line(word, tuple(arguments))


def _random_literal(rng: np.random.Generator, kind: Any, colors: Sequence[int]) -> int | bool:
    if kind == Color:
        # Mostly colors that the inputs have, so that choosing and replacing find something.
        return colors[_below(rng, len(colors))] if rng.random() < 0.6 else _below(rng, 10)
    if kind == Count:
        return 1 + _below(rng, 4)
    if kind is bool:
        return bool(rng.random() < 0.5)
    return _below(rng, 6) - 2


@lru_cache(maxsize=64)
def _words_between(source: str, result: str, is_first: bool) -> tuple[_Word, ...]:
    """The primitives that turn a value of one kind into the other, given earlier grids and literals besides.

    A primitive with switches stands here once for each of their settings, and weighs as much. The first line has no
    second grid to offer: combining the grid with itself says nothing that a primitive of its own does not say.
    """
    words: list[_Word] = []
    for primitive in PRIMITIVES.values():
        others = list(primitive.argument_types)
        if primitive.result_type != _NAMES[result] or _NAMES[source] not in others:
            continue
        others.remove(_NAMES[source])
        fits = all((other == Grid and not (is_first and source == "result")) or other in _LITERALS for other in others)
        if fits:
            words += [_word(primitive)] * 2 ** others.count(bool)
    return tuple(words)


@lru_cache(maxsize=1)
def _merging_words() -> tuple[_Word, ...]:
    """The primitives that make one grid of two."""
    words = (_word(primitive) for primitive in PRIMITIVES.values() if primitive.result_type == Grid)
    return tuple(word for word in words if word.n_grids == 2)


def _word(primitive: Primitive) -> _Word:
    parameters = inspect.signature(primitive.function).parameters.values()
    n_grids = sum(kind == Grid for kind in primitive.argument_types)
    return _Word(primitive, tuple(parameter.default for parameter in parameters), n_grids)


def _run(lines: Sequence[_Line], inputs: Sequence[Grid]) -> list[list[Any]] | None:
    """The values of the grid and of every line, for each input.

    None if a line does not apply to some input, or gives the same for all of them, or if the last one gives no grid.
    """
    values: list[list[Any]] = [list(inputs)]
    for line in lines:
        results = _call(line, values)
        if results is None or (isinstance(results[0], int) and len(set(results)) == 1):
            return None
        values.append(results)
    return values if all(_is_grid(output) for output in values[-1]) else None


def _call(line: _Line, values: Sequence[Sequence[Any]]) -> list[Any] | None:
    """The line's value for each input, None if it does not apply to all of them."""
    n_inputs = len(values[0])
    columns = [
        values[argument.index] if isinstance(argument, _Value) else [argument] * n_inputs for argument in line.arguments
    ]
    try:
        return [line.word.primitive.function(*arguments) for arguments in zip(*columns, strict=True)]
    except ValueError:
        return None


def _is_grid(value: Grid) -> bool:
    sides_fit = value.ndim == 2 and min(value.shape) >= 1 and max(value.shape) <= MAX_SIDE
    return bool(sides_fit and value.min() >= 0 and value.max() < N_COLORS)


def _is_interesting(inputs: Sequence[Grid], outputs: Sequence[Grid]) -> bool:
    """Outputs differ from one another, and few of them are blank or equal to their inputs."""
    keys = [grid_key(output) for output in outputs]
    if len(set(keys)) == 1:
        return False
    n_same = sum(grid_key(grid) == key for grid, key in zip(inputs, keys, strict=True))
    n_blank = sum(bool((output == output[0, 0]).all()) for output in outputs)
    return max(n_same, n_blank) <= _MAX_SHARE_DULL * len(outputs)


def _every_line_matters(lines: Sequence[_Line], values: Sequence[list[Any]]) -> bool:
    """True if no line's value can be replaced by an earlier value of its kind without changing an output."""
    kinds = [Grid, *(line.word.primitive.result_type for line in lines)]
    wanted = [grid_key(output) for output in values[-1]]
    for index in range(1, len(kinds)):
        for earlier in range(index):
            if kinds[earlier] != kinds[index]:
                continue
            outputs = _outputs_with(lines, values, index, values[earlier])
            if outputs is not None and [grid_key(output) for output in outputs] == wanted:
                return False
    return True


def _outputs_with(
    lines: Sequence[_Line], values: Sequence[list[Any]], index: int, replacement: list[Any]
) -> list[Any] | None:
    """The program's outputs if line `index` gave `replacement`, None if it then fails."""
    changed = [*values[:index], replacement]
    for line in lines[index:]:
        results = _call(line, changed)
        if results is None:
            return None
        changed.append(results)
    return changed[-1]


def _source(lines: Sequence[_Line]) -> str:
    last_use = {
        argument.index: number
        for number, line in enumerate(lines, start=1)
        for argument in line.arguments
        if isinstance(argument, _Value)
    }
    names = ["grid"]
    body = []
    for number, line in enumerate(lines, start=1):
        expression = _expression(line, names)
        # A name is free again once its value has had its last use.
        taken = {name for index, name in enumerate(names) if last_use.get(index, 0) > number}
        names.append(_free_name(line.word.primitive.result_type, taken))
        body.append(f"    return {expression}" if number == len(lines) else f"    {names[-1]} = {expression}")
    return "\n".join(["def task(grid):", *body]) + "\n"


def _free_name(kind: Any, taken: set[str]) -> str:
    name = next(name for name, known in _NAMES.items() if known == kind)
    return name if name not in taken else f"other_{name}"


def _expression(line: _Line, names: Sequence[str]) -> str:
    written = list(line.arguments)
    while written and written[-1] == line.word.defaults[len(written) - 1]:
        written.pop()
    texts = [names[argument.index] if isinstance(argument, _Value) else repr(argument) for argument in written]
    return f"{line.word.primitive.name}({', '.join(texts)})"


def _palette(inputs: Sequence[Grid]) -> list[int]:
    """The colors that occur in the inputs."""
    counts = sum(np.bincount(grid.ravel(), minlength=N_COLORS) for grid in inputs)
    return [int(color) for color in np.flatnonzero(counts)]


def _below(rng: np.random.Generator, n: int) -> int:
    return int(rng.integers(n))
