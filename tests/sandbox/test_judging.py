"""What a child wrote and how it ended, turned into verdicts: no processes."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.sandbox.frames import READY, Answer, End, Kind, Why, encode_result, max_result_bytes
from arc_solver.sandbox.judging import judge, judge_parses
from arc_solver.sandbox.verdicts import (
    Crashed,
    Exited,
    InvalidOutput,
    Normalised,
    Ok,
    OutOfMemory,
    Raised,
    SyntaxInvalid,
    TimedOut,
)

GRID = bytes((1, 2, 3, 4))


def answer(*frames: bytes, end: End = End.EXITED, status: int = 0) -> Answer:
    return Answer(1, end, status, READY + b"".join(frames))


def good(index: int) -> bytes:
    return encode_result(index, Kind.OK, outputs=[GRID])


def test_every_frame_becomes_a_verdict() -> None:
    frames = (
        good(0),
        encode_result(1, Kind.RAISED, name=b"ValueError", outputs=[GRID]),
        encode_result(2, Kind.INVALID, Why.RAGGED),
    )
    judgement = judge(answer(*frames), [1, 2, 1], solo=False)
    first, second, third = (judgement.final[position] for position in range(3))
    assert isinstance(first, Ok)
    assert first.outputs[0].tolist() == [[3, 4]]
    assert isinstance(second, Raised)
    assert second.kind == "ValueError"
    assert len(second.outputs) == 1
    assert third == InvalidOutput(why="ragged")
    assert not judgement.solo
    assert not judgement.again


def test_a_batch_that_dies_is_charged_to_the_program_that_ran() -> None:
    judgement = judge(answer(good(0), end=End.SIGNALED, status=11), [1] * 4, solo=False)
    assert (list(judgement.final), judgement.solo, judgement.again) == ([0], [1], [2, 3])


def test_a_frame_that_the_child_died_in_does_not_count() -> None:
    judgement = judge(answer(good(0), good(1)[:-1], end=End.WALL), [1] * 3, solo=False)
    assert (list(judgement.final), judgement.solo, judgement.again) == ([0], [1], [2])


def test_a_child_that_stopped_itself_charges_nobody() -> None:
    judgement = judge(answer(encode_result(0, Kind.OK, stopped=True, outputs=[GRID])), [1] * 3, solo=False)
    assert (list(judgement.final), judgement.solo, judgement.again) == ([0], [], [1, 2])


def test_what_a_batch_may_have_caused_runs_again_alone() -> None:
    frames = (encode_result(0, Kind.MEMORY), encode_result(1, Kind.EXIT, 3), good(2))
    assert judge(answer(*frames), [1] * 3, solo=False).solo == [0, 1]
    assert judge(answer(frames[0]), [1], solo=True).final == {0: OutOfMemory()}


@pytest.mark.parametrize(
    ("end", "status", "verdict"),
    [
        (End.EXITED, 0, Exited(status=0)),
        (End.EXITED, 3, Exited(status=3)),
        (End.SIGNALED, 11, Crashed(detail="signal 11")),
        (End.SIGNALED, signal.SIGPROF, TimedOut(kind="cpu")),
        (End.SIGNALED, signal.SIGXCPU, TimedOut(kind="cpu")),
        (End.CPU, 9, TimedOut(kind="cpu")),
        (End.WALL, 9, TimedOut(kind="wall")),
        (End.FLOOD, 9, Crashed(detail="wrote to the result pipe")),
    ],
)
def test_the_end_of_a_lone_program_is_its_verdict(end: End, status: int, verdict: Crashed | Exited | TimedOut) -> None:
    assert judge(answer(end=end, status=status), [1], solo=True).final == {0: verdict}


@pytest.mark.parametrize(
    "forged",
    [
        encode_result(1, Kind.OK, outputs=[GRID]),
        encode_result(0, 99),
        encode_result(0, Kind.READY),
        encode_result(0, Kind.OK),
        encode_result(0, Kind.OK, outputs=[GRID, GRID]),
        encode_result(0, Kind.OK, outputs=[bytes((1, 1, 10))]),
        encode_result(0, Kind.OK, outputs=[bytes((0, 5))]),
        encode_result(0, Kind.OK, outputs=[bytes((1, 31)) + bytes(31)]),
        encode_result(0, Kind.OK, outputs=[bytes((5, 5, 1))]),
        encode_result(0, Kind.INVALID, 77),
        encode_result(0, Kind.DIGEST, name=b"d" * 16),
        encode_result(0, Kind.RAISED, name=b"x" * 65),
        good(0) + good(0),
        good(0) + good(1),
        b"\xff" * 100,
        b"\0" * 100,
    ],
)
def test_forged_frames_make_everyone_run_alone(forged: bytes) -> None:
    assert judge(answer(forged), [1], solo=True).final == {0: Crashed(detail="wrote to the result pipe")}
    assert judge(answer(forged, good(1)), [1], solo=False).solo == [0]


def test_names_are_cut_to_identifiers() -> None:
    for name in (b"\x1b[2J", b"a b", b"", b"\xff"):
        verdict = judge(answer(encode_result(0, Kind.RAISED, name=name)), [1], solo=True).final[0]
        assert verdict == Raised(kind="Exception")


def test_a_job_that_took_its_zygote_down_twice() -> None:
    assert judge(None, [1] * 3, solo=False).solo == [0, 1, 2]
    assert judge(None, [1], solo=True).final == {0: Crashed(detail="took its zygote down")}


def test_parses_become_digests_or_refusals() -> None:
    frames = (encode_result(0, Kind.DIGEST, name=b"d" * 16), encode_result(1, Kind.SYNTAX))
    judgement = judge_parses(answer(*frames, end=End.SIGNALED, status=11), [0] * 4, solo=False)
    assert judgement.final == {0: Normalised(b"d" * 16), 1: SyntaxInvalid()}
    assert (judgement.solo, judgement.again) == ([2], [3])
    assert judge_parses(answer(end=End.CPU), [0], solo=True).final == {0: TimedOut(kind="cpu")}


@pytest.mark.parametrize(
    "forged",
    [
        encode_result(0, Kind.DIGEST),
        encode_result(0, Kind.DIGEST, name=b"d" * 17),
        encode_result(0, Kind.DIGEST, name=b"d" * 16, outputs=[GRID]),
        encode_result(0, Kind.OK),
        encode_result(0, Kind.RAISED, name=b"ValueError"),
    ],
)
def test_only_digests_answer_a_parse(forged: bytes) -> None:
    assert judge_parses(answer(forged), [0], solo=True).final == {0: Crashed(detail="wrote to the result pipe")}


@given(st.binary(max_size=300), st.integers(1, 4), st.sampled_from(list(End)))
def test_any_bytes_give_every_program_one_place(noise: bytes, n_programs: int, end: End) -> None:
    judgement = judge(answer(noise, end=end), [1] * n_programs, solo=False)
    assert sorted([*judgement.final, *judgement.solo, *judgement.again]) == list(range(n_programs))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 30))
def test_grids_survive_the_pipe(row: list[int], n_rows: int) -> None:
    grid = np.array([row] * n_rows, dtype=np.int8)
    frame = encode_result(0, Kind.OK, outputs=[bytes(grid.shape) + grid.tobytes()])
    assert len(frame) <= max_result_bytes(1)
    verdict = judge(answer(frame), [1], solo=True).final[0]
    assert isinstance(verdict, Ok)
    assert np.array_equal(verdict.outputs[0], grid)


def test_outputs_of_a_lone_program_outlive_it() -> None:
    told = encode_result(0, Kind.OUTPUT, outputs=(bytes((1, 1, 5)),)) + encode_result(
        0, Kind.OUTPUT, outputs=(bytes((1, 2, 6, 7)),)
    )
    (verdict,) = judge(answer(told, end=End.WALL, status=9), [4], solo=True).final.values()
    assert isinstance(verdict, TimedOut)
    assert [output.tolist() for output in verdict.outputs] == [[[5]], [[6, 7]]]


@pytest.mark.parametrize(
    "told",
    [
        encode_result(0, Kind.OUTPUT),
        encode_result(0, Kind.OUTPUT, outputs=(bytes((1, 1, 5)), bytes((1, 1, 5)))),
        encode_result(0, Kind.OUTPUT, outputs=(bytes((1, 1, 10)),)),
        encode_result(1, Kind.OUTPUT, outputs=(bytes((1, 1, 5)),)),
    ],
)
def test_outputs_that_make_no_sense_are_a_crash(told: bytes) -> None:
    (verdict,) = judge(answer(told, end=End.WALL, status=9), [4], solo=True).final.values()
    assert verdict == Crashed(detail="wrote to the result pipe")


def test_a_result_counts_more_than_the_outputs_before_it() -> None:
    told = encode_result(0, Kind.OUTPUT, outputs=(bytes((1, 1, 5)),))
    told += encode_result(0, Kind.OK, outputs=(bytes((1, 1, 6)), bytes((1, 1, 7))))
    (verdict,) = judge(answer(told), [2], solo=True).final.values()
    assert isinstance(verdict, Ok)
    assert [output.tolist() for output in verdict.outputs] == [[[6]], [[7]]]
