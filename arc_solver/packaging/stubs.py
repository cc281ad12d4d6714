"""Wheels without content that stand for packages which are there already, so that pip can count on them.

pip has no word for "this is installed on a machine that is not this one": told of an empty wheel with the right name
and version, its own resolver judges the rest, with every rule about versions, extras and markers. That is why the
closure is checked like this and not by a second resolver of ours, which would only be right where it agrees with pip.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from arc_solver.packaging.wheel import write_wheel

ALONE = "image"
"""Local version of a stub whose own version has none, so that it differs from what a registry has."""


def write_stubs(folder: Path, packages: Mapping[str, str]) -> Path:
    """Write a wheel for each package, and constraints that let pip take no other.

    Args:
        folder: Made if it is not there.
        packages: Name -> version.

    Returns:
        The file with the constraints.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, version in sorted(packages.items()):
        own = stub_version(version)
        identity = f"{re.sub(r'[-_.]+', '_', name)}-{own}"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {own}\n"
        wheel = "Wheel-Version: 1.0\nGenerator: arc_solver\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        files = {f"{identity}.dist-info/METADATA": metadata.encode(), f"{identity}.dist-info/WHEEL": wheel.encode()}
        write_wheel(folder / f"{identity}-py3-none-any.whl", f"{identity}.dist-info", files)
        lines.append(f"{name}=={own}\n")
    constraints = folder / "constraints.txt"
    constraints.write_text("".join(lines), encoding="utf-8")
    return constraints


def stub_version(version: str) -> str:
    """The version under which a package is stood for."""
    return version if "+" in version else f"{version}+{ALONE}"
