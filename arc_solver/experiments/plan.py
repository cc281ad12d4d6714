"""An experiment's file: which settings are swept, on which tasks they are measured, against what they are compared.

A point is one set of settings for training and for answering; every point is repeated with each seed. Everything is
checked where it is read, and what is wrong is told with the file and the key. Knows nothing of how points are run.
"""

from __future__ import annotations

import dataclasses
import itertools
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from arc_solver.config import WEIGHTS, RunConfig, build, config_over, preset_names
from arc_solver.errors import ArcSolverError, InputError
from arc_solver.finetune.request import DEVICES, Choices, train_request

METRICS = ("pass_n", "vote_2", "vote_1", "accuracy", "unanswered", "correct_size", "correct_pixels")
"""What can be asked of every run; pass@k comes on top."""

HELD_OUT, TRAINED, MADE = "held-out", "trained", "made"
GROUPS = (HELD_OUT, TRAINED, MADE)
"""Tasks of ARC-AGI-1's training set: those on which nothing is ever trained, and those on whose other inputs models are
trained; one that resembles an evaluation task is neither. And tasks that are made of a word or two of the DSL
(`omni.made_questions`), easier than those.
"""

BUNDLED = "bundled"
BUNDLED_BASE = WEIGHTS / "base"

_Value = TypeVar("_Value")

_TOP = ("question", "seed_says", "conclusion", "seeds", "baseline", "measure", "train", "run", "sweep", "point")
# Weights of a mix: who names some names all.
_WHOLE = frozenset({"recipes", "sources"})


@dataclass(frozen=True, slots=True)
class Measure:
    """On what runs are measured, and what is told.

    Attributes:
        tasks: Of `GROUPS`; each is told apart.
        n_tasks: So many of each, the same for the same number; 0 for all.
        challenges: A challenges file instead.
        solutions: Its solutions.
        metrics: Of `METRICS`, in order; the first decides.
        pass_at: Each k of pass@k.
    """

    tasks: tuple[str, ...] = (HELD_OUT,)
    n_tasks: int = 0
    challenges: Path | None = None
    solutions: Path | None = None
    metrics: tuple[str, ...] = ("pass_n", "vote_2", "vote_1")
    pass_at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _choose("tasks", self.tasks, GROUPS)
        _choose("metrics", self.metrics, METRICS)
        if not self.metrics or not self.tasks:
            raise ValueError("tasks and metrics must not be empty")
        if (self.challenges is None) != (self.solutions is None):
            raise ValueError("challenges and solutions go together")
        if self.n_tasks < 0 or not all(type(k) is int and k >= 1 for k in self.pass_at):
            raise ValueError("n_tasks must be at least 0, and each of pass_at a whole number above 0")


@dataclass(frozen=True, slots=True)
class Training:
    """What is trained before a point's runs; nothing if no step is taken.

    Attributes:
        choices: As `arc-solver train` has them.
        base: Model folder to start from; None for a new small model.
        re_arc: RE-ARC's archive.
        device: One of `finetune.request.DEVICES`.
        seed: Of all repeats; None for the repeat's own.
        solve_tasks: Held-out tasks to solve now and then while training.
    """

    choices: Choices
    base: Path | None = None
    re_arc: Path | None = None
    device: str = "auto"
    seed: int | None = None
    solve_tasks: int = 0

    @property
    def is_needed(self) -> bool:
        """Whether anything is trained; without a step the base is measured as it is."""
        return self.choices.steps != 0

    def asked(self) -> dict[str, Any]:
        """Plain JSON values: whatever is not left as it usually is."""
        usual = Choices()
        choices = {
            item.name: value
            for item in dataclasses.fields(Choices)
            if (value := getattr(self.choices, item.name)) != getattr(usual, item.name)
        }
        return {"choices": choices, "re_arc": None if self.re_arc is None else str(self.re_arc), "device": self.device}


