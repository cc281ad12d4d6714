"""A lane's reading of its standard input: specs where they are asked for, news of the pool from a thread of its own.

Knows the lines' beginning and end; nothing of proposers.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

from arc_solver.lanes.wire import decode_news
from arc_solver.proposers.pool import SharedPool


def lines_of(descriptor: int) -> Iterator[bytes]:
    """Whole lines without their ends, as they come. Not through a buffered stream: a thread that waits in one keeps
    Python from ending.
    """
    parts: list[bytes] = []
    while data := os.read(descriptor, 1 << 20):
        *lines, rest = data.split(b"\n")
        for line in lines:
            yield b"".join([*parts, line])
            parts = []
        parts.append(rest)
    if any(parts):
        yield b"".join(parts)


def listen(lines: Iterator[bytes], pool: SharedPool) -> None:
    """Put what the lines tell into the pool from now on, beside whatever this process does."""

    def put_all() -> None:
        for line in lines:
            with contextlib.suppress(ValueError):  # torn by the parent's end
                pool.put(decode_news(line))

    threading.Thread(target=put_all, daemon=True, name="news of the pool").start()
