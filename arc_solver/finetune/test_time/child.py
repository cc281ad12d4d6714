"""The process that learns: `python -m arc_solver.finetune.test_time.child SPEC`, reports on standard output.

A process of its own, so that its memory is free again before an engine starts, and its death costs nothing but what it
was to learn. Knows nothing of engines.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from arc_solver.advancing import n_steps
from arc_solver.budget import Deadline, MonotonicClock
from arc_solver.errors import ArcSolverError, ModelError, one_line
from arc_solver.finetune.lora import ALL_LINEAR, LoraSettings, add_lora, load_adapter, write_adapter
from arc_solver.finetune.memory import is_out_of_memory
from arc_solver.finetune.nano import load_model
from arc_solver.finetune.precision import AUTO, FP32, choose_precision, torch_dtype
from arc_solver.finetune.test_time.exercises import Writer
from arc_solver.finetune.test_time.fitting import Learner, LossOfBatch
from arc_solver.finetune.test_time.learning import Learning
from arc_solver.finetune.test_time.wire import (
    ALL_TASKS,
    Advanced,
    Dropped,
    LearnSpec,
    Report,
    Said,
    Through,
    decode_spec,
    encode_report,
)
from arc_solver.processes import die_with_parent, take_standard_output
from arc_solver.prompts.rendering import PromptEncoder

MAX_TOKENS = 6144
"""Longest sample, however much a model reads."""

_TELL_EVERY_S = 2.0


def main() -> None:
    """Learn what the spec says, and report."""
    die_with_parent()
    write = take_standard_output()
    spec = decode_spec(Path(sys.argv[1]).read_bytes())
    if spec.parent_pid and os.getppid() != spec.parent_pid:
        return  # it died before we asked to be told
    _tell_of_steps(lambda report: write(encode_report(report)))
    started = time.monotonic()
    for report in learn(spec, Deadline(MonotonicClock(), spec.end_s)):
        write(encode_report(report))
    write(encode_report(Through(time.monotonic() - started)))


def _tell_of_steps(tell: Callable[[Report], None]) -> None:
    """From now on say now and then how many steps were made, if there were any."""

    def tell_on() -> None:
        told = 0
        while True:
            time.sleep(_TELL_EVERY_S)
            if n_steps() > told:
                told = n_steps()
                with contextlib.suppress(OSError, ValueError):  # nobody listens any more, or Python is ending
                    tell(Advanced(told))

    threading.Thread(target=tell_on, daemon=True, name="signs of progress").start()


def learn(spec: LearnSpec, deadline: Deadline, loss: LossOfBatch | None = None) -> Iterator[Report]:
    """Load the model and learn. Whatever goes wrong is a report.

    Args:
        spec: What to learn.
        deadline: When to stop.
        loss: Of a batch, in place of the usual one.
    """
    try:
        yield from _learn(spec, deadline, loss)
    except ArcSolverError as error:
        yield Dropped(ALL_TASKS, "failed", one_line(str(error)))
    except Exception as error:  # noqa: BLE001  (the process's boundary: it is reported, the log has the rest)
        traceback.print_exc()
        kind = "out of memory" if is_out_of_memory(error) else "failed"
        yield Dropped(ALL_TASKS, kind, one_line(f"{type(error).__name__}: {error}"))


def _learn(spec: LearnSpec, deadline: Deadline, loss: LossOfBatch | None) -> Iterator[Report]:
    import torch

    torch.set_num_threads(spec.n_threads)
    has_cuda = spec.device != "cpu" and torch.cuda.is_available()
    device = "cuda" if has_cuda else "cpu"
    precision = choose_precision(AUTO, device)
    # A frozen base may be narrow where it is large; what is trained is fp32.
    model, tokenizer = load_model(spec.model, torch_dtype(precision if has_cuda else FP32))
    max_tokens = _max_tokens(spec, model)
    model = _with_adapter(model, spec).to(device)
    if has_cuda:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    n_trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    yield Said(f"{n_trained / 1e6:.2f}M weights learn on {device} in {precision}")
    said: list[str] = []
    options = {} if loss is None else {"loss": loss}
    learner = Learner(
        model,
        tokenizer,
        max_tokens=max_tokens,
        lr=spec.settings.lr,
        batch_tokens=spec.settings.batch_tokens,
        micro_tokens=spec.settings.micro_tokens,
        precision=precision,
        say=said.append,
        **options,
    )

    def save(name: str) -> int:
        return save_whole(model, spec, name)

    learning = Learning(
        learner,
        _writer(spec, tokenizer, max_tokens),
        spec.tasks,
        spec.relabelled,
        spec.settings,
        spec.seed,
        deadline,
        save,
        lambda: shutil.disk_usage(spec.folder).free,
    )
    for report in learning.reports():
        while said:
            yield Said(said.pop(0))
        yield report


def save_whole(model: Any, spec: LearnSpec, name: str) -> int:
    """Write the adapter of `model`: all of it or nothing.

    Returns:
        Its bytes.

    Raises:
        OSError: The disk is full, or the folder is gone.
        ModelError: A weight is not finite in fp16.
    """
    from safetensors import SafetensorError

    part = spec.folder / f"{name}.part"
    try:
        write_adapter(model, spec.model, part)
        part.rename(spec.folder / name)
    except SafetensorError as error:
        raise OSError(f"{part}: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return sum(path.stat().st_size for path in (spec.folder / name).iterdir())


def _with_adapter(model: Any, spec: LearnSpec) -> Any:
    if spec.adapter is not None:
        return load_adapter(model, spec.model, spec.adapter, trainable=True)
    rank = spec.settings.rank
    usual = LoraSettings(rank=rank, alpha=math.sqrt(rank))
    try:
        return add_lora(model, usual, seed=spec.seed)
    except ModelError:  # its matrices have other names
        return add_lora(model, dataclasses.replace(usual, targets=ALL_LINEAR), seed=spec.seed)


def _max_tokens(spec: LearnSpec, model: Any) -> int:
    own = getattr(model.config.get_text_config(), "max_position_embeddings", None) or MAX_TOKENS
    return min(own, spec.context_length or MAX_TOKENS, MAX_TOKENS)


def _writer(spec: LearnSpec, tokenizer: Any, max_tokens: int) -> Writer:
    encoder = PromptEncoder(tokenizer)
    return Writer(
        spec.grids,
        spec.programs,
        max_tokens,
        lambda prompt: len(encoder.encode(prompt)),
        lambda text: len(tokenizer.encode(text, add_special_tokens=False)),
    )


if __name__ == "__main__":
    main()
