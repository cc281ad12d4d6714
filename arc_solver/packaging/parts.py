"""Splits a bundle where it is larger than what Kaggle takes in one dataset.

A model's files must lie in one folder, wheels need not: a folder of weights goes into a part whole, wheels go where
there is room. Knows sizes and names only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arc_solver.errors import InputError

GB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a dataset may hold.

    Attributes:
        part_bytes: Most bytes in one dataset. Kaggle's documentation of datasets says 200 GB, for one dataset and for
            all private ones of an account together; 10 GB are left for what it adds.
        top_level: Most files and folders at the top of one dataset; Kaggle says 50.
    """

    part_bytes: int = 190 * GB
    top_level: int = 50


def split(sizes: Mapping[str, int], limits: Limits) -> dict[str, int]:
    """Put files into parts.

    Args:
        sizes: Name in the bundle, `/` between the parts -> bytes.
        limits: Of each part.

    Returns:
        Name -> number of its part, from 1. The first part holds what lies at the top.

    Raises:
        InputError: A file or a model is larger than a part may be, or there is too much at the top.
    """
    units: dict[str, list[str]] = {}
    for name in sorted(sizes, key=lambda name: (_rank(name), name)):
        top = name.partition("/")[0]
        units.setdefault(name if top == "wheels" else top, []).append(name)
    tops = {name.partition("/")[0] for name in sizes}
    if len(tops) > limits.top_level:
        raise InputError(f"{len(tops)} entries at the top of the dataset: Kaggle takes {limits.top_level}")
    numbers: dict[str, int] = {}
    used = [0]
    for unit, names in units.items():
        n_bytes = sum(sizes[name] for name in names)
        if n_bytes > limits.part_bytes:
            raise InputError(
                f"{unit}: {n_bytes} bytes, more than the {limits.part_bytes} that go into one dataset: upload it as a "
                "Kaggle model and attach it with --model-source, or give a larger --part-size"
            )
        room = next((index for index, taken in enumerate(used) if taken + n_bytes <= limits.part_bytes), len(used))
        if room == len(used):
            used.append(0)
        used[room] += n_bytes
        numbers |= dict.fromkeys(names, room + 1)
    return numbers


def part_folder(number: int) -> str:
    """Name of a part's folder in the bundle."""
    return "dataset" if number == 1 else f"dataset-{number}"


def _rank(name: str) -> int:
    """What lies at the top comes first, then weights, then wheels."""
    return 0 if "/" not in name else 2 if name.startswith("wheels/") else 1
