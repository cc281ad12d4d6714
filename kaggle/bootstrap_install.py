"""The bundle's files on Kaggle: found in every layout, compared with the manifest, and its wheels put beside the image.

Standard library only, since it runs before anything is installed. Knows nothing of tasks and submissions.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

OWN = "arc-solver"


def say(text: str) -> None:
    """A line for whoever reads the notebook."""
    print(text, flush=True)


def part_folders(manifest: Mapping[str, Any], first: Path, inputs: Path) -> dict[int, list[Path]]:
    """Where the datasets of a bundle may be mounted: number of the part, from 1 -> folders, likeliest first."""
    folders: dict[int, list[Path]] = {}
    for number, part in enumerate(manifest["parts"], start=1):
        owner, _, slug = part["id"].partition("/")
        beside = [first] if number == 1 else [first.parent / slug, first.parent / part["folder"]]
        anywhere = [inputs / slug, inputs / "datasets" / owner / slug, *sorted(inputs.glob(f"*/*/{slug}"))]
        folders[number] = [path for path in dict.fromkeys([*beside, *anywhere]) if path.is_dir()]
    return folders


def verify(
    manifest: Mapping[str, Any], folders: Mapping[int, Sequence[Path]]
) -> tuple[dict[str, Path], dict[str, str]]:
    """Compare every file with the manifest: size and sha256.

    Returns:
        Name -> where the whole file lies; name -> what is wrong with it.
    """
    began_s, places, damaged = time.monotonic(), {}, {}
    n_bytes = sum(file["bytes"] for file in manifest["files"].values())
    of = f"{len(manifest['files'])} files, {n_bytes / 2**20:,.1f} MiB"
    say(f"bundle {manifest['version']} ({manifest['accelerator']}, wheels {manifest['wheels']}): reading {of}")
    with ThreadPoolExecutor(4) as threads:
        looked = threads.map(lambda item: _look_at(item[0], item[1], folders), manifest["files"].items())
        for name, found in zip(manifest["files"], looked, strict=True):
            if isinstance(found, Path):
                places[name] = found
            else:
                damaged[name] = found
    for name, problem in damaged.items():
        say(f"PROBLEM: {name}: {problem}")
    if not damaged:
        say(f"every file is as the manifest says ({time.monotonic() - began_s:.1f} s)")
    return places, damaged


def _look_at(name: str, expected: Mapping[str, Any], folders: Mapping[int, Sequence[Path]]) -> Path | str:
    problem = "is missing; attach every dataset of the bundle, or build and upload it again"
    for folder in folders.get(expected["part"], ()):
        path = folder / name
        try:
            n_bytes = path.stat().st_size
            if n_bytes != expected["bytes"]:
                problem = f"is damaged: {n_bytes} bytes instead of {expected['bytes']}; upload it again"
            elif sha256_of(path) != expected["sha256"]:
                problem = "is damaged: its sha256 differs from the manifest's; upload it again"
            else:
                return path
        except FileNotFoundError:
            continue
        except OSError as error:
            problem = f"cannot be read: {error}"
    return problem


def sha256_of(path: Path) -> str:
    """Digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 22):
            digest.update(piece)
    return digest.hexdigest()


def as_one_tree(first: Path, places: Mapping[str, Path], damaged: Mapping[str, str], tree: Path) -> Path:
    """One folder with every whole file in its place: the dataset itself, or links where it has parts or damage."""
    if not damaged and all(path == first / name for name, path in places.items()):
        return first
    for name, path in places.items():
        link = tree / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    return tree


