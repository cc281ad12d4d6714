"""What a training run is asked for: choices, from flags or a preset, become one request with all that suits it.

Three ways: no base given, a new small model from nothing; a base, all of its weights; a base and a rank, a LoRA.
Imports no torch. Knows nothing of the command line, nor of how training is done.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arc_solver.errors import InputError
from arc_solver.finetune.dataset import Encoding
from arc_solver.finetune.lora import LoraSettings
from arc_solver.finetune.manifest import PromptFormat, read_prompt_format
from arc_solver.finetune.nano import NanoConfig
from arc_solver.finetune.settings import TrainConfig
from arc_solver.omni.config import DEFAULT_RECIPE_WEIGHTS, GenerateConfig, Weights, split_source_weights, with_found
from arc_solver.prompts.templates import get_template

OUTPUTS_OF_EXAMPLES = r"(?<=\noutput\n)```grid[^`]*\n```"
"""In prompts of version `brief`: what a new model learns from besides completions."""

DEVICES = ("auto", "cpu", "cuda")

DEFAULT_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen; None leaves it to what suits the model. A training preset is a file of these.

    Attributes:
        lora_rank: Rank of a LoRA; None trains all weights.
        lora_alpha: Its scale; None for one that keeps the update's size whatever the rank.
        rank_stabilised: Whether the scale is divided by the root of the rank instead of the rank.
        half_base: Keep the frozen weights under a LoRA in the precision of the computation: half the memory.
        recipes: Learning task -> weight.
        sources: Where grids come from and what makes tasks of them -> weight, as `generate --sources` has it; of the
            kind that is not named the usual ones.
        prompts: Prompt version.
        max_tokens: Longest sample.
        max_grid_cells: Pairs with a larger grid are left out.
        max_code_input_cells: Inputs of programs are at most this large.
        add_words: Give a base of ours the words that the DSL gained since it was trained (`growing`), and train it on
            as a new model is trained.
        steps: Limit in steps.
        time_limit_s: Limit in seconds.
        nano: Sizes of a new model: fields of `NanoConfig`, by name.
        train: Fields of `TrainConfig`, by name.
    """

    lora_rank: int | None = None
    lora_alpha: float | None = None
    rank_stabilised: bool = True
    half_base: bool = False
    recipes: dict[str, float] | None = None
    sources: dict[str, float] | None = None
    prompts: str | None = None
    max_tokens: int | None = None
    max_grid_cells: int | None = None
    max_code_input_cells: int = 100
    add_words: bool = False
    steps: int | None = None
    time_limit_s: float | None = None
    nano: dict[str, int] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """One run of `arc-solver train`.

    Attributes:
        out: Folder for the result: a model, or an adapter.
        data: What the samples are made of; its split must not be `held-out`.
        train: How to train.
        base: Model folder to start from; None for a new small model.
        lora: Shape of the adapter; None trains all weights.
        half_base: Whether the frozen weights under an adapter are kept in the precision of the computation.
        nano: Sizes of a new model.
        re_arc: RE-ARC archive; None uses the original training pairs only.
        programs: Programs that a run found for training tasks (`omni.found`); None for none.
        add_words: Whether the base gets the DSL's words that it does not have.
        run_dir: Checkpoint and metrics; None puts them beside `out`.
        resume: Continue from the checkpoint in the run folder.
        device: One of `DEVICES`.
        n_held_out: Held-out samples to measure on.
        n_solved: Held-out tasks to solve now and then, for each learning task that can be; 0 for none.
        command: The command line, for the record.
    """

    out: Path
    train: TrainConfig
    data: GenerateConfig = field(default_factory=GenerateConfig)
    base: Path | None = None
    lora: LoraSettings | None = None
    half_base: bool = False
    nano: NanoConfig = field(default_factory=NanoConfig)
    re_arc: Path | None = None
    programs: Path | None = None
    add_words: bool = False
    run_dir: Path | None = None
    resume: bool = False
    device: str = "auto"
    n_held_out: int = 128
    n_solved: int = 8
    command: str = ""

    def __post_init__(self) -> None:
        if self.lora is not None and self.base is None:
            raise InputError("an adapter needs a base: give --base DIR, or leave out --lora")
        if self.data.split == "held-out":
            raise InputError("held-out tasks are not trained on: use the split train")
        if self.device not in DEVICES:
            raise InputError(f"--device {self.device}: choose from {', '.join(DEVICES)}")


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
    choices: Choices | None = None,
    *,
    base: Path | None = None,
    re_arc: Path | None = None,
    programs: Path | None = None,
    seed: int = 0,
    resume: bool = False,
    run_dir: Path | None = None,
    device: str = "auto",
    n_solved: int = 8,
    command: str = "",
) -> TrainRequest:
    """A request with settings that suit it.

    Args:
        out: Folder for the result.
        choices: What is chosen; nothing if None.
        base: As in `TrainRequest`, like all others but `seed`.
        re_arc: RE-ARC archive.
        programs: Found programs.
        seed: Of data and model.
        resume: Continue.
        run_dir: Checkpoint and metrics.
        device: Where to train.
        n_solved: Held-out tasks to solve now and then.
        command: For the record.

    Raises:
        InputError: A rank without a base, a weight for found programs without any, an unknown recipe or prompt version,
            a rank below 1, a setting that does not exist or makes no sense, or a prompt version in which a new model,
            or the model of ours that the adapter is for, will not be asked, words for what is no whole model of ours.
    """
    choices = choices or Choices()
    if choices.lora_rank is not None and choices.lora_rank < 1:
        raise InputError(f"--lora {choices.lora_rank}: the rank must be at least 1")
    known = read_prompt_format(base) if base is not None else None
    if choices.add_words and (known is None or choices.lora_rank):
        raise InputError("--add-words is for all weights of a model of ours: give its folder as --base, without --lora")
    like_new = base is None or choices.add_words
    sizes = _SIZES["base" if like_new else "adapter" if known else "foreign"]
    if base is None:
        known = PromptFormat("brief", "numbered", sizes.max_tokens)
    return TrainRequest(
        out=out,
        train=_train_config(choices, from_scratch=like_new, seed=seed, sizes=sizes),
        data=with_found(_data(choices, base, known, sizes), programs is not None),
        base=base,
        lora=_lora(choices),
        half_base=choices.half_base,
        nano=_nano(choices, base),
        re_arc=re_arc,
        programs=programs,
        add_words=choices.add_words,
        run_dir=run_dir,
        resume=resume,
        device=device,
        n_solved=n_solved,
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
        steps: Limit in steps; with neither limit `DEFAULT_STEPS`.
        time_limit_s: Limit in seconds.
        max_tokens: Longest sample.
    """
    if steps is None and time_limit_s is None:
        steps = DEFAULT_STEPS
    limits = TrainConfig(seed=seed, steps=steps, time_limit_s=time_limit_s, encoding=Encoding(max_tokens))
    if from_scratch:
        encoding = Encoding(max_tokens, prompt_weight=0.1, pattern=OUTPUTS_OF_EXAMPLES, pattern_weight=1.0)
        return dataclasses.replace(limits, encoding=encoding, optimizer="muon", lr=2e-3, batch_tokens=4096)
    if lora:
        return dataclasses.replace(limits, lr=1e-3, weight_decay=0.0, warmup_steps=20, batch_tokens=6144)
    return dataclasses.replace(limits, lr=1e-4, warmup_steps=50)


def _data(choices: Choices, base: Path | None, known: PromptFormat | None, sizes: _Sizes) -> GenerateConfig:
    asked = choices.prompts
    if asked is not None and known is not None and asked != known.version and (base is None or choices.lora_rank):
        raise InputError(f"--prompts {asked}: {base or 'a new model'} is asked in prompts of version {known.version}")
    version = asked or (known.version if known else "v0")
    recipes = DEFAULT_RECIPE_WEIGHTS if choices.recipes is None else tuple(choices.recipes.items())
    usual = GenerateConfig()
    grids, programs = split_source_weights(choices.sources or {})
    return GenerateConfig(
        recipe_weights=recipes,
        source_weights=grids or usual.source_weights,
        program_weights=programs or usual.program_weights,
        encoder=known.encoder if known else "numbered",
        version=version,
        max_grid_cells=choices.max_grid_cells or sizes.max_grid_cells,
        max_code_input_cells=choices.max_code_input_cells,
        max_chars=_max_chars(choices, version, recipes, known, sizes),
    )


def _max_chars(choices: Choices, version: str, recipes: Weights, known: PromptFormat | None, sizes: _Sizes) -> int:
    """Room for the grids and a program, and for the longest instructions: version v4 lists the whole vocabulary."""
    n_spoken = max(len(get_template(recipe, version).opening) for recipe, _ in recipes)
    return n_spoken + min(sizes.max_chars, (choices.max_tokens or sizes.max_chars) + (0 if known else _SPOKEN_CHARS))


def _train_config(choices: Choices, *, from_scratch: bool, seed: int, sizes: _Sizes) -> TrainConfig:
    usual = default_train_config(
        lora=choices.lora_rank is not None,
        from_scratch=from_scratch,
        seed=seed,
        steps=choices.steps,
        time_limit_s=choices.time_limit_s,
        max_tokens=choices.max_tokens or sizes.max_tokens,
    )
    return _changed(usual, choices.train)


def _changed(config: TrainConfig, changes: Mapping[str, Any]) -> TrainConfig:
    """`config` with the changes of a preset or of flags."""
    fixed = {"seed", "steps", "time_limit_s", "encoding"}
    known = [item.name for item in dataclasses.fields(config) if item.name not in fixed]
    unknown = sorted(set(changes) - set(known))
    if unknown:
        raise InputError(f"no training setting {unknown[0]!r}; there are {', '.join(known)}")
    try:
        return dataclasses.replace(config, **changes)
    except (TypeError, ValueError) as error:
        raise InputError(f"training settings: {error}") from error


def _nano(choices: Choices, base: Path | None) -> NanoConfig:
    usual = NanoConfig()
    known = [item.name for item in dataclasses.fields(usual)]
    for name, size in choices.nano.items():
        if name not in known:
            raise InputError(f"no size of a new model is named {name!r}; there are {', '.join(known)}")
        if type(size) is not int or size < 1:
            raise InputError(f"{name} of a new model: {size!r} is no whole number above 0")
    if choices.nano and base is not None:
        raise InputError("sizes are chosen for a new model only: leave out the base")
    return dataclasses.replace(usual, **choices.nano)


def _lora(choices: Choices) -> LoraSettings | None:
    rank = choices.lora_rank
    if rank is None:
        return None
    alpha = choices.lora_alpha
    if alpha is None:
        alpha = float(rank) ** 0.5 if choices.rank_stabilised else float(rank)
    return LoraSettings(rank=rank, alpha=alpha, rank_stabilised=choices.rank_stabilised)
