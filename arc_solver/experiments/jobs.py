"""The work of an experiment as jobs: each is one of our own commands, in a folder of its own, with its configuration.

A job's folder is named by all that the file asks of it, so that what was done stays done when the file is changed
elsewhere or a later version knows more settings, and two points that train alike share what was trained. `done.json` in
the folder is the stamp: the job is finished, this is what it was. Knows nothing of processes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arc_solver import __version__
from arc_solver.config import WEIGHTS
from arc_solver.datasets import challenges_hash
from arc_solver.experiments.plan import Experiment, Point, Training
from arc_solver.experiments.tasks import MeasuredTasks
from arc_solver.experiments.toml_text import to_toml
from arc_solver.json_files import optional_json, write_json

DONE = "done.json"
CHALLENGES = "challenges.json"

Kind = Literal["train", "solve"]


@dataclass(frozen=True, slots=True)
class Job:
    """One of our commands to be run.

    Attributes:
        kind: `train` or `solve`.
        name: For people.
        key: Of everything that is asked of it.
        folder: Where it works; nobody else does.
        arguments: Of `arc-solver`, all but those that depend on the machine.
        preset: The settings file that it reads, but for what depends on the machine.
        needs: The job that must be finished before, if any.
        settings: What decides the result, for the stamp.
    """

    kind: Kind
    name: str
    key: str
    folder: Path
    arguments: tuple[str, ...]
    preset: Mapping[str, Any]
    needs: Job | None
    settings: Mapping[str, Any]

    @property
    def log(self) -> Path:
        """What the command prints."""
        return self.folder / "log.txt"

    @property
    def preset_file(self) -> Path:
        """Where the settings lie."""
        return self.folder / f"{self.kind}.toml"

    @property
    def submission(self) -> Path:
        """Where the answers of a run lie."""
        return self.folder / "submission.json"

    @property
    def model(self) -> Path:
        """Where the result of a training lies."""
        return self.folder / "model"

    @property
    def result(self) -> Path:
        """What the command writes last."""
        return self.model / "arc_solver.json" if self.kind == "train" else self.folder / "run.json"

    def is_done(self) -> bool:
        """Whether it was finished, now or by an earlier call."""
        return self.stamp().get("key") == self.key

    def stamp(self) -> dict[str, Any]:
        """What the stamp says, nothing if there is none."""
        return optional_json(self.folder / DONE)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write the stamp."""
        value = {"key": self.key, "name": self.name, "version": __version__, **facts, "settings": dict(self.settings)}
        write_json(self.folder / DONE, value)

    def prepare(self, n_threads: int) -> None:
        """Make the folder and write what the command reads."""
        self.folder.mkdir(parents=True, exist_ok=True)
        preset = dict(self.preset)
        if self.kind == "solve":
            preset["engine"] = {**preset.get("engine", {}), "n_threads": n_threads}
        text = f"# {self.name}\n{to_toml(preset)}"
        if not self.preset_file.is_file() or self.preset_file.read_text(encoding="utf-8") != text:
            self.preset_file.write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Repeat:
    """One run of a point: its seed, and the job that answers the tasks."""

    point: Point
    seed: int
    job: Job


def plan_jobs(experiment: Experiment, tasks: MeasuredTasks, out: Path) -> tuple[Repeat, ...]:
    """Every repeat of every point, seed by seed, so that after the first seed there is something to look at.

    Args:
        experiment: What is asked.
        tasks: On what.
        out: The experiment's folder.
    """
    on = challenges_hash(tasks.challenges)
    repeats = []
    known: dict[str, Job] = {}
    for seed in experiment.seeds:
        for point in experiment.points:
            training = point.training
            trained = None if training is None or not training.is_needed else _training_job(training, seed, out)
            job = _solve_job(point, seed, trained, on, out)
            repeats.append(Repeat(point, seed, known.setdefault(job.key, job)))
    return tuple(repeats)


def trainings(repeats: tuple[Repeat, ...]) -> tuple[Job, ...]:
    """What must be trained, each once."""
    return tuple({repeat.job.needs.key: repeat.job.needs for repeat in repeats if repeat.job.needs}.values())


def _training_job(training: Training, seed: int, out: Path) -> Job:
    used = seed if training.seed is None else training.seed
    settings = training.asked() | {"seed": used, "base": _named(training.base)}
    key = _key({"train": settings})
    folder = out / "trained" / key
    arguments = ["train", "--preset", f"{folder / 'train.toml'}", "--out", f"{folder / 'model'}"]
    arguments += ["--run", f"{folder / 'run'}", "--seed", str(used), "--device", training.device]
    arguments += ["--solve-tasks", str(training.solve_tasks), "--resume"]
    arguments += ["--base", str(training.base)] if training.base else []
    arguments += ["--re-arc", str(training.re_arc)] if training.re_arc else []
    choices = {name: item for name, item in dataclasses.asdict(training.choices).items() if item != {}}
    recipes = choices.get("recipes")
    what = ", ".join(recipes) if recipes and len(recipes) < 3 else f"{len(recipes)} tasks" if recipes else "the mix"
    length = f"{choices['steps']} steps" if choices["steps"] else "to its limit"
    name = f"training {key[:6]} ({what}, {length}, seed {used})"
    return Job("train", name, key, folder, tuple(arguments), choices, None, settings)


def _solve_job(point: Point, seed: int, trained: Job | None, on: str, out: Path) -> Job:
    model, adapter = _weights(point, trained)
    config = point.config
    asked = {"preset": point.preset, "changes": dict(point.changes), "seed": seed, "tasks": on}
    # Where it lies decides nothing of what was trained.
    asked |= {"trained": trained.key} if trained else {"model": _named(Path(model)), "adapter": _named(Path(adapter))}
    key = _key({"solve": asked})
    folder = out / "points" / f"{_slug(point.name)}.{key[:10]}"
    arguments = ["solve", "--challenges", f"{out / CHALLENGES}", "--preset", f"{folder / 'solve.toml'}"]
    arguments += ["--output", f"{folder / 'submission.json'}", "--json", f"{folder / 'run.json'}"]
    arguments += ["--seed", str(seed), "--resume"]
    preset = {"preset": point.preset, **point.changes, "model": model, "adapter": adapter}
    name = f"{point.name}, seed {seed}"
    stamped = asked | {"config": config.decides() | {"time_limit_s": config.time_limit_s}}
    return Job("solve", name, key, folder, tuple(arguments), preset, trained, stamped)


def _weights(point: Point, trained: Job | None) -> tuple[str, str]:
    """Folders of the model and of its adapter, `none` for none."""
    training = point.training
    if training is None:
        return str(point.config.model), str(point.config.adapter or "none")
    if trained is None:
        return str(training.base), "none"
    if training.choices.lora_rank is None:
        return str(trained.model), "none"
    return str(training.base), str(trained.model)


def _named(path: Path | None) -> str | None:
    """A path; of bundled weights what they are, since they lie elsewhere on every machine."""
    if path is None or not path.is_relative_to(WEIGHTS):
        return None if path is None else str(path)
    return f"bundled/{path.relative_to(WEIGHTS)}"


def _key(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.=+-]+", "-", name).strip("-")[:60] or "point"
