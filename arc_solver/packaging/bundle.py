"""The story of a bundle: weights, wheels, manifest, notebook; built beside its place and moved there when it is whole.

Everything that can be refused is refused before the first download. Nothing in a bundle depends on the clock, on the
machine or on the order of a directory, so the same inputs give the same bytes. Knows the order of things; how each is
done, the other modules of this room know.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from arc_solver.errors import InputError
from arc_solver.finetune.manifest import hash_file
from arc_solver.packaging.closure import find_gaps
from arc_solver.packaging.downloading import fetch
from arc_solver.packaging.images import Target
from arc_solver.packaging.manifest import (
    MANIFEST_FILE,
    Placed,
    build_manifest,
    closure_of,
    find_damage,
    read_manifest,
)
from arc_solver.packaging.metadata import (
    DATASET_FILE,
    KERNEL_FILE,
    NOTEBOOK_FILE,
    Names,
    check_competition,
    check_model_source,
    dataset_metadata,
    kernel_metadata,
)
from arc_solver.packaging.notebook import make_notebook
from arc_solver.packaging.parts import Limits, part_folder, split
from arc_solver.packaging.payload import Payload, choose_payload
from arc_solver.packaging.pip_process import check_pip
from arc_solver.packaging.resolution import (
    Wheel,
    cached_lock,
    describe,
    own_requirements,
    read_lock,
    resolve,
    write_lock,
)
from arc_solver.packaging.wheel import BOOTSTRAP, ENTRY, build_wheel, outside_source

_WHEELS = "wheels"
_NOTEBOOK = "notebook"


@dataclass(frozen=True, slots=True)
class Order:
    """What shall be built.

    Attributes:
        out: Folder of the bundle; an older bundle there is replaced when the new one is whole.
        names: Under which it is uploaded.
        target: For what machine.
        model: The user's causal LM; None for the bundled weights.
        adapter: The user's LoRA, or `none`; None for what belongs to the model.
        competition: Slug of the competition that the notebook takes its tasks from; empty for none.
        model_sources: Kaggle models that the notebook needs.
        cache: Where wheels are kept between builds.
        limits: Of one dataset.
        resolves_anew: Ask the index again instead of taking a lock.
    """

    out: Path
    names: Names
    target: Target
    cache: Path
    model: Path | None = None
    adapter: str | None = None
    competition: str = ""
    model_sources: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    resolves_anew: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle.

    Attributes:
        folder: Where it lies.
        manifest: Its manifest.
        warnings: Worth telling, a line each.
    """

    folder: Path
    manifest: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    def part_bytes(self) -> dict[str, int]:
        """Folder of each part -> bytes of its files."""
        sizes = {part["folder"]: 0 for part in self.manifest["parts"]}
        for file in self.manifest["files"].values():
            sizes[part_folder(file["part"])] += file["bytes"]
        return sizes

    def upload_commands(self) -> tuple[str, ...]:
        """What to type, in order; without `-r zip` the client would skip the folders."""
        create = [f"kaggle datasets create -r zip -p {self.folder / part['folder']}" for part in self.manifest["parts"]]
        return (*create, f"kaggle kernels push -p {self.folder / _NOTEBOOK}")

    def renew_commands(self) -> tuple[str, ...]:
        """What to type when the datasets exist already."""
        version = 'kaggle datasets version -r zip -m "new version" -p'
        renew = [f"{version} {self.folder / part['folder']}" for part in self.manifest["parts"]]
        return (*renew, f"kaggle kernels push -p {self.folder / _NOTEBOOK}")


class Teller(Protocol):
    """Who is told how a build goes on."""

    def stage(self, text: str) -> None:
        """A new stage begins."""

    def expect(self, n_files: int, n_bytes: int) -> None:
        """So many wheels are needed, of so many bytes; 0 bytes if that is not known yet."""

    def moved(self, n_files: int, n_bytes: int) -> None:
        """So many of them are there."""


