"""What the notebook does with a bundle: verify it, install it beside the image, run it, and see that answers are left.

It travels in the bundle and is imported by the notebook from there, before anything is installed: standard library
only. Nothing here raises into the notebook, since a notebook that ends with an error gets no score: what cannot be done
is said, and the next best thing is done. Knows nothing of how tasks are solved.
"""

from __future__ import annotations

import glob
import hashlib
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
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

FULL_TIME_LIMIT = "11h30m"
SHORT_TIME_LIMIT = "15m"
OWN = "arc-solver"
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


def say(text: str) -> None:
    """A line for whoever reads the notebook."""
    print(text, flush=True)


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
    run.ready = install(run)
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


# The bundle


def part_folders(manifest: Mapping[str, Any], first: Path, inputs: Path) -> dict[int, list[Path]]:
    """Where the datasets of a bundle may be mounted: number of the part, from 1 -> folders, likeliest first."""
    folders: dict[int, list[Path]] = {}
    for number, part in enumerate(manifest["parts"], start=1):
        owner, _, slug = part["id"].partition("/")
        beside = [first] if number == 1 else [first.parent / slug, first.parent / part["folder"]]
        anywhere = [inputs / slug, inputs / "datasets" / owner / slug, *sorted(inputs.glob(f"*/*/{slug}"))]
        folders[number] = [path for path in dict.fromkeys([*beside, *anywhere]) if path.is_dir()]
    return folders


def verify(
    manifest: Mapping[str, Any], folders: Mapping[int, Sequence[Path]]
) -> tuple[dict[str, Path], dict[str, str]]:
    """Compare every file with the manifest: size and sha256.

    Returns:
        Name -> where the whole file lies; name -> what is wrong with it.
    """
    began_s, places, damaged = time.monotonic(), {}, {}
    with ThreadPoolExecutor(4) as threads:
        looked = threads.map(lambda item: _look_at(*item, folders), manifest["files"].items())
        for name, found in zip(manifest["files"], looked, strict=True):
            if isinstance(found, Path):
                places[name] = found
            else:
                damaged[name] = found
    n_bytes = sum(file["bytes"] for file in manifest["files"].values())
    took = f"{len(manifest['files'])} files, {n_bytes / 2**20:,.1f} MiB in {time.monotonic() - began_s:.1f} s"
    say(f"bundle {manifest['version']} ({manifest['accelerator']}, wheels {manifest['wheels']}): {took}")
    for name, problem in damaged.items():
        say(f"PROBLEM: {name}: {problem}")
    if not damaged:
        say("every file is as the manifest says")
    return places, damaged


def _look_at(name: str, expected: Mapping[str, Any], folders: Mapping[int, Sequence[Path]]) -> Path | str:
    problem = "is missing; attach every dataset of the bundle, or build and upload it again"
    for folder in folders.get(expected["part"], ()):
        path = folder / name
        try:
            n_bytes = path.stat().st_size
            if n_bytes != expected["bytes"]:
                problem = f"is damaged: {n_bytes} bytes instead of {expected['bytes']}; upload it again"
            elif sha256_of(path) != expected["sha256"]:
                problem = "is damaged: its sha256 differs from the manifest's; upload it again"
            else:
                return path
        except FileNotFoundError:
            continue
        except OSError as error:
            problem = f"cannot be read: {error}"
    return problem


