"""Pictures of primitives for docs/dsl.md: a call on a small scene, and what comes out, as SVG text.

For each primitive the first scene and arguments are taken for which something can be seen. Nothing here names a
primitive that the picture is of: a new one gets its picture from its types.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import arc_solver.dsl
from arc_solver.dsl.registry import Cells, Color, Count, Grid, Object, Places, Primitive
from arc_solver.report.draw import PALETTE

SCENES = {
    "objects": "0000000000/0222000330/0202000033/0222010000/0000011000/0040000010/0440000000/0400008880/0000008000",
    "panels": "1015110/1105010/0115111/5555555/2225020/2025202/0205020",
    "points": "000000000/001000200/000000000/003003000/000000000/001000000/000000005",
    "pattern": "123321/245542/356653/356993/245992/123321",
    "halves": "1010202/1100022/0110202",
    "small": "123/012/001",
    "frame": "44444444/40000004/40330204/40330004/40000104/44444444",
    "hollow": "0000000000/0555550000/0500050000/0507055550/0500050050/0555550050/0000055550/0000000000",
    "tiles": "121212/343434/121212/343434/121200/343400",
    "plus": "00000/00300/03330/00300/00000",
    "blocks": "112200/112200/003311/003311",
    "row": "010203/000000/000000/400000",
    "divided": "1015202/1105022/0115220",
}
_SIDE, _GAP = 10, 14
_MAX_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A call for a picture: its text, the grid it looks at, the grids among its arguments and its result."""

    call: str
    grid: Grid
    shown: tuple[Any, ...]
    result: Any


def picture(primitive: Primitive) -> tuple[str, str]:
    """(the call as text, the SVG) of one primitive.

    Raises:
        ValueError: Its arguments cannot be made from any scene: give `_choices` a way.
    """
    best: Example | None = None
    for example in itertools.islice(_examples(primitive), 4000):
        if best is None:
            best = example
        if _tells(example):
            best = example
            break
    if best is None:
        raise ValueError(f"no scene shows {primitive.name}")
    return best.call, _svg(best)


def _examples(primitive: Primitive) -> Iterator[Example]:
    parameters = list(inspect.signature(primitive.function).parameters.values())
    per_scene = []
    for text in SCENES.values():
        grid = _grid(text)
        choices = [
            _choices(kind, grid, index, parameter.default)
            for index, (kind, parameter) in enumerate(zip(primitive.argument_types, parameters, strict=True))
        ]
        per_scene.append(_calls(primitive, grid, choices))
    # Every scene gets its turn before one is tried with many literals.
    for calls in itertools.zip_longest(*per_scene):
        yield from (example for example in calls if example is not None)


def _calls(primitive: Primitive, grid: Grid, choices: Sequence[Sequence[tuple[str, Any]]]) -> Iterator[Example | None]:
    for arguments in itertools.product(*choices):
        try:
            result = primitive.function(*(value for _, value in arguments))
        except (ValueError, IndexError):
            yield None
            continue
        call = f"{primitive.name}({', '.join(text for text, _ in arguments)})"
        shown = tuple(value for _, value in arguments if isinstance(value, (np.ndarray, Object, list)))
        yield Example(call, grid, shown, result)


def _choices(kind: Any, grid: Grid, index: int, default: Any) -> list[tuple[str, Any]]:
    """Ways to write an argument of that kind for that grid: (text, value), the best first."""
    given: list[tuple[str, Any]] = []
    objects = arc_solver.dsl.find_objects(grid)
    colors = [color for color in arc_solver.dsl.colors_by_count(grid) if color != 0]
    if kind == Grid:
        given = [("grid", grid)] if index == 0 else _second_grids(grid)
    elif kind == Object:
        ordered = sorted(range(len(objects)), key=lambda one: -objects[one].size)
        given = [(f"objects[{one}]", objects[one]) for one in (ordered if index == 0 else ordered[::-1])]
        given += [("shape", obj) for obj in arc_solver.dsl.find_objects(grid, True, True)[:1]]
    elif kind == list[Object]:
        given = [("objects", objects)] if objects else []
    elif kind == list[Grid]:
        given = _panels(grid)
    elif kind == Cells:
        given = [(f"grid == {color}", grid == color) for color in colors]
    elif kind == Color:
        # The first color asked for is mostly one to be found, a later one is drawn in.
        news = [color for color in (8, 4, 6) if color not in colors]
        ordered = [*colors[::-1], *news, 0] if index == 1 else [*news, *colors, 0]
        given = [(str(color), color) for color in ordered]
    elif kind == Count:
        given = [(str(count), count) for count in (2, 3, 1, 4, 6)]
    elif kind is bool:
        given = [(str(value), value) for value in (True, False)]
    elif kind is int:
        # Of two places the second lies further down and to the right; directions and steps are found a little later.
        given = [(str(value), value) for value in ((1, 0, 2, -1, 3, 4) if index < 3 else (4, 1, 0, -1, 2, 3))]
    elif kind == Places:
        given = [("places", [(int(row), int(col)) for row, col in np.argwhere(grid)])]
    if default is not inspect.Parameter.empty:
        given = [(text, value) for text, value in given if value == default] or given
    return given


def _second_grids(grid: Grid) -> list[tuple[str, Any]]:
    small = _grid("10/22")
    return [
        ("flip_horizontal(grid)", arc_solver.dsl.flip_horizontal(grid)),
        ("small", small),
        ("grid[:2, :2]", grid[:2, :2].copy()),
    ]


def _panels(grid: Grid) -> list[tuple[str, Any]]:
    found = []
    for name in ("split_by_lines", "equal_panels"):
        try:
            found.append((f"{name}(grid)", getattr(arc_solver.dsl, name)(grid)))
        except ValueError:
            continue
    return found


