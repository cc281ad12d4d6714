"""Where a cell model computes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.finetune.cells.device import gpu_problem, prepare  # noqa: E402


@pytest.mark.skipif(torch.cuda.is_available(), reason="its GPU works")
def test_a_gpu_on_which_nothing_runs_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build of torch that finds a device and cannot use it: this one, made to believe in a device."""
    assert gpu_problem() == ""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert gpu_problem() != ""
    assert "\n" not in gpu_problem()
    assert prepare(torch.get_num_threads())[0] == "cpu"
