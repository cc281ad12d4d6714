"""Steps that repeat, cost what the clock says, and go wrong in every way that they can."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytestmark = pytest.mark.model

from arc_solver.budget import Deadline, ManualClock  # noqa: E402
from arc_solver.finetune.dataset import Batch, Encoding, encode  # noqa: E402
from arc_solver.finetune.losses import weighted_loss  # noqa: E402
from arc_solver.finetune.memory import is_out_of_memory  # noqa: E402
from arc_solver.finetune.test_time.fitting import Learner, Pace, Stopped  # noqa: E402
from arc_solver.prompts.base import Prompt, Sample  # noqa: E402


def squares(start: int) -> Iterator[Sample]:
    """Sample i: a number, and the same number twice."""
    for index in itertools.count(start):
        yield Sample("twice", "t", Prompt(str(index % 97)), str(index % 97) * 2)


def never() -> Deadline:
    return Deadline(ManualClock(), 1.0)


def learner(model: Any, tokenizer: Any, **changes: Any) -> Learner:
    return Learner(model, tokenizer, **({"max_tokens": 64, "lr": 1e-2, "batch_tokens": 64} | changes))


def run(one: Learner, n_steps: int = 4, seed: int = 0, deadline: Deadline | None = None) -> Pace:
    paces = list(one.steps(one.batches(squares, seed), n_steps, deadline or never(), seed))
    return paces[-1] if paces else Pace()


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_the_same_seed_and_steps_make_the_same_weights(adapted: Any, tokenizer: Any) -> None:
    one = learner(adapted, tokenizer)
    start = one.weights()
    run(one)
    first = one.weights()
    assert not same(first, start)
    one.put(start)
    assert same(one.weights(), start)
    run(one)
    assert same(one.weights(), first)
    one.put(start)
    run(one, seed=1)
    assert not same(one.weights(), first)


def test_only_the_adapter_learns(adapted: Any, tokenizer: Any) -> None:
    frozen = {name: p.detach().clone() for name, p in adapted.named_parameters() if not p.requires_grad}
    run(learner(adapted, tokenizer))
    assert all(torch.equal(p, frozen[name]) for name, p in adapted.named_parameters() if name in frozen)


def test_the_loss_falls(adapted: Any, tokenizer: Any) -> None:
    one = learner(adapted, tokenizer, lr=2e-2)
    samples = [encode(tokenizer, sample, Encoding(64)) for sample in itertools.islice(squares(0), 8)]
    before = one.mean_loss(samples)
    run(one, n_steps=20)
    assert one.mean_loss(samples) < before - 0.05


def test_steps_cost_what_the_clock_says_and_end_with_it(adapted: Any, tokenizer: Any) -> None:
    clock = ManualClock()

    def slow(model: Any, batch: Batch) -> Any:
        clock.advance(2.0)
        return weighted_loss(model, batch)

    one = learner(adapted, tokenizer, loss=slow)
    pace = run(one, n_steps=100, deadline=Deadline(clock, 9.0))
    assert (pace.n_steps, pace.seconds) == (5, 10.0)
    assert one.pace.of_tokens(2 * pace.n_tokens) == pytest.approx(20.0)
    assert run(one, deadline=Deadline(clock, 9.0)).n_steps == 0
    assert one.pace.n_steps == 5


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_it_before_it_reaches_the_weights(
    adapted: Any, tokenizer: Any, number: float
) -> None:
    n_asked = 0

    def worse(model: Any, batch: Batch) -> Any:
        nonlocal n_asked
        n_asked += 1
        loss, weight = weighted_loss(model, batch)
        return loss * (number if n_asked == 3 else 1.0), weight

    with pytest.raises(Stopped, match="not finite at step 3") as caught:
        run(learner(adapted, tokenizer, loss=worse))
    assert caught.value.kind == "not finite"
    assert all(torch.isfinite(p).all() for p in adapted.parameters())


def test_a_measure_that_is_not_finite_stops_it(adapted: Any, tokenizer: Any) -> None:
    one = learner(adapted, tokenizer)
    sample = encode(tokenizer, next(squares(0)), Encoding(64))
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.fill_(float("nan"))
    with pytest.raises(Stopped, match="not finite"):
        one.mean_loss([sample])


OUT = [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory: 9 bytes"), MemoryError()]


@pytest.mark.parametrize("error", OUT)
def test_out_of_memory_once_halves_the_batch_and_changes_nothing_else(
    adapted: Any, tokenizer: Any, error: Exception
) -> None:
    one = learner(adapted, tokenizer)
    start = one.weights()
    run(one)
    expected = one.weights()
    rows: list[int] = []

    def short(model: Any, batch: Batch) -> Any:
        rows.append(len(batch.lengths))
        if len(rows) == 2:
            raise error
        return weighted_loss(model, batch)

    said: list[str] = []
    other = learner(adapted, tokenizer, loss=short, say=said.append)
    other.put(start)
    assert run(other).n_steps == 4
    assert len(said) == 1
    assert "out of memory at step 2" in said[0]
    assert max(rows[2:]) < rows[0]
    for name, weight in other.weights().items():
        assert torch.allclose(weight, expected[name], atol=1e-4)


def test_out_of_memory_twice_stops_it(adapted: Any, tokenizer: Any) -> None:
    def never_enough(model: Any, batch: Batch) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    said: list[str] = []
    with pytest.raises(Stopped, match="out of memory at step 1") as caught:
        run(learner(adapted, tokenizer, loss=never_enough, say=said.append))
    assert caught.value.kind == "out of memory"
    assert len(said) == 1


def test_any_other_fault_of_the_device_stops_it(adapted: Any, tokenizer: Any) -> None:
    def broken(model: Any, batch: Batch) -> Any:
        raise RuntimeError("CUDA error: an illegal instruction was encountered\nmore of it")

    with pytest.raises(Stopped, match="illegal instruction") as caught:
        run(learner(adapted, tokenizer, loss=broken))
    assert caught.value.kind == "failed"
    assert "\n" not in str(caught.value)
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
