"""One file that opens from disk: template, style, scripts and content put together.

The page may load nothing from anywhere and run nothing but its own script: its policy names the hashes of what stands
in it. Knows nothing of what the content says.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from arc_solver.errors import InputError
from arc_solver.report.draw import SAFE_PALETTE
from arc_solver.report.packing import script_json

SCRIPTS = ("base.js", "grids.js", "charts.js", "overview.js", "task.js", "app.js")


def render(content: Mapping[str, Any]) -> str:
    """The page as one HTML text.

    Args:
        content: As `report_content` or `comparison_content` builds it.
    """
    style = _file("style.css")
    script = "\n".join(map(_file, SCRIPTS)).replace("{{safe_palette}}", json.dumps(SAFE_PALETTE))
    script = f"(() => {{\n'use strict';\n{script}\n}})();\n"
    parts = {
        "title": html.escape(str(content["title"])),
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        "style": style,
        "script": script,
        "content": script_json(content),
    }
    page = _file("page.html")
    # Cut once, so that nothing in the content is ever taken for a place of the template.
    pieces = page.split("{{")
    done = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        done += [parts[name], rest]
    return "".join(done)


def write_page(path: Path, content: Mapping[str, Any]) -> int:
    """Write the page, in one step: a page that stands there is replaced by the whole new one or not at all.

    Returns:
        How many bytes it has.

    Raises:
        InputError: The file cannot be written.
    """
    data = render(content).encode()
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(data)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    return len(data)


def _file(name: str) -> str:
    return (files("arc_solver.report") / "page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
