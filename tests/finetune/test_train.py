import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arc_solver.budget import ManualClock
from arc_solver.errors import InputError, ModelError
from arc_solver.finetune.checkpoint import CHECKPOINT, METRICS, read_metrics
from arc_solver.finetune.dataset import Encoding, collate, encode
from arc_solver.finetune.losses import held_out_losses, weighted_loss
from arc_solver.finetune.settings import TrainConfig
from arc_solver.finetune.train import train

pytest.importorskip("transformers")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

_SPEC = importlib.util.spec_from_file_location("finetune_conftest", Path(__file__).parent / "conftest.py")
assert _SPEC is not None
assert _SPEC.loader is not None
shared = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(shared)

CONFIG = TrainConfig(
    steps=12, batch_tokens=64, encoding=Encoding(32), precision="fp32", chunk_samples=16, warmup_steps=2
)


def losses(run_dir: Path) -> list[float]:
    return [record["loss"] for record in read_metrics(run_dir)]


@pytest.mark.parametrize(("optimizer", "precision"), [("adamw", "fp32"), ("muon", "bf16")])
def test_a_sample_can_be_learned_by_heart(
    tiny_model: Any, tokenizer: Any, tmp_path: Path, optimizer: str, precision: str
) -> None:
    config = dataclasses.replace(CONFIG, steps=60, lr=1e-2, optimizer=optimizer, precision=precision, chunk_samples=4)
    result = train(tiny_model, tokenizer, shared.one_sample, config, tmp_path)
    curve = losses(tmp_path)
    assert curve[0] > 4.0
    assert curve[-1] < 0.1
    assert result.progress.step == len(curve) == 60
    prompt = tokenizer("<|user|>12<|assistant|>", return_tensors="pt")["input_ids"]
    written = tiny_model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=11, do_sample=False)
    assert tokenizer.decode(written[0, prompt.shape[1] :]) == "3141592653<|end|>"


def test_loss_is_that_of_the_completion(tiny_model: Any, tokenizer: Any) -> None:
    samples = [
        encode(tokenizer, sample, Encoding(32)) for sample in (next(shared.reversals(0)), next(shared.one_sample(0)))
    ]
    batch = collate(samples, tokenizer.pad_token_id)
    loss, weight = weighted_loss(tiny_model, batch)
    expected = 0.0
    for sample in samples:
        token_ids = torch.tensor(sample.token_ids[None].astype("int64"))
        logprobs = tiny_model(input_ids=token_ids).logits[0].detach().log_softmax(-1)
        expected -= sum(
            float(logprobs[i - 1, sample.token_ids[i]]) for i in range(sample.n_prompt, len(sample.token_ids))
        )
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)
    assert float(weight) == 5 + 11
    # What the prompt says as a target never counts: only through what follows it.
    again, _ = weighted_loss(tiny_model, dataclasses.replace(batch, weights=batch.weights * 2.0))
    assert float(again.detach()) == pytest.approx(2 * expected, rel=1e-4)


@pytest.mark.filterwarnings("ignore:Model has .tie_word_embeddings")
def test_the_loss_is_the_same_where_the_head_carries_an_adapter(tiny_model: Any, tokenizer: Any) -> None:
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "lm_head"], init_lora_weights=False)
    adapted = peft.get_peft_model(tiny_model, config)
    sample = encode(tokenizer, next(shared.reversals(0)), Encoding(32))
    loss, weight = weighted_loss(adapted, collate([sample], tokenizer.pad_token_id))
    token_ids = torch.tensor(sample.token_ids[None].astype("int64"))
    logits = adapted(input_ids=token_ids).logits[0, sample.n_prompt - 1 : -1]
    expected = torch.nn.functional.cross_entropy(logits, token_ids[0, sample.n_prompt :], reduction="sum")
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    assert float(weight) == len(sample.token_ids) - sample.n_prompt


