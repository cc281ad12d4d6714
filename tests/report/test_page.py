"""The page in a real browser, as people use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from arc_solver.report.answers import Run
from arc_solver.report.comparing import compare_runs, comparison_page
from arc_solver.report.content import report_content
from arc_solver.report.draw import PALETTE, SAFE_PALETTE
from arc_solver.report.packing import unpack
from arc_solver.report.writing import write_page


@pytest.fixture(scope="module")
def content(made_up: Any) -> dict[str, Any]:
    return report_content(made_up.run, made_up.challenges, made_up.truth, where="made up")


@pytest.fixture(scope="module")
def page(content: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_page(path, content)
    return path


@pytest.fixture
def opened(browser: Any, page: Path) -> Iterator[Any]:
    """A browser that shows the report; whatever the test does, nothing was asked for and nothing complained."""
    browser.look_like()
    browser.open(page)
    browser.run("localStorage.clear()")
    browser.open(page)
    yield browser
    assert browser.complaints() == []
    assert browser.requests() in ([page.as_uri()], [page.as_uri()] * 2)


def tiles(browser: Any) -> list[str]:
    shown: list[str] = browser.run("[...document.querySelectorAll('.tile')].map((one) => one.dataset.task)")
    return shown


def choose(browser: Any, selector: str, value: str) -> None:
    """Choose from a list."""
    browser.run(
        f"(() => {{ const one = document.querySelector('{selector}'); one.value = '{value}';"
        " one.dispatchEvent(new Event('change')); })()"
    )


def test_the_overview_shows_figures_and_every_task(opened: Any, made_up: Any) -> None:
    assert opened.text("h1") == "made up"
    assert opened.text(".card .figure") == "2 of 7"
    assert tiles(opened) == list(made_up.challenges.order)
    for title in ("Solved over time", "Who solved what", "Time spent", "What was rejected", "What broke"):
        assert opened.run(f"[...document.querySelectorAll('h2')].some((one) => one.innerText === {json.dumps(title)})")
    assert "killed by signal 9" in opened.text("#overview")
    assert opened.run("document.querySelectorAll('.chart .line').length") == 2


def test_the_script_unpacks_every_grid_as_python_does(opened: Any, content: dict[str, Any]) -> None:
    # The script keeps its names to itself: what it draws tells. For paper it draws all tiles, five pixels a cell.
    opened.run("dispatchEvent(new Event('beforeprint'))")
    drawn = opened.run(
        "[...document.querySelectorAll('.tile')].map((tile) => [...tile.querySelectorAll('canvas')].map((one) => {"
        " const pixels = one.getContext('2d').getImageData(0, 0, one.width, one.height).data, found = [];"
        " for (let y = 2; y < one.height; y += 5) { const row = []; found.push(row);"
        " for (let x = 2; x < one.width; x += 5) row.push([...pixels.slice(4 * (y * one.width + x)).slice(0, 3)]); }"
        " return found; }))"
    )
    runs = 0
    for task, canvases in zip(content["tasks"], drawn, strict=True):
        test = task["tests"][0]
        texts = [task["grids"][at] for at in (test["input"], test["runs"][0]["attempts"][0]["grid"]) if at is not None]
        runs += sum(any(character.isalpha() for character in text[1:]) for text in texts)
        seen = [[["#" + bytes(pixel).hex() for pixel in row] for row in canvas] for canvas in canvases]
        assert seen == [[[PALETTE[cell] for cell in row] for row in unpack(text)] for text in texts]
    assert runs > 1, "grids with runs of one colour must be among them"


def test_tasks_are_filtered_by_outcome_by_proposer_and_by_id(opened: Any) -> None:
    opened.click(".chip[data-group=near]")
    assert tiles(opened) == ["near", "unchosen"]
    opened.click(".chip[data-group=first]")
    assert tiles(opened) == ["at-once", "near", "unchosen"]
    choose(opened, "#by", "0")
    assert tiles(opened) == ["at-once"]
    opened.click("#clear")
    assert len(tiles(opened)) == 9
    opened.press("/")
    opened.wait("document.activeElement.id === 'search'")
    opened.type("CHO")
    assert tiles(opened) == ["unchosen"]
    assert "1 of 9" in opened.text("#n-shown")
    opened.type("zzz")
    assert tiles(opened) == []
    assert opened.text("#nothing") == "No task is like this."
    opened.press("Escape")
    assert len(tiles(opened)) == 9


def test_the_bar_and_the_overlap_show_their_tasks(opened: Any) -> None:
    opened.click(".outcome.tone-partly")
    assert tiles(opened) == ["partly"]
    opened.click(".overlap .bar")
    assert tiles(opened) == ["at-once"]
    assert "only search" in opened.text("#n-shown")


def test_tasks_can_be_ordered_by_outcome(opened: Any) -> None:
    choose(opened, "#sort", "outcome")
    assert tiles(opened)[:3] == ["at-once", "second", "partly"]
    assert tiles(opened)[-1] == "no-truth"


def test_a_task_is_opened_and_left_by_keys_alone(opened: Any) -> None:
    opened.press("/")
    opened.wait("document.activeElement.id === 'search'")
    opened.type("e")  # at-once, second, near, unchosen, left-out and the one of the hostile id
    among = tiles(opened)
    assert len(among) > 3
    opened.press("Enter")
    opened.wait("!document.querySelector('#task').hidden")
    assert opened.text("#task h1") == among[0]
    opened.press("ArrowRight")
    opened.press("ArrowRight")
    assert opened.text("#task h1") == among[2]
    opened.press("ArrowLeft")
    assert opened.text("#task h1") == among[1]
    opened.press("Escape")
    opened.wait("document.querySelector('#task').hidden")
    assert opened.run("document.activeElement.dataset.task") == among[1]
    opened.press("ArrowRight")
    assert opened.run("document.activeElement.dataset.task") == among[2]
    opened.press("?")
    assert opened.run("document.querySelector('#keys').open")
    opened.press("Escape")
    opened.wait("!document.querySelector('#keys').open")
    opened.press("/")
    opened.wait("document.activeElement.id === 'search'")
    opened.press("?")
    assert not opened.run("document.querySelector('#keys').open"), "a question mark in the search is only a character"


def test_a_task_s_page_shows_grids_differences_program_and_votes(browser: Any, page: Path) -> None:
    browser.look_like()
    browser.open(page, "#/task/at-once")
    assert browser.run("document.querySelectorAll('.pair').length") == 3
    text = browser.text("#task")
    for part in ("Right answer", "right", "first found after 5.0s", "fits 3 of 3 pairs", "fits every pair"):
        assert part in text
    assert browser.text("pre").startswith(
        "def task(grid):\n    # the last column comes first\n    return flip_vertical"
    )
    assert browser.run("document.querySelector('.code-w').title").startswith("")
    assert browser.run("document.querySelector('.code-k').innerText.trim()") == "def"
    browser.open(page, "#/task/near")
    assert "1 cell wrong (1.7%)" in browser.text("#task")
    rings = "document.querySelectorAll('.ring-inner').length"
    n_marked = browser.run(rings)
    assert n_marked >= 1
    browser.press("m")
    assert browser.run(rings) == 0
    browser.press("m")
    assert browser.run(rings) == n_marked
    assert "rejected: grid: ragged" in browser.text("#task")
    browser.open(page, "#/task/left-out")
    assert browser.text("#task").count("no answer") >= 2
    assert browser.complaints() == []


def test_a_hostile_id_is_only_text(browser: Any, page: Path, made_up: Any) -> None:
    task = made_up.challenges.malformed[0]
    browser.look_like()
    browser.open(page, "#/task/" + quote(task.task_id, safe=""))
    assert browser.run("document.querySelector('#task h1').textContent") == task.task_id
    assert browser.run("document.querySelector('#task .remark').textContent") == task.reason
    assert browser.run("document.querySelector('#evil')") is None
    assert browser.complaints() == []


@pytest.mark.parametrize("fragment", ["#/task/none", "#/task/%E0%A4%A", "#tasks", "#/nowhere"])
def test_an_address_that_leads_nowhere_shows_the_overview(browser: Any, page: Path, fragment: str) -> None:
    browser.look_like()
    browser.open(page, fragment)
    assert len(tiles(browser)) == 9
    assert not browser.run("document.querySelector('#overview').hidden")
    assert browser.complaints() == []


def test_the_browser_s_way_back_leads_to_where_one_was(opened: Any) -> None:
    opened.look_like(height=300)
    opened.run("document.querySelector('.tile[data-task=second]').scrollIntoView({ block: 'end' })")
    opened.run("scrollBy(0, 10)")
    scrolled = opened.run("scrollY")
    opened.run("location.hash = '#/task/second'")
    opened.wait("!document.querySelector('#task').hidden")
    assert opened.run("scrollY") == 0 < scrolled
    opened.press("ArrowRight")
    opened.press("ArrowLeft")
    opened.run("history.back()")
    opened.wait("document.querySelector('#task').hidden")
    assert len(tiles(opened)) == 9
    assert opened.run("scrollY") == scrolled


def background(browser: Any) -> int:
    """How light the page is, 0 to 255."""
    color = browser.run("getComputedStyle(document.body).backgroundColor")
    return int(color.removeprefix("rgb(").split(",")[0])


def test_the_theme_follows_the_system_until_it_is_chosen_and_is_remembered(opened: Any, page: Path) -> None:
    assert background(opened) > 200
    opened.look_like(dark=True)
    assert background(opened) < 60
    opened.press("t")
    assert opened.text("#theme") == "Light"
    assert background(opened) > 200
    opened.open(page)
    assert background(opened) > 200
    opened.click("#theme")
    opened.look_like(dark=False)
    assert background(opened) < 60


def test_colours_for_colour_blind_eyes_come_with_digits_and_are_remembered(opened: Any, page: Path) -> None:
    opened.open(page, "#/task/near")
    fills = "[...document.querySelectorAll('.grid path[fill]')].map((one) => one.getAttribute('fill'))"
    assert set(opened.run(fills)) <= set(PALETTE)
    assert opened.run("document.querySelectorAll('.digits').length") == 0
    opened.press("c")
    assert set(opened.run(fills)) <= set(SAFE_PALETTE)
    row = opened.run("[...document.querySelectorAll('.test .digits')].at(-1).textContent")
    assert row == "0123456789" * 6
    opened.open(page, "#/task/near")
    assert set(opened.run(fills)) <= set(SAFE_PALETTE)


@pytest.mark.parametrize("fragment", ["", "#/task/at-once"])
def test_it_prints(browser: Any, page: Path, fragment: str) -> None:
    browser.look_like(dark=True)
    browser.open(page, fragment)
    paper = browser.print()
    assert paper.startswith(b"%PDF")
    assert len(paper) > 10_000
    undrawn = browser.run("[...document.querySelectorAll('#overview canvas')].filter((one) => one.width === 1).length")
    assert undrawn == 0
    assert browser.complaints() == []


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_nothing_sticks_out_of_the_window(browser: Any, page: Path, width: int) -> None:
    browser.look_like(width=width)
    for fragment in ("", "#/task/near", "#/task/partly"):
        browser.open(page, fragment)
        assert browser.run("document.documentElement.scrollWidth") <= width


def sized(browser: Any, path: Path, build: Callable[[], dict[str, Any]]) -> None:
    write_page(path, build())
    browser.look_like()
    browser.open(path)


def test_without_journal_and_right_answers_there_is_a_page_too(browser: Any, made_up: Any, tmp_path: Path) -> None:
    path = tmp_path / "bare.html"
    sized(browser, path, lambda: report_content(Run("bare", made_up.run.submission), made_up.challenges))
    assert "There is no journal" in browser.text("#overview")
    assert "[object" not in browser.text("body")
    browser.open(path, "#/task/second")
    assert "differs from attempt 1" in browser.text("#task") or "another size" in browser.text("#task")
    assert browser.complaints() == []


def test_two_runs_are_shown_side_by_side(browser: Any, made_up: Any, tmp_path: Path) -> None:
    path = tmp_path / "two.html"
    other = Run("other", {"near": [{"attempt_1": made_up.truth.outputs["near"][0].tolist(), "attempt_2": [[0]]}]})
    comparison, content = compare_runs((made_up.run, other), made_up.challenges, made_up.truth)
    sized(browser, path, lambda: comparison_page(content, comparison, made_up.challenges, "made up"))
    assert browser.text("h1") == "made up against other"
    assert comparison.verdict() in browser.text("#overview")
    browser.click(".corner.tone-run-1")
    assert tiles(browser) == ["near"]
    browser.press("Tab")
    browser.open(path, "#/task/near")
    assert browser.run("document.querySelectorAll('.of-run').length") == 2
    assert "1 cell wrong" in browser.text(".of-run")
    assert "[object" not in browser.text("body")
    assert browser.complaints() == []
    assert browser.requests() == [path.as_uri()]
