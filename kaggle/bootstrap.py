"""What the notebook does with a bundle: verify and install it, run it, and see that valid answers are left.

It travels in the bundle and is imported by the notebook from there, before anything is installed: standard library
only. Nothing here raises into the notebook, since a notebook that ends with an error gets no score: what cannot be done
is said, and the next best thing is done. Knows nothing of how tasks are solved.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from bootstrap_install import as_one_tree, install, part_folders, say, verify

FULL_TIME_LIMIT = "11h30m"
SHORT_TIME_LIMIT = "15m"
OLDEST_TORCHAO = (0, 16)
N_PICTURES = 4
COMMAND = "import sys; from arc_solver.cli import main; sys.exit(main())"


@dataclass
class Run:
    """One run of the notebook.

    Attributes:
        manifest: What the bundle says of itself.
        folder: The bundle as one tree.
        challenges: The tasks, or None where there are none.
        output: The submission.
        deadline_s: On the monotonic clock.
        scratch: Where everything goes that is no result.
        first: The submission that stood before anything else was done.
        damaged: Name of a file of the bundle -> what is wrong with it.
        model_flags: Which model the run uses, as flags.
        more_flags: What the user added for `make_submission.py`.
        ready: Whether the package can be used.
    """

    manifest: Mapping[str, Any]
    folder: Path
    challenges: Path | None
    output: Path
    deadline_s: float
    scratch: Path
    first: bytes = b""
    damaged: dict[str, str] = field(default_factory=dict)
    model_flags: list[str] = field(default_factory=list)
    more_flags: str = ""
    ready: bool = False

    @property
    def script(self) -> str:
        """For the shell."""
        return shlex.quote(str(self.folder / "make_submission.py"))

    @property
    def figures(self) -> Path:
        """Written by a run that came to its end."""
        return self.scratch / "run.json"

    @property
    def flags(self) -> str:
        """For the shell."""
        return f"{shlex.join([*self.common_flags(), *self.model_flags])} {self.more_flags}".strip()

    @property
    def watchdog(self) -> str:
        """A prefix that ends a run which does not notice its own end."""
        return f"timeout -k 60 {self.left_s() + 300:.0f}" if shutil.which("timeout") else ""

    def common_flags(self) -> list[str]:
        """The flags of every `make_submission.py`, with the time that is left now."""
        flags = ["--output", str(self.output), "--json", str(self.figures), "--preset", self.manifest["preset"]]
        flags += ["--challenges", str(self.challenges)] if self.challenges else []
        return [*flags, "--time-limit", f"{self.left_s():.0f}s"]

    def left_s(self) -> float:
        """Seconds until the run must be over."""
        return max(1.0, self.deadline_s - time.monotonic())


def prepare(
    manifest_file: str,
    challenges: str | None,
    kaggle: str = "/kaggle",
    time_limit: str | None = None,
    flags: str = "",
    started_s: float | None = None,
) -> Run | None:
    """Verify and install the bundle.

    Args:
        manifest_file: Its manifest, in the dataset of its first part.
        challenges: The tasks to solve.
        kaggle: What stands for `/kaggle`.
        time_limit: From the start of the notebook, such as `2h`; None for what suits the session.
        flags: More flags for `make_submission.py`.
        started_s: When the notebook began, on the monotonic clock.

    Returns:
        The run, which may not be `ready`; None if not even the manifest can be read.
    """
    try:
        return _prepare(Path(manifest_file), challenges, Path(kaggle), time_limit, flags, started_s)
    except Exception:  # noqa: BLE001  # whatever it is, the answers that stand must not be lost with the notebook
        say(f"PROBLEM: the bundle cannot be used; the first answers stay.\n{traceback.format_exc()}")
        return None


def _prepare(
    manifest_file: Path, challenges: str | None, kaggle: Path, limit: str | None, flags: str, started_s: float | None
) -> Run:
    started_s = time.monotonic() if started_s is None else started_s
    rerun = bool(os.environ.get("KAGGLE_IS_COMPETITION_RERUN"))
    limit = limit or (FULL_TIME_LIMIT if rerun else SHORT_TIME_LIMIT)
    say(f"{'scoring run' if rerun else 'interactive run'}: time limit {limit}")
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    scratch = Path(tempfile.mkdtemp(prefix="arc-solver-"))
    output = kaggle / "working" / "submission.json"
    run = Run(
        manifest=manifest,
        folder=manifest_file.parent,
        challenges=Path(challenges) if challenges else None,
        output=output,
        deadline_s=started_s + seconds(limit),
        scratch=scratch,
        first=output.read_bytes() if output.is_file() else b"",
        more_flags=flags,
    )
    places, run.damaged = verify(manifest, part_folders(manifest, manifest_file.parent, kaggle / "input"))
    run.folder = as_one_tree(manifest_file.parent, places, run.damaged, scratch / "bundle")
    _set_environment(run)
    run.ready = install(manifest, run.folder, run.damaged, scratch / "site")
    run.model_flags = model_flags_of(run)
    _warn_of_torchao(run)
    return run


def seconds(text: str) -> float:
    """`11h30m` in seconds; digits alone are seconds."""
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", text.strip())
    if not found or not text.strip():
        raise ValueError(f"time limit {text!r}: write it like 11h30m, 15m or 90s")
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return float(3600 * hours + 60 * minutes + rest)


def _set_environment(run: Run) -> None:
    """What every process of the run sees, the notebook's `!` lines too."""
    programs = run.scratch / "bin"
    programs.mkdir()
    # `python` is this very interpreter, wherever the image keeps it.
    (programs / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    (programs / "python").chmod(0o755)
    paths = [str(run.scratch / "site"), os.environ.get("PYTHONPATH", "")]
    os.environ["PATH"] = os.pathsep.join([str(programs), os.environ.get("PATH", "")])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONUNBUFFERED": "1", "DO_NOT_TRACK": "1"}
    # The kernel sets these; lines that rewrite themselves twice a second would fill the log of a run of twelve hours.
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        os.environ.pop(name, None)
    os.environ["ARC_SOLVER_WEIGHTS"] = str(run.folder / run.manifest["weights"])


def _warn_of_torchao(run: Run) -> None:
    try:
        version = metadata.version("torchao")
    except metadata.PackageNotFoundError:
        return
    if run.ready and tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_TORCHAO:
        say(f"torchao {version} makes peft refuse every adapter: our processes hide it, nothing is to be done")


# Running


def model_flags_of(run: Run) -> list[str]:
    """Which model `make_submission.py` is told to use: what a damaged file makes useless is left out."""
    model, adapter, weights, cells = (run.manifest[name] for name in ("model", "adapter", "weights", "cells"))
    has_cells = cells is not None and not _is_damaged(run, cells)
    if _is_damaged(run, model or f"{weights}/base"):
        say("PROBLEM: the model is damaged or incomplete: the run goes on without it")
        return ["--proposers", "search,cells" if has_cells else "search"]
    flags = ["--model", str(run.folder / model)] if model else []
    if cells is not None and not has_cells:
        say("PROBLEM: the cell model is damaged or incomplete: the run goes on without it")
        flags += ["--proposers", "search,induction,transduction" if model else "search,induction"]
    if adapter != "none" and _is_damaged(run, adapter or f"{weights}/adapter"):
        say("PROBLEM: the adapter is damaged or incomplete: the model runs without it")
        adapter = "none"
    if adapter:
        flags += ["--adapter", adapter if adapter == "none" else str(run.folder / adapter)]
    return flags


def _is_damaged(run: Run, folder: str) -> bool:
    return any(name.startswith(f"{folder}/") for name in run.damaged)


def finish(run: Run | None) -> None:
    """See that a valid submission stands; search without a model where the run came to nothing."""
    if run is None:
        say("the first answers stay: /kaggle/working/submission.json")
        return
    _guarded(_finish, run)


def _finish(run: Run) -> None:
    if run.ready and not run.figures.is_file():
        say("PROBLEM: make_submission.py did not come to its end (see above): programs are searched without a model")
        script = str(run.folder / "make_submission.py")
        flags = [*run.common_flags(), "--proposers", "search", "--resume"]
        _tell([sys.executable, script, *flags], timeout_s=run.left_s() + 120)
    problem = "no tasks" if run.challenges is None else submission_problem(run.output, run.challenges)
    if problem and run.first:
        say(f"PROBLEM: {run.output}: {problem}: the first answers are put back")
        run.output.write_bytes(run.first)
        problem = submission_problem(run.output, run.challenges) if run.challenges else problem
    if run.ready and run.challenges:
        check = [sys.executable, "-c", COMMAND, "validate", str(run.output), "--challenges", str(run.challenges)]
        _tell(check, timeout_s=120)
    else:
        say(f"{run.output}: {problem or 'valid'}")


def submission_problem(submission: Path, challenges: Path) -> str:
    """Why a submission is not valid; empty if it is. `arc-solver validate` says all, this also works without it."""
    try:
        answers = json.loads(submission.read_text(encoding="utf-8"))
        tasks = json.loads(challenges.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        return f"cannot be read: {error}"
    if not isinstance(answers, dict) or answers.keys() != tasks.keys():
        return "its task ids are not those of the challenges"
    for task_id, task in tasks.items():
        test = task.get("test") if isinstance(task, dict) else None
        n_test = len(test) if isinstance(test, list) and test else 1
        if not isinstance(answers[task_id], list) or len(answers[task_id]) != n_test:
            return f"task {task_id}: must answer {n_test} test inputs"
        for answer in answers[task_id]:
            if not isinstance(answer, dict) or set(answer) != {"attempt_1", "attempt_2"}:
                return f"task {task_id}: needs attempt_1 and attempt_2"
            if not all(is_grid(grid) for grid in answer.values()):
                return f"task {task_id}: an attempt is no grid"
    return ""


def is_grid(value: Any) -> bool:
    """Whether a JSON value is an ARC grid."""
    if not isinstance(value, list) or not 1 <= len(value) <= 30 or not all(isinstance(row, list) for row in value):
        return False
    widths = {len(row) for row in value}
    cells = [cell for row in value for cell in row]
    return len(widths) == 1 and 1 <= widths.pop() <= 30 and all(type(cell) is int and 0 <= cell <= 9 for cell in cells)


# Showing


def show_scores(run: Run | None) -> None:
    """A table, where the competition's folder holds the right answers of these tasks (not in the scoring run)."""
    if run is not None and run.ready and run.challenges is not None:
        _guarded(_show_scores, run)


def _show_scores(run: Run) -> None:
    assert run.challenges is not None
    asked = json.loads(run.challenges.read_text(encoding="utf-8-sig"))
    known: dict[str, Any] = {}
    for path in sorted(glob.glob(f"{glob.escape(str(run.challenges.parent))}/*solutions*.json")):
        found = json.loads(Path(path).read_text(encoding="utf-8-sig"))
        known |= {
            name: grids for name, grids in found.items() if name in asked and len(grids) == len(asked[name]["test"])
        }
    if not known:
        say("the right answers of these tasks are not here: no score")
        return
    if len(known) < len(asked):
        say(f"the right answers of {len(known)} of the {len(asked)} tasks are here")
    solutions = run.scratch / "solutions.json"
    solutions.write_text(json.dumps(known))
    _tell([sys.executable, "-c", COMMAND, "evaluate", str(run.output), "--solutions", str(solutions)], timeout_s=300)


def show_pictures(run: Run | None, n_pictures: int = N_PICTURES) -> None:
    """Some tasks with our two answers below each test input."""
    if run is not None and run.ready and run.challenges is not None:
        _guarded(lambda run: _show_pictures(run, n_pictures), run)


def _show_pictures(run: Run, n_pictures: int) -> None:
    from IPython.display import Image, display

    task_ids = list(json.loads(Path(str(run.challenges)).read_text(encoding="utf-8-sig")))
    for task_id in task_ids[:: max(1, len(task_ids) // n_pictures)][:n_pictures]:
        picture = run.scratch / f"{len(list(run.scratch.glob('*.png')))}.png"
        command = ["show", task_id, "--challenges", str(run.challenges), "--submission", str(run.output)]
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *command, "--out", str(picture)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if picture.is_file():
            say(f"task {task_id}")
            display(Image(data=picture.read_bytes()))
        else:
            say(f"task {task_id}: no picture: {done.stderr.strip()}")


def _tell(command: Sequence[str], timeout_s: float) -> None:
    """Run a program and pass on what it says, line by line."""
    limited = ["timeout", "-k", "60", f"{timeout_s:.0f}", *command] if shutil.which("timeout") else command
    with subprocess.Popen(limited, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines: Iterable[str] = process.stdout or ()
        for line in lines:
            say(line.rstrip())


def _guarded(step: Callable[[Run], None], run: Run) -> None:
    try:
        step(run)
    except Exception:  # noqa: BLE001  # whatever it is, the answers that stand must not be lost with the notebook
        say(f"PROBLEM: {traceback.format_exc()}")
