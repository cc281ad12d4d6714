"""A primitive is written once: in one file, and it is searched, spoken, executed and documented."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WORD = '''

@primitive
def knight_move(grid: Grid) -> Grid:
    """The grid rolled by two rows and a column.

    >>> knight_move(np.array([[1, 2], [3, 4]])).tolist()
    [[2, 1], [4, 3]]
    """
    return np.roll(grid, (2, 1), (0, 1))
'''

USE = """
import sys
import numpy as np
sys.path[:0] = [{root!r}, {scripts!r}]
import arc_solver
assert arc_solver.__file__.startswith({root!r}), arc_solver.__file__
from arc_solver.budget import Deadline
from arc_solver.grids import as_grid
from arc_solver.proposers.search.stages import find_drafts
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Program
from arc_solver.tasks import Pair, Task
import dsl_docs

rng = np.random.default_rng(0)
inputs = [as_grid(rng.integers(0, 10, (7, 6))) for _ in range(4)]
pairs = tuple(Pair(one, as_grid(np.roll(one, (2, 1), (0, 1)))) for one in inputs[:3])
sources = [draft.source for draft in find_drafts(Task("t", pairs, (inputs[3],)), 8000, Deadline.after(600))]
print("searched", any("knight_move(grid)" in source for source in sources))
source = "def task(grid):\\n    return knight_move(grid)\\n"
with Sandbox() as sandbox:
    (verdict,) = sandbox.run([Program(source, (inputs[0],))])
print("executed", np.array_equal(verdict.outputs[0], pairs[0].output))
files = dsl_docs.render()
print("documented", "### `knight_move(grid: Grid) -> Grid`" in files["dsl.md"])
print("drawn", "pictures/dsl/knight_move.svg" in files)
"""
SPEAK = """
from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.finetune.tokenizer import build_tokenizer
tokenizer = build_tokenizer(PRIMITIVES, ())
print("spoken", len(tokenizer.tokenize("knight_move")) == 1)
"""


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package in which one file of the vocabulary has one more function."""
    folder = tmp_path_factory.mktemp("changed")
    shutil.copytree(ROOT / "arc_solver", folder / "arc_solver", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "arc_solver" / "dsl" / "geometry.py").open("a", encoding="utf-8") as file:
        file.write(WORD)
    return folder


def lines_of(script: str, folder: Path) -> list[str]:
    environment = dict(os.environ, PYTHONPATH=str(folder))
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_new_primitive_is_searched_executed_and_documented(changed: Path) -> None:
    script = USE.format(root=str(changed), scripts=str(ROOT / "scripts"))
    assert lines_of(script, changed) == ["searched True", "executed True", "documented True", "drawn True"]


@pytest.mark.model
def test_a_new_primitive_is_one_token(changed: Path) -> None:
    pytest.importorskip("transformers")
    assert lines_of(SPEAK, changed)[-1] == "spoken True"
