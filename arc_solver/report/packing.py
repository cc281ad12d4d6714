"""Grids and JSON as a page holds them: short, and never read as markup.

A packed grid is its width in base 36 (one character), then its cells in reading order as runs: a digit, and behind it
a letter where the run is longer than one cell (`a` for 2 cells, `b` for 3, up to `Z` for 53). The page's script unpacks
what it draws. Knows nothing of what the grids mean.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid

_WIDTHS = "0123456789abcdefghijklmnopqrstu"
_RUNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_RUN = len(_RUNS) + 1
_PACKED = re.compile(r"([1-9a-u])((?:[0-9][a-zA-Z]?)+)", re.ASCII)


def pack(grid: Grid) -> str:
    """A grid as a short string of letters and digits."""
    parts = [_WIDTHS[grid.shape[1]]]
    for cell, group in itertools.groupby(grid.ravel().tolist()):
        left = sum(1 for _ in group)
        while left:
            length = min(left, MAX_RUN)
            parts.append(str(cell) + (_RUNS[length - 2] if length > 1 else ""))
            left -= length
    return "".join(parts)


def unpack(text: str) -> Grid:
    """The grid that `pack` wrote.

    Raises:
        GridError: It was not written by `pack`.
    """
    match = _PACKED.fullmatch(text)
    if match is None:
        raise GridError("no packed grid")
    width = _WIDTHS.index(match[1])
    cells: list[int] = []
    for digit, letter in re.findall(r"([0-9])([a-zA-Z]?)", match[2]):
        cells += [int(digit)] * (_RUNS.index(letter) + 2 if letter else 1)
    if len(cells) % width:
        raise GridError("a packed grid with a torn row")
    return as_grid([cells[start : start + width] for start in range(0, len(cells), width)])


def script_json(value: Any) -> str:
    """JSON that may stand in a script element: no character in it opens or closes markup, whatever the strings hold."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    # Outside strings JSON has none of these; everything beyond ASCII is escaped already.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
