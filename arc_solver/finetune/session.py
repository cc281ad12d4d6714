"""A training run from flags to a folder: which model, which data, then `train`, then weights with their record.

Three ways: no base given, a new small model from nothing; a base, all of its weights; a base and a rank, a LoRA. Knows
nothing of the command line.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.errors import InputError
from arc_solver.finetune.dataset import Encoded, Encoding, SampleSource, encode
from arc_solver.finetune.lora import LoraSettings, add_lora, save_adapter
from arc_solver.finetune.manifest import PromptFormat, read_prompt_format, write_model_record
from arc_solver.finetune.nano import NanoConfig, load_model, new_model, save_model
from arc_solver.finetune.tokenizer import build_tokenizer, fixed_lines, load_tokenizer, save_tokenizer
from arc_solver.finetune.train import TrainConfig, TrainResult, train
from arc_solver.omni.sources import RE_ARC
from arc_solver.omni.stream import GenerateConfig, open_engine
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, OUTPUT_FROM_EXAMPLES

OUTPUTS_OF_EXAMPLES = r"(?<=\noutput\n)```grid[^`]*\n```"
"""In prompts of version `brief`: what a new model learns from besides completions."""

GRID_PHRASES = ("```grid ", "\n```", "\ninput\n", "\noutput\n", "\noutput", "\ncode", "input\n")

HELD_OUT_SEED = 1_000_003
"""Seed of the held-out samples: another stream than any that is trained on."""


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """One run of `arc-solver train`.

    Attributes:
        out: Folder for the result: a model, or an adapter.
        data: What the samples are made of; its split must not be `held-out`.
        train: How to train.
        base: Model folder to start from; None for a new small model.
        lora: Shape of the adapter; None trains all weights.
        nano: Sizes of a new model.
        re_arc: RE-ARC archive; None uses the original training pairs only.
        run_dir: Checkpoint and metrics; None puts them beside `out`.
        resume: Continue from the checkpoint in the run folder.
        n_held_out: Held-out samples to measure on.
        command: The command line, for the record.
    """

    out: Path
    train: TrainConfig
    data: GenerateConfig = field(default_factory=GenerateConfig)
    base: Path | None = None
    lora: LoraSettings | None = None
    nano: NanoConfig = field(default_factory=NanoConfig)
    re_arc: Path | None = None
    run_dir: Path | None = None
    resume: bool = False
    n_held_out: int = 128
    command: str = ""

    def __post_init__(self) -> None:
        if self.lora is not None and self.base is None:
            raise InputError("an adapter needs a base: give --base DIR, or leave out --lora")
        if self.data.split == "held-out":
            raise InputError("held-out tasks are not trained on: use the split train")


DEFAULT_RECIPES = ((OUTPUT_FROM_EXAMPLES, 2.0), (CODE_FROM_EXAMPLES, 1.0))


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How large samples are.

    Attributes:
        max_grid_cells: Cells of a grid.
        max_chars: Characters of a sample.
        max_tokens: Tokens of a sample.
    """

    max_grid_cells: int
    max_chars: int
    max_tokens: int


_SIZES = {
    # A small model learns more from many small samples than from a few large ones.
    "base": _Sizes(max_grid_cells=100, max_chars=1000, max_tokens=1024),
    # What an adapter of it adds: the original tasks as they are, with their larger grids.
    "adapter": _Sizes(max_grid_cells=225, max_chars=1800, max_tokens=2048),
    "foreign": _Sizes(max_grid_cells=400, max_chars=3000, max_tokens=3072),
}

# A cell may be a token, but of the instructions in words a token holds several characters. What is too long all the
# same is left out when it is split into tokens.
_SPOKEN_CHARS = 600


def train_request(
    out: Path,
    *,
    base: Path | None = None,
    lora_rank: int | None = None,
    re_arc: Path | None = None,
    recipes: tuple[tuple[str, float], ...] = DEFAULT_RECIPES,
    time_limit_s: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    resume: bool = False,
    run_dir: Path | None = None,
    max_tokens: int | None = None,
    max_grid_cells: int | None = None,
    version: str | None = None,
    command: str = "",
) -> TrainRequest:
    """What the flags of `arc-solver train` ask for, with settings that suit it.

    Raises:
        InputError: A rank without a base, an unknown recipe or prompt version, a rank below 1, or a prompt version in
            which a new model, or the model of ours that the adapter is for, will not be asked.
    """
    if lora_rank is not None and lora_rank < 1:
        raise InputError(f"--lora {lora_rank}: the rank must be at least 1")
    sizes = _SIZES["base" if base is None else "adapter" if read_prompt_format(base) else "foreign"]
    known = read_prompt_format(base) if base is not None else PromptFormat("brief", "numbered", sizes.max_tokens)
    if version is not None and known is not None and version != known.version and (base is None or lora_rank):
        raise InputError(f"--prompts {version}: {base or 'a new model'} is asked in prompts of version {known.version}")
    data = GenerateConfig(
        recipe_weights=recipes,
        encoder=known.encoder if known else "numbered",
        version=version or (known.version if known else "v0"),
        max_grid_cells=max_grid_cells or sizes.max_grid_cells,
        max_code_input_cells=100,
        max_chars=min(sizes.max_chars, (max_tokens or sizes.max_chars) + (0 if known else _SPOKEN_CHARS)),
    )
    return TrainRequest(
        out=out,
        train=default_train_config(
            lora=lora_rank is not None,
            from_scratch=base is None,
            seed=seed,
            steps=steps,
            time_limit_s=time_limit_s,
            max_tokens=max_tokens or sizes.max_tokens,
        ),
        data=data,
        base=base,
        lora=None if lora_rank is None else LoraSettings(rank=lora_rank, alpha=float(lora_rank) ** 0.5),
        re_arc=re_arc,
        run_dir=run_dir,
        resume=resume,
        command=command,
    )


