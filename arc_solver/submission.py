"""submission.json: build, validate, write atomically, read; and where the answers go while they cannot be written.

At every moment the path holds nothing, the old file or the whole new file, whatever kills the process or the machine.
Knows nothing of how attempts were chosen, of time or of solutions.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from arc_solver.datasets import MAX_ID_LENGTH, JsonObject, read_object
from arc_solver.errors import GridError, InputError, one_line
from arc_solver.grids import MAX_SIDE, as_grid, shown, to_lists
from arc_solver.tasks import Challenges
from arc_solver.voting import TaskAttempts, choose_attempts

ATTEMPT_KEYS = ("attempt_1", "attempt_2")

# Task id -> per test input {"attempt_1": grid, "attempt_2": grid}, grids as lists of lists of plain ints.
Submission = dict[str, list[dict[str, list[list[int]]]]]


def build(challenges: Challenges, attempts: Mapping[str, TaskAttempts]) -> Submission:
    """The submission in Kaggle's form.

    Args:
        challenges: Every task of the file, malformed ones too; the file's order is the submission's.
        attempts: Task id -> attempts. A task that is missing here gets its fall-backs.

    Returns:
        Plain ints in plain lists, ready for JSON.
    """
    tasks = challenges.by_id()
    value: Submission = {}
    for task_id in challenges.order:
        chosen = attempts[task_id] if task_id in attempts else choose_attempts(tasks[task_id])
        value[task_id] = [
            dict(zip(ATTEMPT_KEYS, (to_lists(first.grid), to_lists(second.grid)), strict=True))
            for first, second in chosen.pairs
        ]
    return value


def validate(value: Any, challenges: Challenges) -> list[str]:
    """Everything that keeps a value from being a valid submission for these tasks.

    Args:
        value: What was read from a file (`load` also notices what is told twice), or is about to be written.
        challenges: The tasks that it must answer, each test input with two attempts.

    Returns:
        One printable line per problem with task, test index and attempt; empty if the submission is valid.
    """
    if not isinstance(value, dict):
        return [f"the submission must be an object, not {_kind(value)}"]
    tasks = challenges.by_id()
    problems = [f"{_task(task_id)}: is missing" for task_id in challenges.order if task_id not in value]
    for task_id, answers in value.items():
        if task_id not in tasks:
            problems.append(f"{_task(task_id)}: is not among the challenges")
        else:
            problems.extend(_task_problems(value, task_id, answers, len(tasks[task_id].test_inputs)))
    return problems


def validate_form(value: Any) -> list[str]:
    """What can be wrong with a submission whatever the tasks are: all of `validate` but ids and counts."""
    if not isinstance(value, dict):
        return [f"the submission must be an object, not {_kind(value)}"]
    return [problem for task_id, answers in value.items() for problem in _task_problems(value, task_id, answers, None)]


def encode(value: Submission) -> bytes:
    """Compact JSON, byte for byte the same for equal values.

    Raises:
        TypeError, ValueError: Something that JSON has no place for (numpy integers are not plain ints).
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def check_output_path(path: Path) -> None:
    """Say at the start, not after hours, that a submission cannot be written to `path`.

    Raises:
        InputError: The folder does not exist or cannot be written, or the path is itself a folder.
    """
    folder = Path(os.path.realpath(path)).parent
    if Path(path).is_dir():
        raise InputError(f"output {path}: is a folder, a file name is needed")
    if not folder.is_dir():
        raise InputError(f"output {path}: the folder {folder} does not exist")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"output {path}: the folder {folder} cannot be written")


def write_atomic(path: Path, value: Submission) -> None:
    """Replace the file at `path` by `value` in one step: write beside it, fsync, rename, fsync the folder.

    A file that is already there keeps its permissions, a link its place: the file that it points to is replaced. What
    a killed process left half written beside it is removed.

    Raises:
        OSError: The disk is full, the folder cannot be written. The old file is untouched and nothing is left behind.
        TypeError, ValueError: `value` is no plain JSON; likewise.
    """
    _replace(path, encode(value))


class SubmissionFile:
    """The file of a run's answers: it has room kept for it on its disk, and a second place while it cannot be written.

    Args:
        wanted: Where the answers belong.
        room_bytes: Kept free beside it for the time when the disk is full; 0 for none.
        second_places: Folders to fall back on, best first; None for the working folder and that for temporary files.

    Attributes:
        path: Where the newest answers are; None as long as they could be written nowhere.
        trouble: Why they are not where they belong, or not the newest; empty while they are.
    """

    def __init__(self, wanted: Path, room_bytes: int = 0, second_places: Sequence[Path] | None = None) -> None:
        self._wanted, self._room_bytes = wanted, room_bytes
        folders = _second_places() if second_places is None else second_places
        own = Path(os.path.realpath(wanted)).parent
        self._second = [folder / rescued_name(wanted) for folder in folders if Path(os.path.realpath(folder)) != own]
        self._room = own / _room_name(Path(os.path.realpath(wanted)).name, os.getpid())
        self.path: Path | None = None
        self.trouble = ""

    def write(self, value: Submission) -> None:
        """Replace the answers: where they belong if that can be, else in the first second place that takes them."""
        data = encode(value)
        try:
            self._write_where_wanted(data)
        except OSError as error:
            self.trouble = f"cannot be written: {error.strerror or error}"
        else:
            if self.path not in (None, self._wanted):
                _forget(self.path)  # older answers elsewhere would only confuse
            self.path, self.trouble = self._wanted, ""
            return
        for place in self._second:
            with contextlib.suppress(OSError):
                _replace(place, data)
                self.path = place
                return

    def close(self) -> None:
        """Give back the room."""
        _forget(self._room)

    def _write_where_wanted(self, data: bytes) -> None:
        try:
            _replace(self._wanted, data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not self._room.exists():
                raise
            _forget(self._room)
            _replace(self._wanted, data)
        self._keep_room()

    def _keep_room(self) -> None:
        """Take the room, where there is so much; what the answers replace is free again by now."""
        if self._room_bytes and not self._room.exists():
            try:
                with self._room.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, self._room_bytes)
            except (OSError, AttributeError):  # a full disk, or a system that cannot promise any
                _forget(self._room)


