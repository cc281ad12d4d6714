"""Pictures show what is in the task."""

from __future__ import annotations

import struct
import zlib
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from arc_solver.errors import InputError
from arc_solver.grids import as_grid
from arc_solver.report.draw import PALETTE, print_task, save_picture, task_columns, to_png, to_svg
from arc_solver.tasks import Pair, Task

TASK = Task("made-up", (Pair(as_grid([[1, 2]]), as_grid([[3], [4]])),), (as_grid([[5, 6], [7, 8]]),))


def decode_png(data: bytes) -> np.ndarray:
    """An independent, minimal reader: one IDAT chunk, filter 0, 8-bit RGB."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks = {}
    at = 8
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        (crc,) = struct.unpack(">I", data[at + 8 + size : at + 12 + size])
        assert crc == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + size
    width, height, depth, color, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, color) == (8, 2)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_the_svg_has_one_square_of_the_right_colour_for_each_cell() -> None:
    root = ElementTree.fromstring(to_svg(task_columns(TASK)))
    fills = [element.get("fill") for element in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert sorted(fills) == sorted(PALETTE[cell] for cell in (1, 2, 3, 4, 5, 6, 7, 8))


def test_the_png_holds_every_colour_of_the_task_and_no_other() -> None:
    picture = decode_png(to_png(task_columns(TASK)))
    seen = {"#{:02x}{:02x}{:02x}".format(*pixel) for pixel in picture.reshape(-1, 3)}
    assert seen == {PALETTE[cell] for cell in range(1, 9)} | {"#ffffff", "#555555"}


@pytest.mark.parametrize("width", [20, 200])
def test_the_terminal_shows_every_digit(width: int) -> None:
    out = StringIO()
    print_task(Console(file=out, width=width), TASK, [[as_grid([[9]]), as_grid([[0]])]])
    body = out.getvalue().split("test inputs", 1)[1]
    for title in ("train 0", "test 0"):
        assert title in body
        body = body.replace(title, "")
    assert sorted(body.split()) == list("0123456789")


def test_an_unknown_ending_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.svg or \.png"):
        save_picture(tmp_path / "task.jpg", TASK)
    with pytest.raises(InputError, match="cannot be written"):
        save_picture(tmp_path / "none" / "task.png", TASK)


def test_the_ending_chooses_the_format(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.svg", TASK)
    save_picture(tmp_path / "a.png", TASK)
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert decode_png((tmp_path / "a.png").read_bytes()).shape[2] == 3
