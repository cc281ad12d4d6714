"""Lines come whole however they were written, and what they tell is in the pool."""

from __future__ import annotations

import os
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.lanes.listening import lines_of, listen
from arc_solver.lanes.wire import encode_news
from arc_solver.proposers.base import PoolState
from arc_solver.proposers.pool import SharedPool


@settings(deadline=None)
@given(st.lists(st.binary(max_size=9).filter(lambda line: b"\n" not in line), max_size=6), st.data())
def test_lines_come_whole_however_they_were_cut(lines: list[bytes], data: st.DataObject) -> None:
    written = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=5)))
    reading, writing = os.pipe()
    found = lines_of(reading)
    taken = []
    for start, end in zip([0, *cuts], [*cuts, len(written)], strict=True):
        os.write(writing, written[start:end])
        taken += [next(found) for _ in range(written[:end].count(b"\n") - len(taken))]
    os.close(writing)
    assert [*taken, *found] == lines
    os.close(reading)


def test_what_stands_after_the_last_line_end_is_a_line_too() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"one\ntwo")
    os.close(writing)
    assert list(lines_of(reading)) == [b"one", b"two"]
    os.close(reading)


def test_what_lines_tell_is_in_the_pool_and_garbage_is_not() -> None:
    pool = SharedPool()
    over = threading.Event()

    def lines():
        yield encode_news(PoolState("a", (), 1))
        yield b"garbage"
        yield encode_news(PoolState("b", (), 2))
        yield encode_news(PoolState("a", (), 3))
        over.set()

    listen(lines(), pool)
    assert over.wait(60)
    assert (pool.state("a").n_derivations, pool.state("b").n_derivations) == (3, 2)
