"""Which files belong together: hashes of base and adapter, written when they are made and checked before they are used.

An adapter on the wrong base runs without an error and writes nonsense, so every adapter that we make carries the hash
of its base's weights in `arc_solver.json`; and `manifest.json` above a base and an adapter lists every file of both.
Imports no torch: whoever packages or checks weights needs none.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.errors import ModelError
from arc_solver.json_files import read_json, write_json

MANIFEST = "manifest.json"
RECORD = "arc_solver.json"
_PARTS = ("base", "adapter", "cells")
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
WEIGHT_FILES = ("*.safetensors", "*.bin")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file must be.

    Attributes:
        sha256: Hex digest of its content.
        n_bytes: Its size.
    """

    sha256: str
    n_bytes: int


def hash_file(path: Path) -> FileRecord:
    """Digest and size of a file, read in pieces."""
    digest = hashlib.sha256()
    n_bytes = 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            n_bytes += len(piece)
    return FileRecord(digest.hexdigest(), n_bytes)


def weights_hash(model_dir: Path) -> str:
    """One digest of all weight files of a model folder; their names and the order on disk do not matter.

    Raises:
        ModelError: The folder holds no weights.
    """
    files = {path for pattern in WEIGHT_FILES for path in Path(model_dir).glob(pattern)}
    if not files:
        raise ModelError(f"{model_dir}: no weights (*.safetensors) here")
    digests = sorted(hash_file(path).sha256 for path in files)
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """How the prompts that a model was trained on were written: it must be asked in the same way.

    Attributes:
        version: Prompt version.
        encoder: Name of the grid encoder.
        max_tokens: Longest sample that it was trained on.
    """

    version: str
    encoder: str
    max_tokens: int


def write_model_record(model_dir: Path, prompt_format: PromptFormat, record: Mapping[str, Any]) -> None:
    """Write beside a model of ours how it must be asked, and `record` (command, seed, figures)."""
    content = {"prompt_format": dataclasses.asdict(prompt_format), "weights_sha256": weights_hash(model_dir), **record}
    write_json(Path(model_dir) / RECORD, content)


def read_prompt_format(model_dir: Path) -> PromptFormat | None:
    """How a model must be asked, or None for a model that we did not train.

    Raises:
        ModelError: The record is broken, or the weights are not those that it names.
    """
    path = Path(model_dir) / RECORD
    if not path.is_file():
        return None
    record = read_json(path)
    if record.get("weights_sha256") != weights_hash(model_dir):
        raise ModelError(f"{model_dir}: damaged: its weights are not those that {RECORD} names")
    try:
        return PromptFormat(**record["prompt_format"])
    except (KeyError, TypeError) as error:
        raise ModelError(f"{path}: no prompt format in it") from error


def read_adapter_format(adapter_dir: Path) -> PromptFormat | None:
    """How a model with this adapter must be asked, or None where its record does not say.

    Raises:
        ModelError: The record is broken.
    """
    path = Path(adapter_dir) / RECORD
    value = read_json(path).get("prompt_format") if path.is_file() else None
    if value is None:
        return None
    try:
        return PromptFormat(**value)
    except TypeError as error:
        raise ModelError(f"{path}: no prompt format in it") from error


def write_adapter_record(adapter_dir: Path, base_dir: Path, record: Mapping[str, Any]) -> None:
    """Write beside an adapter which base it belongs to, its own hash, and `record` (command, seed, figures)."""
    content = {
        "base_weights_sha256": weights_hash(base_dir),
        "adapter_weights_sha256": weights_hash(adapter_dir),
        **record,
    }
    write_json(Path(adapter_dir) / RECORD, content)


def verify_adapter(base_dir: Path, adapter_dir: Path) -> None:
    """Check that an adapter belongs to a base, without loading either.

    An adapter without our record is a user's own: of that only its configuration can be checked.

    Args:
        base_dir: The base's model folder.
        adapter_dir: The adapter's folder, in peft's layout.

    Raises:
        ModelError: A file is missing or damaged, the adapter is no LoRA, or it was made for another base.
    """
    settings = read_adapter_config(adapter_dir)
    _verify_listed(adapter_dir)
    if not any(path for pattern in WEIGHT_FILES for path in Path(adapter_dir).glob(pattern)):
        raise ModelError(f"{adapter_dir}: no {ADAPTER_WEIGHTS} here")
    path = Path(adapter_dir) / RECORD
    if not path.is_file():
        _check_base_name(base_dir, adapter_dir, settings)
        return
    record = read_json(path)
    if record.get("adapter_weights_sha256") != weights_hash(adapter_dir):
        raise ModelError(f"{adapter_dir}: damaged: its weights are not those that {RECORD} names")
    expected, found = record.get("base_weights_sha256"), weights_hash(base_dir)
    if expected != found:
        raise ModelError(
            f"{adapter_dir}: this adapter was made for another base (weights {str(expected)[:12]}) than the one in "
            f"{base_dir} ({found[:12]}): give the base that it was trained on, or no adapter"
        )