def default_train_config(
    *,
    lora: bool,
    from_scratch: bool,
    seed: int,
    steps: int | None = None,
    time_limit_s: float | None = None,
    max_tokens: int = 1024,
) -> TrainConfig:
    """Settings that work for each of the three ways.

    Args:
        lora: An adapter is trained.
        from_scratch: A new model is trained: its prompts count too, and Muon learns faster than AdamW.
        seed: Of data and model.
        steps: Limit in steps; with neither limit 1,000 steps.
        time_limit_s: Limit in seconds.
        max_tokens: Longest sample.
    """
    if steps is None and time_limit_s is None:
        steps = 1000
    limits = TrainConfig(seed=seed, steps=steps, time_limit_s=time_limit_s, encoding=Encoding(max_tokens))
    if from_scratch:
        encoding = Encoding(max_tokens, prompt_weight=0.1, pattern=OUTPUTS_OF_EXAMPLES, pattern_weight=1.0)
        return dataclasses.replace(limits, encoding=encoding, optimizer="muon", lr=2e-3, batch_tokens=4096)
    if lora:
        return dataclasses.replace(limits, lr=1e-3, weight_decay=0.0, warmup_steps=20, batch_tokens=6144)
    return dataclasses.replace(limits, lr=1e-4, warmup_steps=50)


def run_training(request: TrainRequest, report: Callable[[str], None] = lambda line: None) -> TrainResult:
    """Train as `request` says and write the result with its record to `request.out`.

    Raises:
        InputError: The data cannot be read, nothing fits, or the checkpoint belongs to another run.
        ModelError: The base cannot be loaded, or the result is not finite in fp16.
    """
    source = stream_source(request.data, request.re_arc, request.train.seed)
    model, tokenizer = _prepare_model(request, source)
    held_out = held_out_samples(tokenizer, request)
    run_dir = _run_dir(request)
    n_trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    report(f"{n_trained / 1e6:.2f}M trainable parameters, {len(held_out)} held-out samples, run folder {run_dir}")
    result = train(
        model, tokenizer, source, request.train, run_dir, held_out=held_out, resume=request.resume, report=report
    )
    _save(request, model, tokenizer, result)
    report(f"saved {request.out}")
    return result


def stream_source(data: GenerateConfig, re_arc: Path | None, seed: int) -> SampleSource:
    """The data engine's stream of one seed."""
    engine = open_engine(data, re_arc)
    return lambda start: engine.stream(seed, start=start)


def held_out_samples(tokenizer: Any, request: TrainRequest) -> list[Encoded]:
    """Samples of held-out tasks (and of programs from another stream), those that fit."""
    if not request.n_held_out:
        return []
    source = stream_source(dataclasses.replace(request.data, split="held-out"), request.re_arc, HELD_OUT_SEED)
    samples = itertools.islice(source(0), request.n_held_out)
    encoding = Encoding(request.train.encoding.max_tokens)
    return [encoded for sample in samples if (encoded := encode(tokenizer, sample, encoding)) is not None]


def nano_tokenizer(source: SampleSource, *, n_samples: int = 64) -> Any:
    """The bundled model's tokenizer: the DSL's words, and the lines that all prompts of `source` share."""

    prompts = [sample.prompt for sample in itertools.islice(source(0), n_samples)]
    texts = ["\n".join((prompt.system, prompt.user, prompt.prefill)) for prompt in prompts]
    return build_tokenizer(PRIMITIVES, (*GRID_PHRASES, *fixed_lines(texts)))


def _prepare_model(request: TrainRequest, source: SampleSource) -> tuple[Any, Any]:
    if request.base is None:
        tokenizer = _run_tokenizer(request, source)
        return new_model(request.nano, tokenizer, seed=request.train.seed), tokenizer
    model, tokenizer = load_model(request.base)
    if request.lora is not None:
        model = add_lora(model, request.lora, seed=request.train.seed)
    return model, tokenizer


def _run_tokenizer(request: TrainRequest, source: SampleSource) -> Any:
    """The tokenizer of a run: made once, for the DSL may have more words by the time that the run is resumed."""
    folder = _run_dir(request) / "tokenizer"
    if request.resume and folder.is_dir():
        return load_tokenizer(folder)
    tokenizer = nano_tokenizer(source)
    save_tokenizer(tokenizer, folder)
    return tokenizer


def _run_dir(request: TrainRequest) -> Path:
    return request.run_dir or request.out.with_name(request.out.name + ".run")


def _save(request: TrainRequest, model: Any, tokenizer: Any, result: TrainResult) -> None:
    record = training_record(request, result)
    if request.lora is not None and request.base is not None:
        save_adapter(model, request.base, request.out, record)
        return
    save_model(model, tokenizer, request.out)
    prompt_format = PromptFormat(request.data.version, request.data.encoder, request.train.encoding.max_tokens)
    write_model_record(request.out, prompt_format, record)


def training_record(request: TrainRequest, result: TrainResult) -> dict[str, Any]:
    """What a result's `arc_solver.json` says of how it was made."""
    progress = result.progress
    return {
        "command": request.command,
        "seed": request.train.seed,
        "recipes": dict(request.data.recipe_weights),
        "sources": {name: weight for name, weight in request.data.source_weights if request.re_arc or name != RE_ARC},
        "programs": dict(request.data.program_weights),
        "steps": progress.step,
        "n_samples": progress.n_samples,
        "n_tokens": progress.n_tokens,
        "hours": round(progress.elapsed_s / 3600, 3),
        "train_loss": round(result.train_loss, 5),
        "held_out_loss": {recipe: round(loss, 5) for recipe, loss in result.held_out.items()},
    }
