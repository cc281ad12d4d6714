"""Our own wheel, written file by file so that the same sources give the same bytes on every machine.

Entries are sorted, uncompressed (zlib's output differs between its versions) and carry one fixed time. Where there is a
clone, the metadata comes from its `pyproject.toml`, else from the installed distribution. Knows nothing of bundles.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import time
import tomllib
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from arc_solver import __version__
from arc_solver.errors import InputError

PACKAGE = Path(__file__).resolve().parents[1]
ENTRY = "make_submission.py"
BOOTSTRAP = ("bootstrap.py", "bootstrap_install.py")
"""What the notebook imports from the bundle, `kaggle/` of a clone."""
OUTSIDE = "arc_solver/packaging/kaggle"
"""Where our wheel carries what lies outside of the package in a clone: the notebook's sources and the entry."""

_EARLIEST = 315532800  # 1980-01-01, before which a zip archive knows no time
_SKIPPED = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"})


def build_wheel(folder: Path) -> Path:
    """Write `arc_solver-VERSION-py3-none-any.whl` into a folder.

    Returns:
        The wheel.

    Raises:
        InputError: There are no metadata to build it from.
    """
    info = f"arc_solver-{__version__}.dist-info"
    files = {f"arc_solver/{name}": content for name, content in _tree(PACKAGE).items()}
    files |= {f"{OUTSIDE}/{path.name}": path.read_bytes() for path in outside_sources()}
    files |= {f"{info}/{name}": text.encode() for name, text in _metadata().items()}
    return write_wheel(folder / f"arc_solver-{__version__}-py3-none-any.whl", info, files)


def outside_sources() -> tuple[Path, ...]:
    """The entry and the files from which the notebook is generated: `make_submission.py` and `kaggle/*.py` of a clone,
    or what an installed wheel of ours carries; none in other installations.
    """
    clone = PACKAGE.parent
    if (clone / "pyproject.toml").is_file():
        return tuple(path for path in (clone / ENTRY, *sorted((clone / "kaggle").glob("*.py"))) if path.is_file())
    return tuple(sorted((clone / OUTSIDE).glob("*.py")))


def outside_source(name: str) -> Path:
    """One of these files.

    Raises:
        InputError: It is not here.
    """
    path = next((path for path in outside_sources() if path.name == name), None)
    if path is None:
        raise InputError(f"{name} is not here: package from a clone, or from an installed wheel of a bundle")
    return path


def write_wheel(path: Path, info: str, files: Mapping[str, bytes]) -> Path:
    """Write a wheel of these files and its `RECORD`.

    Args:
        path: The wheel.
        info: Name of its `.dist-info` folder.
        files: Name in the wheel -> content.
    """
    record = f"{info}/RECORD"
    rows = io.StringIO(newline="")
    writer = csv.writer(rows, lineterminator="\n")
    ordered = sorted(files, key=lambda name: (name.startswith(f"{info}/"), name))
    for name in ordered:
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=").decode()
        writer.writerow((name, f"sha256={digest}", len(files[name])))
    writer.writerow((record, "", ""))
    moment = _moment()
    temporary = path.with_name(path.name + ".new")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name in (*ordered, record):
            entry = zipfile.ZipInfo(name, moment)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, rows.getvalue().encode() if name == record else files[name])
    temporary.replace(path)
    return path


def _moment() -> tuple[int, int, int, int, int, int]:
    """The time that every entry carries: `SOURCE_DATE_EPOCH`, else the earliest that a zip archive knows."""
    try:
        seconds = int(os.environ.get("SOURCE_DATE_EPOCH", ""))
    except ValueError:
        seconds = _EARLIEST
    value = time.gmtime(max(seconds, _EARLIEST))
    return value.tm_year, value.tm_mon, value.tm_mday, value.tm_hour, value.tm_min, value.tm_sec


def _tree(folder: Path) -> dict[str, bytes]:
    """The package's files: relative name -> content."""
    files = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and path.suffix not in (".pyc", ".pyo") and not _SKIPPED & set(parts):
            files["/".join(parts)] = path.read_bytes()
    return files


def _metadata() -> dict[str, str]:
    """The files of the `.dist-info` folder, but `RECORD`."""
    wheel = "Wheel-Version: 1.0\nGenerator: arc_solver\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    project = PACKAGE.parent / "pyproject.toml"
    if project.is_file():
        found = _from_project(tomllib.loads(project.read_text(encoding="utf-8"))["project"])
        licence = PACKAGE.parent / "LICENSE"
        if licence.is_file():
            found["licenses/LICENSE"] = licence.read_text(encoding="utf-8")
        return found | {"WHEEL": wheel}
    try:
        installed = metadata.distribution("arc_solver")
    except metadata.PackageNotFoundError as error:
        raise InputError(
            "our wheel cannot be built: neither pyproject.toml nor an installed arc_solver here"
        ) from error
    names = ("METADATA", "entry_points.txt", "top_level.txt", "licenses/LICENSE")
    texts = {name: installed.read_text(name) for name in names}
    return {name: text for name, text in texts.items() if text is not None} | {"WHEEL": wheel}


def _from_project(project: Mapping[str, Any]) -> dict[str, str]:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {__version__}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {project['requires-python']}",
    ]
    lines += [f"Requires-Dist: {requirement}" for requirement in project["dependencies"]]
    for extra, requirements in sorted(project["optional-dependencies"].items()):
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {requirement}; extra == "{extra}"' for requirement in requirements]
    scripts = "".join(f"{name} = {target}\n" for name, target in sorted(project["scripts"].items()))
    return {
        "METADATA": "\n".join(lines) + "\n",
        "entry_points.txt": f"[console_scripts]\n{scripts}",
        "top_level.txt": "arc_solver\n",
    }