@dataclass(frozen=True, slots=True)
class Point:
    """One set of settings.

    Attributes:
        name: For people; no two points share one.
        training: What is trained before; None to take model and adapter as they are.
        config: How the tasks are answered. Where something is trained, its model and adapter are replaced by that.
        preset: The preset that the configuration starts from.
        changes: What it changes, as a file would say it.
    """

    name: str
    training: Training | None
    config: RunConfig
    preset: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A question, and what is run to answer it.

    Attributes:
        name: The file's name without its ending.
        path: The file.
        question: In a sentence.
        seed_says: What the working note that first asked it found.
        conclusion: What we make of the figures, written once they are there.
        seeds: A repeat for each.
        baseline: The point that the others are compared with.
        measure: On what tasks.
        points: In the order of the file.
    """

    name: str
    path: Path
    question: str
    seed_says: str
    conclusion: str
    seeds: tuple[int, ...]
    baseline: str
    measure: Measure
    points: tuple[Point, ...]


def load_experiment(path: Path, settings: Mapping[str, Any] | None = None) -> Experiment:
    """Read an experiment's file.

    Args:
        path: A TOML file.
        settings: Dotted key -> value; each is laid over the file before anything else is made of it.

    Raises:
        InputError: The file cannot be read, or something in it is unknown or does not fit; the message names the file
            and the key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"experiment {path}: {error}") from error
    for key, item in (settings or {}).items():
        content = _overlaid(content, _nested(key, item))
    _refuse_unknown(content, _TOP, f"{path}")
    points = tuple(_points(content, path))
    names = [point.name for point in points]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path}: point: two are named {name!r}")
    baseline = _typed(content, "baseline", str, names[0], path)
    if baseline not in names:
        raise InputError(f"{path}: baseline: no point is named {baseline!r}; there are {', '.join(map(repr, names))}")
    return Experiment(
        path.stem,
        path,
        _typed(content, "question", str, "", path),
        _typed(content, "seed_says", str, "", path),
        _typed(content, "conclusion", str, "", path),
        _seeds(content, path),
        baseline,
        _told_where(f"{path}: measure", lambda: build(Measure, _table(content, "measure", path), f"{path}: measure")),
        points,
    )


def _seeds(content: Mapping[str, Any], path: Path) -> tuple[int, ...]:
    seeds = content.get("seeds", [0])
    fits = isinstance(seeds, list) and seeds and all(type(seed) is int and seed >= 0 for seed in seeds)
    if not fits or len(set(seeds)) < len(seeds):
        raise InputError(f"{path}: seeds: {seeds!r} is no list of different whole numbers of at least 0")
    return tuple(seeds)


def _points(content: Mapping[str, Any], path: Path) -> Iterator[Point]:
    named = content.get("point", [{}])
    if not isinstance(named, list) or not all(isinstance(item, dict) for item in named) or not named:
        raise InputError(f"{path}: point: must be tables, each headed [[point]]")
    sweep = dict(_leaves(_table(content, "sweep", path), f"{path}: sweep"))
    for number, item in enumerate(named, start=1):
        own = dict(item)
        title = own.pop("name", "")
        if not isinstance(title, str) or (len(named) > 1 and not title):
            raise InputError(f"{path}: point {number}: needs a name")
        for values in itertools.product(*sweep.values()):
            tables = {name: _table(content, name, path) for name in ("train", "run") if name in content}
            tables = _overlaid(tables, own)
            for key, value in zip(sweep, values, strict=True):
                tables = _overlaid(tables, _nested(key, value))
            parts = [title] if title else []
            parts += [f"{key.rpartition('.')[2]}={_shown(value)}" for key, value in zip(sweep, values, strict=True)]
            yield _point(", ".join(parts) or path.stem, tables, path)


def _point(name: str, tables: Mapping[str, Any], path: Path) -> Point:
    where = f"{path}: point {name!r}"
    _refuse_unknown(tables, ("train", "run"), where)
    training = _training(_table(tables, "train", where), f"{where}: train") if "train" in tables else None
    changes = dict(_table(tables, "run", where))
    preset = _typed(changes, "preset", str, "cpu", f"{where}: run")
    changes.pop("preset", None)
    if training is not None and {"model", "adapter"} & set(changes):
        raise InputError(f"{where}: run: model and adapter are what is trained: name only `base` in [train]")
    if "seed" in changes:
        raise InputError(f"{where}: run.seed: comes from `seeds`")
    if training is not None:
        # The bundled base would leave the grids to the cell model, which is not what was trained here.
        changes.setdefault("cells", "none")
    config = _told_where(f"{where}: run", lambda: config_over(preset, changes, f"{where}: run"))
    return Point(name, training, config, preset, changes)


