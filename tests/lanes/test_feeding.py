"""What is written to a lane: in order, the newest of each task, and never at the cost of who writes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import IO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.grids import as_grid
from arc_solver.lanes.feeding import Feed
from arc_solver.lanes.wire import decode_news
from arc_solver.proposers.base import PooledGrid, PoolState

LARGE = as_grid(np.ones((30, 30), dtype=np.int8))
ROUNDS = 50


def state(task_id: str, n_derivations: int, n_grids: int = 0) -> PoolState:
    return PoolState(task_id, ((PooledGrid(LARGE, "program", 1, ("search",)),) * n_grids,), n_derivations)


@pytest.fixture
def pipe() -> Iterator[tuple[int, IO[bytes]]]:
    """A pipe's reading end and, open until a `Feed` closes it, its writing end."""
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "wb", buffering=0)
    yield reading, stream
    stream.close()
    os.close(reading)


def read_all(descriptor: int) -> list[bytes]:
    parts = []
    while part := os.read(descriptor, 1 << 16):
        parts.append(part)
    return b"".join(parts).splitlines()


def test_specs_come_first_then_news(pipe: tuple[int, IO[bytes]]) -> None:
    reading, writing = pipe
    feed = Feed(writing)
    feed.give(b"spec\n", last=False)
    feed.tell([state("a", 1), state("b", 2)])
    with os.fdopen(os.dup(reading), "rb") as stream:
        lines = [stream.readline() for _ in range(3)]
    feed.end()
    assert lines[0] == b"spec\n"
    assert [(told.task_id, told.n_derivations) for told in map(decode_news, lines[1:])] == [("a", 1), ("b", 2)]
    assert read_all(reading) == []


def test_after_the_last_spec_the_pipe_is_closed_and_nobody_is_told(pipe: tuple[int, IO[bytes]]) -> None:
    reading, writing = pipe
    feed = Feed(writing)
    feed.give(b"one\n", last=False)
    feed.give(b"two\n", last=True)
    feed.tell([state("a", 1)])
    assert read_all(reading) == [b"one", b"two"]
    assert feed.n_waiting() == 0
    feed.end()
    assert writing.closed


def test_who_does_not_read_holds_up_nobody_and_gets_the_newest_later(pipe: tuple[int, IO[bytes]]) -> None:
    reading, writing = pipe
    feed = Feed(writing)
    feed.give(b"x" * (1 << 17) + b"\n", last=False)  # more than a pipe holds
    for index in range(ROUNDS):
        feed.tell([state(task_id, index, n_grids=8) for task_id in "abc"])
        assert feed.n_waiting() == 3
    with os.fdopen(os.dup(reading), "rb") as stream:
        assert len(stream.readline()) == (1 << 17) + 1
        told = [decode_news(stream.readline()) for _ in range(3)]
    assert [(one.task_id, one.n_derivations) for one in told] == [(task_id, ROUNDS - 1) for task_id in "abc"]
    feed.end()
    assert read_all(reading) == []


def test_a_dead_reader_is_told_no_more() -> None:
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "wb", buffering=0)
    feed = Feed(stream)
    os.close(reading)
    feed.give(b"spec\n", last=False)
    feed._thread.join()
    for index in range(ROUNDS):
        feed.tell([state("a", index)])
    feed.give(b"another\n", last=False)
    assert feed.n_waiting() == 0
    assert stream.closed
    feed.end()


def test_the_end_comes_also_where_a_write_hangs() -> None:
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "wb", buffering=0)
    feed = Feed(stream)
    feed.give(b"x" * (1 << 20), last=False)
    os.read(reading, 1)  # it has begun to write
    os.close(reading)
    feed.end()
    assert stream.closed
    assert not feed._thread.is_alive()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=20))
def test_of_each_task_news_arrive_in_order_and_the_newest_always(told: list[tuple[str, bool]]) -> None:
    reading, writing = os.pipe()
    feed = Feed(os.fdopen(writing, "wb", buffering=0))
    newest = {task_id: index for index, (task_id, _) in enumerate(told)}
    heard: dict[str, list[int]] = {}

    def listen() -> None:
        with os.fdopen(reading, "rb") as stream:
            while {task_id: found[-1] for task_id, found in heard.items()} != newest:
                one = decode_news(stream.readline())
                heard.setdefault(one.task_id, []).append(one.n_derivations)

    listener = threading.Thread(target=listen)
    listener.start()
    for index, (task_id, large) in enumerate(told):
        feed.tell([state(task_id, index, n_grids=8 * large)])
    listener.join()
    feed.end()
    assert all(found == sorted(set(found)) for found in heard.values())
