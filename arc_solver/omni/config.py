"""What the stream of samples is made of: learning tasks, sources of grids, sources of programs, bounds.

A value with checks, known by training and the command line alike. Knows nothing of how anything is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from arc_solver.errors import InputError
from arc_solver.omni.inputs import GENERATORS
from arc_solver.omni.recipes import RECIPES, get_recipe
from arc_solver.omni.sources import RE_ARC, TRAINING
from arc_solver.omni.splits import SPLITS
from arc_solver.prompts.encoders import get_encoder
from arc_solver.prompts.templates import (
    CODE_FROM_EXAMPLES,
    CODE_FROM_INPUTS,
    INPUT_FROM_CODE,
    INPUT_FROM_INPUTS,
    OUTPUT_FROM_CODE,
    OUTPUT_FROM_EXAMPLES,
    OUTPUT_FROM_OUTPUTS,
    SELECT_OUTPUT,
    VERIFY_OUTPUT,
    get_template,
)

PAIRS = "pairs"
SOLVERS = "solvers"
VARIATIONS = "variations"
SYNTHESIS = "synthesis"
PRIMITIVES = "primitives"
FOUND = "found"

GRID_SOURCES = (RE_ARC, TRAINING, GENERATORS)
"""Where grids come from."""
PROGRAM_SOURCES = (PAIRS, SOLVERS, VARIATIONS, SYNTHESIS, PRIMITIVES, FOUND)
"""What makes a task of grids: the task's own pairs without any program, or a program of one of five kinds. Those that a
run found come from a file, so they are in no default."""
FOUND_WEIGHT = 2.0
"""Of found programs where a file of them is given and no weight."""

EVERY = "all"

Weights = tuple[tuple[str, float], ...]

DEFAULT_RECIPE_WEIGHTS: Weights = (
    (OUTPUT_FROM_EXAMPLES, 6.0),
    (CODE_FROM_EXAMPLES, 4.0),
    (OUTPUT_FROM_CODE, 2.0),
    (INPUT_FROM_INPUTS, 1.0),
    (OUTPUT_FROM_OUTPUTS, 1.0),
    (INPUT_FROM_CODE, 1.0),
    (CODE_FROM_INPUTS, 1.0),
    (VERIFY_OUTPUT, 1.5),
    (SELECT_OUTPUT, 1.5),
)
DEFAULT_SOURCE_WEIGHTS: Weights = ((RE_ARC, 4.0), (TRAINING, 1.0), (GENERATORS, 3.0))
DEFAULT_PROGRAM_WEIGHTS: Weights = (
    (PAIRS, 4.0),
    (SOLVERS, 2.0),
    (VARIATIONS, 2.0),
    (SYNTHESIS, 3.0),
    (PRIMITIVES, 1.0),
)


@dataclass(frozen=True, slots=True)
class GenerateConfig:
    """What the stream is made of.

    Attributes:
        recipe_weights: Learning task -> relative weight.
        source_weights: Source of grids -> relative weight, wherever several can serve; the weight of a source that the
            engine was not given counts for nothing.
        program_weights: What makes tasks of grids -> relative weight. Learning tasks that need a program do without
            `pairs`; the weight of a source that has nothing counts for nothing.
        split: `train`, `held-out` or `all`.
        excluded_ids: Tasks left out besides those of the split.
        encoder: Name of the grid encoder.
        version: Prompt version.
        n_pairs: Fewest and most demonstrations drawn.
        min_pairs: Fewest demonstrations that a sample of large grids is left with; others keep at least `n_pairs[0]`.
        max_grid_cells: Pairs with a larger grid are not used.
        max_code_input_cells: Inputs of programs are at most this large.
        max_chars: Upper bound on prompt and completion together; with one token a cell an upper bound on tokens too.
        keep_background_rate: Share of samples in which colour 0 stays 0.

    Raises:
        InputError: A name that does not exist, a weight that is negative, no weight at all, or bounds that contradict.
    """

    recipe_weights: Weights = DEFAULT_RECIPE_WEIGHTS
    source_weights: Weights = DEFAULT_SOURCE_WEIGHTS
    program_weights: Weights = DEFAULT_PROGRAM_WEIGHTS
    split: str = "train"
    excluded_ids: frozenset[str] = field(default_factory=frozenset)
    encoder: str = "rows"
    version: str = "brief"
    n_pairs: tuple[int, int] = (2, 4)
    min_pairs: int = 1
    max_grid_cells: int = 600
    max_code_input_cells: int = 150
    max_chars: int = 2000
    keep_background_rate: float = 0.5

    def __post_init__(self) -> None:
        for recipe, _ in self.recipe_weights:
            get_template(get_recipe(recipe).name, self.version)
        get_encoder(self.encoder)
        _check_weights("recipe", self.recipe_weights, None)
        _check_weights("source", self.source_weights, GRID_SOURCES)
        _check_weights("program", self.program_weights, PROGRAM_SOURCES)
        if self.split not in SPLITS:
            raise InputError(f"no split is named {self.split!r}; known: {', '.join(SPLITS)}")
        if not 1 <= self.min_pairs <= self.n_pairs[0] <= self.n_pairs[1]:
            raise InputError(f"bounds on pairs contradict: {self.min_pairs} <= {self.n_pairs[0]} <= {self.n_pairs[1]}")


def _check_weights(kind: str, weights: Weights, known: Iterable[str] | None) -> None:
    if any(weight < 0 for _, weight in weights) or not any(weight for _, weight in weights):
        raise InputError(f"{kind} weights must be 0 or more, and at least one above 0: {dict(weights)}")
    unknown = [name for name, _ in weights if known is not None and name not in known]
    if unknown:
        raise InputError(f"no {kind} is named {unknown[0]!r}; known: {', '.join(known or ())}")


def parse_recipe_weights(text: str) -> Weights:
    """Recipe weights from `output-from-examples,code-from-examples:2`; a recipe without a weight has 1.

    `all` stands for every learning task.

    Raises:
        InputError: An unknown or repeated recipe, or a weight that is no number above 0.
    """
    if text.strip() == EVERY:
        return tuple((name, 1.0) for name in RECIPES)
    return _parse_weights("recipe", text, tuple(RECIPES))


def parse_source_weights(text: str) -> tuple[Weights | None, Weights | None]:
    """Weights of sources of grids and of programs from `re-arc:4,training,solvers:2`.

    Returns:
        (grids, programs), each None where no source of that kind is named.

    Raises:
        InputError: An unknown or repeated source, or a weight that is no number above 0.
    """
    grids, programs = split_source_weights(dict(_parse_weights("source", text, (*GRID_SOURCES, *PROGRAM_SOURCES))))
    return grids or None, programs or None


def split_source_weights(weights: Mapping[str, float]) -> tuple[Weights, Weights]:
    """Weights of sources of grids, and those of what makes tasks of grids.

    Raises:
        InputError: An unknown source.
    """
    unknown = sorted(set(weights) - {*GRID_SOURCES, *PROGRAM_SOURCES})
    if unknown:
        raise InputError(f"no source is named {unknown[0]!r}; known: {', '.join((*GRID_SOURCES, *PROGRAM_SOURCES))}")
    return (
        tuple((name, float(weight)) for name, weight in weights.items() if name in GRID_SOURCES),
        tuple((name, float(weight)) for name, weight in weights.items() if name in PROGRAM_SOURCES),
    )


def with_found(config: GenerateConfig, given: bool) -> GenerateConfig:
    """The configuration with a weight for found programs exactly where there are some.

    Args:
        config: Any.
        given: Whether there is a file of found programs.

    Raises:
        InputError: They have a weight, and there are none.
    """
    named = any(name == FOUND for name, _ in config.program_weights)
    if named == given:
        return config
    if named:
        raise InputError(f"source {FOUND} needs --programs FILE")
    return replace(config, program_weights=(*config.program_weights, (FOUND, FOUND_WEIGHT)))


def _parse_weights(kind: str, text: str, known: Sequence[str]) -> Weights:
    weights: dict[str, float] = {}
    for item in text.split(","):
        name, _, number = item.strip().partition(":")
        if name not in known:
            raise InputError(f"no {kind} is named {name!r}; known: {', '.join(known)}")
        if name in weights:
            raise InputError(f"{kind} {name} is named twice in {text!r}")
        try:
            weights[name] = float(number or 1)
        except ValueError:
            raise InputError(f"weight {number!r} of {kind} {name} is no number") from None
        if not 0 < weights[name] < float("inf"):
            raise InputError(f"weight {number!r} of {kind} {name} must be above 0")
    return tuple(weights.items())
