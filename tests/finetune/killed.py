"""A training run in a process of its own, to be killed: python killed.py RUN_DIR STEPS. Prints a line a step.

A step is several parts that do not divide it evenly, and a moving average is kept.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest import make_tiny, reversals

from arc_solver.finetune.dataset import Encoding, encode
from arc_solver.finetune.settings import TrainConfig
from arc_solver.finetune.tokenizer import build_tokenizer
from arc_solver.finetune.train import train


def config(steps: int) -> TrainConfig:
    return TrainConfig(
        steps=steps,
        batch_tokens=64,
        micro_tokens=28,
        encoding=Encoding(32),
        precision="fp32",
        ema_decay=0.9,
        chunk_samples=16,
        warmup_steps=2,
        log_every_steps=1,
        evaluate_every_steps=5,
        checkpoint_every_s=0.0,
    )


def run(run_dir: Path, steps: int) -> None:
    tokenizer = build_tokenizer(())
    samples = [encode(tokenizer, next(reversals(index)), Encoding(32)) for index in range(1000, 1004)]
    train(
        make_tiny(tokenizer),
        tokenizer,
        reversals,
        config(steps),
        run_dir,
        held_out=[sample for sample in samples if sample is not None],
        resume=True,
        report=lambda line: print(line, flush=True),
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