def sha256_of(path: Path) -> str:
    """Digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 22):
            digest.update(piece)
    return digest.hexdigest()


def as_one_tree(first: Path, places: Mapping[str, Path], damaged: Mapping[str, str], tree: Path) -> Path:
    """One folder with every whole file in its place: the dataset itself, or links where it has parts or damage."""
    if not damaged and all(path == first / name for name, path in places.items()):
        return first
    for name, path in places.items():
        link = tree / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    return tree


# Installing


def install(run: Run) -> bool:
    """Put the wheels beside the image, never into it: what the notebook itself runs on stays as it was.

    Returns:
        Whether the package can be used.
    """
    began_s, site = time.monotonic(), run.scratch / "site"
    wanted = installable(run)
    if not wanted:
        say("PROBLEM: the package's own wheel is damaged or missing: the first answers stay")
        return False
    problem = _pip(run, wanted, site)
    if problem and len(wanted) > 1:
        say(f"PROBLEM: not everything can be installed: {problem}")
        wanted = [item for item in wanted if canonical(item) == OWN]
        shutil.rmtree(site, ignore_errors=True)
        problem = _pip(run, wanted, site)
    problem = problem or _try_package()
    if problem:
        say(f"PROBLEM: the package cannot be used, the first answers stay: {problem}")
        return False
    say(f"installed {len(wanted)} wheels in {time.monotonic() - began_s:.1f} s, without the network")
    return True


def installable(run: Run) -> list[str]:
    """The pinned requirements whose wheels are whole and fit this image, without those that need others; ours last."""
    pinned = list(run.manifest["install"])
    misfit = image_problem(run.manifest["assumes"]) if len(pinned) > 1 else ""
    if misfit:
        say(f"PROBLEM: {misfit}: only the package itself is installed, the model runs with what the image has")
        pinned = [item for item in pinned if canonical(item) == OWN]
    wheels = {canonical(name.rpartition("/")[2]): name for name in run.manifest["files"] if name.endswith(".whl")}
    gone = {name for name, file in wheels.items() if file in run.damaged}
    needs = {name: needs_of(run.folder / file) for name, file in wheels.items() if name not in gone} if gone else {}
    lost = set(gone)
    while more := {name for name, needed in needs.items() if needed & lost and name != OWN} - lost:
        lost |= more
    left_out = sorted(name for name in map(canonical, pinned) if name in lost)
    if left_out:
        say(f"PROBLEM: left out, since a wheel is damaged or missing: {', '.join(left_out)}")
    kept = [item for item in pinned if canonical(item) not in lost]
    return kept if any(canonical(item) == OWN for item in kept) else []


def canonical(name: str) -> str:
    """The project of a requirement or of a wheel's file name, in the one spelling that can be compared."""
    return re.sub(r"[-_.]+", "-", re.split(r"==|-\d", name, maxsplit=1)[0]).lower()


def needs_of(wheel: Path) -> set[str]:
    """The projects that a wheel says it needs, those of extras left out."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode(errors="replace").partition("\n\n")[0].splitlines()
    wanted = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("requires-dist:")]
    return {canonical(re.split(r"[ ;<>=!~\[(]", item, maxsplit=1)[0]) for item in wanted if "extra ==" not in item}


def image_problem(assumes: Mapping[str, Any]) -> str:
    """Why the wheels do not fit this image; empty if they do."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if assumes["python"] != here:
        return f"the wheels are for Python {assumes['python']}, this is {here}"
    wanted = assumes.get("torch")
    try:
        torch = metadata.version("torch")
    except metadata.PackageNotFoundError:
        torch = ""
    if wanted and wanted.partition("+")[0] != torch.partition("+")[0]:
        return f"the wheels are built for torch {wanted}, the image has {torch or 'none'}"
    return ""


def _pip(run: Run, wanted: Sequence[str], site: Path) -> str:
    """Install into a folder; what went wrong, or nothing."""
    folders = sorted({str((run.folder / name).parent) for name in run.manifest["files"] if name.endswith(".whl")})
    found = [part for folder in folders for part in ("--find-links", folder)]
    options = [*run.manifest["install_options"], "--disable-pip-version-check", "--no-compile", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), *found, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return "" if done.returncode == 0 else " ".join(lines[-3:]) or f"pip ended with {done.returncode}"


def _try_package() -> str:
    code = "import arc_solver.cli, numpy; print(arc_solver.__version__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no message"])[-1]


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
    if run.manifest["weights"]:
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
    model, adapter, weights = (run.manifest[name] for name in ("model", "adapter", "weights"))
    if _is_damaged(run, model or f"{weights}/base"):
        say("PROBLEM: the model is damaged or incomplete: programs are searched without it")
        return ["--proposers", "search"]
    flags = ["--model", str(run.folder / model)] if model else []
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
