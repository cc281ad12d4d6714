"""The bytes between parent, zygote and child: fixed layouts, every length capped, nothing that needs a parser.

    parent -> zygote   request: RequestHeader, then the programs; the zygote hands them to the child unread
    child  -> zygote   one result frame a program, in order, after one READY frame; before that of a lone program one
                       OUTPUT frame for every grid that it has given; the zygote relays them unread
    zygote -> parent   answer: AnswerHeader, then the child's frames

Knows nothing of processes, and of verdicts only their small numbers. Standard library only: it lives inside
the sandbox.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

LENGTH = struct.Struct("<I")
MAX_MESSAGE_BYTES = 64 * 2**20
MAX_NAME_BYTES = 64
READY_INDEX = 0xFFFF
OUT_OF_MEMORY_STATUS = 12
"""Exit status of a zygote that ran out of memory: after its start it has no other way to say so."""

_MAX_GRID_BYTES = 2 + 30 * 30

# Bound here because a program may replace them in `builtins` before its result is written.
_len, _range = len, range

_REQUEST = struct.Struct("<IddQQH?")
_PROGRAM = struct.Struct("<IH")
_ANSWER = struct.Struct("<IBi")
_RESULT = struct.Struct("<IHBBBHB")


class End(IntEnum):
    """How a child ended, as the zygote saw it."""

    EXITED = 0
    SIGNALED = 1
    CPU = 2
    WALL = 3
    FLOOD = 4
    NO_CHILD = 5


class Kind(IntEnum):
    """What a child says of one program."""

    READY = 0
    OK = 1
    SYNTAX = 2
    RAISED = 3
    INVALID = 4
    MEMORY = 5
    EXIT = 6
    DIGEST = 7
    OUTPUT = 8


class Why(IntEnum):
    """Why a value is no grid."""

    TYPE = 0
    DIMENSIONS = 1
    EMPTY = 2
    RAGGED = 3
    TOO_LARGE = 4
    NOT_INTEGERS = 5
    SYMBOL = 6


class Request(NamedTuple):
    """One job for a zygote; times in seconds, sizes in bytes. With `parse_only` nothing is run, only normalised."""

    job_id: int
    cpu_s: float
    wall_s: float
    memory_bytes: int
    max_result_bytes: int
    n_programs: int
    parse_only: bool = False


class Answer(NamedTuple):
    """How a job ended: `status` is the exit code or the signal, `results` the child's frames."""

    job_id: int
    end: End
    status: int
    results: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """One result frame.

    Attributes:
        index: Position of the program in its job.
        kind: What became of it.
        detail: A `Why`, an exit code, or 1 for a source without a function `task`.
        stopped: The child ended after this program, because the program changed what its neighbours share.
        outputs: (rows, columns, cells) of each output; only their lengths are checked.
        name: Class name of what was raised, or the digest of the source; not checked.
    """

    index: int
    kind: Kind
    detail: int = 0
    stopped: bool = False
    outputs: tuple[tuple[int, int, bytes], ...] = ()
    name: bytes = b""


class GarbledError(Exception):
    """The bytes are not what a well-behaved child writes. Always handled inside the sandbox."""


def encode_program(source: bytes, inputs: Sequence[tuple[int, int, bytes]]) -> bytes:
    """A program and its input grids."""
    grids = [bytes((n_rows, n_columns)) + cells for n_rows, n_columns, cells in inputs]
    return b"".join((_PROGRAM.pack(len(source), len(inputs)), source, *grids))


def decode_programs(body: bytes, n_programs: int) -> Iterator[tuple[bytes, list[tuple[int, int, bytes]]]]:
    """The programs of a request, one at a time."""
    at = 0
    for _ in _range(n_programs):
        n_source, n_inputs = _PROGRAM.unpack_from(body, at)
        at += _PROGRAM.size
        source = body[at : at + n_source]
        at += n_source
        inputs = []
        for _ in _range(n_inputs):
            end = at + 2 + body[at] * body[at + 1]
            inputs.append((body[at], body[at + 1], body[at + 2 : end]))
            at = end
        yield source, inputs