def test_there_is_a_line_now_and_then_however_long_a_step_takes(
    tiny_model: Any, tokenizer: Any, tmp_path: Path
) -> None:
    class Slow:
        """Every look at the clock costs ten seconds."""

        time_s = 0.0

        def now_s(self) -> float:
            self.time_s += 10.0
            return self.time_s

    lines: list[str] = []
    config = dataclasses.replace(CONFIG, steps=8, log_every_steps=100, log_every_s=30.0)
    train(tiny_model, tokenizer, shared.reversals, config, tmp_path, report=lines.append, clock=Slow())
    assert [line.split("  ")[0] for line in lines] == ["step 3", "step 6"]


def test_resumed_run_equals_the_unbroken_one(tokenizer: Any, tmp_path: Path) -> None:
    for optimizer in ("adamw", "muon"):
        config = dataclasses.replace(CONFIG, optimizer=optimizer, decay_share=0.0)
        whole = shared.make_tiny(tokenizer)
        train(whole, tokenizer, shared.reversals, config, tmp_path / f"{optimizer}-whole")
        train(
            shared.make_tiny(tokenizer),
            tokenizer,
            shared.reversals,
            dataclasses.replace(config, steps=7),
            tmp_path / optimizer,
        )
        resumed = shared.make_tiny(tokenizer, seed=5)
        result = train(resumed, tokenizer, shared.reversals, config, tmp_path / optimizer, resume=True)
        assert losses(tmp_path / optimizer) == losses(tmp_path / f"{optimizer}-whole")
        assert result.progress.step == 12
        for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
            assert torch.equal(one, other)


def run_script(run_dir: Path) -> subprocess.Popen[str]:
    script = Path(__file__).parent / "killed.py"
    # One thread each, so that sums are made in the same order.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(script), str(run_dir), "24"], stdout=subprocess.PIPE, text=True, env=environment
    )


@pytest.mark.slow
def test_killed_run_gives_the_curve_of_an_unbroken_one(tmp_path: Path) -> None:
    """Real processes, with gradients in parts, a moving average, and held-out losses that are measured with it."""
    whole = run_script(tmp_path / "whole")
    process = run_script(tmp_path / "killed")
    assert process.stdout is not None
    while not process.stdout.readline().startswith("step 9 "):
        assert process.poll() is None
    process.kill()
    process.wait()
    process.stdout.close()
    done = torch.load(tmp_path / "killed" / CHECKPOINT, weights_only=True)["state"]["progress"]["step"]
    assert 8 <= done < 24
    output, _ = run_script(tmp_path / "killed").communicate()
    assert output.startswith(f"resumed at step {done} ")
    whole.communicate()
    curves = [
        [(r["step"], r["loss"], r["lr"], r["n_tokens"], r.get("held_out")) for r in read_metrics(tmp_path / name)]
        for name in ("killed", "whole")
    ]
    assert curves[0] == curves[1]
    assert [step for step, *_, held_out in curves[0] if held_out] == [5, 10, 15, 20]
    ends = [torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("killed", "whole")]
    for part in ("parameters", "average"):
        assert ends[0][part].keys() == ends[1][part].keys()
        assert all(torch.equal(ends[0][part][name], ends[1][part][name]) for name in ends[0][part])


