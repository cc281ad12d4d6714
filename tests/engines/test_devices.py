"""The probe of a machine: what it makes of its child's words, good and bad, and what it knows of versions."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from arc_solver.engines import devices
from arc_solver.engines.devices import (
    SIMULATED,
    Machine,
    has_kernels,
    package_problems,
    probe,
    simulated,
    version_tuple,
    worked_around,
)

CUDA_128 = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120")


@pytest.mark.parametrize(
    ("capability", "arch_list", "runs"),
    [
        ((7, 5), CUDA_128, True),
        ((6, 0), CUDA_128, False),  # the P100 of the current image
        ((6, 0), ("sm_50", "sm_60", "sm_70"), True),
        ((8, 9), CUDA_128, True),  # binaries of sm_86 and sm_80
        ((8, 0), ("sm_86",), False),  # a later minor version's binary does not run on an earlier chip
        ((9, 0), ("sm_80",), False),  # another major version
        ((9, 0), ("sm_80", "compute_80"), True),  # compiled by the driver
        ((7, 5), ("compute_80",), False),
        ((9, 0), ("sm_90a",), True),
        ((10, 3), ("sm_100a",), False),
        ((7, 5), (), False),
        ((7, 5), ("nonsense",), False),
    ],
)
def test_a_build_has_kernels_for_its_own_and_compatible_chips(
    capability: tuple[int, int], arch_list: tuple[str, ...], runs: bool
) -> None:
    assert has_kernels(capability, arch_list) is runs


@pytest.mark.parametrize(
    ("version", "numbers"), [("2.13.0+cpu", (2, 13, 0)), ("0.16.0.dev3", (0, 16, 0)), ("0.9", (0, 9)), ("odd", ())]
)
def test_versions_are_compared_by_their_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert version_tuple(version) == numbers


def test_the_torchao_trap_is_told_and_is_no_problem() -> None:
    kaggle = {"torchao": "0.10.0", "peft": "0.20.0"}
    assert package_problems(kaggle, None) == ()
    assert "torchao 0.10.0 is hidden from peft" in worked_around(kaggle)[0]
    assert worked_around({"torchao": "0.16.0", "peft": "0.20.0"}) == ()
    assert worked_around({"torchao": "0.10.0"}) == ()
    assert worked_around({"peft": "0.20.0"}) == ()


def test_a_vllm_of_another_torch_is_told() -> None:
    versions = {"torch": "2.11.0+cu128", "vllm": "0.32.0"}
    assert "built for torch 2.13.0, not 2.11.0+cu128" in package_problems(versions, "2.13.0")[0]
    assert package_problems(versions, "2.11.0") == ()


def child(monkeypatch: pytest.MonkeyPatch, program: str, timeout_s: float = 30.0) -> Machine:
    monkeypatch.setattr(devices, "_installed", lambda: (("torch", "2.11.0+cu128"),))
    monkeypatch.setattr(devices, "_vllm_wants", lambda: None)
    return probe(command=(sys.executable, "-c", program), timeout_s=timeout_s)


def test_what_the_child_finds_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = {"visible_as": "3", "name": "Tesla T4", "capability": [7, 5], "memory_bytes": 15 << 30}
    gpu |= {"free_bytes": 14 << 30, "problem": ""}
    broken = gpu | {"visible_as": "5", "problem": "no kernel image"}
    found = {"gpus": [gpu, broken], "arch_list": ["sm_75"], "cuda_version": "12.8"}
    machine = child(monkeypatch, f"print({json.dumps(json.dumps(found))})")
    assert [gpu.text() for gpu in machine.working_gpus] == ["Tesla T4 (sm_75, 15.0 GiB)"]
    assert [gpu.visible_as for gpu in machine.gpus] == ["3", "5"]
    assert (machine.arch_list, machine.cuda_version, machine.problems) == (("sm_75",), "12.8", ())


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        ("raise ImportError('libcudart.so is missing')", "libcudart.so is missing"),
        ("print('hello')", "wrote b'hello"),
        ("print('{}')", "wrote b'{}"),
    ],
)
def test_a_child_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch, program: str, message: str) -> None:
    machine = child(monkeypatch, program)
    assert machine.gpus == ()
    assert message in machine.problems[0]


def test_a_driver_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "hangs" in child(monkeypatch, "import time; time.sleep(60)", timeout_s=0.2).problems[0]


def test_without_torch_no_child_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_installed", tuple)
    machine = probe(command=("/no/such/program",))
    assert (machine.gpus, machine.problems) == ((), ())
    assert machine.n_cores >= 1
    assert machine.memory_bytes > 0
    assert machine.disk_bytes > 0


def test_the_offline_variables_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_installed", tuple)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    assert probe().offline == ("HF_HUB_OFFLINE",)


@pytest.mark.model
def test_the_real_child_leaves_torch_out_of_the_parent() -> None:
    pytest.importorskip("torch")
    program = (
        "import sys; from arc_solver.engines.devices import probe; m = probe(); "
        "print(m.problems, m.version('torch')); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "torch cannot be used" not in done.stdout


@pytest.mark.parametrize("name", SIMULATED)
def test_a_simulated_machine_is_a_machine(name: str) -> None:
    machine = simulated(name)
    assert machine.simulated == name
    assert json.loads(json.dumps(machine.to_json()))["simulated"] == name
    for gpu in machine.gpus:
        assert has_kernels(gpu.capability, machine.arch_list) is (gpu.problem == "")
