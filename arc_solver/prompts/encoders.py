"""Grids as text, and strictly back.

A grid is a fenced block whose header gives its shape. Encoders differ in how they write a row; each has a parser that
is the exact inverse of its writer and refuses everything else with a short, countable reason. Knows nothing of prompts,
tokens or tasks.

Shapes: R rows, C columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from arc_solver.errors import InputError
from arc_solver.grids import MAX_SIDE, Grid, frozen

FENCE = "```"
GRID_FENCE = "```grid"

_HEADER = re.compile(r"```grid ([1-9][0-9]?)x([1-9][0-9]?)")
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Unparsed:
    """Text that is not what was asked for.

    Attributes:
        reason: A short phrase to count by, such as `grid: ragged`; nothing specific to one text.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class GridEncoder:
    """One way to write the rows of a grid.

    Attributes:
        name: Its name in `ENCODERS`.
        write_rows: Grid -> R lines joined by newlines.
        read_row: (1-based row number, line) -> the row's digits, or the reason why it is no row.
    """

    name: str
    write_rows: Callable[[Grid], str]
    read_row: Callable[[int, str], str | Unparsed]

    def encode(self, grid: Grid) -> str:
        """The grid as a fenced block, without a newline after its closing fence."""
        return f"{GRID_FENCE} {grid.shape[0]}x{grid.shape[1]}\n{self.write_rows(grid)}\n{FENCE}"

    def parse(self, text: str) -> Grid | Unparsed:
        """The grid that `encode` wrote as `text`, or the reason why it wrote no such text.

        Reasons: `grid: no fence`, `grid: truncated` (the closing fence is missing), `grid: header`, `grid: too large`,
        `grid: symbol`, `grid: row number`, `grid: ragged`, `grid: shape` (the rows disagree with the header) and
        `grid: text after fence`.
        """
        if not text.startswith(GRID_FENCE):
            return Unparsed("grid: no fence")
        header, *lines = text.split("\n")
        if FENCE not in lines:
            return Unparsed("grid: truncated")
        end = lines.index(FENCE)
        if end != len(lines) - 1:
            return Unparsed("grid: text after fence")
        match = _HEADER.fullmatch(header)
        if match is None:
            return Unparsed("grid: header")
        return self._parse_rows(lines[:end], int(match[1]), int(match[2]))

    def _parse_rows(self, lines: list[str], n_rows: int, n_columns: int) -> Grid | Unparsed:
        if n_rows > MAX_SIDE or n_columns > MAX_SIDE:
            return Unparsed("grid: too large")
        rows: list[str] = []
        for number, line in enumerate(lines, start=1):
            row = self.read_row(number, line)
            if isinstance(row, Unparsed):
                return row
            rows.append(row)
        if len({len(row) for row in rows}) > 1:
            return Unparsed("grid: ragged")
        if len(rows) != n_rows or len(rows[0]) != n_columns:
            return Unparsed("grid: shape")
        cells = np.frombuffer("".join(rows).encode("ascii"), dtype=np.int8) - ord("0")
        return frozen(cells.reshape(n_rows, n_columns))


def _write_plain(grid: Grid) -> str:
    return _joined(grid, separator=None)


def _write_spaced(grid: Grid) -> str:
    return _joined(grid, separator=ord(" "))


def _write_numbered(grid: Grid) -> str:
    rows = _joined(grid, separator=None).split("\n")
    return "\n".join(f"{number} {row}" for number, row in enumerate(rows, start=1))


def _joined(grid: Grid, separator: int | None) -> str:
    """Digits, a separator between them if there is one, and newlines between rows, written as one array of bytes."""
    n_rows, n_columns = grid.shape
    step = 1 if separator is None else 2
    text = np.full((n_rows, step * n_columns + step % 2), separator or 0, dtype=np.uint8)
    text[:, : step * n_columns : step] = grid + ord("0")
    text[:, -1] = ord("\n")
    return text.tobytes()[:-1].decode("ascii")


def _read_plain(number: int, line: str) -> str | Unparsed:
    return line if _DIGITS.fullmatch(line) else Unparsed("grid: symbol")


def _read_spaced(number: int, line: str) -> str | Unparsed:
    if line[1::2].strip(" ") or len(line) % 2 == 0:
        return Unparsed("grid: symbol")
    return _read_plain(number, line[::2])


def _read_numbered(number: int, line: str) -> str | Unparsed:
    prefix = f"{number} "
    if not line.startswith(prefix):
        return Unparsed("grid: row number")
    return _read_plain(number, line[len(prefix) :])


ENCODERS: dict[str, GridEncoder] = {
    encoder.name: encoder
    for encoder in (
        GridEncoder("rows", _write_plain, _read_plain),
        GridEncoder("numbered", _write_numbered, _read_numbered),
        GridEncoder("spaced", _write_spaced, _read_spaced),
    )
}


def get_encoder(name: str) -> GridEncoder:
    """The encoder of that name.

    Raises:
        InputError: There is none; the message lists those that exist.
    """
    if name not in ENCODERS:
        raise InputError(f"no grid encoder is named {name!r}; known: {', '.join(ENCODERS)}")
    return ENCODERS[name]