def test_a_schedule_by_the_clock_goes_on_from_the_time_recorded(tokenizer: Any, tmp_path: Path) -> None:
    class Ticking(ManualClock):
        def now_s(self) -> float:
            self.advance(1.0)
            return self.time_s

    config = dataclasses.replace(
        CONFIG, steps=None, time_limit_s=12.0, warmup_steps=0, decay_share=0.75, checkpoint_every_s=5.0
    )
    train(shared.make_tiny(tokenizer), tokenizer, shared.reversals, config, tmp_path / "whole", clock=Ticking())

    class Broken(Ticking):
        def now_s(self) -> float:
            if self.time_s >= 8.0:
                raise KeyboardInterrupt
            return super().now_s()

    with pytest.raises(KeyboardInterrupt):
        train(shared.make_tiny(tokenizer), tokenizer, shared.reversals, config, tmp_path / "cut", clock=Broken())
    later = Ticking(5000.0)
    train(
        shared.make_tiny(tokenizer, seed=3),
        tokenizer,
        shared.reversals,
        config,
        tmp_path / "cut",
        resume=True,
        clock=later,
    )
    one, other = ([(r["step"], r["lr"], r["loss"]) for r in read_metrics(tmp_path / n)] for n in ("cut", "whole"))
    assert one == other
    assert len(one) == 12
    assert one[0][1] == pytest.approx(1e-3)
    assert one[-1][1] < 2e-4


def test_resume_refuses_another_run(tiny_model: Any, tokenizer: Any, tmp_path: Path) -> None:
    train(tiny_model, tokenizer, shared.reversals, dataclasses.replace(CONFIG, steps=1), tmp_path)
    with pytest.raises(InputError, match="lr, seed"):
        train(
            tiny_model, tokenizer, shared.reversals, dataclasses.replace(CONFIG, lr=0.5, seed=9), tmp_path, resume=True
        )
    (tmp_path / CHECKPOINT).write_bytes(b"nothing")
    with pytest.raises(InputError, match="damaged"):
        train(tiny_model, tokenizer, shared.reversals, CONFIG, tmp_path, resume=True)


def test_without_resume_a_run_starts_anew(tokenizer: Any, tmp_path: Path) -> None:
    for _ in range(2):
        train(shared.make_tiny(tokenizer), tokenizer, shared.reversals, dataclasses.replace(CONFIG, steps=3), tmp_path)
    assert [record["step"] for record in read_metrics(tmp_path)] == [1, 2, 3]


def test_time_limit_counts_the_time_before_a_resume(tokenizer: Any, tmp_path: Path) -> None:
    class Ticking(ManualClock):
        def now_s(self) -> float:
            self.advance(1.0)
            return self.time_s

    config = dataclasses.replace(CONFIG, steps=None, time_limit_s=10.0)
    first = train(shared.make_tiny(tokenizer), tokenizer, shared.reversals, config, tmp_path, clock=Ticking())
    assert first.progress.step == 10
    longer = dataclasses.replace(config, time_limit_s=15.0)
    second = train(
        shared.make_tiny(tokenizer), tokenizer, shared.reversals, longer, tmp_path, resume=True, clock=Ticking()
    )
    assert second.progress.step == 15


def test_progress_is_told_and_measured(tiny_model: Any, tokenizer: Any, tmp_path: Path) -> None:
    lines: list[str] = []
    config = dataclasses.replace(CONFIG, steps=4, log_every_steps=2, evaluate_every_steps=4)
    held_out = [encode(tokenizer, next(shared.reversals(index)), Encoding(32)) for index in range(1000, 1008)]
    result = train(tiny_model, tokenizer, shared.reversals, config, tmp_path, held_out=held_out, report=lines.append)
    assert [line.split("  ")[0] for line in lines] == [
        "step 2",
        "step 4",
        "held out: reverse " + lines[-1].rsplit(" ", 1)[-1],
        "held out (last): reverse " + lines[-1].rsplit(" ", 1)[-1],
    ]
    records = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    assert "held_out" not in records[2]
    assert (
        records[3]["held_out"]
        == result.held_out
        == held_out_losses(tiny_model, held_out, pad_id=tokenizer.pad_token_id)
    )
    assert records[3]["n_tokens"] == result.progress.n_tokens > 0


def test_held_out_loss_ignores_prompt_weights(tiny_model: Any, tokenizer: Any) -> None:
    plain, heavy = (
        held_out_losses(
            tiny_model, [encode(tokenizer, next(shared.reversals(3)), Encoding(32, prompt_weight=w))], pad_id=0
        )
        for w in (0.0, 1.0)
    )
    assert plain == heavy


