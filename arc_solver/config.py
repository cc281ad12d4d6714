"""The configuration of a run: one frozen value, checked where it is made.

A preset (a TOML file beside this module) gives the values for a kind of machine, flags override it. Nothing below
this module reads a setting from anywhere else. Knows what can be set; nothing of how it is used.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

from arc_solver.choices import (
    PROPOSERS,
    TEXT_PROPOSERS,
    TRAINING_PRESET,
    Device,
    Dtype,
    EngineKind,
    default_preset,
    preset_names,
)
from arc_solver.errors import InputError
from arc_solver.finetune.test_time.settings import TtftSettings
from arc_solver.proposers.cells import CellSettings
from arc_solver.proposers.induction import InductionSettings
from arc_solver.proposers.search.settings import SearchSettings
from arc_solver.proposers.transduction import TransductionSettings
from arc_solver.sandbox.limits import Limits
from arc_solver.watching import Patience

__all__ = [
    "PROPOSERS",
    "TRAINING_PRESET",
    "WEIGHTS",
    "WEIGHTS_VARIABLE",
    "Device",
    "Dtype",
    "EngineKind",
    "EngineSettings",
    "RunConfig",
    "build",
    "config_over",
    "default_preset",
    "load_preset",
    "preset_names",
]

WEIGHTS_VARIABLE = "ARC_SOLVER_WEIGHTS"
"""Names the folder of the bundled weights where they do not lie beside the package, as where that is installed."""

WEIGHTS = Path(os.environ.get(WEIGHTS_VARIABLE) or Path(__file__).resolve().parent.parent / "weights").resolve()

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the language model is run.

    Attributes:
        kind: `vllm`, `transformers`, or `auto` for what suits the machine (`engines.plans`).
        device: `auto`, `cpu` or `cuda`.
        dtype: `auto`, `float32`, `bfloat16` or `float16`.
        max_batch_size: Sequences decoded together.
        context_length: Most tokens of prompt and completion; 0 takes the model's own.
        n_threads: CPU threads of the lane in which the model runs; 0 for one beside a search, else one a core.
    """

    kind: EngineKind = "auto"
    device: Device = "auto"
    dtype: Dtype = "auto"
    max_batch_size: int = 32
    context_length: int = 0
    n_threads: int = 0


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that decides what a run does, but the tasks.

    Attributes:
        time_limit_s: From the start of the program to its end, seconds.
        proposers: Who is asked: `search`, `induction` (the text model's programs), `transduction` (its grids), `cells`
            (grids by the bundled cell model). A model of your own is asked for programs and grids beside all others
            unless somebody is named; the bundled one leaves the grids to the cell model, whoever is named.
        seed: Of everything that is sampled; on the command line the flag `--seed` says it.
        model: Folder of the base model.
        adapter: Folder of a LoRA for it, or None.
        cells: Folder of the cell model, which writes grids, or None.
        reserve_s: Kept at the end for the last vote and write. With `--time-limit` it is at least a thousandth and at
            most a tenth of that.
        refresh_s: The submission is rewritten at most this often.
        n_search_lanes: Processes that search, each with its share of the tasks; 0 for one a core.
        allow_unsafe_sandbox: Run programs that a model wrote even where the sandbox has grade C and nothing but limits
            stands between them and this machine.
        ray_address: The Ray cluster on which the proposers run, "" for none.
        patience: When a silent process is taken for dead, and how often one is started again.
        ttft: How the text model learns the demonstrations before it answers; `cell_model` says so of the cell model.
    """

    time_limit_s: float
    proposers: tuple[str, ...] = PROPOSERS
    seed: int = 0
    model: Path = WEIGHTS / "base"
    adapter: Path | None = WEIGHTS / "adapter"
    cells: Path | None = WEIGHTS / "cells"
    reserve_s: float = 5.0
    refresh_s: float = 5.0
    n_search_lanes: int = 0
    allow_unsafe_sandbox: bool = False
    ray_address: str = ""
    engine: EngineSettings = field(default_factory=EngineSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    induction: InductionSettings = field(default_factory=InductionSettings)
    transduction: TransductionSettings = field(default_factory=TransductionSettings)
    cell_model: CellSettings = field(default_factory=CellSettings)
    ttft: TtftSettings = field(default_factory=TtftSettings)
    sandbox: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        if self.time_limit_s <= 0:
            raise InputError(f"time limit {self.time_limit_s:g} s: it must be positive")
        unknown = [name for name in self.proposers if name not in PROPOSERS]
        if unknown or not self.proposers:
            raise InputError(f"proposers {','.join(unknown) or '(none)'}: choose from {', '.join(PROPOSERS)}")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `from_json` is the exact inverse."""
        return typing.cast(dict[str, Any], _plain(dataclasses.asdict(self)))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RunConfig:
        """The configuration that `to_json` wrote."""
        return build(cls, value, "config")

    def decides(self) -> dict[str, Any]:
        """What decides the answers: all but the time, the threads, the places of files and of processes, and what may
        run at all. A journal belongs to this.
        """
        value = self.to_json()
        for name in (
            "time_limit_s",
            "reserve_s",
            "refresh_s",
            "n_search_lanes",
            "proposers",
            "model",
            "adapter",
            "cells",
            "ray_address",
            "patience",
        ):
            value.pop(name)
        value.pop("allow_unsafe_sandbox")
        value["engine"].pop("n_threads")
        return value

    def lasting(self, time_limit_s: float) -> RunConfig:
        """The configuration with this time limit, and a reserve that suits it: a disk that stalls at the end of twelve
        hours must not cost their answers, and of a minute most is to be used.
        """
        reserve_s = min(max(self.reserve_s, 0.001 * time_limit_s), 0.1 * time_limit_s)
        return dataclasses.replace(self, time_limit_s=time_limit_s, reserve_s=reserve_s)

    def with_ttft(self, mode: str) -> RunConfig:
        """The configuration with this test-time fine-tuning, of the text model and of the cell model.

        Raises:
            InputError: There is no such mode.
        """
        try:
            ttft = dataclasses.replace(self.ttft, mode=mode)
            cell_model = dataclasses.replace(self.cell_model, ttft=mode)
        except ValueError as error:
            raise InputError(str(error)) from error
        return dataclasses.replace(self, ttft=ttft, cell_model=cell_model)

    def model_threads(self) -> int:
        """CPU threads of a lane with a model: the search takes every core for itself."""
        n_free = 1 if "search" in self.proposers else os.cpu_count() or 1
        return self.engine.n_threads or n_free

    def asks_text(self) -> bool:
        """Whether a text model is asked."""
        return any(name in TEXT_PROPOSERS for name in self.proposers)

    def uses_cells(self) -> bool:
        """Whether the cell model is asked."""
        return "cells" in self.proposers

    def is_bundled(self) -> bool:
        """Whether the text model is the one that ships with the package."""
        return self.model == WEIGHTS / "base"

    def has_cells(self) -> bool:
        """Whether the cell model is where it should be."""
        return self.cells is not None and any(self.cells.glob("*.safetensors"))


def load_preset(name: str, **overrides: Any) -> RunConfig:
    """The configuration of a preset, with fields of `RunConfig` replaced.

    Args:
        name: One of `preset_names`, or a TOML file of the user's own: what it says replaces what the preset that it
            names in `preset` says, the default one if it names none.
        **overrides: Fields of `RunConfig`.

    Raises:
        InputError: No such preset, a file that cannot be read, or a value that does not fit.
    """
    value, own = _read_own(Path(name)) if name.endswith(".toml") else (_read_shipped(name), {})
    config = dataclasses.replace(build(RunConfig, value, f"preset {name}"), **overrides)
    return _asking(config, are_named="proposers" in own.keys() | overrides.keys())


def config_over(preset: str, changes: Mapping[str, Any], where: str, **overrides: Any) -> RunConfig:
    """A shipped preset's configuration with changes, table by table.

    Args:
        preset: One of `preset_names`.
        changes: What a file of the user's own would say.
        where: What is changed, for messages.
        **overrides: Fields of `RunConfig`.

    Raises:
        InputError: No such preset, no such setting, or a value that does not fit.
    """
    value = _laid_over(_read_shipped(preset), dict(changes))
    config = dataclasses.replace(build(RunConfig, value, where), **overrides)
    return _asking(config, are_named="proposers" in changes.keys() | overrides.keys())


def _asking(config: RunConfig, *, are_named: bool) -> RunConfig:
    """The configuration with those whom its models can answer for.

    Args:
        config: With the proposers that were named, or those of a shipped preset.
        are_named: Whether somebody named them.
    """
    names = config.proposers
    if config.is_bundled():
        old, new = ("transduction", "cells") if config.has_cells() else ("cells", "transduction")
        names = tuple(dict.fromkeys(new if name == old else name for name in names))
    elif not are_named:
        names = tuple(name for name in PROPOSERS if name != "cells" or config.has_cells())
    return dataclasses.replace(config, proposers=names)


def _read_shipped(name: str) -> dict[str, Any]:
    if name not in preset_names():
        raise InputError(f"preset {name!r}: choose from {', '.join(preset_names())}, or name a .toml file")
    return tomllib.loads((resources.files("arc_solver") / "presets" / f"{name}.toml").read_text())


def _read_own(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A preset with the changes of a user's file, and these alone."""
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else f"is no TOML file: {error}"
        raise InputError(f"preset {path}: {reason}") from error
    return _laid_over(_read_shipped(str(own.pop("preset", default_preset()))), own), own


def _laid_over(value: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`value` with `changes`, table by table."""
    changed = dict(value)
    for name, item in changes.items():
        old = value.get(name)
        changed[name] = _laid_over(old, item) if isinstance(old, dict) and isinstance(item, dict) else item
    return changed


def build(kind: type[_T], value: Mapping[str, Any], where: str) -> _T:
    """A settings dataclass from plain values, nested ones too.

    Raises:
        InputError: An unknown or missing name, or a value of the wrong type; the message says where.
    """
    hints = typing.get_type_hints(kind)
    names = [item.name for item in dataclasses.fields(kind)]  # type: ignore[arg-type]
    unknown = sorted(set(value) - set(names))
    if unknown:
        raise InputError(f"{where}: no setting {unknown[0]!r}; there are {', '.join(names)}")
    fields = {name: _convert(hints[name], item, f"{where}.{name}") for name, item in value.items()}
    try:
        return kind(**fields)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: {error}") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, types.UnionType):
        options = typing.get_args(hint)
        # A TOML file has no word for nothing: `adapter = "none"`, as the flag says.
        if type(None) in options and (value is None or (value == "none" and Path in options)):
            return None
        hint = next(option for option in options if option is not type(None))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
        return build(hint, value, where)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if typing.get_origin(hint) is Literal:
        if value not in typing.get_args(hint):
            raise InputError(f"{where}: {value!r}; choose from {', '.join(map(str, typing.get_args(hint)))}")
        return value
    if typing.get_origin(hint) is tuple and isinstance(value, list | tuple):
        return tuple(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and (not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool)):
        raise InputError(f"{where}: {value!r} is no {hint.__name__}")
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
