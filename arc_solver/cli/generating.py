"""`arc-solver generate`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from arc_solver.budget import MonotonicClock, format_duration
from arc_solver.cli.common import new_console, re_arc_option, told_plainly
from arc_solver.config import WEIGHTS
from arc_solver.errors import InputError
from arc_solver.omni.checking import SANDBOX_LIMITS, check_stream
from arc_solver.omni.config import (
    DEFAULT_RECIPE_WEIGHTS,
    EVERY,
    FOUND,
    FOUND_WEIGHT,
    GRID_SOURCES,
    PROGRAM_SOURCES,
    with_found,
)
from arc_solver.omni.generate import (
    Drawn,
    FoundProgram,
    GenerateConfig,
    draw_samples,
    format_sample,
    generate_to_file,
    load_programs,
    parse_recipe_weights,
    parse_source_weights,
)
from arc_solver.omni.recipes import AnyLesson, InputsLesson, JudgingLesson, Lesson
from arc_solver.omni.statistics import TokenCounter
from arc_solver.prompts.base import Sample
from arc_solver.prompts.templates import VERSIONS, get_template
from arc_solver.report.draw import Column, print_columns
from arc_solver.sandbox.pool import Sandbox

_PLAIN_EVERY_S = 20.0
_BUNDLED_TOKENIZER = WEIGHTS / "base"


@click.command(short_help="Make, look at or check training samples.")
@click.option("--out", type=click.Path(path_type=Path), help="Write JSON lines to this file.")
@click.option("--n", "n_samples", type=click.IntRange(min=1), default=1000, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same samples.")
@re_arc_option
@click.option(
    "--recipes",
    help=f"Learning tasks, each with a weight after a colon if it is not 1, or `{EVERY}`. "
    f"Default: {','.join(f'{name}:{weight:g}' for name, weight in DEFAULT_RECIPE_WEIGHTS)}.",
)
@click.option(
    "--sources",
    help=f"Where grids come from ({', '.join(GRID_SOURCES)}) and what makes tasks of them "
    f"({', '.join(PROGRAM_SOURCES)}), with weights. Whichever of the two kinds is not named stays as it is.",
)
@click.option(
    "--programs",
    type=click.Path(path_type=Path),
    help=f"A file of `solve --export-programs`: its programs become the source `{FOUND}` (weight {FOUND_WEIGHT:g}, if "
    "--sources does not give it another). Each is run first; a wrong one is refused by name.",
)
@click.option("--prompts", "version", type=click.Choice(VERSIONS), help="Prompt version. Default: brief.")
@click.option("--max-grid-cells", type=click.IntRange(1, 900), help="Leave out pairs with a larger grid.")
@click.option(
    "--max-chars",
    type=click.IntRange(min=100),
    help="Longest sample, prompt and completion together. Default: 2000, and the words of the prompt version.",
)
@click.option("--workers", "n_workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option(
    "--tokenizer",
    type=click.Path(path_type=Path),
    help="Count tokens as the model in this folder does. Default: bundled.",
)
@click.option("--show", "n_shown", type=click.IntRange(min=1), help="Draw the first N samples instead of writing.")
@click.option("--check", is_flag=True, help="Check the samples instead of writing them; exit code 1 if one is wrong.")
@told_plainly
def generate(
    out: Path | None,
    n_samples: int,
    seed: int,
    re_arc: Path | None,
    recipes: str | None,
    sources: str | None,
    programs: Path | None,
    version: str | None,
    max_grid_cells: int | None,
    max_chars: int | None,
    n_workers: int,
    tokenizer: Path | None,
    n_shown: int | None,
    check: bool,
) -> None:
    """Make training samples: a weighted mix of learning tasks, the same for the same seed and any number of workers.

    A sample is a prompt and its completion. Grids come from the training tasks, from RE-ARC and from generators; tasks
    come as they are, or from programs: solvers of training tasks, variations of them, and programs that are made up.
    Held-out tasks and their solvers are never used.

    \b
    Examples:
      arc-solver generate --show 3
          draw three samples of the default mix
      arc-solver generate --show 2 --recipes verify-output --sources solvers
          look at one learning task, over solvers only
      arc-solver generate --n 100000 --workers 2 --re-arc re_arc.zip --out samples.jsonl
          write a file to train on, a JSON object a line
      arc-solver generate --recipes output-from-examples,code-from-examples:2 --out samples.jsonl
          one third outputs, two thirds programs
      arc-solver generate --recipes all --check --n 20000 --re-arc re_arc.zip
          read every sample back and run its program again, in the sandbox
      arc-solver generate --programs found.jsonl --sources found,training --recipes code-from-examples --show 2
          learn from programs that a run on training tasks found
    """
    config = with_found(_config(recipes, sources, version, max_grid_cells, max_chars), programs is not None)
    found = () if programs is None else load_programs(programs)
    if check:
        _check(config, n_samples, seed, re_arc, found, n_workers)
    elif n_shown is not None:
        console = new_console()
        for drawn in draw_samples(config, n_shown, seed, re_arc=re_arc, found=found):
            _show(console, drawn)
    elif out is None:
        raise InputError("give --out FILE to write samples, --show N to look at some, or --check to check them")
    else:
        count_tokens = _token_counter(tokenizer)
        with _progress(n_samples) as report:
            statistics = generate_to_file(
                config,
                n_samples,
                seed,
                out,
                re_arc=re_arc,
                found=found,
                n_workers=n_workers,
                count_tokens=count_tokens,
                report=report,
            )
        for line in statistics.lines():
            click.echo(line)


def _config(
    recipes: str | None, sources: str | None, version: str | None, max_grid_cells: int | None, max_chars: int | None
) -> GenerateConfig:
    config = GenerateConfig()
    if recipes is not None:
        config = dataclasses.replace(config, recipe_weights=parse_recipe_weights(recipes))
    if sources is not None:
        grids, programs = parse_source_weights(sources)
        config = dataclasses.replace(
            config,
            source_weights=grids or config.source_weights,
            program_weights=programs or config.program_weights,
        )
    if version is not None:
        words = max(get_template(recipe, version).n_chars for recipe, _ in config.recipe_weights)
        config = dataclasses.replace(config, version=version, max_chars=config.max_chars + words)
    if max_grid_cells is not None:
        config = dataclasses.replace(config, max_grid_cells=max_grid_cells)
    return config if max_chars is None else dataclasses.replace(config, max_chars=max_chars)


def _check(
    config: GenerateConfig,
    n_samples: int,
    seed: int,
    re_arc: Path | None,
    found: tuple[FoundProgram, ...],
    n_workers: int,
) -> None:
    stream = draw_samples(config, n_samples, seed, re_arc=re_arc, found=found, n_workers=n_workers)
    with Sandbox(SANDBOX_LIMITS, n_workers) as sandbox, _progress(n_samples) as report:
        checked = check_stream(stream, config, sandbox, report)
    for line in checked.lines():
        click.echo(line)
    if checked.violations:
        raise SystemExit(1)


@contextmanager
def _progress(n_samples: int) -> Iterator[Callable[[int], None]]:
    """Yields what is told how many samples are done: a bar on a terminal, a line now and then elsewhere."""
    console = Console(stderr=True)
    clock = MonotonicClock()
    start_s = clock.now_s()
    if not console.is_terminal:
        next_s = start_s + _PLAIN_EVERY_S

        def say(n_done: int) -> None:
            nonlocal next_s
            now_s = clock.now_s()
            if now_s >= next_s:
                next_s = now_s + _PLAIN_EVERY_S
                rate = n_done / (now_s - start_s)
                to_go = format_duration((n_samples - n_done) / rate)
                click.echo(f"{n_done} of {n_samples} samples, {rate:.0f}/s, {to_go} to go", err=True)

        yield say
        return
    columns = (TextColumn("samples"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        row = bar.add_task("samples", total=n_samples)
        yield lambda n_done: bar.update(row, completed=n_done)


def _token_counter(folder: Path | None) -> TokenCounter | None:
    """Counts tokens as training does; None where the bundled tokenizer, which nobody asked for, cannot be used."""
    if folder is None and not (_BUNDLED_TOKENIZER / "tokenizer.json").is_file():
        return None
    try:
        # transformers takes seconds to import, and need not be installed.
        from arc_solver.finetune.tokenizer import load_tokenizer

        tokenizer = load_tokenizer(folder or _BUNDLED_TOKENIZER)
    except ImportError as error:
        if folder is None:
            return None
        raise InputError(f"--tokenizer needs transformers: install the extra `llm` ({error})") from error
    except (OSError, ValueError) as error:
        asked = folder or _BUNDLED_TOKENIZER
        raise InputError(f"--tokenizer {asked}: no tokenizer can be loaded: {error}") from error
    from arc_solver.prompts.rendering import PromptEncoder

    # A long sample is only counted here: no reason to warn that the model would not take it.
    tokenizer.model_max_length = sys.maxsize
    encoder = PromptEncoder(tokenizer)

    def count(sample: Sample) -> tuple[int, int]:
        completion = tokenizer.encode(sample.completion, add_special_tokens=False)
        return len(encoder.encode(sample.prompt)), len(completion) + 1

    return count


def _show(console: Console, drawn: Drawn) -> None:
    """Grids in colour with the program and the answer on a terminal, the sample's own text elsewhere."""
    if not console.is_terminal:
        click.echo(format_sample(drawn))
        return
    sample = drawn.sample
    origin = ", ".join(filter(None, (drawn.program, drawn.source)))
    console.rule(Text(f"{sample.recipe}, task {sample.task_id}, {origin}"))
    print_columns(console, _columns(drawn.lesson))
    lesson = drawn.lesson.task if isinstance(drawn.lesson, JudgingLesson) else drawn.lesson
    if lesson.source:
        console.print(Text(lesson.source))
    if isinstance(drawn.lesson, JudgingLesson):
        console.print(Text(f"answer: {sample.completion} (the wrong one: {drawn.lesson.mistake})\n"))


def _columns(lesson: AnyLesson) -> list[Column]:
    if isinstance(lesson, InputsLesson):
        return [Column(f"input {number}", (grid,)) for number, grid in enumerate(lesson.inputs, start=1)]
    task = lesson if isinstance(lesson, Lesson) else lesson.task
    columns = [
        Column(f"example {number}", (pair.input, pair.output)) for number, pair in enumerate(task.train_pairs, start=1)
    ]
    columns.append(Column("test", (task.test.input, task.test.output)))
    if isinstance(lesson, JudgingLesson):
        columns.append(Column("wrong", (lesson.wrong,)))
    return columns