def install(manifest: Mapping[str, Any], folder: Path, damaged: Mapping[str, str], site: Path) -> bool:
    """Put the wheels beside the image, never into it: what the notebook itself runs on stays as it was.

    Args:
        manifest: Of the bundle.
        folder: The bundle as one tree.
        damaged: Name of a file -> what is wrong with it.
        site: Where the wheels go; it is on PYTHONPATH.

    Returns:
        Whether the package can be used.
    """
    began_s = time.monotonic()
    wanted = installable(manifest, folder, damaged)
    if not wanted:
        say("PROBLEM: the package's own wheel is damaged or missing: the first answers stay")
        return False
    problem = _pip(manifest, folder, wanted, site)
    if problem and len(wanted) > 1:
        say(f"PROBLEM: not everything can be installed: {problem}")
        wanted = [item for item in wanted if canonical(item) == OWN]
        shutil.rmtree(site, ignore_errors=True)
        problem = _pip(manifest, folder, wanted, site)
    problem = problem or _try_package()
    if problem:
        say(f"PROBLEM: the package cannot be used, the first answers stay: {problem}")
        return False
    say(f"installed {len(wanted)} wheels in {time.monotonic() - began_s:.1f} s, without the network")
    return True


def installable(manifest: Mapping[str, Any], folder: Path, damaged: Mapping[str, str]) -> list[str]:
    """The pinned requirements whose wheels are whole and fit this image, without those that need others; ours last."""
    pinned = list(manifest["install"])
    misfit = image_problem(manifest["assumes"]) if len(pinned) > 1 else ""
    if misfit:
        say(f"PROBLEM: {misfit}: only the package itself is installed, the model runs with what the image has")
        pinned = [item for item in pinned if canonical(item) == OWN]
    wheels = {canonical(name.rpartition("/")[2]): name for name in manifest["files"] if name.endswith(".whl")}
    gone = {name for name, file in wheels.items() if file in damaged}
    needs = {name: needs_of(folder / file) for name, file in wheels.items() if name not in gone} if gone else {}
    lost = set(gone)
    while more := {name for name, needed in needs.items() if needed & lost and name != OWN} - lost:
        lost |= more
    left_out = sorted(name for name in map(canonical, pinned) if name in lost)
    if left_out:
        say(f"PROBLEM: left out, since a wheel is damaged or missing: {', '.join(left_out)}")
    kept = [item for item in pinned if canonical(item) not in lost]
    return kept if any(canonical(item) == OWN for item in kept) else []


def canonical(name: str) -> str:
    """The project of a requirement or of a wheel's file name, in the one spelling that can be compared."""
    return re.sub(r"[-_.]+", "-", re.split(r"==|-\d", name, maxsplit=1)[0]).lower()


def needs_of(wheel: Path) -> set[str]:
    """The projects that a wheel says it needs, those of extras left out."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode(errors="replace").partition("\n\n")[0].splitlines()
    wanted = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("requires-dist:")]
    return {canonical(re.split(r"[ ;<>=!~\[(]", item, maxsplit=1)[0]) for item in wanted if "extra ==" not in item}


def image_problem(assumes: Mapping[str, Any]) -> str:
    """Why the wheels do not fit this image; empty if they do."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if assumes["python"] != here:
        return f"the wheels are for Python {assumes['python']}, this is {here}"
    wanted = assumes.get("torch")
    try:
        torch = metadata.version("torch")
    except metadata.PackageNotFoundError:
        torch = ""
    if wanted and wanted.partition("+")[0] != torch.partition("+")[0]:
        return f"the wheels are built for torch {wanted}, the image has {torch or 'none'}"
    return ""


def _pip(manifest: Mapping[str, Any], folder: Path, wanted: Sequence[str], site: Path) -> str:
    """Install into a folder; what went wrong, or nothing."""
    places = sorted({str((folder / name).parent) for name in manifest["files"] if name.endswith(".whl")})
    found = [part for place in places for part in ("--find-links", place)]
    options = [*manifest["install_options"], "--disable-pip-version-check", "--no-compile", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), *found, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return "" if done.returncode == 0 else " ".join(lines[-3:]) or f"pip ended with {done.returncode}"


def _try_package() -> str:
    code = "import arc_solver.cli, numpy; print(arc_solver.__version__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no message"])[-1]
