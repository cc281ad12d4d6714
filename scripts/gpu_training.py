"""Trains the bundled base against the clock, in pieces that may be cut off anywhere.

A run has a begin and an end in wall-clock seconds, kept in a folder on the training machine. Whoever comes there again
goes on where the last one stopped: weights, optimisers, average, batches. Where that folder is lost, training goes on
from shards, which hold the averaged weights alone, and warms up again. The rate falls in the last part of the time,
wherever in it a piece begins.

Knows nothing of held-out tasks, of measuring and of processes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from arc_solver.errors import ModelError
from arc_solver.finetune.averaging import WeightAverage
from arc_solver.finetune.cells.batches import PackedBatch
from arc_solver.finetune.cells.corpus import Corpus
from arc_solver.finetune.cells.device import torch_dtype
from arc_solver.finetune.cells.eight_bit import packed, unpacked
from arc_solver.finetune.cells.model import CellConfig, CellModel
from arc_solver.finetune.cells.optimizer import build_optimizers
from arc_solver.finetune.cells.training import batch_loss
from arc_solver.finetune.optimizer import learning_rate_factor, set_learning_rate

SHARD_BYTES = 15 << 20
REAL = ("re-arc", "training", "newer")
"""Groups whose task tokens are kept: the others' are of no use to anybody."""
_MAGIC = b"cells1\n"
_STATE, _COURSE, _PATTERN = "state.pt", "course.json", "base.[0-9][0-9]"


@dataclass(frozen=True)
class Recipe:
    """How the base is trained.

    Attributes:
        lr: Peak rate of matrices, in AdamW's sense.
        table_lr: Peak rate of embeddings, head and task tokens.
        weight_decay: On matrices.
        warmup_steps: Steps of the rise, also after training went on from shards.
        decay_share: Last share of the time, in which the rate falls.
        average_every: Steps between two that enter the average.
        average_decay: What is kept of the average each time.
        optimizer: `muon` or `adamw`.
        precision: `bf16` or `fp32`.
        save_every_s: Seconds between checkpoints in shards.
        log_every_steps: Steps between lines of the log.
    """

    lr: float = 3e-3
    table_lr: float = 3e-3
    weight_decay: float = 0.1
    warmup_steps: int = 200
    decay_share: float = 0.3
    average_every: int = 4
    average_decay: float = 0.992
    optimizer: str = "muon"
    precision: str = "bf16"
    save_every_s: float = 100.0
    log_every_steps: int = 100


