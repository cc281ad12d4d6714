"""Kaggle's metadata: what we refuse, and that the official client's own checks pass, offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_solver.errors import InputError
from arc_solver.packaging.images import load_target
from arc_solver.packaging.metadata import (
    DATASET_FILE,
    KERNEL_FILE,
    LICENCES,
    NOTEBOOK_FILE,
    Names,
    check_competition,
    check_model_source,
    dataset_metadata,
    kernel_metadata,
)

CLIENT = os.environ.get("ARC_SOLVER_KAGGLE_PYTHON", sys.executable)

# The client's own functions, with the two calls that reach the network replaced: whether such a dataset exists, and the
# connection. What is left are its checks of the files.
ASK_CLIENT = """
import sys
from kaggle.api.kaggle_api_extended import KaggleApi
from requests.exceptions import HTTPError

class NoNetwork(Exception): pass
def missing(self, ref): raise HTTPError("404")
def no_network(self, *args, **kwargs): raise NoNetwork
KaggleApi.dataset_status = missing
KaggleApi.upload_files = no_network
KaggleApi.build_kaggle_client = no_network
api = KaggleApi()
api.config_values = {"username": "some-one"}
for call, folder in ((api.dataset_create_new, sys.argv[1]), (api.kernels_push, sys.argv[2])):
    try:
        call(folder)
    except NoNetwork:
        print("accepted")
    except ValueError as error:
        print(f"refused: {error}")
"""


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"owner": ""}, "owner ''"),
        ({"owner": "Some One"}, "lower-case"),
        ({"owner": "some_one"}, "lower-case"),
        ({"owner": "-someone"}, "lower-case"),
        ({"owner": "insert-owner-here"}, "your Kaggle name"),
        ({"slug": "arc"}, "slug 'arc': has 3 characters, Kaggle wants 6 to 50"),
        ({"slug": "a" * 51}, "has 51 characters"),
        ({"slug": "Arc-Solver"}, "lower-case"),
        ({"slug": "arc--solver"}, "lower-case"),
        ({"slug": "arc/solver"}, "lower-case"),
        ({"title": "short"}, "title 'short': has 5 characters, Kaggle wants 6 to 50"),
        ({"title": "t" * 51}, "has 51 characters"),
        ({"title": " padded title"}, "spaces"),
        ({"subtitle": "too short"}, "subtitle 'too short': has 9 characters, Kaggle wants 20 to 80"),
        ({"subtitle": "s" * 81}, "has 81 characters"),
        ({"licence": "MIT"}, "Kaggle knows no such licence; choose from CC0-1.0"),
        ({"licence": "Apache-2.0"}, "did you mean apache-2.0"),
        ({"licence": ""}, "Kaggle knows no such licence"),
    ],
)
def test_wrong_names_are_refused_with_the_reason(changed: dict[str, str], reason: str) -> None:
    with pytest.raises(InputError) as caught:
        Names(**({"owner": "some-one"} | changed))
    assert reason in str(caught.value)


@given(
    st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True).filter(lambda slug: 6 <= len(slug) <= 50),
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=6, max_size=50),
    st.integers(1, 12),
)
def test_parts_and_the_notebook_keep_to_the_limits(slug: str, title: str, number: int) -> None:
    names = Names("some-one", slug, title)
    try:
        value = dataset_metadata(names, number)
    except InputError:
        assert len(f"{slug}-{number}") > 50
        return
    part = value["id"].partition("/")[2]
    assert 6 <= len(part) <= 50
    assert 6 <= len(value["title"]) <= 50
    assert 6 <= len(names.notebook()) <= 50


def test_every_part_has_its_own_address_and_title() -> None:
    values = [dataset_metadata(Names("some-one", title="t" * 50), number) for number in (1, 2, 3)]
    assert len({value["id"] for value in values}) == 3
    assert len({value["title"] for value in values}) == 3
    assert all(len(value["licenses"]) == 1 for value in values)


@pytest.mark.parametrize(
    ("accelerator", "shape"), [("t4x2", "NvidiaTeslaT4Highmem"), ("l4x4", "NvidiaL4"), ("cpu", None)]
)
def test_the_notebook_has_its_accelerator_and_no_internet(accelerator: str, shape: str | None) -> None:
    value = kernel_metadata(Names("some-one"), load_target(accelerator, "none"), 2, "arc-prize", [])
    assert value.get("machine_shape") == shape
    assert value["enable_gpu"] is (shape is not None)
    assert value["enable_internet"] is False
    assert value["is_private"] is True
    assert value["dataset_sources"] == ["some-one/arc-solver", "some-one/arc-solver-2"]
    assert value["competition_sources"] == ["arc-prize"]


def test_the_notebook_s_title_leads_to_its_address() -> None:
    value = kernel_metadata(Names("some-one", slug="my-own-bundle"), load_target("cpu", "none"), 1, "", [])
    assert value["title"].replace(" ", "-") == value["id"].partition("/")[2]
    assert value["competition_sources"] == []


def test_competitions_and_models_are_checked() -> None:
    check_competition("")
    check_competition("arc-prize-2026-arc-agi-2")
    check_model_source("owner/model/transformers/7b/1")
    with pytest.raises(InputError, match="last part of its address"):
        check_competition("https://somewhere/arc")
    for source in ("owner/model", "owner/model/transformers/7b/latest", "owner//transformers/7b/1"):
        with pytest.raises(InputError, match="OWNER/MODEL"):
            check_model_source(source)


def ask_client(tmp_path: Path, dataset: dict[str, object], kernel: dict[str, object]) -> list[str]:
    """What the official client says of a dataset's and a notebook's metadata."""
    probe = subprocess.run(
        [CLIENT, "-P", "-c", "import kaggle.api.kaggle_api_extended"], cwd=tmp_path, capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip("the official client is not installed (pip install 'arc_solver[kaggle]')")
    folders = tmp_path / "dataset", tmp_path / "notebook"
    for folder, name, value in zip(folders, (DATASET_FILE, KERNEL_FILE), (dataset, kernel), strict=True):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(value))
    (folders[1] / NOTEBOOK_FILE).write_text('{"cells": []}')
    done = subprocess.run(
        [CLIENT, "-P", "-c", ASK_CLIENT, *map(str, folders)],
        cwd=tmp_path,
        env=os.environ | {"KAGGLE_USERNAME": "some-one", "KAGGLE_KEY": "0" * 32, "KAGGLE_CONFIG_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_official_client_accepts_our_metadata(tmp_path: Path) -> None:
    names = Names("some-one", subtitle="A line that says what it is")
    dataset = dataset_metadata(names)
    kernel = kernel_metadata(names, load_target("t4x2", "none"), 2, "arc-prize", ["o/m/transformers/v/1"])
    assert ask_client(tmp_path, dataset, kernel) == ["accepted", "accepted"]


def test_the_official_client_refuses_what_we_refuse(tmp_path: Path) -> None:
    names = Names("some-one")
    good = dataset_metadata(names)
    kernel = kernel_metadata(names, load_target("t4x2", "none"), 1, "", [])
    bad: list[dict[str, object]] = [
        {"title": "short"}, {"title": "t" * 51}, {"id": "some-one/arc"}, {"licenses": []}, {"subtitle": "too short"},
    ]  # fmt: skip
    for changed in bad:
        told = ask_client(tmp_path, good | changed, kernel | {"language": "cobol"})
        assert [line.partition(":")[0] for line in told] == ["refused", "refused"], (changed, told)


def test_licences_are_written_once_each() -> None:
    assert len(set(LICENCES)) == len(LICENCES)