def build(order: Order, teller: Teller) -> Bundle:
    """Build a bundle.

    Args:
        order: What shall be built.
        teller: Told of stages and downloads.

    Returns:
        The bundle, its wheels proven complete.

    Raises:
        InputError: A name, a file or a wheel cannot be used; the message says which and why.
        ModelError: The weights cannot be used, or do not belong together.
    """
    check_competition(order.competition)
    for source in order.model_sources:
        check_model_source(source)
    _check_place(order.out)
    check_pip()
    teller.stage("weights")
    payload = choose_payload(order.target, order.model, order.adapter)
    building = order.out.with_name(order.out.name + ".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        with TemporaryDirectory(prefix="arc-solver-") as temporary:
            own = build_wheel(Path(temporary))
            wheels = gather(order.target, own, order.cache, teller, resolves_anew=order.resolves_anew)
            files = _collect(payload, own, wheels, order.cache)
            teller.stage("copying and hashing")
            manifest = _lay_out(order, building, payload, wheels, files)
        bundle = Bundle(order.out, manifest, payload.warnings)
        teller.stage("proving that the wheels are complete")
        problems = find_problems(building)
        if problems:
            raise InputError(f"the bundle is not complete: {'; '.join(problems)}")
        _replace(building, order.out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return bundle


def gather(target: Target, own: Path, cache: Path, teller: Teller, *, resolves_anew: bool = False) -> tuple[Wheel, ...]:
    """Make sure that every wheel of others is in the cache.

    Args:
        target: What the wheels are for.
        own: Our wheel.
        cache: Where wheels are kept.
        teller: Told of stages and downloads.
        resolves_anew: Ask the index again instead of taking a lock.

    Returns:
        The wheels, with digests and sizes.

    Raises:
        InputError: They cannot be had.
    """
    if not target.roots():
        return ()
    requirements = own_requirements(_metadata_of(own))
    cache.mkdir(parents=True, exist_ok=True)
    wheels = plan_wheels(target, own, cache, teller, resolves_anew=resolves_anew)
    teller.stage(f"wheels for {describe(target)}")
    known = all(wheel.n_bytes for wheel in wheels)
    teller.expect(len(wheels), sum(wheel.n_bytes for wheel in wheels) if known else 0)
    wheels = fetch(wheels, target, cache, teller)
    write_lock(target, requirements, wheels, cached_lock(target, requirements, cache))
    return wheels


def plan_wheels(
    target: Target, own: Path, cache: Path, teller: Teller, *, resolves_anew: bool = False
) -> tuple[Wheel, ...]:
    """Which wheels of others are needed: what a lock says, else what pip finds. Nothing is downloaded.

    Raises:
        InputError: They cannot be found.
    """
    if not target.roots():
        return ()
    requirements = own_requirements(_metadata_of(own))
    wheels = None if resolves_anew else read_lock(target, requirements, cache)
    if wheels is None:
        teller.stage(f"asking the package index what {describe(target)} needs")
        wheels = resolve(target, own)
        cache.mkdir(parents=True, exist_ok=True)
        write_lock(target, requirements, wheels, cached_lock(target, requirements, cache))
    return wheels


def check(folder: Path) -> Bundle:
    """A bundle that was built before, looked at again: every file, and whether its wheels are complete.

    Raises:
        InputError: Something is missing, damaged or too much; the message names all of it.
    """
    manifest = read_manifest(folder)
    check_pip()
    problems = find_problems(folder)
    if problems:
        raise InputError("; ".join(problems))
    return Bundle(folder, manifest)


def find_problems(folder: Path) -> list[str]:
    """What is wrong with a bundle: files that are missing, damaged or unlisted, wheels that others need."""
    manifest = read_manifest(folder)
    problems = find_damage(folder, manifest)
    gap = find_gaps(closure_of(manifest), [folder / part["folder"] / _WHEELS for part in manifest["parts"]])
    return [*problems, f"wheels: {gap}"] if gap else problems


def _check_place(out: Path) -> None:
    """A folder that is no bundle is never replaced."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: is a file")
    if out.is_dir() and any(out.iterdir()) and not (out / part_folder(1) / MANIFEST_FILE).is_file():
        raise InputError(f"--out {out}: holds something else than a bundle; give a new folder")


def _collect(payload: Payload, own: Path, wheels: Sequence[Wheel], cache: Path) -> dict[str, Path]:
    """Every file of the bundle: its name there -> where it is now."""
    files = {name: outside_source(name) for name in (ENTRY, *BOOTSTRAP)}
    files |= {f"{_WHEELS}/{own.name}": own, **payload.files}
    return files | {f"{_WHEELS}/{wheel.file}": cache / wheel.file for wheel in wheels}


def _lay_out(
    order: Order, building: Path, payload: Payload, wheels: Sequence[Wheel], files: Mapping[str, Path]
) -> dict[str, Any]:
    """Copy files into their parts and write what describes them, the manifest last."""
    numbers = split({name: path.stat().st_size for name, path in files.items()}, order.limits)
    placed = {}
    for name, path in files.items():
        copy = building / part_folder(numbers[name]) / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        record = hash_file(copy)
        placed[name] = Placed(record.n_bytes, record.sha256, numbers[name])
    manifest = build_manifest(order.target, order.names, payload, wheels, placed, order.competition)
    n_parts = len(manifest["parts"])
    for number in range(1, n_parts + 1):
        _write_json(building / part_folder(number) / DATASET_FILE, dataset_metadata(order.names, number))
    notebook = building / _NOTEBOOK
    notebook.mkdir()
    kernel = kernel_metadata(order.names, order.target, n_parts, order.competition, order.model_sources)
    _write_json(notebook / KERNEL_FILE, kernel)
    (notebook / NOTEBOOK_FILE).write_text(make_notebook(manifest), encoding="utf-8")
    _write_json(building / part_folder(1) / MANIFEST_FILE, manifest)
    return manifest


def _replace(building: Path, out: Path) -> None:
    """Put the new bundle where the old one was."""
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        os.replace(out, old)
    os.replace(building, out)
    shutil.rmtree(old, ignore_errors=True)


def _metadata_of(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name).decode()


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
