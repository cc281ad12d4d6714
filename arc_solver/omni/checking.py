"""Is a sample what it says? Every claim that it makes is checked again, from its own text.

The prompt is read back into grids and programs, the completion into the answer, and every program is run on its grids
once more: in the sandbox for a long run, in this process for a few. Knows nothing of how samples are drawn.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from arc_solver.errors import GridError
from arc_solver.grids import Grid, as_grid, grid_key, grids_equal
from arc_solver.omni.config import GenerateConfig
from arc_solver.omni.generators import run_generator
from arc_solver.omni.recipes import (
    Answer,
    AnyLesson,
    Exercise,
    InputsLesson,
    JudgingLesson,
    Lesson,
    get_recipe,
    prompt_chars,
    same_answer,
)
from arc_solver.omni.running import run_program
from arc_solver.omni.stream import Drawn
from arc_solver.prompts.encoders import GridEncoder, Unparsed, get_encoder
from arc_solver.prompts.parse import parse_blocks
from arc_solver.prompts.templates import Template, get_template
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair

Runner = Callable[[Sequence[Program]], Sequence[tuple[Grid, ...] | None]]
"""Programs -> the outputs of each, None where it failed."""

SANDBOX_LIMITS = Limits(cpu_s=0.5, solo_cpu_s=2.0, batch_size=64)
_BATCH = 256


@dataclass(slots=True)
class CheckReport:
    """What a check of many samples found.

    Attributes:
        n_samples: Samples of each learning task.
        n_programs: Programs run again, of each learning task.
        violations: (learning task, what is wrong) -> how often.
        examples: (learning task, what is wrong) -> the indices of a few such samples in their stream.
    """

    n_samples: Counter[str] = field(default_factory=Counter)
    n_programs: Counter[str] = field(default_factory=Counter)
    violations: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The report as lines of text."""
        lines = []
        for recipe, n in sorted(self.n_samples.items()):
            n_wrong = sum(count for (name, _), count in self.violations.items() if name == recipe)
            programs = f", {self.n_programs[recipe]} programs run again" if self.n_programs[recipe] else ""
            lines.append(f"  {recipe:20} {n} samples{programs}: {n_wrong} violations")
            for (name, what), count in sorted(self.violations.items()):
                if name == recipe:
                    lines.append(f"    {count} x {what}, such as samples {self.examples[name, what]}")
        n_samples, n_programs, n_wrong = (c.total() for c in (self.n_samples, self.n_programs, self.violations))
        return [*lines, f"{n_samples} samples, {n_programs} programs run again, {n_wrong} violations"]


def check_sample(drawn: Drawn, config: GenerateConfig, run: Runner | None = None) -> list[str]:
    """What is wrong with one sample; empty if nothing is.

    Args:
        drawn: The sample.
        config: What its stream was made of.
        run: Runs its programs; None runs them in this process, which is for samples that this package made.
    """
    programs = list(_programs(drawn, config))
    outputs = (run or _run_here)([program for program, _ in programs])
    return [*_violations_of_text(drawn, config), *_violations_of_runs(programs, outputs)]


def check_stream(
    stream: Iterable[Drawn], config: GenerateConfig, sandbox: Sandbox, report: Callable[[int], None] = lambda n: None
) -> CheckReport:
    """Check samples, their programs in the sandbox.

    Args:
        stream: The samples.
        config: What the stream was made of.
        sandbox: Where programs run.
        report: Called now and then with the number of samples checked.
    """
    found = CheckReport()
    indexed = enumerate(stream)
    while batch := list(itertools.islice(indexed, _BATCH)):
        programs = [list(_programs(drawn, config)) for _, drawn in batch]
        outputs = iter(_run_in(sandbox, [program for of_one in programs for program, _ in of_one]))
        for (index, drawn), of_one in zip(batch, programs, strict=True):
            recipe = drawn.sample.recipe
            found.n_samples[recipe] += 1
            found.n_programs[recipe] += len(of_one)
            runs = list(itertools.islice(outputs, len(of_one)))
            for what in (*_violations_of_text(drawn, config), *_violations_of_runs(of_one, runs)):
                found.violations[recipe, what] += 1
                if len(examples := found.examples.setdefault((recipe, what), [])) < 3:
                    examples.append(index)
        report(found.n_samples.total())
    return found


def _run_here(programs: Sequence[Program]) -> list[tuple[Grid, ...] | None]:
    return [run_program(program.source, program.inputs) for program in programs]


def _run_in(sandbox: Sandbox, programs: Sequence[Program]) -> list[tuple[Grid, ...] | None]:
    verdicts = sandbox.run(programs)
    return [verdict.outputs if isinstance(verdict, Ok) else None for verdict in verdicts]


def _programs(drawn: Drawn, config: GenerateConfig) -> Iterator[tuple[Program, tuple[Pair, ...]]]:
    """The task programs that stand in the sample's text or, if none does, behind its pairs, with the pairs' grids.

    A text that cannot be read gives none; `_violations_of_text` says so.
    """
    lesson = drawn.lesson.task if isinstance(drawn.lesson, JudgingLesson) else drawn.lesson
    if not isinstance(lesson, Lesson) or not lesson.source:
        return
    encoder = get_encoder(config.encoder)
    blocks = [get_recipe(drawn.sample.recipe).read_back(drawn.sample, encoder)]
    blocks += parse_blocks(drawn.sample.prompt.user, encoder)
    written = [block for block in blocks if isinstance(block, str) and "def task(" in block]
    for source in written or [lesson.source]:
        yield Program(source, tuple(pair.input for pair in lesson.pairs)), lesson.pairs


