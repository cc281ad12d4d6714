import dataclasses
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arc_solver.budget import ManualClock
from arc_solver.errors import InputError
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


def test_killed_run_resumes(tokenizer: Any, tmp_path: Path) -> None:
    script = Path(__file__).parent / "killed.py"
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "killed"), "30"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while not process.stdout.readline().startswith("step 9 "):
        assert process.poll() is None
    process.kill()
    process.wait()
    process.stdout.close()
    done = torch.load(tmp_path / "killed" / CHECKPOINT, weights_only=True)["state"]["progress"]["step"]
    assert 8 <= done < 30
    config = dataclasses.replace(CONFIG, steps=30)
    train(shared.make_tiny(tokenizer, seed=5), tokenizer, shared.reversals, config, tmp_path / "killed", resume=True)
    train(shared.make_tiny(tokenizer), tokenizer, shared.reversals, config, tmp_path / "whole")
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")


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