def largest_bytes(challenges: Challenges) -> int:
    """More than any submission for these tasks can take."""
    per_grid = 2 * MAX_SIDE * (MAX_SIDE + 1) + 4 * len(ATTEMPT_KEYS[0])
    n_ids = sum(len(task_id.encode()) * 6 + 8 for task_id in challenges.order)
    return n_ids + challenges.n_outputs() * len(ATTEMPT_KEYS) * per_grid + 4096


def rescued_name(wanted: Path) -> str:
    """What the answers are called in a second place: the same name for the same wanted file only."""
    return f"rescued-{zlib.crc32(os.fsencode(os.path.realpath(wanted))):08x}-{wanted.name}"


def write_json(path: Path, value: Any) -> None:
    """Write any JSON value for people and programs, as atomically as a submission.

    Raises:
        OSError, TypeError, ValueError: As `write_atomic`.
    """
    _replace(path, json.dumps(value, indent=2, allow_nan=False).encode() + b"\n")


def _replace(path: Path, data: bytes) -> None:
    target = Path(os.path.realpath(path))
    _remove_leftovers(target)
    temporary = target.with_name(_temporary_name(target.name, os.getpid()))
    try:
        _write_synced(temporary, data, _mode_of(target))
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def load(path: Path) -> dict[str, Any]:
    """Read a submission file, without judging what is in it: see `validate`.

    Raises:
        InputError: It is missing, unreadable, no UTF-8 text (with a byte order mark it is none for Kaggle), no JSON or
            no object. One line.
    """
    return read_object(path, "submission", byte_order_mark=False)


def _task(task_id: Any) -> str:
    """A task in a message; a wrong id may hold anything."""
    return f"task {one_line(str(task_id), MAX_ID_LENGTH)}"


def _kind(value: Any) -> str:
    return "dict" if isinstance(value, dict) else type(value).__name__


def _task_problems(value: Mapping[Any, Any], task_id: Any, answers: Any, n_test: int | None) -> Iterator[str]:
    if isinstance(value, JsonObject) and task_id in value.duplicates:
        yield f"{_task(task_id)}: is answered more than once"
    for problem in _answers(answers, n_test):
        yield one_line(f"{_task(task_id)}: {problem}")


def _answers(answers: Any, n_test: int | None) -> Iterator[str]:
    """The problems of one task's answers."""
    if not isinstance(answers, list):
        yield f"must be a list with an entry per test input, not {_kind(answers)}"
        return
    if n_test is not None and len(answers) != n_test:
        yield f"answers {len(answers)} test inputs, the task has {n_test}"
    elif not answers:
        yield "answers no test input"
    for index, answer in enumerate(answers):
        yield from (f"[{index}]{problem}" for problem in _answer(answer))


def _answer(answer: Any) -> Iterator[str]:
    """The problems of the answer to one test input."""
    if not isinstance(answer, dict):
        yield f": must be an object, not {_kind(answer)}"
        return
    yield from (f": has no {key}" for key in ATTEMPT_KEYS if key not in answer)
    yield from (f": {shown(key)} does not belong here" for key in answer if key not in ATTEMPT_KEYS)
    for key in ATTEMPT_KEYS:
        if isinstance(answer, JsonObject) and key in answer.duplicates:
            yield f".{key}: is told more than once"
        problem = _grid_problem(answer[key]) if key in answer else None
        if problem:
            yield f".{key}: {problem}"


def _grid_problem(value: Any) -> str | None:
    """What keeps a value from being a grid of plain lists and ints, as a JSON reader gives them."""
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        return "must be a list of lists"
    for index, row in enumerate(value):
        for cell in row:
            # Neither True nor a numpy integer: the first is a slip, the second no JSON writer accepts.
            if type(cell) is not int:
                return f"row {index} holds {shown(cell)} ({_kind(cell)}), which is not a plain int"
    try:
        as_grid(value)
    except GridError as error:
        return str(error)
    return None


def _temporary_name(name: str, pid: int) -> str:
    return f".{name}.{pid}.tmp"


def _room_name(name: str, pid: int) -> str:
    return f".{name}.{pid}.room"


def _remove_leftovers(target: Path) -> None:
    """Remove half-written files, and kept room, of processes that are no more."""
    prefix = f".{target.name}."
    for name in os.listdir(target.parent):
        pid, _, _ = name.removeprefix(prefix).rpartition(".")
        if not (name.startswith(prefix) and pid.isdigit() and pid.isascii()) or _is_alive(int(pid)):
            continue
        if name in (_temporary_name(target.name, int(pid)), _room_name(target.name, int(pid))):
            target.with_name(name).unlink(missing_ok=True)


def _second_places() -> list[Path]:
    """The working folder, which may be gone, and that for temporary files, which none may be fit to be."""
    folders = []
    for find in (os.getcwd, tempfile.gettempdir):
        with contextlib.suppress(OSError):
            folders.append(Path(find()))
    return folders


def _forget(path: Path) -> None:
    """Remove a file of ours, if it can be."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _mode_of(target: Path) -> int | None:
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        return None


def _write_synced(path: Path, data: bytes, mode: int | None) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    with open(descriptor, "wb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError:
        # Some network file systems cannot sync a folder; the rename itself is done.
        pass
    finally:
        os.close(descriptor)