def _violations_of_runs(
    programs: Sequence[tuple[Program, tuple[Pair, ...]]], outputs: Sequence[tuple[Grid, ...] | None]
) -> Iterator[str]:
    for (_, pairs), made in zip(programs, outputs, strict=True):
        if made is None:
            yield "the program fails on a grid of the sample"
        elif len(made) != len(pairs) or not all(map(grids_equal, made, (pair.output for pair in pairs))):
            yield "the program gives another grid than the sample's"


def _violations_of_text(drawn: Drawn, config: GenerateConfig) -> Iterator[str]:
    sample, lesson = drawn.sample, drawn.lesson
    recipe, encoder = get_recipe(sample.recipe), get_encoder(config.encoder)
    yield from _violations_of_lesson(lesson, needs_program=recipe.needs_program)
    if prompt_chars(sample.prompt) + len(sample.completion) > config.max_chars:
        yield "the sample is too long"
    if sample.task_id != lesson.task_id:
        yield "the sample's task is another one than the lesson's"
    exercise = recipe.make_exercise(lesson, config.version)
    answer = recipe.read_back(sample, encoder)
    if isinstance(answer, Unparsed):
        yield f"the completion cannot be read: {answer.reason}"
    elif not same_answer(answer, exercise.answer):
        yield "the completion says something else than the lesson"
    if isinstance(lesson, JudgingLesson) and not _points_at_the_right_output(lesson, exercise):
        yield "the answer points at a wrong output"
    template = get_template(sample.recipe, config.version)
    yield from _violations_of_prompt(sample.prompt.user, template, exercise, encoder, config.min_pairs)


def _violations_of_lesson(lesson: AnyLesson, *, needs_program: bool) -> Iterator[str]:
    grids = list(_grids(lesson))
    if not all(_is_valid(grid) for grid in grids):
        yield "a grid is no grid"
    if isinstance(lesson, JudgingLesson) and grids_equal(lesson.wrong, lesson.task.test.output):
        yield "the wrong output is right"
    if isinstance(lesson, InputsLesson):
        if len({grid_key(grid) for grid in grids}) != len(grids):
            yield "two inputs are the same"
        if lesson.source and not _is_made_by(lesson):
            yield "the generator gives another grid than the sample's"
    source = lesson.task.source if isinstance(lesson, JudgingLesson) else lesson.source
    if needs_program and not source:
        yield "there is no program"


def _points_at_the_right_output(lesson: JudgingLesson, exercise: Exercise) -> bool:
    """Whether the answer's word says which of the proposed outputs is right."""
    are_right = [grids_equal(grid, lesson.task.test.output) for grid in exercise.candidates]
    said = {"yes": [True], "no": [False], "1": [True, False], "2": [False, True]}
    return isinstance(exercise.answer, str) and said.get(exercise.answer) == are_right


def _violations_of_prompt(
    text: str, template: Template, exercise: Exercise, encoder: GridEncoder, min_pairs: int
) -> Iterator[str]:
    """Compare the blocks of the prompt with what it must show: demonstrations, from the first on, then the rest."""
    blocks = parse_blocks(text, encoder)
    unread = [block.reason for block in blocks if isinstance(block, Unparsed)]
    if unread:
        yield f"the prompt cannot be read: {unread[0]}"
        return
    shown = [
        grid
        for example in (exercise.examples if template.pair else ())
        for grid in ((example.input, example.output) if isinstance(example, Pair) else (example,))
    ]
    others: list[Answer] = [exercise.source] if template.shows_code else []
    others += [exercise.test_input] if template.asks_about_test and exercise.test_input is not None else []
    others += exercise.candidates
    n_shown = len(blocks) - len(others)
    n_least = min_pairs * (len(shown) // len(exercise.examples)) if exercise.examples and template.pair else 0
    expected = [*shown[: max(n_shown, 0)], *others]
    if n_shown < n_least or len(expected) != len(blocks) or not all(map(same_answer, blocks, expected)):
        yield "the prompt shows something else than the lesson"


def _grids(lesson: AnyLesson) -> Iterator[Grid]:
    if isinstance(lesson, InputsLesson):
        yield from lesson.inputs
        return
    if isinstance(lesson, JudgingLesson):
        yield lesson.wrong
    for pair in (lesson.task if isinstance(lesson, JudgingLesson) else lesson).pairs:
        yield from (pair.input, pair.output)


def _is_valid(grid: Grid) -> bool:
    try:
        return bool(grid.dtype == "int8") and grids_equal(as_grid(grid), grid)
    except GridError:
        return False


def _is_made_by(lesson: InputsLesson) -> bool:
    try:
        made = [run_generator(lesson.source, seed) for seed in lesson.seeds]
    except ValueError:
        return False
    return len(made) == len(lesson.inputs) and all(map(grids_equal, made, lesson.inputs))
