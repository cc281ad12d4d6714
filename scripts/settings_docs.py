"""Write docs/settings.md: every setting of a run with its default and what it does, and what each preset changes.

Usage: python scripts/settings_docs.py [--check]. With --check nothing is written; exit code 1: the file is stale.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

from arc_solver.config import WEIGHTS, RunConfig, load_preset, preset_names

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"

INTRODUCTION = """\
# Settings of a run

This page is written by `python scripts/settings_docs.py` from the docstrings of the settings.

A preset is a TOML file. The package brings {presets}.
`cpu` is the default; in Kaggle's scoring run it is `kaggle`. A file of your own starts from one of them and says only
what differs:

```toml
# mine.toml, for: python make_submission.py --preset mine.toml
preset = "cpu"                                        # what it starts from
proposers = ["search", "cells"]                       # who is asked
time_limit_s = 3600

[engine]
context_length = 8192

[induction]
n_samples = 32
temperature = 1.0
```

- A flag beats the file, the file beats its preset, the preset beats the defaults below.
- With a model of your own (`model`, `--model`) everybody is asked, unless `proposers` or `--proposers` says who.
- `version`, `encoder` and `use_stop_strings` follow the model: one that was trained here is asked as it was trained.
  Any other is asked in the version that is set, or in `v0` where that is `brief`.
- A setting that does not exist, or a value of a wrong kind, is refused in one line before the run starts.
- `adapter = "none"` and `cells = "none"` leave out the adapter and the cell model.
- `--json FILE` and the journal write down every setting that a run had.

Presets for training are others: [training](training.md).
"""


def render() -> str:
    """The whole page."""
    parts = [INTRODUCTION.format(presets=_listed(preset_names()))]
    parts += ["## What the presets change\n", *_preset_table()]
    seen: dict[type, tuple[str, Any]] = {}
    for name, kind, defaults in _tables("", RunConfig, RunConfig(time_limit_s=1.0)):
        parts += [f"## {f'`[{name}]`' if name else 'At the top of the file'}\n"]
        other, like = seen.setdefault(kind, (name, None))
        parts += [] if like is None else [f"As `[{other}]`, but for:\n"]
        parts += _table(kind, defaults, name, like)
        seen[kind] = name, defaults
    return "\n".join(parts)


def _tables(name: str, kind: type, value: Any) -> Iterator[tuple[str, type, Any]]:
    """Each table of a preset: its name, its class, its defaults; outer ones first."""
    yield name, kind, value
    for item in dataclasses.fields(kind):
        inner = getattr(value, item.name)
        if dataclasses.is_dataclass(inner) and not isinstance(inner, type):
            yield from _tables(f"{name}.{item.name}" if name else item.name, type(inner), inner)


def _table(kind: type, defaults: Any, name: str, like: Any) -> Iterator[str]:
    """A row for each setting, or for each that differs from `like`."""
    told, hints = _attributes(kind), get_type_hints(kind)
    yield "| setting | default | what it does |\n|---|---|---|"
    for item in dataclasses.fields(kind):
        value = getattr(defaults, item.name)
        if dataclasses.is_dataclass(hints[item.name]) or (like is not None and getattr(like, item.name) == value):
            continue
        needed = not name and item.name == "time_limit_s"
        default = "the preset's" if needed else _shown(value)
        yield f"| `{item.name}` | {default} | {told[item.name].replace('|', chr(92) + '|')} |"
    yield ""


def _attributes(kind: type) -> dict[str, str]:
    """What the docstring of a class says of each attribute."""
    text = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2].split("\n\n")[0]
    found = re.findall(r"^    (\w+): (.*(?:\n {8,}.*)*)", text, re.MULTILINE)
    return {name: " ".join(said.split()) for name, said in found}


def _preset_table() -> Iterator[str]:
    usual = _leaves(RunConfig(time_limit_s=1.0).to_json())
    presets = {name: _leaves(load_preset(name).to_json()) for name in preset_names()}
    yield f"| setting | default | {' | '.join(presets)} |\n|---|---|{'---|' * len(presets)}"
    for key, default in usual.items():
        values = [leaves[key] for leaves in presets.values()]
        if any(value != default for value in values):
            cells = [_shown(value) if value != default else "" for value in values]
            yield f"| `{key}` | {'' if key == 'time_limit_s' else _shown(default)} | {' | '.join(cells)} |"
    yield ""


def _leaves(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted key -> plain value."""
    found: dict[str, Any] = {}
    for name, item in value.items():
        found |= _leaves(item, f"{prefix}{name}.") if isinstance(item, dict) else {f"{prefix}{name}": item}
    return found


def _shown(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, Path):
        return f'`"weights/{value.relative_to(WEIGHTS)}"`'
    if isinstance(value, tuple | list):
        return ", ".join(f"`{item}`" for item in value)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(f'`{name}`' for name in names[:-1])} and `{names[-1]}`"


if __name__ == "__main__":
    page = render()
    if "--check" in sys.argv[1:]:
        sys.exit(not PAGE.is_file() or PAGE.read_text() != page)
    PAGE.write_text(page)
