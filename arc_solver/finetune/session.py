"""A training run from a request to a folder: model and data, then `train`, then weights with their record.

Knows nothing of flags or presets: `request.py` does.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from arc_solver.dsl.registry import PRIMITIVES
from arc_solver.errors import InputError
from arc_solver.finetune.dataset import Encoded, Encoding, SampleSource, encode
from arc_solver.finetune.growing import grow
from arc_solver.finetune.lora import add_lora, save_adapter
from arc_solver.finetune.manifest import PromptFormat, weights_hash, write_model_record
from arc_solver.finetune.nano import load_model, new_model, save_model
from arc_solver.finetune.precision import FP32, choose_precision, torch_dtype
from arc_solver.finetune.request import TrainRequest
from arc_solver.finetune.settings import Solved, TrainResult
from arc_solver.finetune.solving import held_out_questions, solve_rate
from arc_solver.finetune.tokenizer import build_tokenizer, fixed_lines, load_tokenizer, save_tokenizer
from arc_solver.finetune.train import SolveRate, train
from arc_solver.omni.config import DEFAULT_PROGRAM_WEIGHTS, FOUND
from arc_solver.omni.found import FoundProgram, load_programs
from arc_solver.omni.sources import RE_ARC
from arc_solver.omni.stream import GenerateConfig, open_engine

GRID_PHRASES = ("```grid ", "\n```", "\ninput\n", "\noutput\n", "\noutput", "\ncode", "input\n")

HELD_OUT_SEED = 1_000_003
"""Seed of the held-out samples: another stream than any that is trained on."""


def run_training(request: TrainRequest, report: Callable[[str], None] = lambda line: None) -> TrainResult:
    """Train as `request` says and write the result with its record to `request.out`.

    Raises:
        InputError: The data cannot be read, nothing fits, the device is missing or cannot compute so, or the checkpoint
            belongs to another run.
        ModelError: The base cannot be loaded, training came to numbers that are not finite, or the result is not finite
            in fp16.
    """
    request, device = _settled(request)
    found = load_programs(request.programs) if request.programs else ()
    source = stream_source(request.data, request.re_arc, request.train.seed, found)
    model, tokenizer = _prepare_model(request, source)
    model.to(device)
    held_out = held_out_samples(tokenizer, request)
    run_dir = _run_dir(request)
    n_trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    report(
        f"{n_trained / 1e6:.2f}M trainable parameters, {request.train.precision} on {device}, {len(held_out)} held-out "
        f"samples, run folder {run_dir}"
    )
    result = train(
        model,
        tokenizer,
        source,
        request.train,
        run_dir,
        held_out=held_out,
        solve=_solver(tokenizer, request, report),
        resume=request.resume,
        report=report,
    )
    _save(request, model.to("cpu"), tokenizer, result)
    report(f"saved {request.out}" + (f" (weights: {result.kept})" if request.train.ema_decay else ""))
    return result


def stream_source(
    data: GenerateConfig, re_arc: Path | None, seed: int, found: Sequence[FoundProgram] = ()
) -> SampleSource:
    """The data engine's stream of one seed."""
    engine = open_engine(data, re_arc, found)
    return lambda start: engine.stream(seed, start=start)


def held_out_samples(tokenizer: Any, request: TrainRequest) -> list[Encoded]:
    """Samples of held-out tasks (and of programs from another stream), those that fit."""
    if not request.n_held_out:
        return []
    # What a run found is a matter of training: losses with it and without can be compared.
    programs = tuple(weight for weight in request.data.program_weights if weight[0] != FOUND)
    data = dataclasses.replace(request.data, split="held-out", program_weights=programs or DEFAULT_PROGRAM_WEIGHTS)
    source = stream_source(data, request.re_arc, HELD_OUT_SEED)
    samples = itertools.islice(source(0), request.n_held_out)
    encoding = Encoding(request.train.encoding.max_tokens)
    return [encoded for sample in samples if (encoded := encode(tokenizer, sample, encoding)) is not None]


