"""What parent and lane say to each other comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Rejected
from arc_solver.grids import as_grid
from arc_solver.lanes.wire import (
    LaneSpec,
    Message,
    Note,
    ProposerDone,
    ProposerFailed,
    decode,
    decode_spec,
    encode,
    encode_spec,
)
from arc_solver.proposers.base import TaskDone
from arc_solver.tasks import Pair, Task

GRID = as_grid([[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    "message",
    [
        Candidate(
            "a", {0: GRID, 2: GRID}, Origin("search", "depth 2", 3), ProgramEvidence("def task(grid): ...", 2, 3, 4.5)
        ),
        Candidate("a", {1: GRID}, Origin("transduction"), GridEvidence(-3.25, 17)),
        Rejected("a", "induction", "program: timeout cpu"),
        TaskDone("a", "search"),
        ProposerDone("search", 1.5),
        ProposerFailed("induction", "no weights"),
        Note("with a\nline break"),
    ],
)
def test_a_message_comes_back(message: Message) -> None:
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    back = decode(line)
    if isinstance(message, Candidate):
        assert isinstance(back, Candidate)
        assert back.to_json() == message.to_json()
    else:
        assert back == message


@given(st.binary(max_size=200))
def test_garbage_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a lane's message"):
        decode(line)


def test_half_a_message_is_garbage() -> None:
    line = encode(Rejected("a", "induction", "grid: ragged"))
    for end in range(len(line) - 1):
        with pytest.raises(ValueError, match="not a lane's message"):
            decode(line[:end])


def test_a_spec_comes_back() -> None:
    task = Task("t", (Pair(GRID, as_grid([[0]])),), (GRID, as_grid([[7, 8]])))
    spec = LaneSpec(("search",), (task,), frozenset({("search", "u")}), 12.5, {"seed": 3}, 99)
    back = decode_spec(encode_spec(spec))
    assert (back.proposers, back.done, back.end_s, back.config, back.parent_pid) == (
        ("search",),
        {("search", "u")},
        12.5,
        {"seed": 3},
        99,
    )
    (task_back,) = back.tasks
    assert task_back.task_id == "t"
    assert np.array_equal(task_back.train[0].input, GRID)
    assert np.array_equal(task_back.train[0].output, [[0]])
    assert [grid.tolist() for grid in task_back.test_inputs] == [GRID.tolist(), [[7, 8]]]