class Course:
    """When a run began and when its training ends, on the machine's clock; others may move the end.

    Args:
        folder: Where it is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _COURSE

    def set(self, *, begin: float, end: float) -> None:
        """Set the end; the begin counts the first time only."""
        begin = self._read().get("begin", begin)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _write(self._path, json.dumps({"begin": begin, "end": end}).encode())

    def is_known(self) -> bool:
        """Whether a run has begun."""
        return self._path.is_file()

    def times(self) -> tuple[float, float]:
        """Begin and end."""
        known = self._read()
        return known["begin"], known["end"]

    def _read(self) -> dict[str, float]:
        found: dict[str, float] = json.loads(self._path.read_text()) if self._path.is_file() else {}
        return found


class Trainer:
    """A model, its optimisers and its average.

    Args:
        model: On its device; changed.
        corpus: What it is trained on: which task tokens are kept.
        recipe: How.
    """

    def __init__(self, model: CellModel, corpus: Corpus, recipe: Recipe) -> None:
        self.model, self.recipe = model, recipe
        self._numbers = real_numbers(corpus)
        self.step = self.n_tokens = self._warm_from = 0
        self._optimizers = build_optimizers(
            model,
            lr=recipe.lr,
            table_lr=recipe.table_lr,
            weight_decay=recipe.weight_decay,
            kind=recipe.optimizer,
        )
        self.average = WeightAverage(model, recipe.average_decay)
        self._recent: list[Tensor] = []

    def train(
        self,
        batches: Iterator[PackedBatch],
        course: Course,
        until: float,
        *,
        log: Callable[[dict[str, Any]], None],
        save: Callable[[Trainer], None],
        is_asked: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.time,
    ) -> bool:
        """Train until the piece's or the run's end; whether it is the run's.

        Args:
            batches: From number `step` on.
            course: When the run ends; read again now and then.
            until: When the piece ends.
            log: Called with a record now and then.
            save: Called every `save_every_s`, and at the end of the piece.
            is_asked: Whether somebody wants it saved now.
            clock: Wall-clock seconds.
        """
        recipe = self.recipe
        begin, end = course.times()
        saved, logged = clock(), (clock(), self.n_tokens)
        while (now := clock()) < min(until, end):
            progress = (now - begin) / (end - begin)
            factor = learning_rate_factor(
                self.step - self._warm_from,
                progress,
                warmup_steps=recipe.warmup_steps,
                decay_share=recipe.decay_share,
            )
            set_learning_rate(self._optimizers, factor)
            self._learn(next(batches))
            if self.step % recipe.log_every_steps == 0:
                seconds, n_new = max(1e-9, now - logged[0]), self.n_tokens - logged[1]
                logged = (now, self.n_tokens)
                speed = {"seconds": round(now - begin, 1), "tokens_per_s": round(n_new / seconds)}
                log({"step": self.step, "loss": round(self.loss(), 5), "rate": round(factor, 4), **speed})
                end = course.times()[1]
            if now - saved > recipe.save_every_s or is_asked():
                saved = now
                save(self)
        save(self)
        return clock() >= end

    def _learn(self, batch: PackedBatch) -> None:
        model, dtype = self.model, torch_dtype(self.recipe.precision)
        device = model.embedding.device
        with torch.autocast(device.type, dtype, enabled=dtype is not torch.float32):
            loss = batch_loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.n_tokens += batch.targets.size
        self._recent = [*self._recent[1 - self.recipe.log_every_steps :], loss.detach()]
        if self.step % self.recipe.average_every == 0:
            self.average.update((self.step - self._warm_from) // self.recipe.average_every)

    def loss(self) -> float:
        """Mean of the last steps."""
        return float(torch.stack(self._recent).mean()) if self._recent else float("nan")

    def facts(self) -> dict[str, Any]:
        """What is known of the training, for whoever keeps the model."""
        return {"step": self.step, "n_tokens": self.n_tokens, "loss": self.loss(), "recipe": asdict(self.recipe)}

    def save_state(self, folder: Path) -> None:
        """Everything that going on needs."""
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "average": self.average.state(),
            "counts": [self.step, self.n_tokens, self._warm_from],
        }
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{_STATE}.partial"
        torch.save(state, unfinished)
        unfinished.replace(folder / _STATE)

    def load_state(self, folder: Path) -> bool:
        """Go on exactly; whether there is anything to go on from."""
        if not (folder / _STATE).is_file():
            return False
        state = torch.load(folder / _STATE, map_location=self.model.embedding.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimizer, values in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(values)
        self.average.load(state["average"])
        self.step, self.n_tokens, self._warm_from = state["counts"]
        return True

    @torch.no_grad()
    def load_shards(self, folder: Path) -> None:
        """Go on from weights alone: the optimisers begin anew, with a warm-up."""
        content = read_shards(folder)
        if CellConfig(**content["config"]) != config_of(self.model, n_tasks=len(self._numbers) + 1):
            raise ModelError(f"{folder}: shards of a model of other sizes")
        state = unpacked(content["state"])
        tasks = state.pop("tasks").to(self.model.tasks.device)
        self.model.load_state_dict({**self.model.state_dict(), **state})
        self.model.tasks[:] = tasks[1:].mean(0)
        self.model.tasks[[0, *(number + 1 for number in self._numbers)]] = tasks
        self.average = WeightAverage(self.model, self.recipe.average_decay)
        facts = json.loads(content["facts"])
        self.step, self.n_tokens = facts["step"], facts["n_tokens"]
        self._warm_from = self.step

    def save_shards(self, folder: Path, facts: dict[str, Any], *, averaged: bool = True) -> None:
        """The averaged weights (or the last ones), matrices in eight bits, without the tokens of made tasks."""
        if averaged:
            with self.average.in_place():
                state = dict(self.model.state_dict())
                self._write_shards(folder, facts, state)
        else:
            self._write_shards(folder, facts, dict(self.model.state_dict()))

    def _write_shards(self, folder: Path, facts: dict[str, Any], state: dict[str, Tensor]) -> None:
        state["tasks"] = state["tasks"][[0, *(number + 1 for number in self._numbers)]]
        bad = [name for name, value in state.items() if not bool(torch.isfinite(value).all())]
        if bad:
            raise ModelError(f"not finite: {', '.join(bad[:3])}")
        content = {
            "state": {name: value.cpu() for name, value in packed(state, _is_matrix).items()},
            "config": asdict(config_of(self.model, n_tasks=len(self._numbers) + 1)),
            "facts": json.dumps(facts),
        }
        write_shards(folder, content)


def config_of(model: CellModel, *, n_tasks: int) -> CellConfig:
    """A model's sizes, with so many task tokens."""
    return CellConfig(**{**asdict(model.config), "n_tasks": n_tasks})


def _is_matrix(name: str) -> bool:
    return name.startswith("layers.") and "_proj." in name


def real_numbers(corpus: Corpus) -> list[int]:
    """The tasks whose tokens are kept."""
    return sorted({int(corpus.numbers[e]) for group in REAL for e in corpus.groups[group]})


def write_shards(folder: Path, content: dict[str, Any]) -> None:
    """In files of at most `SHARD_BYTES` and a little; each says which content it is a part of."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    data = buffer.getvalue()
    parts = range(0, len(data), SHARD_BYTES)
    head = _MAGIC + hashlib.sha256(data).digest() + bytes([len(parts)])
    folder.mkdir(parents=True, exist_ok=True)
    for index, start in enumerate(parts):
        _write(folder / f"base.{index:02d}", head + data[start : start + SHARD_BYTES])


def read_shards(folder: Path) -> dict[str, Any]:
    """What `write_shards` wrote.

    Raises:
        ModelError: No shards, or some are missing, damaged or of another checkpoint.
    """
    n_head = len(_MAGIC) + 33
    shards = [path.read_bytes() for path in sorted(folder.glob(_PATTERN))]
    heads, data = {shard[:n_head] for shard in shards}, b"".join(shard[n_head:] for shard in shards)
    if not shards:
        raise ModelError(f"{folder}: no shards (base.00, ...) here")
    head = heads.pop()
    if heads or head[-1] != len(shards) or head[:-1] != _MAGIC + hashlib.sha256(data).digest():
        raise ModelError(f"{folder}: shards are missing, damaged or of different checkpoints")
    content: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return content


def model_from_shards(folder: Path) -> tuple[CellModel, dict[str, Any]]:
    """The model with the real tasks' tokens, in fp32, and what is known of its training.

    Raises:
        ModelError: As `read_shards`.
    """
    content = read_shards(folder)
    model = CellModel(CellConfig(**content["config"]))
    model.load_state_dict(unpacked(content["state"]))
    facts: dict[str, Any] = json.loads(content["facts"])
    return model, facts


def _write(path: Path, data: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(data)
    unfinished.replace(path)
