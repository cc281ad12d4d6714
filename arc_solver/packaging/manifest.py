"""`manifest.json` of a bundle: what it holds, what it assumes of the machine, and how it is installed.

The notebook reads it on Kaggle, `--check` reads it here. Fields of format 1, paths relative to the part that has them:

    name, version           of our package
    accelerator, wheels     what the bundle was built for
    preset, competition     of the scoring run
    assumes                 image, python, platform, torch, packages {name: [lowest, highest]}, glibc, cuda,
                            present [{name: version}]: what was counted as installed, a variant each
    install                 pinned requirements in order, ours last: one `pip install --no-index --no-deps` with every
                            `wheels/` folder as --find-links
    install_options         the options of that command
    roots                   what these requirements were resolved from
    weights                 folder of the bundled weights (ARC_SOLVER_WEIGHTS)
    model                   folder of the user's model (--model), or null: the bundled one
    adapter                 folder of the user's adapter (--adapter), `none`, or null: what belongs to the model
    cells                   folder of the cell model, or null
    parts                   [{folder, id}]: the datasets, the manifest is in the first
    files                   {path: {bytes, sha256, part}}: every file but this one and Kaggle's metadata
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from arc_solver import __version__
from arc_solver.config import WEIGHTS
from arc_solver.errors import InputError
from arc_solver.finetune.manifest import hash_file
from arc_solver.packaging.closure import Closure
from arc_solver.packaging.images import Target, platform_tags
from arc_solver.packaging.metadata import Names
from arc_solver.packaging.parts import part_folder
from arc_solver.packaging.payload import WEIGHTS_FOLDER, Payload
from arc_solver.packaging.pip_process import Machine
from arc_solver.packaging.resolution import OWN, Wheel, roots

FORMAT = 1
MANIFEST_FILE = "manifest.json"
INSTALL_OPTIONS = ("--no-index", "--no-deps", "--no-warn-conflicts")


@dataclass(frozen=True, slots=True)
class Placed:
    """A file of a bundle.

    Attributes:
        bytes: Its size.
        sha256: Digest of its content.
        part: Number of the dataset that holds it, from 1.
    """

    bytes: int
    sha256: str
    part: int


def build_manifest(
    target: Target,
    names: Names,
    payload: Payload,
    wheels: Sequence[Wheel],
    files: Mapping[str, Placed],
    competition: str,
) -> dict[str, Any]:
    """The manifest of a bundle.

    Args:
        target: What it is built for.
        names: Under which it is uploaded.
        payload: Its weights.
        wheels: Of others than us.
        files: Every file, by its path in its part.
        competition: Slug of the competition.
    """
    cells = any((WEIGHTS / "cells").glob("*.safetensors"))
    parts = range(1, max(file.part for file in files.values()) + 1)
    return {
        "format": FORMAT,
        "name": OWN,
        "version": __version__,
        "accelerator": target.accelerator,
        "wheels": target.wheels,
        "preset": target.preset,
        "competition": competition,
        "assumes": _assumes(target),
        "install": [*(wheel.pin() for wheel in wheels), f"{OWN}=={__version__}"],
        "install_options": list(INSTALL_OPTIONS),
        "roots": list(roots(target)),
        "weights": WEIGHTS_FOLDER,
        "model": payload.model,
        "adapter": payload.adapter,
        "cells": f"{WEIGHTS_FOLDER}/cells" if cells else None,
        "parts": [{"folder": part_folder(number), "id": f"{names.owner}/{names.part(number)}"} for number in parts],
        "files": {name: asdict(file) for name, file in sorted(files.items())},
    }


def _assumes(target: Target) -> dict[str, Any]:
    is_full = target.wheels == "full"
    packages = {} if is_full else {name: list(versions) for name, versions in target.image.packages.items()}
    return {
        "image": target.image.name,
        "python": target.python,
        "platform": platform_tags(target.image.glibc)[0],
        "glibc": target.image.glibc,
        "cuda": target.image.cuda,
        "torch": None if is_full else target.image.packages.get("torch", (None,))[0],
        "packages": packages,
        "present": list(target.present()),
    }


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished bundle.

    Raises:
        InputError: There is none, or one of another format.
    """
    path = folder / part_folder(1) / MANIFEST_FILE
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no finished bundle: {path} is missing; build it (again)") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: unreadable: {error}") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise InputError(f"{path}: no manifest of format {FORMAT}")
    return value


def closure_of(manifest: Mapping[str, Any]) -> Closure:
    """What must hold of the wheels of a bundle."""
    assumes = manifest["assumes"]
    machine = Machine(assumes["python"], assumes["glibc"])
    return Closure(machine, assumes["present"], manifest["roots"])


def find_damage(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """What is wrong with the files of a bundle, a line each; empty if each is there, whole and listed."""
    problems = []
    listed = set()
    for name, expected in manifest["files"].items():
        path = folder / part_folder(expected["part"]) / name
        listed.add(path)
        if not path.is_file():
            problems.append(f"{path}: missing, but listed in {MANIFEST_FILE}")
            continue
        record = hash_file(path)
        if (record.n_bytes, record.sha256) != (expected["bytes"], expected["sha256"]):
            problems.append(f"{path}: damaged: not the file that {MANIFEST_FILE} lists")
    for part in manifest["parts"]:
        for path in sorted((folder / part["folder"]).rglob("*")):
            own = path.name in (MANIFEST_FILE, "dataset-metadata.json") and path.parent.name == part["folder"]
            if path.is_file() and path not in listed and not own:
                problems.append(f"{path}: not listed in {MANIFEST_FILE}")
    return problems
