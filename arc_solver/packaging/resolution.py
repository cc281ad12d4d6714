"""Which wheels a target needs: found by pip's resolver once, then written down.

What was found is a lock, a list of files with their digests. Locks for the usual targets ship beside this module, so
that a bundle that is built next month holds the same bytes; for others the cache keeps one. Downloads nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

from arc_solver import __version__
from arc_solver.errors import InputError
from arc_solver.finetune.manifest import hash_file
from arc_solver.packaging.images import Target
from arc_solver.packaging.pip_process import Machine, run
from arc_solver.packaging.stubs import write_stubs

OWN = "arc_solver"
_LOCKS = "locks"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file of a wheelhouse.

    Attributes:
        name: Of the package, normalised.
        version: Of the package, with its local part.
        file: Name of the file.
        sha256: Digest of its content; empty if it is not known yet.
        n_bytes: Its size; 0 if it is not known yet.
    """

    name: str
    version: str
    file: str
    sha256: str = ""
    n_bytes: int = 0

    def pin(self) -> str:
        """The requirement that only this version fulfils."""
        return f"{self.name}=={self.version}"


def normalised(name: str) -> str:
    """A package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def roots(target: Target) -> tuple[str, ...]:
    """What the wheelhouse and the image must fulfil together, our own package included."""
    own = OWN if target.wheels == "none" else f"{OWN}[llm]"
    return (*target.roots(), f"{own}=={__version__}")


def read_lock(target: Target, own: Iterable[str], cache: Path) -> tuple[Wheel, ...] | None:
    """The wheels of an earlier resolution of the same target: one that ships with the package, else the cache's.

    Args:
        target: What the wheels are for.
        own: What our package requires, a line each.
        cache: The folder of `downloading`.
    """
    key = fingerprint(target, own)
    shipped = resources.files(__package__) / _LOCKS
    places = sorted(shipped.iterdir(), key=lambda place: place.name) if shipped.is_dir() else []
    for place in (*places, cached_lock(target, own, cache)):
        if place.name.endswith(".json") and place.is_file():
            value = json.loads(place.read_text(encoding="utf-8"))
            if value["target"] == key:
                return tuple(Wheel(**item) for item in value["wheels"])
    return None


def write_lock(target: Target, own: Iterable[str], wheels: Iterable[Wheel], path: Path) -> None:
    """Write down which wheels a target needs."""
    value = {"target": fingerprint(target, own), "wheels": [asdict(wheel) for wheel in wheels]}
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def cached_lock(target: Target, own: Iterable[str], cache: Path) -> Path:
    """Where the cache keeps the lock of a target."""
    return cache / f"{fingerprint(target, own)[:16]}.lock.json"


def lock_name(target: Target) -> str:
    """Under which name the package carries the lock of a target."""
    return f"{target.image.name}-{target.wheels}-py{target.python}.json"


def fingerprint(target: Target, own: Iterable[str]) -> str:
    """Equal for targets that need the same wheels."""
    value = [
        [root for root in roots(target) if not root.startswith(OWN)],
        sorted(own),
        target.constraints(),
        target.present(),
        target.python,
        target.image.glibc,
    ]
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def resolve(target: Target, own_wheel: Path) -> tuple[Wheel, ...]:
    """Ask pip which wheels the target needs beside our own and what its image has.

    Args:
        target: What the wheels are for.
        own_wheel: Our wheel, whose requirements count too.

    Returns:
        The wheels, by name.

    Raises:
        InputError: They cannot be found, or not in versions that agree.
    """
    variant = target.present()[0]
    with TemporaryDirectory(prefix="arc-solver-") as temporary:
        folder = Path(temporary)
        constraints = write_stubs(folder / "stubs", variant)
        bounds = folder / "bounds.txt"
        bounds.write_text("".join(f"{line}\n" for line in target.constraints()), encoding="utf-8")
        report = folder / "report.json"
        answer = run(
            machine_of(target),
            [
                "install", "--dry-run", "--ignore-installed", f"--report={report}",
                f"--target={folder / 'nowhere'}", f"--constraint={constraints}", f"--constraint={bounds}",
                f"--find-links={folder / 'stubs'}", f"--find-links={own_wheel.parent}",
                *roots(target),
            ]
        )  # fmt: skip
        if not answer.good:
            raise InputError(f"wheels for {describe(target)}: {answer.reason}{_advice(target)}")
        items = json.loads(report.read_text(encoding="utf-8"))["install"]
    skipped = {normalised(name) for name in (*variant, OWN)}
    wheels = (_wheel(item) for item in items if normalised(item["metadata"]["name"]) not in skipped)
    return tuple(sorted(wheels, key=lambda wheel: wheel.name))


def machine_of(target: Target) -> Machine:
    """For what pip chooses wheels."""
    return Machine(target.python, target.image.glibc)


def describe(target: Target) -> str:
    """A target in a few words."""
    return f"{target.accelerator} ({target.wheels}, Python {target.python}, image {target.image.name})"


def own_requirements(own_wheel_metadata: str) -> tuple[str, ...]:
    """What our package requires to be itself and to run models, out of its METADATA."""
    lines = own_wheel_metadata.splitlines()
    required = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    return tuple(line for line in required if "extra ==" not in line or 'extra == "llm"' in line)


def _wheel(item: Mapping[str, Any]) -> Wheel:
    found = item["metadata"]
    address = urlsplit(item["download_info"]["url"])
    file = unquote(address.path.rpartition("/")[2])
    digest = item["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256", "")
    local = Path(unquote(address.path)) if address.scheme == "file" else None
    if local is not None and local.is_file():
        record = hash_file(local)
        return Wheel(normalised(found["name"]), found["version"], file, record.sha256, record.n_bytes)
    return Wheel(normalised(found["name"]), found["version"], file, digest)


def _advice(target: Target) -> str:
    if target.accelerator == "cpu" and target.wheels == "full":
        return (
            f". Is pip shown an index with CPU builds of torch for Python {target.python}? Without one, use "
            "--wheels overlay, or --python with a version for which it has one"
        )
    return ""