def nano_tokenizer(source: SampleSource, *, n_samples: int = 64) -> Any:
    """The bundled model's tokenizer: the DSL's words, and the lines that all prompts of `source` share."""

    prompts = [sample.prompt for sample in itertools.islice(source(0), n_samples)]
    texts = ["\n".join((prompt.system, prompt.user, prompt.prefill)) for prompt in prompts]
    return build_tokenizer(PRIMITIVES, (*GRID_PHRASES, *fixed_lines(texts)))


def training_record(request: TrainRequest, result: TrainResult) -> dict[str, Any]:
    """What a result's `arc_solver.json` says of how it was made."""
    progress = result.progress
    losses = {
        which: {recipe: round(loss, 5) for recipe, loss in measured.items()}
        for which, measured in result.losses.items()
    }
    return {
        "command": request.command,
        "seed": request.train.seed,
        **({"grown_from_sha256": weights_hash(request.base)} if request.add_words and request.base else {}),
        "prompt_format": dataclasses.asdict(_prompt_format(request)),
        "recipes": dict(request.data.recipe_weights),
        "sources": {name: weight for name, weight in request.data.source_weights if request.re_arc or name != RE_ARC},
        "programs": dict(request.data.program_weights),
        "precision": request.train.precision,
        "steps": progress.step,
        "n_samples": progress.n_samples,
        "n_tokens": progress.n_tokens,
        "hours": round(progress.elapsed_s / 3600, 3),
        "train_loss": round(result.train_loss, 5),
        "weights_kept": result.kept,
        "held_out_loss": losses.get(result.kept, {}),
        "held_out_loss_by_weights": losses,
        "held_out_solved": {
            recipe: {"n_solved": n_solved, "n_asked": n_asked} for recipe, (n_solved, n_asked) in result.solved.items()
        },
    }


def _settled(request: TrainRequest) -> tuple[TrainRequest, str]:
    """The request with the precision that its device gives, and the device."""
    import torch

    has_cuda = torch.cuda.is_available()
    if request.device == "cuda" and not has_cuda:
        raise InputError("--device cuda: no GPU that torch can use; use --device cpu or auto")
    device = "cuda" if has_cuda and request.device != "cpu" else "cpu"
    precision = choose_precision(request.train.precision, device)
    return dataclasses.replace(request, train=dataclasses.replace(request.train, precision=precision)), device


def _solver(tokenizer: Any, request: TrainRequest, report: Callable[[str], None]) -> SolveRate | None:
    """What asks a model for held-out tasks; None where none is wanted or fits."""
    if not request.n_solved:
        return None
    max_tokens = request.train.encoding.max_tokens
    questions = held_out_questions(tokenizer, request.data, n_tasks=request.n_solved, max_tokens=max_tokens)
    if not questions:
        return None

    def solve(model: Any, precision: str) -> Solved:
        encoder = request.data.encoder
        return solve_rate(model, tokenizer, questions, encoder=encoder, precision=precision, report=report)

    return solve


def _prepare_model(request: TrainRequest, source: SampleSource) -> tuple[Any, Any]:
    if request.base is None:
        tokenizer = _run_tokenizer(request, source)
        return new_model(request.nano, tokenizer, seed=request.train.seed), tokenizer
    # Frozen weights may be narrow; what is trained is not, or small changes would be rounded away.
    narrow = request.half_base and request.lora is not None
    model, tokenizer = load_model(request.base, torch_dtype(request.train.precision if narrow else FP32))
    if request.lora is not None:
        model = add_lora(model, request.lora, seed=request.train.seed)
    if request.add_words:
        larger = _run_tokenizer(request, source)
        return grow(model, tokenizer, larger)[0], larger
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
    write_model_record(request.out, _prompt_format(request), record)


def _prompt_format(request: TrainRequest) -> PromptFormat:
    return PromptFormat(request.data.version, request.data.encoder, request.train.encoding.max_tokens)