def max_result_bytes(n_inputs: int) -> int:
    """The longest result frame of a program with that many inputs."""
    return _RESULT.size + n_inputs * _MAX_GRID_BYTES + MAX_NAME_BYTES


def max_answer_bytes(n_inputs: Sequence[int]) -> int:
    """The most that a child writes for programs with so many inputs: READY, a result for each, and the outputs of a
    lone one.
    """
    n_outputs = n_inputs[0] if len(n_inputs) == 1 else 0
    return max_result_bytes(0) + sum(map(max_result_bytes, n_inputs)) + n_outputs * max_result_bytes(1)


def encode_request(request: Request, body: bytes) -> bytes:
    """A whole request with its length in front."""
    header = _REQUEST.pack(*request)
    return LENGTH.pack(len(header) + len(body)) + header + body


def decode_request(message: bytes) -> tuple[Request, bytes]:
    """The header and the programs of a request."""
    return Request(*_REQUEST.unpack_from(message)), message[_REQUEST.size :]


def encode_answer(answer: Answer) -> bytes:
    """A whole answer with its length in front."""
    header = _ANSWER.pack(answer.job_id, answer.end, answer.status)
    return LENGTH.pack(len(header) + len(answer.results)) + header + answer.results


def decode_answer(message: bytes) -> Answer:
    """An answer.

    Raises:
        GarbledError: Too short, or an unknown end.
    """
    try:
        job_id, end, status = _ANSWER.unpack_from(message)
        return Answer(job_id, End(end), status, message[_ANSWER.size :])
    except (struct.error, ValueError) as error:
        raise GarbledError(str(error)) from error


def encode_result(
    index: int, kind: int, detail: int = 0, stopped: bool = False, outputs: Sequence[bytes] = (), name: bytes = b""
) -> bytes:
    """A result frame; each output is its rows, its columns and its cells as bytes already."""
    payload = b"".join(outputs) + name
    length = _RESULT.size - LENGTH.size + _len(payload)
    return _RESULT.pack(length, index, kind, detail, stopped, _len(outputs), _len(name)) + payload


READY = encode_result(READY_INDEX, Kind.READY)
"""The first thing that a child writes, before any program runs."""


def decode_results(blob: bytes, max_frame_bytes: int) -> list[Result]:
    """The result frames of a child, without READY. A last frame that the child died in is dropped. An OUTPUT frame
    belongs to the program whose result comes next, or would have come.

    Args:
        blob: What the child wrote.
        max_frame_bytes: Longest frame that a program of this job can lead to.

    Raises:
        GarbledError: Something that no well-behaved child writes; a program got at the pipe.
    """
    results: list[Result] = []
    n_ended = 0
    at = len(READY)
    while len(blob) - at >= _RESULT.size:
        end = at + LENGTH.size + LENGTH.unpack_from(blob, at)[0]
        if not _RESULT.size <= end - at <= max_frame_bytes:
            raise GarbledError("a frame has an impossible length")
        if end > len(blob):
            break
        result = _decode_result(blob, at, end)
        if result.index != n_ended:
            raise GarbledError("a frame is out of order")
        n_ended += result.kind is not Kind.OUTPUT
        results.append(result)
        at = end
    return results


def _decode_result(blob: bytes, at: int, end: int) -> Result:
    _, index, kind, detail, stopped, n_outputs, n_name = _RESULT.unpack_from(blob, at)
    at += _RESULT.size
    outputs = []
    for _ in range(n_outputs):
        if at + 2 > end:
            raise GarbledError("a frame ends within a grid")
        n_rows, n_columns = blob[at], blob[at + 1]
        cells = blob[at + 2 : at + 2 + n_rows * n_columns]
        at += 2 + n_rows * n_columns
        outputs.append((n_rows, n_columns, cells))
    # Checked once, after the loop: slices never reach beyond the blob.
    if at + n_name != end or n_name > MAX_NAME_BYTES:
        raise GarbledError("a frame's length does not fit its content")
    try:
        return Result(index, Kind(kind), detail, bool(stopped), tuple(outputs), blob[at:end])
    except ValueError as error:
        raise GarbledError(str(error)) from error
