from typing import Any

import pytest

from arc_solver.errors import InputError
from arc_solver.finetune.precision import autocast, choose_precision, loss_scaler

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("wanted", "device", "has_bf16", "chosen"),
    [
        ("auto", "cpu", True, "bf16"),
        ("auto", "cpu", False, "fp32"),
        ("bf16", "cpu", False, "bf16"),
        ("fp32", "cpu", False, "fp32"),
        ("auto", "cuda", True, "bf16"),
        ("auto", "cuda", False, "fp16"),
        ("fp16", "cuda", True, "fp16"),
        ("fp32", "cuda", False, "fp32"),
        ("auto", "mps", False, "fp32"),
    ],
)
def test_a_device_gets_what_suits_it(
    wanted: str, device: str, has_bf16: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has_bf16)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_bf16)
    assert choose_precision(wanted, device) == chosen


def test_what_a_device_cannot_do_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    with pytest.raises(InputError, match=r"fp16: not on a CPU; use bf16, fp32 or auto$"):
        choose_precision("fp16", "cpu")
    with pytest.raises(InputError, match=r"cannot compute in it; use fp16 or auto$"):
        choose_precision("bf16", "cuda")


@pytest.mark.parametrize(
    ("precision", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16), ("fp32", torch.float32)]
)
def test_a_model_computes_in_it_and_keeps_its_weights(precision: str, dtype: Any) -> None:
    model = torch.nn.Linear(4, 4)
    with autocast(model, precision):
        assert model(torch.ones(1, 4)).dtype == dtype
    assert model.weight.dtype == torch.float32
    assert loss_scaler("cpu", precision).is_enabled() == (precision == "fp16")
