"""Tells one model's files from another's, on whichever machine they lie. Knows nothing of what is in them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from arc_solver.config import RunConfig

_SAMPLED_BYTES = 1 << 16


def fingerprints(config: RunConfig) -> list[str]:
    """One for each of the model, its adapter and the cell model, whether they are there or not."""
    folders = (config.model, config.adapter, config.cells)
    return [_fingerprint(folder) for folder in folders]


def _fingerprint(folder: Path | None) -> str:
    """Reads no gigabytes: the size, the beginning and the end of each file (two adapters of one shape differ only in
    their numbers).
    """
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()) if folder is not None and folder.is_dir() else ():
        if path.is_file():
            n_bytes = path.stat().st_size
            digest.update(f"{path.name} {n_bytes} ".encode())
            with path.open("rb") as file:
                digest.update(file.read(_SAMPLED_BYTES))
                file.seek(max(0, n_bytes - _SAMPLED_BYTES))
                digest.update(file.read(_SAMPLED_BYTES))
    return digest.hexdigest()