def _tells(example: Example) -> bool:
    """Whether something is to be seen: a result that is neither plain nor what was given."""
    result = example.result
    if isinstance(result, Object):
        return not any(isinstance(one, Object) and one == result for one in example.shown)
    if isinstance(result, np.ndarray):
        is_plain = bool((result == result.flat[0]).all())
        return not is_plain and not any(_nearly_same(one, result) for one in example.shown)
    if isinstance(result, list):
        return len(result) > 1
    return bool(result)


def _nearly_same(one: Any, other: Any) -> bool:
    return isinstance(one, np.ndarray) and one.shape == other.shape and int((one != other).sum()) < 2


def _svg(example: Example) -> str:
    """Arguments, an arrow, the result."""
    parts: list[str] = []
    x, height = 2, 0
    in_place = isinstance(example.result, Object)
    for value in _drawables(example.shown, example.grid):
        value = _placed(value, example.grid) if in_place else value
        svg, width, rows = _drawn(value, x)
        parts.append(svg)
        x, height = x + width + _GAP, max(height, rows)
    parts.append(f'<text x="{x - 4}" y="14">→</text>')
    x += _GAP
    results = example.result if _is_pictures(example.result) else [_placed(example.result, example.grid)]
    for value in results[:_MAX_SHOWN]:
        svg, width, rows = _drawn(value, x)
        parts.append(svg)
        x, height = x + width + _GAP, max(height, rows)
    if len(results) > _MAX_SHOWN:
        parts.append(f'<text x="{x}" y="14">…</text>')
        x += _GAP
    width, height = x, height + 4
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    style = "<style>text{font:12px sans-serif;fill:#777}.n{font-size:8px;fill:#777;text-anchor:middle}</style>"
    return "\n".join([head + style, *parts, "</svg>"]) + "\n"


def _placed(value: Any, grid: Grid) -> Any:
    """An object on an empty sheet of the grid's size, if it has its place there; else the value itself."""
    if not isinstance(value, Object) or min(value.row, value.col) < 0:
        return value
    if value.bottom >= grid.shape[0] or value.right >= grid.shape[1]:
        return value
    sheet, mask = np.zeros_like(grid), np.zeros(grid.shape, dtype=np.bool_)
    place = slice(value.row, value.bottom + 1), slice(value.col, value.right + 1)
    sheet[place], mask[place] = value.grid, value.mask
    return Object(sheet, 0, 0, mask)


def _is_pictures(result: Any) -> bool:
    return isinstance(result, list) and bool(result) and isinstance(result[0], (np.ndarray, Object))


def _drawables(shown: Sequence[Any], grid: Grid) -> list[Any]:
    """What stands left of the arrow: the grid first; an object as the part of the grid that it is."""
    out: list[Any] = []
    for value in shown:
        if isinstance(value, list):
            out += [grid] if value and isinstance(value[0], Object) and not out else []
            out += value[:_MAX_SHOWN] if value and isinstance(value[0], np.ndarray) else []
        else:
            out.append(value)
    return out or [grid]


def _drawn(value: Any, x: int) -> tuple[str, int, int]:
    """(SVG, width, height) of one value with its left edge at x."""
    if isinstance(value, Object):
        svg = _cells_svg(value.grid, value.mask, x)
        return svg, value.width * _SIDE, value.height * _SIDE
    if isinstance(value, np.ndarray) and value.dtype == np.int8:
        return _cells_svg(value, None, x), value.shape[1] * _SIDE, value.shape[0] * _SIDE
    if isinstance(value, np.ndarray):
        numbers = [
            f'<text class="n" x="{x + _SIDE * col + _SIDE // 2}" y="{_SIDE * row + _SIDE}">{int(cell)}</text>'
            for (row, col), cell in np.ndenumerate(value)
            if cell
        ]
        frame = f'<path fill="none" stroke="#999" d="M{x} 2h{_SIDE * value.shape[1]}v{_SIDE * value.shape[0]}H{x}z"/>'
        return "".join([frame, *numbers]), value.shape[1] * _SIDE, value.shape[0] * _SIDE
    text = str(value)
    text = text if len(text) <= 40 else text[:39] + "…"
    return f'<text x="{x}" y="14">{text}</text>', 7 * len(text), _SIDE + 6


def _cells_svg(grid: Grid, mask: Cells | None, x: int) -> str:
    """The cells as one path a color, runs of a row drawn at once, and the lines between them."""
    rows, cols = grid.shape
    paths: dict[int, list[str]] = {}
    for row in range(rows):
        col = 0
        while col < cols:
            end = col
            while (
                end < cols and grid[row, end] == grid[row, col] and (mask is None or mask[row, end] == mask[row, col])
            ):
                end += 1
            if mask is None or mask[row, col]:
                run = (end - col) * _SIDE
                paths.setdefault(int(grid[row, col]), []).append(
                    f"M{x + col * _SIDE} {2 + row * _SIDE}h{run}v{_SIDE}h-{run}z"
                )
            col = end
    filled = [f'<path fill="{PALETTE[color]}" d="{"".join(runs)}"/>' for color, runs in sorted(paths.items())]
    across = "".join(f"M{x} {2 + row * _SIDE}h{cols * _SIDE}" for row in range(rows + 1))
    down = "".join(f"M{x + col * _SIDE} 2v{rows * _SIDE}" for col in range(cols + 1))
    return "".join([*filled, f'<path stroke="#666" stroke-width=".6" d="{across}{down}"/>'])


def _grid(text: str) -> Grid:
    return np.array([[int(cell) for cell in row] for row in text.split("/")], dtype=np.int8)
