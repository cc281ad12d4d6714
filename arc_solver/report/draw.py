"""Draws tasks: coloured blocks in a terminal, SVG and PNG files.

The picture of a task is a row of pairs, input above output. Knows nothing of proposers, votes or scores.

Shapes: R rows, C columns of a grid; pixels in a picture.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from arc_solver.errors import InputError
from arc_solver.grids import Grid
from arc_solver.tasks import Task

# The field's usual ten colours, so that people recognise what they see.
PALETTE = (
    "#000000",
    "#0074d9",
    "#ff4136",
    "#2ecc40",
    "#ffdc00",
    "#aaaaaa",
    "#f012be",
    "#ff851b",
    "#7fdbff",
    "#870c25",
)
# Black, blue, red, green, yellow, grey, purple, orange, light blue and brown as above, moved apart until any two are at
# least 29 apart in CIELAB for all three kinds of colour-blind eyes (the usual ones: 9).
SAFE_PALETTE = (
    "#000000",
    "#234fd3",
    "#b63c05",
    "#21c16b",
    "#ffff22",
    "#868686",
    "#aa5fb6",
    "#e4a122",
    "#c5f6ff",
    "#783228",
)
_PAPER, _LINE = (255, 255, 255), (85, 85, 85)
_CELL_PX, _GAP_PX = 14, 24


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a picture: a title, and grids from top to bottom (None leaves a question mark's place)."""

    title: str
    grids: tuple[Grid | None, ...]


def task_columns(task: Task, attempts: Sequence[Sequence[Grid]] = ()) -> list[Column]:
    """The columns of a task's picture.

    Args:
        task: The task.
        attempts: For each test input the grids to show below it; empty for none.
    """
    columns = [Column(f"train {i}", (pair.input, pair.output)) for i, pair in enumerate(task.train)]
    for index, test_input in enumerate(task.test_inputs):
        answers: tuple[Grid | None, ...] = tuple(attempts[index]) if index < len(attempts) else (None,)
        columns.append(Column(f"test {index}", (test_input, *answers)))
    return columns


def print_task(console: Console, task: Task, attempts: Sequence[Sequence[Grid]] = ()) -> None:
    """Draw a task in the terminal, wrapping to its width, two characters a cell."""
    console.print(Text(f"task {task.task_id}: {len(task.train)} training pairs, {len(task.test_inputs)} test inputs"))
    print_columns(console, task_columns(task, attempts))


def print_columns(console: Console, columns: Sequence[Column]) -> None:
    """Draw columns of grids in the terminal, wrapping to its width, two characters a cell."""
    room = console.width
    row: list[Column] = []
    used = 0
    for column in columns:
        width = 2 * max((g.shape[1] for g in column.grids if g is not None), default=1) + 3
        if row and used + width > room:
            _print_row(console, row)
            row, used = [], 0
        row.append(column)
        used += width
    if row:
        _print_row(console, row)


def _print_row(console: Console, columns: Sequence[Column]) -> None:
    table = Table(box=None, padding=(0, 1, 1, 1))
    for column in columns:
        table.add_column(column.title, no_wrap=True)
    for depth in range(max(len(column.grids) for column in columns)):
        table.add_row(*(_text(column.grids[depth]) if depth < len(column.grids) else Text() for column in columns))
    console.print(table)


def _text(grid: Grid | None) -> Text:
    if grid is None:
        return Text("?")
    text = Text()
    for index, row in enumerate(grid):
        if index:
            text.append("\n")
        for cell in row:
            # The digit keeps the picture readable without colour (a file, a pipe, colour-blind eyes).
            text.append(f"{cell} ", style=f"{_ink(int(cell))} on {PALETTE[cell]}")
    return text


def _ink(cell: int) -> str:
    return "black" if cell in (4, 5, 7, 8) else "white"


def save_picture(path: Path, task: Task, attempts: Sequence[Sequence[Grid]] = ()) -> None:
    """Write a task's picture as `.svg` or `.png`, by the file's ending.

    Raises:
        InputError: Another ending, or a folder that cannot be written.
    """
    columns = task_columns(task, attempts)
    ending = path.suffix.lower()
    if ending not in (".svg", ".png"):
        raise InputError(f"{path}: a picture's name ends in .svg or .png")
    try:
        path.write_bytes(to_svg(columns).encode() if ending == ".svg" else to_png(columns))
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error


def to_svg(columns: Sequence[Column]) -> str:
    """The picture as SVG text."""
    parts = []
    width, height = _GAP_PX, _GAP_PX
    for column in columns:
        x, y, widest = width, 2 * _GAP_PX, 4 * _CELL_PX
        parts.append(f'<text x="{x}" y="{_GAP_PX + 8}">{column.title}</text>')
        for grid in column.grids:
            if grid is None:
                parts.append(f'<text x="{x}" y="{y + _CELL_PX}">?</text>')
                y += _CELL_PX + _GAP_PX
                continue
            parts.extend(_svg_cells(grid, x, y))
            y += grid.shape[0] * _CELL_PX + _GAP_PX
            widest = max(widest, grid.shape[1] * _CELL_PX)
        width += widest + _GAP_PX
        height = max(height, y)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    style = "<style>text{font:13px sans-serif;fill:#333} rect{stroke:#555;stroke-width:1}</style>"
    paper = f'<path fill="#fff" d="M0 0H{width}V{height}H0z"/>'
    return "\n".join([f"{head}>{style}{paper}", *parts, "</svg>"])


def _svg_cells(grid: Grid, x: int, y: int) -> list[str]:
    side = f'width="{_CELL_PX}" height="{_CELL_PX}"'
    return [
        f'<rect x="{x + c * _CELL_PX}" y="{y + r * _CELL_PX}" {side} fill="{PALETTE[cell]}"/>'
        for r, row in enumerate(grid)
        for c, cell in enumerate(row)
    ]


def to_png(columns: Sequence[Column]) -> bytes:
    """The picture as PNG bytes (8-bit RGB), without any image library."""
    blocks = [[_pixels(grid) for grid in column.grids if grid is not None] for column in columns]
    widths = [max((block.shape[1] for block in column), default=0) for column in blocks]
    heights = [sum(block.shape[0] + _GAP_PX for block in column) for column in blocks]
    canvas = np.full((max(heights) + _GAP_PX, sum(widths) + _GAP_PX * (len(widths) + 1), 3), _PAPER, dtype=np.uint8)
    x = _GAP_PX
    for column, width in zip(blocks, widths, strict=True):
        y = _GAP_PX
        for block in column:
            canvas[y : y + block.shape[0], x : x + block.shape[1]] = block
            y += block.shape[0] + _GAP_PX
        x += width + _GAP_PX
    return _encode_png(canvas)


def _pixels(grid: Grid) -> NDArray[np.uint8]:
    table = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in PALETTE], dtype=np.uint8)
    picture = table[grid].repeat(_CELL_PX, axis=0).repeat(_CELL_PX, axis=1)
    picture[::_CELL_PX] = _LINE
    picture[:, ::_CELL_PX] = _LINE
    return np.pad(picture, ((0, 1), (0, 1), (0, 0)), constant_values=_LINE[0])


def _encode_png(canvas: NDArray[np.uint8]) -> bytes:
    height, width, _ = canvas.shape
    rows = np.pad(canvas.reshape(height, width * 3), ((0, 0), (1, 0)))  # a filter byte 0 before each row

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
