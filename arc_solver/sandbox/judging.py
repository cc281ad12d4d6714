"""From what a child wrote, and how it ended, to verdicts: what is final, what must run again, and alone.

Nothing here trusts a child: every grid is checked, every name cut to ASCII. Knows nothing of processes.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from arc_solver.grids import MAX_SIDE, N_COLORS, Grid
from arc_solver.sandbox.frames import Answer, End, GarbledError, Kind, Result, Why, decode_results, max_result_bytes
from arc_solver.sandbox.normalise import DIGEST_BYTES
from arc_solver.sandbox.verdicts import (
    Crashed,
    Exited,
    Failed,
    InvalidOutput,
    Normalised,
    Ok,
    OutOfMemory,
    Raised,
    SyntaxInvalid,
    TimedOut,
    Verdict,
)

T = TypeVar("T", Ok, Normalised)
Read = Callable[[Result, int], T | Failed]

_SYMBOLS = bytes(range(N_COLORS))
_CPU_SIGNALS = {signal.Signals[name] for name in ("SIGPROF", "SIGXCPU") if name in signal.Signals.__members__}
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_WHY = {
    Why.TYPE: "no grid",
    Why.DIMENSIONS: "not 2 dimensions",
    Why.EMPTY: "empty",
    Why.RAGGED: "ragged",
    Why.TOO_LARGE: "side above 30",
    Why.NOT_INTEGERS: "not integers",
    Why.SYMBOL: "symbol outside 0..9",
}


@dataclass(slots=True)
class Judgement(Generic[T]):
    """What is known after a job; positions are those within the job.

    Attributes:
        final: Position -> outcome.
        solo: Positions that run again, alone: batching may have caused what happened.
        again: Positions that run again in a batch: they were never reached.
    """

    final: dict[int, T | Failed]
    solo: list[int]
    again: list[int]


def judge(answer: Answer | None, n_inputs: Sequence[int], solo: bool) -> Judgement[Ok]:
    """Judge the programs of one job.

    Args:
        answer: What the zygote said, None if the job took its zygote down twice.
        n_inputs: Inputs of each program.
        solo: Whether the job was one program alone, so that the verdict stands.

    Returns:
        Every position exactly once, as final or to be run again; for a solo job always final.
    """
    return _judge(answer, n_inputs, solo, _verdict)


def judge_parses(answer: Answer | None, n_inputs: Sequence[int], solo: bool) -> Judgement[Normalised]:
    """As `judge`, for a job that was only to be parsed."""
    return _judge(answer, n_inputs, solo, _digest)


def _judge(answer: Answer | None, n_inputs: Sequence[int], solo: bool, read: Read[T]) -> Judgement[T]:
    everyone = list(range(len(n_inputs)))
    if answer is None:
        return _all_blamed(everyone, solo, Crashed(detail="took its zygote down"))
    try:
        frames = decode_results(answer.results, max_result_bytes(max(n_inputs)))
        results = [frame for frame in frames if frame.kind is not Kind.OUTPUT]
        begun = [_only_output(frame) for frame in frames if frame.kind is Kind.OUTPUT and frame.index == len(results)]
        outcomes = [read(result, n) for result, n in zip(results, n_inputs, strict=False)]
        if len(results) > len(everyone):
            raise GarbledError("more frames than programs")
    except GarbledError:
        return _all_blamed(everyone, solo, Crashed(detail="wrote to the result pipe"))
    judgement: Judgement[T] = Judgement({}, [], [])
    for position, outcome in enumerate(outcomes):
        if not solo and isinstance(outcome, OutOfMemory | Crashed | Exited):
            judgement.solo.append(position)
        else:
            judgement.final[position] = outcome
    rest = everyone[len(outcomes) :]
    stopped = bool(results) and results[-1].stopped and answer.end is End.EXITED
    if rest and not stopped:
        culprit = rest.pop(0)
        if solo:
            judgement.final[culprit] = _verdict_of_end(answer, tuple(begun[: n_inputs[culprit]]))
        else:
            judgement.solo.append(culprit)
    judgement.again = rest
    return judgement


def _all_blamed(positions: list[int], solo: bool, verdict: Failed) -> Judgement[T]:
    return Judgement(dict.fromkeys(positions, verdict), [], []) if solo else Judgement({}, positions, [])


def _digest(result: Result, n_inputs: int) -> Normalised | Failed:
    if result.kind is Kind.DIGEST and len(result.name) == DIGEST_BYTES and not result.outputs:
        return Normalised(result.name)
    if result.kind is Kind.SYNTAX:
        return SyntaxInvalid()
    raise GarbledError("neither a digest nor a refusal")


def _verdict(result: Result, n_inputs: int) -> Verdict:
    outputs = tuple(_grid(*output) for output in result.outputs)
    if len(outputs) > n_inputs or (result.kind is Kind.OK and len(outputs) != n_inputs):
        raise GarbledError("the number of outputs is wrong")
    match result.kind:
        case Kind.OK:
            return Ok(outputs)
        case Kind.SYNTAX:
            return SyntaxInvalid((), "no function task" if result.detail else "syntax")
        case Kind.RAISED:
            name = result.name.decode("ascii") if _NAME.fullmatch(result.name) else "Exception"
            return Raised(outputs, name)
        case Kind.INVALID:
            try:
                return InvalidOutput(outputs, _WHY[Why(result.detail)])
            except ValueError as error:
                raise GarbledError(str(error)) from error
        case Kind.MEMORY:
            return OutOfMemory(outputs)
        case Kind.EXIT:
            return Exited(outputs, result.detail)
        case Kind.READY | Kind.DIGEST | Kind.OUTPUT:
            raise GarbledError("nobody asked for that")


def _grid(n_rows: int, n_columns: int, cells: bytes) -> Grid:
    """A read-only grid over the bytes, after the checks of `grids.as_grid`."""
    in_range = 1 <= n_rows <= MAX_SIDE and 1 <= n_columns <= MAX_SIDE
    if not in_range or len(cells) != n_rows * n_columns or cells.translate(None, _SYMBOLS):
        raise GarbledError("not a grid")
    return np.frombuffer(cells, dtype=np.int8).reshape(n_rows, n_columns)


def _only_output(frame: Result) -> Grid:
    if len(frame.outputs) != 1:
        raise GarbledError("an OUTPUT frame holds one grid")
    return _grid(*frame.outputs[0])


def _verdict_of_end(answer: Answer, outputs: tuple[Grid, ...]) -> Failed:
    if answer.end is End.WALL:
        return TimedOut(outputs, "wall")
    if answer.end is End.CPU:
        return TimedOut(outputs, "cpu")
    if answer.end is End.FLOOD:
        return Crashed(detail="wrote to the result pipe")
    if answer.end is End.SIGNALED:
        if answer.status in _CPU_SIGNALS:
            return TimedOut(outputs, "cpu")
        return Crashed(outputs, f"signal {answer.status}")
    return Exited(outputs, answer.status)
