"""What parent and lane say to each other comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arc_solver.candidates import Candidate, GridEvidence, Origin, ProgramEvidence, Rejected, Scored
from arc_solver.grids import as_grid, grid_key
from arc_solver.lanes.wire import (
    Beat,
    LaneFault,
    LaneSpec,
    Message,
    Note,
    ProposerDone,
    ProposerFailed,
    Spent,
    decode,
    decode_news,
    decode_spec,
    encode,
    encode_news,
    encode_spec,
)
from arc_solver.proposers.base import Decided, PooledGrid, PoolState, TaskDone, TaskStarted
from arc_solver.tasks import Pair, Task

GRID = as_grid([[1, 2, 3], [4, 5, 6]])

grids = (
    st.tuples(st.integers(1, 4), st.integers(1, 4))
    .flatmap(lambda shape: arrays(np.int8, shape, elements=st.integers(0, 9)))
    .map(as_grid)
)
scores = st.builds(
    Scored, st.text(), st.integers(0, 5), grids, st.floats(allow_nan=False), st.integers(1, 99), st.text()
)
pooled = st.builds(
    PooledGrid,
    grids,
    st.sampled_from(["program", "voted", "partial program", "doubted"]),
    st.integers(1, 99),
    st.lists(st.text(), max_size=3).map(tuple),
)
states = st.builds(
    PoolState,
    st.text(),
    st.lists(st.lists(pooled, max_size=3).map(tuple), max_size=3).map(tuple),
    st.integers(0, 9),
)


@pytest.mark.parametrize(
    "message",
    [
        Candidate(
            "a", {0: GRID, 2: GRID}, Origin("search", "depth 2", 3), ProgramEvidence("def task(grid): ...", 2, 3, 4.5)
        ),
        Candidate("a", {1: GRID}, Origin("transduction"), GridEvidence(-3.25, 17)),
        Rejected("a", "induction", "program: timeout cpu"),
        Rejected("a", "induction", "program: duplicate", 7, 3),
        TaskDone("a", "search"),
        ProposerDone("search", 1.5),
        ProposerFailed("induction", "no weights"),
        Note("with a\nline break"),
        LaneFault("sandbox", "a zygote was killed", "another took its place"),
        TaskStarted("a", "search"),
        Beat(),
        Beat(7),
        Spent(12.25),
        Decided("refused", "learning", "it takes too long", "a", 2.5),
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


@settings(deadline=None)
@given(scores)
def test_a_score_comes_back(score: Scored) -> None:
    line = encode(score)
    assert line.count(b"\n") == 1
    back = decode(line)
    assert isinstance(back, Scored)
    assert back.what == score.what
    assert (back.logprob, back.n_views) == (score.logprob, score.n_views)
    assert encode(back) == line


@settings(deadline=None)
@given(states)
def test_news_come_back(state: PoolState) -> None:
    line = encode_news(state)
    assert line.count(b"\n") == 1
    back = decode_news(line)
    assert (back.task_id, back.n_derivations) == (state.task_id, state.n_derivations)
    assert _facts(back) == _facts(state)
    assert encode_news(back) == line


def _facts(state: PoolState) -> list[list[tuple[object, ...]]]:
    return [[(grid_key(one.grid), one.kind, one.n_hits, one.proposers) for one in found] for found in state.outputs]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[" * 100_000,
        b'{"task_id":"t","outputs":[[[[[11]],"voted",1,[]]]],"n_derivations":0}',
        b'{"task_id":"t","outputs":[[[[[1]],"voted"]]],"n_derivations":0}',
        encode_news(PoolState("t"))[:-5],
    ],
)
def test_what_is_no_news_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="no news of a task"):
        decode_news(line)


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        encode(Scored("t", 0, GRID, -1.0, 3, "p")).replace(b"123/", b"12a/"),
        encode(Scored("t", 0, GRID, -1.0, 3, "p")).replace(b'"n_views":3', b'"n_views":0'),
        encode(Candidate("a", {1: GRID}, Origin("p"), GridEvidence(-3.25, 17))).replace(b"123/", b"12/"),
    ],
)
def test_what_no_lane_says_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a lane's message"):
        decode(line)


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
    spec = LaneSpec(("search",), (task,), frozenset({("search", "u")}), 12.5, {"seed": 3}, 99, fed=True)
    back = decode_spec(encode_spec(spec))
    assert (back.proposers, back.done, back.end_s, back.config, back.parent_pid) == (
        ("search",),
        {("search", "u")},
        12.5,
        {"seed": 3},
        99,
    )
    assert back.fed
    (task_back,) = back.tasks
    assert task_back.task_id == "t"
    assert np.array_equal(task_back.train[0].input, GRID)
    assert np.array_equal(task_back.train[0].output, [[0]])
    assert [grid.tolist() for grid in task_back.test_inputs] == [GRID.tolist(), [[7, 8]]]


PROGRAM = encode(Candidate("a", {0: GRID}, Origin("search"), ProgramEvidence("def task(grid): ...", 2, 3, 4.5, -1.5)))
SAMPLE = encode(Candidate("a", {0: GRID}, Origin("transduction"), GridEvidence(-3.25, 17)))


@pytest.mark.parametrize(
    "line",
    [
        b'{"say":"task_done","value":{"task_id":["a"],"proposer":"search"}}',
        b'{"say":"task_started","value":{"task_id":null,"proposer":"search"}}',
        b'{"say":"proposer_done","value":{"proposer":"search","seconds":"long"}}',
        b'{"say":"beat","value":{"more":"x"}}',
        PROGRAM.replace(b'"seed":0', b'"seed":[0]'),
        PROGRAM.replace(b'"detail":""', b'"detail":{}'),
        PROGRAM.replace(b'"cost":4.5', b'"cost":"cheap"'),
        PROGRAM.replace(b'"cost":4.5', b'"cost":NaN'),
        PROGRAM.replace(b'"logprob":-1.5', b'"logprob":""'),
        PROGRAM.replace(b'"view":""', b'"view":"upside down"'),
        SAMPLE.replace(b'"logprob":-3.25', b'"logprob":null'),
        SAMPLE.replace(b'"n_tokens":17', b'"n_tokens":true'),
    ],
)
def test_a_field_of_the_wrong_type_is_noticed_before_it_can_break_a_vote(line: bytes) -> None:
    assert line not in (PROGRAM, SAMPLE)
    with pytest.raises(ValueError, match="not a lane's message"):
        decode(line)
