"""The JSON objects that lie beside weights: configurations, tokenizers' settings, records.

Read here, so that whatever is wrong with one is told with its name. It knows nothing of what they say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from arc_solver.errors import ModelError


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ModelError: It is missing, unreadable or no object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: missing") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(f"{path}: unreadable: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path}: must hold a JSON object")
    return value


def optional_json(path: Path) -> dict[str, Any]:
    """A JSON object, empty if there is no such file.

    Raises:
        ModelError: It is unreadable or no object.
    """
    return read_json(path) if path.is_file() else {}


def write_json(path: Path, value: dict[str, Any], *, sort_keys: bool = False) -> None:
    """Write a JSON object for people and programs; a reader sees the old file or the new one."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json.dumps(value, indent=2, sort_keys=sort_keys) + "\n", encoding="utf-8")
    temporary.replace(path)