def test_a_run_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="no end"):
        TrainConfig()


@pytest.mark.parametrize("micro_tokens", [13, 30, 64])
def test_accumulated_steps_are_those_of_the_whole_batch(tokenizer: Any, tmp_path: Path, micro_tokens: int) -> None:
    config = dataclasses.replace(CONFIG, steps=6, optimizer="adamw", batch_tokens=96)
    whole, parts = shared.make_tiny(tokenizer), shared.make_tiny(tokenizer)
    train(whole, tokenizer, shared.reversals, config, tmp_path / "whole")
    split = dataclasses.replace(config, micro_tokens=micro_tokens)
    train(parts, tokenizer, shared.reversals, split, tmp_path / "parts")
    assert losses(tmp_path / "parts") == pytest.approx(losses(tmp_path / "whole"), rel=1e-5)
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.allclose(one, other, atol=2e-4)


def test_gradient_checkpointing_changes_memory_only(tokenizer: Any, tmp_path: Path) -> None:
    plain, cheap = shared.make_tiny(tokenizer), shared.make_tiny(tokenizer)
    config = dataclasses.replace(CONFIG, steps=4)
    train(plain, tokenizer, shared.reversals, config, tmp_path / "plain")
    n_runs = 0

    def count(*_: Any) -> None:
        nonlocal n_runs
        n_runs += 1

    hook = cheap.model.layers[0].mlp.register_forward_pre_hook(count)
    frugal = dataclasses.replace(config, gradient_checkpointing=True)
    train(cheap, tokenizer, shared.reversals, frugal, tmp_path / "cheap")
    hook.remove()
    assert n_runs == 8
    assert losses(tmp_path / "cheap") == pytest.approx(losses(tmp_path / "plain"), rel=1e-6)
    assert not cheap.is_gradient_checkpointing


def test_the_average_is_that_of_the_weights(tokenizer: Any, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, ema_decay=0.5, checkpoint_every_s=0.0)
    name = "model.layers.0.mlp.up_proj.weight"
    expected = shared.make_tiny(tokenizer).get_parameter(name).detach().clone()
    for step in range(1, 6):
        train(
            shared.make_tiny(tokenizer),
            tokenizer,
            shared.reversals,
            dataclasses.replace(config, steps=step, decay_share=0.0),
            tmp_path,
            resume=True,
        )
        saved = torch.load(tmp_path / CHECKPOINT, weights_only=True)
        decay = min(0.5, step / (step + 9))
        expected = decay * expected + (1 - decay) * saved["parameters"][name]
        assert torch.allclose(saved["average"][name], expected, atol=1e-7)


@pytest.mark.parametrize(("lr", "kept"), [(1e-3, "last"), (0.5, "average")])
def test_the_better_weights_are_kept(tokenizer: Any, tmp_path: Path, lr: float, kept: str) -> None:
    """While all goes well an average lags behind; where the steps are far too large it is better."""
    model = shared.make_tiny(tokenizer)
    held_out = [encode(tokenizer, next(shared.reversals(index)), Encoding(32)) for index in range(1000, 1008)]
    config = dataclasses.replace(CONFIG, lr=lr, ema_decay=0.9, decay_share=0.0, clip_norm=1e9)
    result = train(model, tokenizer, shared.reversals, config, tmp_path, held_out=held_out)
    assert set(result.losses) == {"last", "average"}
    assert result.kept == kept
    assert result.held_out == result.losses[kept] == held_out_losses(model, held_out, pad_id=tokenizer.pad_token_id)
    assert result.losses[kept]["reverse"] < result.losses[{"last": "average", "average": "last"}[kept]]["reverse"]
    # The checkpoint has the last weights in any case: training may go on.
    saved = torch.load(tmp_path / CHECKPOINT, weights_only=True)["parameters"]
    own = dict(model.named_parameters())
    assert all(torch.equal(saved[name], own[name]) for name in saved) == (kept == "last")