def verify_base(model_dir: Path) -> None:
    """Check a model folder without loading it: it has a configuration and weights, and those are the ones on record, if
    there is a record.

    Raises:
        ModelError: A file is missing or damaged; the message names it.
    """
    if not (Path(model_dir) / "config.json").is_file():
        raise ModelError(f"{model_dir}: no model here (config.json is missing)")
    weights_hash(model_dir)
    _verify_listed(model_dir)
    read_prompt_format(model_dir)


def read_adapter_config(adapter_dir: Path) -> dict[str, Any]:
    """The checked `adapter_config.json` of a LoRA.

    Raises:
        ModelError: It is missing or broken, not a LoRA, or has no positive rank.
    """
    path = Path(adapter_dir) / ADAPTER_CONFIG
    if not path.is_file():
        raise ModelError(f"{adapter_dir}: no adapter ({ADAPTER_CONFIG} is missing)")
    settings = read_json(path)
    if settings.get("peft_type") != "LORA":
        raise ModelError(f"{path}: peft_type is {settings.get('peft_type')!r}, only LORA can be used")
    rank = settings.get("r")
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        raise ModelError(f"{path}: rank {rank!r} is no positive integer")
    return settings


def build_manifest(weights_dir: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of `weights_dir`: every file of its parts and how base and adapter belong together, plus `facts`.

    Raises:
        ModelError: Base or adapter is missing, or they do not belong together.
    """
    weights_dir = Path(weights_dir)
    verify_adapter(weights_dir / "base", weights_dir / "adapter")
    files = {}
    for part in _PARTS:
        for path in sorted((weights_dir / part).rglob("*")):
            if path.is_file():
                record = hash_file(path)
                files[path.relative_to(weights_dir).as_posix()] = {"sha256": record.sha256, "bytes": record.n_bytes}
    return {"base_weights_sha256": weights_hash(weights_dir / "base"), "files": files, **facts}


def write_manifest(weights_dir: Path, facts: Mapping[str, Any]) -> None:
    """Write `build_manifest` to `weights_dir`."""
    write_json(Path(weights_dir) / MANIFEST, build_manifest(weights_dir, facts))


def verify_manifest(weights_dir: Path) -> dict[str, Any]:
    """Check every file that the manifest lists, and that no other is there; return the manifest.

    Raises:
        ModelError: The manifest is missing, or a file is missing, damaged or unlisted; the message names it.
    """
    weights_dir = Path(weights_dir)
    manifest = read_json(weights_dir / MANIFEST)
    files = manifest.get("files", {})
    _check_files(weights_dir, files)
    for part in _PARTS:
        for path in sorted((weights_dir / part).rglob("*")):
            if path.is_file() and path.relative_to(weights_dir).as_posix() not in files:
                raise ModelError(f"{path}: not listed in {MANIFEST}")
    return manifest


def _verify_listed(folder: Path) -> None:
    """Check the files of `folder` that a manifest beside it lists, if there is one."""
    folder = Path(folder)
    path = folder.parent / MANIFEST
    if path.is_file():
        files = read_json(path).get("files", {})
        _check_files(
            folder.parent, {name: value for name, value in files.items() if name.startswith(f"{folder.name}/")}
        )


def _check_files(root: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    for name, expected in files.items():
        path = root / name
        if not path.is_file():
            raise ModelError(f"{path}: missing, but listed in {MANIFEST}")
        found = hash_file(path)
        if (found.sha256, found.n_bytes) != (expected["sha256"], expected["bytes"]):
            raise ModelError(
                f"{path}: damaged: not the file that {MANIFEST} lists "
                f"({found.n_bytes} bytes, expected {expected['bytes']})"
            )


def _check_base_name(base_dir: Path, adapter_dir: Path, settings: Mapping[str, Any]) -> None:
    """Whatever a user's adapter says of its base must not speak against the base at hand."""
    config_path = Path(base_dir) / "config.json"
    parent = settings.get("auto_mapping") or {}
    expected = parent.get("base_model_class")
    if not expected or not config_path.is_file():
        return
    found = read_json(config_path).get("architectures") or []
    if found and expected not in found:
        raise ModelError(f"{adapter_dir}: made for a {expected}, but the base in {base_dir} is a {found[0]}")
