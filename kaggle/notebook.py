"""The source of the notebook that runs on Kaggle: `arc-solver package` writes `arc-solver.ipynb` from it.

Its first cell leaves a valid submission before anything else is tried, with nothing but the standard library; the next
ones find the bundle and call its `bootstrap.py`, where the work is. The text depends on the manifest alone and cell ids
are fixed, so the same bundle gives the same bytes. Knows nothing of wheels or of what a proposer is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TITLE = """\
# arc_solver

Solves the competition's tasks with what the attached dataset holds: no internet, a valid `submission.json` from the
first cell to the last.

1. Attach {datasets} and the competition{competition} (*Add Input*).
2. Choose the accelerator{accelerator}, and turn the internet off.
3. *Save & Run All*, then *Submit*. The interactive run is short; the scoring run takes the full time.

A line that begins with `PROBLEM` says what did not work and what is done instead."""

_SETTINGS = """\
TIME_LIMIT = None  # such as "2h"; None: 11h30m in the scoring run, 15m otherwise
FLAGS = ""  # more flags for make_submission.py, such as "--seed 1\""""

_FIRST = """\
# A valid submission first: each test input as its own answer, and turned around.
import glob, hashlib, importlib, json, os, sys, time

STARTED_S = time.monotonic()
KAGGLE = os.environ.get("ARC_SOLVER_KAGGLE", "/kaggle")
challenges = os.environ.get("ARC_SOLVER_CHALLENGES")
for place in ("competitions/COMPETITION", "COMPETITION", "competitions/*", "*", "**"):
    found = glob.glob(f"{KAGGLE}/input/{place}/arc-agi_test_challenges.json", recursive=True)
    challenges = challenges or max(found, default=None)


def first_answer(item):
    grid = item.get("input") if isinstance(item, dict) else None
    rows = grid if isinstance(grid, list) and 1 <= len(grid) <= 30 else [None]
    if not all(isinstance(row, list) and 1 <= len(row) <= 30 and len(row) == len(rows[0]) for row in rows) or not all(
        type(cell) is int and 0 <= cell <= 9 for row in rows for cell in row
    ):
        rows = [[0]]
    return {"attempt_1": rows, "attempt_2": [row[::-1] for row in rows[::-1]]}


try:
    with open(challenges, encoding="utf-8-sig") as file:
        tests = {name: task.get("test") if isinstance(task, dict) else None for name, task in json.load(file).items()}
    asked = {name: test if isinstance(test, list) and test else [None] for name, test in tests.items()}
    with open(f"{KAGGLE}/working/submission.json", "w") as file:
        json.dump({name: [first_answer(item) for item in items] for name, items in asked.items()}, file)
    print(f"{challenges}: first answers to {len(asked)} tasks")
except Exception as error:
    print(f"PROBLEM: no tasks: attach the competition to this notebook ({type(error).__name__}: {error})")"""

_FIND = """\
# The bundle: a dataset with our manifest, however it is mounted; its bootstrap must be the one that is listed there.
run = bootstrap = None
places = [f"{KAGGLE}/input/{place}" for place in ("SLUG", "datasets/*/SLUG", "*", "*/*", "*/*/*", "*/*/*/*")]
places = [os.environ.get("ARC_SOLVER_DATASET", "/nowhere"), *places]
found = [path for place in places for path in sorted(glob.glob(f"{place}/manifest.json"))]
for manifest_file in dict.fromkeys(found):
    try:
        with open(manifest_file, encoding="utf-8") as file:
            manifest = json.load(file)
        if manifest.get("name") != "arc_solver":
            continue
        folder = os.path.dirname(manifest_file)
        for name in ("bootstrap.py", "bootstrap_install.py"):
            with open(os.path.join(folder, name), "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            assert digest == manifest["files"][name]["sha256"], f"{name} is damaged"
        sys.path.insert(0, folder)
        bootstrap = importlib.import_module("bootstrap")
        break
    except Exception as error:
        bootstrap = None
        print(f"PROBLEM: {manifest_file}: its bundle cannot be used: upload it again ({type(error).__name__}: {error})")
print(f"bundle: {manifest_file}" if bootstrap else "PROBLEM: no bundle: attach its dataset; the first answers stay")"""

_PREPARE = """\
# Every file is compared with the manifest, then the wheels are put beside the image.
if bootstrap:
    run = bootstrap.prepare(manifest_file, challenges, KAGGLE, TIME_LIMIT, FLAGS, STARTED_S)"""

_RUN = """\
if run and run.ready and run.challenges:
    !{run.watchdog} python {run.script} {run.flags} 2>&1 | cat"""

_FINISH = """\
# A run that came to nothing is followed by a search without a model; the file is checked in any case.
if bootstrap:
    bootstrap.finish(run)"""

_SCORES = """\
if bootstrap:
    bootstrap.show_scores(run)"""

_PICTURES = """\
if bootstrap:
    bootstrap.show_pictures(run)"""

_ACCELERATORS = {"t4x2": " GPU T4 x2", "l4x4": " GPU L4 x4", "p100": " GPU P100", "cpu": " None (CPU)"}


def notebook(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook for a bundle.

    Args:
        manifest: The bundle's manifest, complete.

    Returns:
        JSON values in the form of nbformat 4.5.
    """
    ids = [part["id"] for part in manifest["parts"]]
    competition = manifest.get("competition") or ""
    title = _TITLE.format(
        datasets=", ".join(f"`{name}`" for name in ids),
        competition=f" `{competition}`" if competition else "",
        accelerator=_ACCELERATORS.get(manifest["accelerator"], ""),
    )
    return {
        "cells": [
            {"cell_type": "markdown", "id": "title", "metadata": {}, "source": title},
            _code("settings", _SETTINGS, tags=["parameters"]),
            _code("first", _FIRST.replace("COMPETITION", competition or "*")),
            _code("find", _FIND.replace("SLUG", ids[0].partition("/")[2])),
            _code("prepare", _PREPARE),
            _code("run", _RUN),
            _code("finish", _FINISH),
            _code("scores", _SCORES),
            _code("pictures", _PICTURES),
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _code(name: str, source: str, tags: list[str] | None = None) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"tags": tags} if tags else {},
        "outputs": [],
        "source": source,
    }
