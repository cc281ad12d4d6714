"""A page is one file that loads nothing, runs its own script only, and shows every name as it is."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arc_solver.candidates import Candidate, GridEvidence, Origin
from arc_solver.errors import InputError
from arc_solver.grids import as_grid
from arc_solver.journal import JournalContents
from arc_solver.report.answers import Run
from arc_solver.report.content import report_content
from arc_solver.report.draw import PALETTE, SAFE_PALETTE
from arc_solver.report.packing import script_json
from arc_solver.report.writing import SCRIPTS, render, write_page
from arc_solver.tasks import Challenges, Pair, Task

PAGE = Path(__file__).parents[2] / "arc_solver" / "report" / "page"


class Elements(HTMLParser):
    """What a browser would see: every element with its attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.is_open = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.texts.append("")
        self.is_open = True

    def handle_endtag(self, tag: str) -> None:
        self.is_open = False

    def handle_data(self, data: str) -> None:
        if self.is_open:
            self.texts[-1] += data

    def text_of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        pairs = zip(self.found, self.texts, strict=True)
        return [(attributes, text) for (name, attributes), text in pairs if name == tag]


@pytest.fixture(scope="module")
def content(made_up: Any) -> dict[str, Any]:
    return report_content(made_up.run, made_up.challenges, made_up.truth, where="</script>{{script}}<i>")


@pytest.fixture(scope="module")
def elements(content: dict[str, Any]) -> Elements:
    return Elements(render(content | {"title": '"><script>alert(1)</script>{{content}}'}))


def test_the_data_is_there_unharmed_and_no_name_in_it_became_an_element(
    content: dict[str, Any], elements: Elements
) -> None:
    scripts = elements.text_of("script")
    assert [attributes.get("type") for attributes, _ in scripts] == ["application/json", None]
    told = json.loads(scripts[0][1])
    assert told | {"title": 0} == json.loads(json.dumps(content)) | {"title": 0}
    assert not any(attributes.get("id") == "evil" for _, attributes in elements.found)
    assert elements.text_of("title")[0][1] == '"><script>alert(1)</script>{{content}}'


def test_nothing_is_loaded_and_only_what_stands_there_may_run(elements: Elements) -> None:
    (policy,) = [a["content"] for _, a in elements.found if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, index in (("style", 0), ("script", 1)):
        digest = hashlib.sha256(elements.text_of(tag)[index][1].encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    addresses = [a[name] or "" for _, a in elements.found for name in ("src", "href", "action", "data") if a.get(name)]
    assert addresses
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert not any(name.startswith("on") or name == "style" for _, a in elements.found for name in a)


def test_the_page_s_own_files_name_no_address_and_write_no_markup() -> None:
    for path in PAGE.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(
            r"https?:|@import|url\(|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(", text
        )


def test_every_file_of_the_page_is_used_and_packaged() -> None:
    assert {path.name for path in PAGE.iterdir()} == {*SCRIPTS, "style.css", "page.html"}
    settings = tomllib.loads((PAGE.parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert "report/page/*" in settings["tool"]["setuptools"]["package-data"]["arc_solver"]


def test_a_page_replaces_the_one_before_as_a_whole(tmp_path: Path, content: dict[str, Any]) -> None:
    target = tmp_path / "report.html"
    target.write_text("before")
    size = write_page(target, content)
    assert target.stat().st_size == size
    assert target.read_text(encoding="utf-8") == render(content)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, content: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_page(tmp_path / "none" / "report.html", content)


def test_four_hundred_tasks_of_noise_stay_below_ten_megabytes() -> None:
    rng = np.random.default_rng(0)
    noise = [as_grid(rng.integers(0, 10, (30, 30))) for _ in range(21)]
    task = Task("noise", tuple(map(Pair, noise[:4], noise[4:8])), (noise[8],))
    answers = [Candidate("noise", {0: one}, Origin("transduction"), GridEvidence(-1.0, 9)) for one in noise[9:]]
    run = Run("noise", None, JournalContents("key", tuple(answers)))
    told = report_content(run, Challenges((task,), (), ("noise",)))["tasks"][0]
    assert 400 * len(script_json(told)) + len(render({"title": ""})) < 10e6


def seen(color: str, matrix: Any) -> Any:
    """A colour in CIELAB as eyes see it of which `matrix` (on linear RGB) is a model."""
    srgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ np.clip(np.array(matrix) @ linear, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# Machado, Oliveira and Fernandes (2009), severity 1.
EYES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "none": np.eye(3).tolist(),
}


def closest(palette: tuple[str, ...], eyes: str) -> float:
    colors = [seen(color, EYES[eyes]) for color in palette]
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(colors, 2))


@pytest.mark.parametrize("eyes", EYES)
def test_the_safe_colours_stay_apart_for_colour_blind_eyes(eyes: str) -> None:
    assert closest(SAFE_PALETTE, eyes) > 29


def test_they_do_so_better_than_the_usual_ones() -> None:
    assert min(closest(PALETTE, eyes) for eyes in EYES) < 10
