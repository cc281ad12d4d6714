"""Experiments in a few lines, and a stand-in for `arc-solver` that trains and solves nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arc_solver.experiments.plan import Experiment, load_experiment

FAKE = """
import json, os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[sys.argv.index("--preset") + 1]).parent
home = folder.parents[1]
with open(home / "calls.txt", "a") as calls:
    calls.write(" ".join([sys.argv[1], folder.name, os.environ["OMP_NUM_THREADS"],
                          os.environ.get("CUDA_VISIBLE_DEVICES", "-"), *sys.argv[2:]]) + "\\n")
behaviour = home / "behaviour.json"
rules = json.loads(behaviour.read_text()) if behaviour.exists() else {}
text = (folder / f"{sys.argv[1]}.toml").read_text()
for word, what in rules.items():
    if word in text:
        if what == "fail":
            print("Traceback\\nValueError: it cannot be done")
            sys.exit(3)
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "nothing":
            sys.exit(0)
        if what == "held once" and not (folder / "held").exists():
            (folder / "held").touch()
            print("error: journal x: another run is writing to it: wait, or use another --output")
            sys.exit(2)
        if what == "wait":
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
            time.sleep(600)
result = folder / "model" if sys.argv[1] == "train" else folder
result.mkdir(exist_ok=True)
(result / ("arc_solver.json" if sys.argv[1] == "train" else "run.json")).write_text("{}")
"""


SWEPT = """
question = "Does it matter?"
seeds = [0, 1]
baseline = "temperature=0.5"
[measure]
tasks = ["held-out", "trained"]
pass_at = [1, 4]
[train]
base = "bundled"
lora_rank = 4
steps = 30
recipes = { code-from-examples = 2.0, output-from-examples = 1.0 }
[run]
time_limit_s = 60
proposers = ["induction"]
[run.induction]
n_samples = 4
[sweep]
"run.induction.temperature" = [0, 0.5, 1.0]
"""

NAMED = """
[train]
base = "bundled"
steps = 10
recipes = { code-from-examples = 2.0, output-from-examples = 1.0 }
[run]
proposers = ["induction"]
[[point]]
name = "one"
train.recipes = { code-from-examples = 1.0 }
[[point]]
name = "all"
[sweep]
train.steps = [0, 20]
"""


@pytest.fixture
def swept() -> str:
    """A sweep over a setting of answering, after training."""
    return SWEPT


@pytest.fixture
def named() -> str:
    """Named points crossed with a sweep over a setting of training."""
    return NAMED


@pytest.fixture
def fake(tmp_path: Path) -> tuple[str, ...]:
    """A command that does nothing but write down that it was called, or what `behaviour.json` says."""
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    return (sys.executable, str(script))


@pytest.fixture
def new_experiment(tmp_path: Path) -> Callable[..., Experiment]:
    """Writes a file and reads it."""

    def make(text: str, name: str = "asked.toml", **settings: object) -> Experiment:
        path = tmp_path / name
        path.write_text(text)
        return load_experiment(path, settings)

    return make


@pytest.fixture
def task_files(tmp_path: Path) -> tuple[Path, Path]:
    """Challenges and solutions: four tasks that turn their grid over."""
    challenges, solutions = {}, {}
    for index in range(4):
        grids = [[[(index + i + j * k) % 10 for i in range(3)] for j in range(3)] for k in range(1, 5)]
        pairs = [{"input": grid, "output": grid[::-1]} for grid in grids]
        challenges[f"task{index}"] = {"train": pairs[:3], "test": [{"input": grids[3]}]}
        solutions[f"task{index}"] = [grids[3][::-1]]
    files = tmp_path / "challenges.json", tmp_path / "solutions.json"
    for path, value in zip(files, (challenges, solutions), strict=True):
        path.write_text(json.dumps(value))
    return files
