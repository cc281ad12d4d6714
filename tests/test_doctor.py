"""The doctor's word on this machine: every layer of the sandbox by name, the devices, and the plan for them."""

from __future__ import annotations

import dataclasses
import json
from functools import partial

import pytest
from click.testing import CliRunner

from arc_solver.cli import main
from arc_solver.config import load_preset
from arc_solver.doctor import examination
from arc_solver.doctor.planning import describe_devices, preset_for, wishes_of
from arc_solver.engines.devices import GIB, SIMULATED, Machine, simulated
from arc_solver.errors import ModelError, SandboxError
from arc_solver.sandbox.layers import LAYERS
from arc_solver.sandbox.pool import Sandbox


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Devices are not asked: importing torch takes seconds."""
    found = simulated("none")
    monkeypatch.setattr(examination, "probe", lambda: found)
    return found


def replace_sandbox(monkeypatch: pytest.MonkeyPatch, *without: str) -> None:
    monkeypatch.setattr(examination, "Sandbox", partial(Sandbox, without=without))


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


def test_a_missing_package_is_told_with_what_a_run_does_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    known = examination.metadata.version

    def version(name: str) -> str:
        if name in ("torch", "peft"):
            raise examination.metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(examination.metadata, "version", version)
    found = {finding.name: finding for finding in examination._packages()}
    assert not found["torch"].good
    assert found["torch"].text.endswith("without it the search runs alone")
    assert found["peft"].text.endswith("without it the base runs without its adapter")
    assert found["numpy"].good


def test_a_layer_that_holds_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_sandbox(monkeypatch)
    diagnosis = examination.examine()
    assert diagnosis.grade in ("A", "B", "C")
    assert {layer.name for layer in diagnosis.layers if layer.active} >= {"descriptors", "rlimits"}


def test_a_sandbox_that_does_not_start_has_no_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Sandbox:
        raise SandboxError("the sandbox does not start: no luck")

    monkeypatch.setattr(examination, "Sandbox", broken)
    diagnosis = examination.examine()
    assert diagnosis.to_json()["sandbox"] == {"grade": None, "layers": []}
    assert not diagnosis.good
    assert "no luck" in next(finding.text for finding in diagnosis.findings if finding.name == "sandbox")


# -- devices and plan --------------------------------------------------------------------------------------------------


def examine_on(monkeypatch: pytest.MonkeyPatch, machine: Machine, preset: str | None = None) -> examination.Diagnosis:
    monkeypatch.setattr(examination, "probe", lambda: machine)
    return examination.examine(preset)


def text_of(diagnosis: examination.Diagnosis, name: str) -> str:
    return " | ".join(finding.text for finding in diagnosis.findings if finding.name == name)


@pytest.mark.parametrize(
    ("name", "preset"),
    [
        ("none", "cpu"),
        ("t4x2", "kaggle-t4x2"),
        ("l4x4", "kaggle-l4x4"),
        ("p100", "kaggle-p100"),
        ("p100-cu126", "kaggle-p100"),
        ("a100", "kaggle"),
    ],
)
def test_the_preset_that_suits_a_machine(name: str, preset: str) -> None:
    assert preset_for(simulated(name)) == preset


def test_a_preset_s_engine_settings_are_the_plan_s_wishes() -> None:
    wishes = wishes_of(load_preset("kaggle-p100").engine)
    assert (wishes.kind, wishes.device, wishes.dtype, wishes.max_sequences) == ("transformers", "cuda", "auto", 64)


def test_equal_devices_are_counted_and_broken_ones_explained() -> None:
    assert describe_devices(simulated("t4x2")) == "2 x Tesla T4 (sm_75, 14.7 GiB)"
    assert "does not work: CUDA error: no kernel image" in describe_devices(simulated("p100"))
    assert describe_devices(simulated("none")) == "no GPU that torch 2.10.0+cpu can see"


def test_a_machine_with_gpus_is_planned_for(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = examine_on(monkeypatch, simulated("t4x2"))
    assert text_of(diagnosis, "plan") == "preset kaggle-t4x2: 2 engine(s)"
    assert text_of(diagnosis, "devices").startswith("2 x Tesla T4")
    value = json.loads(json.dumps(diagnosis.to_json()))
    assert [engine["devices"] for engine in value["plan"]["engines"]] == [["0"], ["1"]]
    assert value["machine"]["gpus"][0]["name"] == "Tesla T4"


def test_a_gpu_without_kernels_is_missing_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = examine_on(monkeypatch, simulated("p100"))
    assert not diagnosis.good
    assert "CUDA 12.6" in text_of(diagnosis, "plan")
    assert "refused" in diagnosis.to_json()["plan"]


def test_problems_of_versions_little_room_and_weights_are_findings(
    monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    worse = dataclasses.replace(machine, problems=("torchao 0.10 is odd",), memory_bytes=GIB, disk_bytes=GIB // 10)
    diagnosis = examine_on(monkeypatch, worse)
    bad = {finding.name for finding in diagnosis.findings if not finding.good}
    assert {"versions", "memory", "disk"} <= bad
    assert "torchao" in text_of(diagnosis, "versions")

    def unreadable(*_: object) -> None:
        raise ModelError("config.json: missing")

    monkeypatch.setattr(examination, "plan_for", unreadable)
    diagnosis = examine_on(monkeypatch, machine)
    assert diagnosis.plan is None
    assert diagnosis.to_json()["plan"] is None
    assert "config.json: missing" in text_of(diagnosis, "plan")


@pytest.mark.parametrize("name", sorted(SIMULATED))
def test_another_machine_is_simulated_in_words_and_in_json(name: str) -> None:
    result = CliRunner().invoke(main, ["doctor", "--simulate", name])
    value = json.loads(CliRunner().invoke(main, ["doctor", "--simulate", name, "--json"]).output)
    assert value["machine"]["simulated"] == name
    refused = "refused" in value["plan"]
    assert refused is (name == "p100")
    assert result.exit_code == int(refused)
    assert value["preset"] in result.output
    if refused:
        assert "what to do: install a torch built for CUDA 12.6" in result.output
    else:
        n_engines = len(value["plan"]["engines"])
        assert f"engine {n_engines}: " in result.output
        assert f"engine {n_engines + 1}: " not in result.output
        assert value["plan"]["engines"][0]["dtype"] in result.output