def _training(table: Mapping[str, Any], where: str) -> Training:
    own = dict(table)
    preset = own.pop("preset", None)
    if preset is not None:
        own = _overlaid(_training_preset(preset, where), own)
    base, re_arc = own.pop("base", None), own.pop("re_arc", None)
    device, seed, solve_tasks = own.pop("device", "auto"), own.pop("seed", None), own.pop("solve_tasks", 0)
    for key, item in (("base", base), ("re_arc", re_arc)):
        if item is not None and not isinstance(item, str):
            raise InputError(f"{where}.{key}: {item!r} is no path")
    if device not in DEVICES:
        raise InputError(f"{where}.device: {device!r}; choose from {', '.join(DEVICES)}")
    for key, item in (("seed", 0 if seed is None else seed), ("solve_tasks", solve_tasks)):
        if type(item) is not int or item < 0:
            raise InputError(f"{where}.{key}: {item!r} is no whole number of at least 0")
    folder = None if base is None else BUNDLED_BASE if base == BUNDLED else Path(base)
    choices = build(Choices, own, where)
    training = Training(choices, folder, None if re_arc is None else Path(re_arc), device, seed, solve_tasks)
    if training.is_needed:
        _told_where(where, lambda: train_request(Path("out"), choices, base=folder))
    elif folder is None:
        raise InputError(f"{where}.steps: 0 steps leave the base as it is, and there is no base")
    return training


def _training_preset(name: Any, where: str) -> dict[str, Any]:
    known = preset_names(training=True)
    if name not in known:
        raise InputError(f"{where}.preset: {name!r}; choose from {', '.join(known)}")
    return tomllib.loads((resources.files("arc_solver") / "presets" / f"{name}.toml").read_text(encoding="utf-8"))


def _leaves(table: Mapping[str, Any], where: str, prefix: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Dotted key and values of everything that is swept; keys may be written with dots or as tables."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, where, f"{prefix}{key}.")
        elif isinstance(value, list) and value:
            yield f"{prefix}{key}", value
        else:
            raise InputError(f"{where}.{prefix}{key}: must be a list of the values to try")


def _nested(key: str, value: Any) -> dict[str, Any]:
    for part in reversed(key.split(".")):
        value = {part: value}
    return dict(value)


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with what `above` says, table by table; of a mix the weights of `above` only."""
    result = dict(below)
    for key, item in above.items():
        old = result.get(key)
        merges = isinstance(old, dict) and isinstance(item, dict) and key not in _WHOLE
        result[key] = _overlaid(old, item) if merges and old is not None else item
    return result


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "+".join(value)
    if isinstance(value, list):
        return "+".join(map(str, value))
    return Path(value).name if isinstance(value, str) and "/" in value else str(value)


def _table(content: Mapping[str, Any], key: str, where: Path | str) -> dict[str, Any]:
    value = content.get(key, {})
    if not isinstance(value, dict):
        raise InputError(f"{where}: {key}: must be a table, [{key}]")
    return value


def _typed(content: Mapping[str, Any], key: str, kind: type[_Value], usual: _Value, where: Path | str) -> _Value:
    value = content.get(key, usual)
    if not isinstance(value, kind):
        raise InputError(f"{where}: {key}: {value!r} is no {kind.__name__}")
    return value


def _refuse_unknown(content: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(content) - set(known))
    if unknown:
        raise InputError(f"{where}: no key {unknown[0]!r}; there are {', '.join(known)}")


def _choose(what: str, chosen: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in chosen:
        if name not in known:
            raise ValueError(f"{what}: {name!r}; choose from {', '.join(known)}")


def _told_where(where: str, read: Callable[[], _Value]) -> _Value:
    """What `read` returns; what it refuses is refused with the place."""
    try:
        return read()
    except ArcSolverError as error:
        text = str(error)
        raise InputError(text if text.startswith(where) else f"{where}: {text}") from error
