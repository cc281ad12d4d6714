"""The lanes of one machine: real processes, some of them scripted to be bad."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from arc_solver.config import RunConfig
from arc_solver.lanes.node import Heard, Node, Order
from arc_solver.lanes.process import LANE_COMMAND
from arc_solver.lanes.wire import LaneSpec, Message, Note, ProposerDone, decode, encode_spec
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import Challenges

CONFIG = RunConfig(60.0, proposers=("search",)).to_json()
ECHO = """
import os, sys, time
from arc_solver.lanes.wire import Note, decode_spec, encode
for line in sys.stdin.buffer:
    spec = decode_spec(line)
    text = f"{os.getpid()} {spec.parent_pid == os.getppid()} {spec.end_s - time.monotonic()}"
    sys.stdout.buffer.write(encode(Note(text)))
    sys.stdout.flush()
    if "die" in spec.proposers:
        os._exit(3)
"""


def order(slot: str, tasks: Challenges, *proposers: str, remaining_s: float = 30.0) -> Order:
    spec = LaneSpec(proposers or ("search",), tasks.tasks, frozenset(), -1.0, CONFIG, -1)
    return Order(slot, encode_spec(spec), remaining_s)


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Node]:
    node = Node(CONFIG, tmp_path / "log", [sys.executable, "-c", ECHO])
    yield node
    node.close()


def exchange(node: Node, *orders: Order) -> list[Heard]:
    """Until something is said."""
    heard = node.exchange(orders, 10.0)
    while not any(one.lines or one.died for one in heard):
        heard = node.exchange((), 10.0)
    return heard


def messages(heard: Sequence[Heard]) -> list[Message]:
    return [decode(line) for one in heard for line in one.lines.splitlines()]


def test_a_lane_stays_for_its_next_order_which_brings_a_deadline_of_this_machine(
    echo: Node, flip_challenges: Challenges
) -> None:
    said = []
    for remaining_s in (30.0, 20.0):
        (note,) = messages(exchange(echo, order("search 0", flip_challenges, remaining_s=remaining_s)))
        assert isinstance(note, Note)
        said.append(note.text.split())
    assert said[0][0] == said[1][0] != str(os.getpid())
    assert [words[1] for words in said] == ["True", "True"]
    # How much of it a busy machine took before the lane looked is nobody's business.
    assert 20 < float(said[0][2]) <= 30
    assert 10 < float(said[1][2]) <= 20


def test_a_lane_that_dies_is_told_and_followed_by_another(echo: Node, flip_challenges: Challenges) -> None:
    heard = exchange(echo, order("model", flip_challenges, "die"))
    while not heard[-1].died:
        heard += exchange(echo)
    assert heard[-1].died == "exit 3"
    assert len(messages(exchange(echo, order("model", flip_challenges)))) == 1


def test_nothing_to_hear_is_no_wait(echo: Node) -> None:
    started = time.monotonic()
    assert echo.exchange((), 30.0) == []
    assert time.monotonic() - started < 10.0


def test_two_real_slices_in_one_lane_share_one_sandbox(flip_challenges: Challenges, tmp_path: Path) -> None:
    node = Node(CONFIG, tmp_path / "log", LANE_COMMAND)
    said: list[Message] = []
    try:
        for task in flip_challenges.tasks[:2]:
            one = Challenges((task,), (), (task.task_id,))
            said += messages(exchange(node, order("search 0", one)))
            while not isinstance(said[-1], ProposerDone):
                said += messages(exchange(node))
    finally:
        node.close()
    assert [message.task_id for message in said if isinstance(message, TaskDone)] == ["task0", "task1"]
    assert sum(isinstance(message, Note) for message in said) == 1
