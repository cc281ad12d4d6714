"""A training run in a process of its own, to be killed: python killed.py RUN_DIR STEPS. Prints a line a step."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest import make_tiny, reversals

from arc_solver.finetune.dataset import Encoding
from arc_solver.finetune.settings import TrainConfig
from arc_solver.finetune.tokenizer import build_tokenizer
from arc_solver.finetune.train import train


def config(steps: int) -> TrainConfig:
    return TrainConfig(
        steps=steps,
        batch_tokens=64,
        encoding=Encoding(32),
        precision="fp32",
        chunk_samples=16,
        warmup_steps=2,
        log_every_steps=1,
        checkpoint_every_s=0.0,
    )


if __name__ == "__main__":
    tokenizer = build_tokenizer(())
    train(
        make_tiny(tokenizer),
        tokenizer,
        reversals,
        config(int(sys.argv[2])),
        Path(sys.argv[1]),
        resume=True,
        report=lambda line: print(line, flush=True),
    )
