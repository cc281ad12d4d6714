"""The same task seen from the side: every input turned, or its colours renamed, after a mark in the input itself.

Where pairs differ by a turn or by their colours only, one rule holds for all of them once they are seen alike. The
other solvers look for it; what they write is wrapped in the view and its inverse. Knows nothing of what they find.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_solver.budget import Deadline
from arc_solver.grids import Grid
from arc_solver.proposers.search.examples import Draft, Examples, Solver
from arc_solver.proposers.search.solvers.formulas import Formula, formula, values_of
from arc_solver.proposers.search.stability import stable_drafts
from arc_solver.proposers.search.values import signature

MAX_VIEWS = 6
MAX_LINE = 116
TIE = 1e-6
MAX_COST = 15.0
ENOUGH_COST = 7.5

Turn = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class View:
    """One way to see a task.

    Attributes:
        examples: The task as it is seen.
        start: Statements that turn `grid` into what is seen.
        end: Python that turns what is seen into the answer, with `{}` for it.
        cost: How far-fetched it is.
    """

    examples: Examples
    start: tuple[str, ...]
    end: str
    cost: float


def viewed(examples: Examples, solvers: Mapping[str, Solver], deadline: Deadline) -> Iterator[Draft]:
    """What solvers find when the inputs are seen alike.

    Args:
        examples: The task itself, without prefix.
        solvers: The solvers to ask, by name.
        deadline: Looked at before each of them.
    """
    least = MAX_COST
    for view in views(examples):
        if least <= ENOUGH_COST:
            return
        for solve in solvers.values():
            if deadline.passed():
                return
            for draft in stable_drafts(solve, view.examples):
                if draft.cost + view.cost > MAX_COST:
                    continue
                body = wrapped(draft.body, view)
                if body is not None:
                    least = min(least, draft.cost + view.cost)
                    yield replace(draft, stage=f"{draft.stage}_seen", body=body, cost=draft.cost + view.cost)


def views(examples: Examples) -> list[View]:
    """The views under which some training pairs are seen otherwise than others, each once, the simplest first."""
    seen = {signature("grids", examples.inputs)}
    kept: list[View] = []
    for view in sorted((*_turned(examples), *_renamed(examples)), key=lambda one: (one.cost, one.start)):
        key = signature("grids", view.examples.inputs)
        if key not in seen:
            seen.add(key)
            kept.append(view)
    return kept[:MAX_VIEWS]


def wrapped(body: Sequence[str], view: View) -> tuple[str, ...] | None:
    """Statements that see the grid as the view does, do what `body` does, and see the result as it was.

    Args:
        body: Statements of which the last, and only that, returns.
        view: The view.
    """
    *before, last = body
    if not last.startswith("return ") or any(line.lstrip().startswith("return ") for line in before):
        return None
    answer = last.removeprefix("return ")
    inline = "return " + view.end.replace("{}", answer)
    if view.end.count("{}") == 1 and len(inline) <= MAX_LINE:
        return (*view.start, *before, inline)
    assigned = () if answer == "out" else (f"out = {answer}",)
    return (*view.start, *before, *assigned, "return " + view.end.replace("{}", "out"))


# Places: what a turned grid is chosen by. (score of a view, cost); the view with the most, alone, is taken.
_LOW = "np.argwhere({cells})[:, 0].mean() / len(view)"
_RIGHT = "np.argwhere({cells})[:, 1].mean() / len(view[0])"
_CORNER = "(np.argwhere({cells}) / view.shape).mean()"
_CELLS: tuple[tuple[str, float], ...] = (
    ("view == least_common_color(view)", 0.2),
    ("view != dominant_color(view)", 0.4),
    ("view == colors_by_count(view)[1]", 0.5),
)
_GRAIN: tuple[tuple[str, float], ...] = (
    ("(view[1:] == view[:-1]).mean()", 0.2),
    ("any((row == row[0]).all() and row[0] != dominant_color(view) for row in view)", 0.4),
    ("len(crop_to_content(view))", 0.5),
    ("len(view)", 0.5),
)
_SIDES: tuple[tuple[str, float], ...] = (
    ("np.count_nonzero(view[-1] != dominant_color(view)) / len(view[0])", 0.4),
    (
        "(np.argwhere(view == least_common_color(view)) - np.argwhere(view == colors_by_count(view)[1])[0])[0, 0]",
        0.6,
    ),
)


@dataclass(frozen=True, slots=True)
class _Way:
    """A set of turns to choose from: as Python, done, and undone."""

    listing: str
    turns: tuple[Turn, ...]
    end: str
    backs: tuple[Turn, ...]
    cost: float


def _same(grid: NDArray[Any]) -> NDArray[Any]:
    return grid


def _quarter(k: int) -> Turn:
    return lambda grid: np.rot90(grid, k)


def _transposed(grid: NDArray[Any]) -> NDArray[Any]:
    return grid.T


_HALF = _quarter(2)
_TURNS = _Way(
    "[np.rot90(grid, k) for k in range(4)]",
    tuple(map(_quarter, range(4))),
    "np.rot90({}, -best)",
    tuple(map(_quarter, (0, 3, 2, 1))),
    1.5,
)
_TRANSPOSED = _Way("[grid, grid.T]", (_same, _transposed), "[{}, {}.T][best]", (_same, _transposed), 1.3)
_UPSIDE = _Way("[grid, np.flipud(grid)]", (_same, np.flipud), "[{}, np.flipud({})][best]", (_same, np.flipud), 1.4)
_MIRRORED = _Way("[grid, np.fliplr(grid)]", (_same, np.fliplr), "[{}, np.fliplr({})][best]", (_same, np.fliplr), 1.4)
_CORNERS = _Way(
    "[grid, np.fliplr(grid), np.flipud(grid), np.rot90(grid, 2)]",
    (_same, np.fliplr, np.flipud, _HALF),
    "[{}, np.fliplr({}), np.flipud({}), np.rot90({}, 2)][best]",
    (_same, np.fliplr, np.flipud, _HALF),
    1.6,
)


def _turned(examples: Examples) -> Iterator[View]:
    """Views by a turn or a mirror image: something lies lowest then, or the grain runs downwards."""
    for way, score in _scores():
        chosen = _choices(way, score, examples.inputs)
        if chosen is None or len(set(chosen[: examples.n_train])) < 2:
            continue
        inputs = tuple(_laid(way.turns[k](grid)) for k, grid in zip(chosen, examples.inputs, strict=True))
        outputs = tuple(_laid(way.turns[k](grid)) for k, grid in zip(chosen, examples.outputs, strict=False))
        start = (f"views = {way.listing}", f"best = int(np.argmax([{score.source} for view in views]))")
        yield View(
            replace(examples, inputs=inputs, outputs=outputs),
            (*start, "grid = views[best]"),
            way.end,
            way.cost + score.cost,
        )


def _scores() -> Iterator[tuple[_Way, Formula]]:
    for way, place in ((_TURNS, _LOW), (_UPSIDE, _LOW), (_MIRRORED, _RIGHT), (_CORNERS, _CORNER)):
        for cells, cost in _CELLS:
            yield way, formula("view", place.format(cells=cells), cost)
    for source, cost in _GRAIN:
        yield _TRANSPOSED, formula("view", source, cost)
    for source, cost in _SIDES:
        yield _TURNS, formula("view", source, cost)


def _choices(way: _Way, score: Formula, grids: Sequence[Grid]) -> list[int] | None:
    """Which turn of each grid has the highest score; None if that is not clear for one of them."""
    found = []
    for grid in grids:
        with warnings.catch_warnings():
            # The mean place of cells that are not there: not finite, hence no choice.
            warnings.simplefilter("ignore", RuntimeWarning)
            scores = values_of(score, [turn(grid) for turn in way.turns])
        if scores is None or not np.isfinite(scores).all():
            return None
        best = int(np.argmax(scores))
        if any(float(scores[best]) - float(other) < TIE for k, other in enumerate(scores) if k != best):
            return None
        found.append(best)
    return found


def _laid(grid: NDArray[Any]) -> Grid:
    return np.ascontiguousarray(grid)


_ORDERS: tuple[tuple[str, Callable[[Grid], list[int]], float], ...] = (
    ("colors_by_count(grid)", lambda grid: _by_count(grid), 0.2),
    ("colors_by_count(grid)[::-1]", lambda grid: _by_count(grid)[::-1], 0.3),
    ("dict.fromkeys(grid.ravel().tolist())", lambda grid: list(dict.fromkeys(grid.ravel().tolist())), 0.5),
    ("dict.fromkeys(grid.T.ravel().tolist())", lambda grid: list(dict.fromkeys(grid.T.ravel().tolist())), 0.6),
)


def _by_count(grid: Grid) -> list[int]:
    counts = np.bincount(grid.ravel(), minlength=10)
    return [color for color in np.argsort(-counts, kind="stable").tolist() if counts[color]]


def _renamed(examples: Examples) -> Iterator[View]:
    """Views by new names for the colours that are not in every input, in an order that the input tells."""
    pairs = list(zip(examples.train_inputs, examples.outputs, strict=True))
    colors = [set(np.unique(grid).tolist()) for grid in examples.inputs]
    everywhere = set.intersection(*colors)
    new = set().union(*(set(np.unique(b).tolist()) - set(np.unique(a).tolist()) for a, b in pairs))
    for kept in ({0} & everywhere | new, everywhere | new):
        for source, order, cost in _ORDERS:
            view = _renamed_by(examples, sorted(kept), source, order)
            if view is not None:
                yield replace(view, cost=1.5 + cost)


def _renamed_by(
    examples: Examples, kept: Sequence[int], source: str, order: Callable[[Grid], list[int]]
) -> View | None:
    names = [color for color in range(1, 10) if color not in kept] + ([0] if 0 not in kept else [])
    tables = []
    for grid in examples.inputs:
        table = np.arange(10, dtype=np.int8)
        old = [color for color in order(grid) if color not in kept]
        table[old] = names[: len(old)]
        tables.append(table)
    if len({table.tobytes() for table in tables[: examples.n_train]}) < 2:
        return None
    for grid, output in zip(examples.train_inputs, examples.outputs, strict=True):
        if set(np.unique(output).tolist()) - set(np.unique(grid).tolist()) - set(kept):
            return None
    inputs = tuple(table[grid] for table, grid in zip(tables, examples.inputs, strict=True))
    outputs = tuple(table[grid] for table, grid in zip(tables, examples.outputs, strict=False))
    start = (
        f"old = [c for c in {source} if c not in {list(kept)}]" if kept else f"old = list({source})",
        f"new = {names}[:len(old)]",
        "grid = np.array([new[old.index(c)] if c in old else c for c in range(10)], dtype=np.int8)[grid]",
    )
    end = "np.array([old[new.index(c)] if c in new else c for c in range(10)], dtype=np.int8)[{}]"
    return View(replace(examples, inputs=inputs, outputs=outputs), start, end, 0.0)
