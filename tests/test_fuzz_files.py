"""Files as they arrive broken: thousands of mutated submissions and challenges against a checker of its own.

What is right is said a second time here, in a few lines and from Kaggle's rules alone; nothing of the package is used
for it. A few hundred files by default; `ARC_SOLVER_FUZZ=10000 pytest tests/test_fuzz_files.py` runs as many as it says.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arc_solver.cli import main
from arc_solver.datasets import load_challenges
from arc_solver.errors import MAX_LINE_LENGTH, InputError
from arc_solver.submission import validate

N_FILES = int(os.environ.get("ARC_SOLVER_FUZZ", "250"))


class Pairs(list[tuple[Any, Any]]):
    """A JSON object as the file tells it: in its order, with what it tells twice."""


# The rules, told once more


def is_grid(value: Any) -> bool:
    return (
        type(value) is list
        and 1 <= len(value) <= 30
        and all(type(row) is list and 1 <= len(row) <= 30 and len(row) == len(value[0]) for row in value)
        and all(type(cell) is int and 0 <= cell <= 9 for row in value for cell in row)
    )


def only(value: Any, key: str) -> Any:
    """The value of a key that is told exactly once; None otherwise."""
    found = [item for name, item in value if name == key] if type(value) is Pairs else []
    return found[0] if len(found) == 1 else None


def is_submission(value: Any, counts: dict[str, int]) -> bool:
    return (
        type(value) is Pairs
        and sorted(name for name, _ in value) == sorted(counts)
        and all(type(answers) is list and len(answers) == counts[name] for name, answers in value)
        and all(
            type(answer) is Pairs and sorted(name for name, _ in answer) == ["attempt_1", "attempt_2"]
            for _, answers in value
            for answer in answers
        )
        and all(is_grid(grid) for _, answers in value for answer in answers for _, grid in answer)
    )


def is_task(value: Any) -> bool:
    train, test = only(value, "train"), only(value, "test")
    return (
        type(train) is list
        and type(test) is list
        and bool(train and test)
        and all(is_grid(only(pair, "input")) and is_grid(only(pair, "output")) for pair in train)
        and all(is_grid(only(item, "input")) for item in test)
    )


def parsed(data: bytes, encoding: str) -> Any:
    """What a strict reader makes of bytes; None if nothing."""
    try:
        return json.loads(data.decode(encoding), object_pairs_hook=Pairs)
    except (ValueError, RecursionError):
        return None


# Good files, and what happens to them

COUNTS = {"0a1b2c3d": 1, "ünï": 2, "deadbeef": 3}
CELLS = st.integers(0, 9)
ODD = st.sampled_from(
    [
        None, True, False, 0, 1, 9, 10, -1, 0.0, 1.0, -0.0, 1e400, -1e400, float("nan"), 10**30, -(10**4000), 2**63, "",
        "1", "\ud800", "\x00", "ünï", "\x1b[2J", [], {}, [[]], [[], []], [[0]], [[[0]]], {"a": 1}, [[0, 1], [0]],
        [0, 1], [[0] * 30] * 30, [[0] * 31], [[0]] * 31, [[0] * 30] * 300, [["1"]], [[True]], [[1.0]],
        [[None]], "x" * 5000,
    ]
)  # fmt: skip

ODD_CELLS = st.sampled_from([-1, 10, True, 1.0, 9.5, "1", None, [1], 10**30, float("nan"), 0, 9])


def grids() -> st.SearchStrategy[Any]:
    sides = st.sampled_from([(1, 1), (2, 3), (3, 1), (1, 30), (30, 2)])
    return st.builds(lambda side, cell: [[cell] * side[1] for _ in range(side[0])], sides, CELLS)


def submissions() -> st.SearchStrategy[Any]:
    answer = st.builds(lambda one, two: Pairs([("attempt_1", one), ("attempt_2", two)]), grids(), grids())
    return st.builds(
        lambda answers: Pairs((name, [answers] * count) for name, count in COUNTS.items()),
        answer,
    )


def challenges() -> st.SearchStrategy[Any]:
    pair = st.builds(lambda one, two: Pairs([("input", one), ("output", two)]), grids(), grids())
    task = st.builds(lambda one, two: Pairs([("train", [one, two]), ("test", [one])]), pair, pair)
    return st.builds(lambda one, two: Pairs([("0a1b2c3d", one), ("ünï", two), ("deadbeef", one)]), task, task)


def places(value: Any, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """The way to every part of a value that holds others, the first few of each list."""
    if not isinstance(value, list):
        return []
    found = [path]
    for index, item in enumerate(value[:4]):
        found += places(item[1] if isinstance(value, Pairs) else item, (*path, index))
    return found


def changed(value: Any, path: tuple[int, ...], change: Any) -> Any:
    """A copy in which one container is replaced."""
    if not path:
        return change(value)
    copy = type(value)(value)
    inner = copy[path[0]]
    if isinstance(value, Pairs):
        copy[path[0]] = (inner[0], changed(inner[1], path[1:], change))
    else:
        copy[path[0]] = changed(inner, path[1:], change)
    return copy


KEYS = st.sampled_from(
    ["attempt_1", "attempt_2", "attempt_3", "train", "test", "input", "output", "name", "", "0a1b2c3d", "new", "\ud800"]
)


@st.composite
def mutations(draw: st.DrawFn, value: Any) -> Any:
    """The value with one container changed: an entry replaced, removed, renamed, told twice, added, moved."""
    path = draw(st.sampled_from(places(value) or [()]))
    kind = draw(st.sampled_from(["replace", "remove", "rename", "twice", "add", "reverse", "other", "deep"]))
    odd, cell, key, at = draw(ODD), draw(ODD_CELLS), draw(KEYS), draw(st.integers(0, 3))
    deep = draw(st.sampled_from([2, 60]))

    def change(container: Any) -> Any:
        pairs = isinstance(container, Pairs)
        if kind == "other" or not isinstance(container, list) or (not container and kind != "add"):
            return odd
        copy, index = type(container)(container), at % max(1, len(container))
        if kind == "remove":
            del copy[index]
        elif kind == "rename":
            copy[index] = (key, copy[index][1]) if pairs else copy[-1]
        elif kind == "twice":
            copy.insert(index, copy[index])
        elif kind == "add":
            copy.append((key, odd) if pairs else odd)
        elif kind == "reverse":
            copy.reverse()
        else:
            new = cell if type(copy[index]) is int else nested(deep) if kind == "deep" else odd
            copy[index] = (copy[index][0], new) if pairs else new
        return copy

    return changed(value, path, change)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def written(value: Any, ascii_only: bool, space: str) -> str:
    """JSON text that can tell a key twice."""
    if isinstance(value, dict):
        value = Pairs(value.items())
    if isinstance(value, Pairs):
        entries = (f"{json.dumps(str(key))}{space}:{written(item, ascii_only, space)}" for key, item in value)
        return "{" + f",{space}".join(entries) + "}"
    if isinstance(value, list):
        return "[" + f"{space},".join(written(item, ascii_only, space) for item in value) + "]"
    text = json.dumps(value, ensure_ascii=ascii_only or (isinstance(value, str) and "\ud800" in value))
    return "-0" if text == "0" and space == "\t" else text


@st.composite
def files(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> bytes:
    """Bytes of a file, good or not."""
    value = draw(values)
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3]))):
        value = draw(mutations(value))
    data = written(value, draw(st.booleans()), draw(st.sampled_from(["", " ", "\n", "\t"]))).encode()
    harm = draw(
        st.sampled_from(["none"] * 12 + ["cut", "byte", "insert", "bom", "utf-16", "latin", "deep", "large", "zero"])
    )
    at = draw(st.integers(0, len(data)))
    match harm:
        case "cut":
            return data[:at]
        case "byte":
            return data[:at] + bytes([draw(st.integers(0, 255) | st.just(0xFF))]) + data[at + 1 :]
        case "insert":
            return (
                data[:at]
                + draw(st.sampled_from([b",", b"]", b"}", b"NaN", b"\xff", b"\x00", b"1e9", b'"']))
                + data[at:]
            )
        case "bom":
            return b"\xef\xbb\xbf" + data
        case "utf-16":
            return data.decode().encode("utf-16")
        case "latin":
            return data.decode().encode("latin-1", "replace")
        case "deep":
            return (
                data[:at]
                + draw(st.sampled_from([b"[", b'{"a":', b'[{"input":'])) * draw(st.sampled_from([2_000, 100_000]))
                + data[at:]
            )
        case "large":
            return data[:-1] + b', "x": [' + b"[0]," * draw(st.sampled_from([1_000, 100_000])) + b"[0]]}"
        case "zero":
            return data + b"\x00" * draw(st.sampled_from([1, 100_000]))
    return data


def fuzzed(share: float) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    return settings(
        max_examples=max(50, int(N_FILES * share)), deadline=None, database=None, suppress_health_check=checks
    )


def check_seen(seen: Counter[bool]) -> None:
    """Both kinds came often enough for the comparison to mean something."""
    assert min(seen[True], seen[False]) > 0.05 * seen.total(), seen


# The facts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    pair = {"input": [[1]], "output": [[2]]}
    tasks = {name: {"train": [pair], "test": [pair] * count} for name, count in COUNTS.items()}
    (folder / "challenges.json").write_text(json.dumps(tasks))
    return folder


def test_a_submission_is_called_valid_exactly_when_it_is(folder: Path) -> None:
    seen: Counter[bool] = Counter()
    path, command = folder / "submission.json", ["validate", "--challenges", str(folder / "challenges.json")]

    @fuzzed(0.45)
    @given(files(submissions()))
    def holds(data: bytes) -> None:
        path.write_bytes(data)
        result = CliRunner().invoke(main, [*command, str(path)])
        value = parsed(data, "utf-8")
        expected = is_submission(value, COUNTS)
        seen[expected] += 1
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == (0 if expected else 1 if isinstance(value, Pairs) else 2), result.output
        assert all(line.isprintable() and len(line) < 600 for line in result.output.split("\n"))
        assert len(result.output.split("\n")) < 30

    holds()
    check_seen(seen)


def test_a_task_is_read_exactly_when_it_is_one(folder: Path) -> None:
    seen: Counter[bool] = Counter()
    path = folder / "any.json"

    @fuzzed(0.45)
    @given(files(challenges()))
    def holds(data: bytes) -> None:
        path.write_bytes(data)
        value = parsed(data, "utf-8-sig")
        usable = isinstance(value, Pairs) and any(isinstance(task, Pairs) for task in dict(value).values())
        try:
            found = load_challenges(path)
        except InputError as error:
            found, message = None, str(error)
        assert (found is not None) == usable
        if found is None:
            assert "\n" not in message
            seen[False] += 1
            return
        names = [name for name, _ in value]
        good = {name for name, task in value if names.count(name) == 1 and is_task(task)}
        seen[len(good) == len(names)] += 1
        assert {task.task_id for task in found.tasks} == good
        assert {task.task_id for task in found.malformed} == set(names) - good
        assert found.order == tuple(dict.fromkeys(names))
        assert all(bad.reason.isprintable() and len(bad.reason) <= MAX_LINE_LENGTH for bad in found.malformed)

    holds()
    check_seen(seen)


def test_what_a_program_is_about_to_write_is_judged_alike(folder: Path) -> None:
    seen: Counter[bool] = Counter()
    tasks = load_challenges(folder / "challenges.json")
    endless: list[Any] = []
    endless.append(endless)
    leftovers = st.sampled_from(
        [
            np.int8(1),
            np.bool_(True),
            np.float32(1),
            np.array([[1]]),
            ((1,),),
            {1},
            b"\x01",
            10**6000,
            endless,
            object(),
            1j,
        ]
    )

    @fuzzed(0.1)
    @given(submissions(), st.none() | leftovers | ODD | grids(), st.sampled_from([(), (0,), (0, 0), (0, 0, 0)]))
    def holds(told: Any, new: Any, path: tuple[int, ...]) -> None:
        value = {name: [dict(answer) for answer in answers] for name, answers in told}
        place: Any = value["ünï"][1]
        key: Any = "attempt_2"
        for step in path[1:]:
            place, key = place[key], step
        if path:
            place[key] = new
        expected = is_submission(
            Pairs((n, [Pairs(a.items()) for a in answers]) for n, answers in value.items()), COUNTS
        )
        seen[expected] += 1
        problems = validate(value, tasks)
        assert (not problems) == expected, problems
        assert all(line.isprintable() and len(line) <= MAX_LINE_LENGTH for line in problems)

    holds()
    check_seen(seen)