def test_solve_rates_are_measured_on_the_average_and_recorded(tokenizer: Any, tmp_path: Path) -> None:
    model = shared.make_tiny(tokenizer)
    name = "model.norm.weight"
    seen = []

    def solve(asked: Any, precision: str) -> dict[str, tuple[int, int]]:
        seen.append((precision, asked.get_parameter(name).detach().clone()))
        return {"reverse": (1, 4)}

    config = dataclasses.replace(CONFIG, steps=4, ema_decay=0.9, solve_every_steps=3, checkpoint_every_s=0.0)
    lines: list[str] = []
    result = train(model, tokenizer, shared.reversals, config, tmp_path, solve=solve, report=lines.append)
    assert [precision for precision, _ in seen] == ["fp32", "fp32"]
    assert [r.get("solved") for r in read_metrics(tmp_path)] == [None, None, {"reverse": [1, 4]}, None]
    assert "held out, solved: reverse 1 of 4" in lines
    assert result.solved == {"reverse": (1, 4)}
    # Without held-out losses nothing says that the average is better.
    assert result.kept == "last"
    assert torch.equal(seen[1][1], model.get_parameter(name))
    assert not torch.equal(seen[0][1], seen[1][1])


def test_a_loss_that_is_not_finite_ends_the_run(tiny_model: Any, tokenizer: Any, tmp_path: Path) -> None:
    with torch.no_grad():
        tiny_model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(ModelError, match=r"step 1: .*not finite: lower --lr"):
        train(tiny_model, tokenizer, shared.reversals, CONFIG, tmp_path)


def test_fp16_learns_with_a_scaled_loss(tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch scales losses on a CPU too, so the way that a T4 goes can be gone here."""
    monkeypatch.setattr("arc_solver.finetune.train.choose_precision", lambda wanted, device_type: "fp16")
    config = dataclasses.replace(CONFIG, steps=30, lr=1e-2, chunk_samples=4, checkpoint_every_s=0.0)
    train(shared.make_tiny(tokenizer), tokenizer, shared.one_sample, config, tmp_path)
    curve = [loss for loss in losses(tmp_path) if loss is not None]
    assert curve[-1] < curve[0] / 4
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["scaler"]["scale"] > 1.0


def test_fp16_skips_what_overflows_and_gives_up_in_the_end(
    tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arc_solver.finetune.train.choose_precision", lambda wanted, device_type: "fp16")
    model = shared.make_tiny(tokenizer)
    before = model.get_parameter("model.norm.weight").detach().clone()
    n_left = 3
    handle = model.get_parameter("model.norm.weight").register_hook(
        lambda gradient: gradient * (float("inf") if next(spoiled) else 1.0)
    )
    spoiled = iter([True] * n_left + [False] * 100)
    train(model, tokenizer, shared.reversals, dataclasses.replace(CONFIG, steps=3), tmp_path)
    assert torch.equal(model.get_parameter("model.norm.weight"), before)
    assert [record.get("skipped") for record in read_metrics(tmp_path)] == [True] * 3
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["scaler"]["scale"] == 65536.0 / 8
    train(model, tokenizer, shared.reversals, dataclasses.replace(CONFIG, steps=4), tmp_path, resume=True)
    assert not torch.equal(model.get_parameter("model.norm.weight"), before)
    spoiled = iter([True] * 100)
    with pytest.raises(ModelError, match="not finite in fp16 for 41 steps: use fp32"):
        train(model, tokenizer, shared.reversals, dataclasses.replace(CONFIG, steps=99), tmp_path)
    handle.remove()


def test_a_moving_average_that_never_moves_is_refused() -> None:
    with pytest.raises(ValueError, match="below 1"):
        dataclasses.replace(CONFIG, ema_decay=1.0)
