"""The doctor's word on the sandbox: every layer by name, on or off, and why."""

from __future__ import annotations

import json
from functools import partial

import pytest
from click.testing import CliRunner

from arc_solver import doctor
from arc_solver.cli import main
from arc_solver.errors import SandboxError
from arc_solver.sandbox.layers import LAYERS
from arc_solver.sandbox.pool import Sandbox


def replace_sandbox(monkeypatch: pytest.MonkeyPatch, *without: str) -> None:
    monkeypatch.setattr(doctor, "Sandbox", partial(Sandbox, without=without))


def test_every_layer_is_named_once_and_what_is_missing_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_sandbox(monkeypatch, "seccomp", "rlimits")
    sandbox = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).output)["sandbox"]
    layers = {layer["name"]: layer for layer in sandbox["layers"]}
    assert sorted(layer["name"] for layer in sandbox["layers"]) == sorted(LAYERS)
    assert not layers["seccomp"]["active"]
    assert layers["seccomp"]["why_not"] == "switched off"
    assert all(layer["active"] == (layer["why_not"] == "") for layer in layers.values())
    with Sandbox(without=("seccomp", "rlimits")) as same:
        assert sandbox["grade"] == same.describe().grade


def test_people_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_sandbox(monkeypatch, *LAYERS)
    result = CliRunner().invoke(main, ["doctor"])
    lines = result.output.splitlines()
    start = next(number for number, line in enumerate(lines) if " sandbox " in line)
    assert lines[start].startswith("MISSING")
    assert "grade C" in lines[start]
    assert "--allow-unsafe-sandbox" in lines[start]
    assert [line.split() for line in lines[start + 1 : start + 1 + len(LAYERS)]] == [
        ["off", name, "switched", "off"] for name in LAYERS
    ]
    assert result.exit_code == 1


def test_a_layer_that_holds_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_sandbox(monkeypatch)
    diagnosis = doctor.examine()
    assert diagnosis.grade in ("A", "B", "C")
    assert {layer.name for layer in diagnosis.layers if layer.active} >= {"descriptors", "rlimits"}


def test_a_sandbox_that_does_not_start_has_no_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Sandbox:
        raise SandboxError("the sandbox does not start: no luck")

    monkeypatch.setattr(doctor, "Sandbox", broken)
    diagnosis = doctor.examine()
    assert diagnosis.to_json()["sandbox"] == {"grade": None, "layers": []}
    assert not diagnosis.good
    assert "no luck" in next(finding.text for finding in diagnosis.findings if finding.name == "sandbox")
