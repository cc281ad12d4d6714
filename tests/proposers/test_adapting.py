"""Learning comes between the first programs and the questions; each task is asked with its own adapter only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from arc_solver.augment import IDENTITY
from arc_solver.budget import Deadline, ManualClock
from arc_solver.candidates import Rejected
from arc_solver.engines.base import Request, Sampling
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.finetune.hindsight import Written
from arc_solver.prompts.base import Prompt
from arc_solver.proposers.adapting import EXPLORING_SHARE, AdaptingProposer
from arc_solver.proposers.base import Event, TaskDone
from arc_solver.proposers.induction.questions import Questioner
from arc_solver.proposers.induction.settings import InductionSettings
from arc_solver.proposers.transduction import TransductionProposer, TransductionSettings
from arc_solver.proposers.waves import Question
from arc_solver.tasks import Task

NewTask = Callable[..., Task]
ADAPTERS = {"a": Path("/adapters/a"), "b": Path("/adapters/b")}


class Says:
    """A proposer that says what it is told to, and notes when."""

    name = "induction"

    def __init__(self, log: list[tuple[str, float]], what: str, events: Sequence[Event]) -> None:
        self._log, self._what, self._events = log, what, events

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        self._log.append((self._what, deadline.remaining_s()))
        yield from self._events


def test_first_programs_then_learning_then_questions(new_task: NewTask) -> None:
    task = new_task("a", lambda grid: grid)
    log: list[tuple[str, float]] = []
    heard: list[Written] = []
    rejected, done = Rejected("a", "induction", "x"), TaskDone("a", "induction")

    def explore(watch: Callable[[Written], None]) -> Says:
        watch(Written(task, IDENTITY, "def task(grid): ..."))
        return Says(log, "explore", [rejected, done])

    def learn(tasks: Sequence[Task], written: Sequence[Written], deadline: Deadline) -> Says:
        heard.extend(written)
        log.append(("learn", deadline.remaining_s()))
        return Says(log, "ask", [done])

    proposer = AdaptingProposer("induction", learn, 0.5, explore)
    assert list(proposer.propose([task], Deadline(ManualClock(), 100.0))) == [rejected, done]
    assert log == [("explore", 100.0 * EXPLORING_SHARE), ("learn", 50.0), ("ask", 100.0)]
    assert [one.source for one in heard] == ["def task(grid): ..."]


def test_every_question_of_a_task_names_its_adapter_and_no_other(new_task: NewTask) -> None:
    tasks = [new_task(name, lambda grid: grid) for name in "abc"]
    engine = ScriptedEngine(lambda request: "")
    settings = TransductionSettings(n_samples=4)
    list(TransductionProposer(engine, settings, 0, ADAPTERS).propose(tasks, Deadline(ManualClock(), 1.0)))
    asked = [request for call in engine.calls for request in call]
    assert len(asked) == 3 * 2 * 4
    for request in asked:
        assert request.adapter == ADAPTERS.get(request.request_id.split("/")[0])
    questioner = Questioner(engine, InductionSettings(), 0, ADAPTERS)
    for task in tasks:
        question = questioner.for_program(task, 1, 1)
        assert isinstance(question, Question)
        assert question.request.adapter == ADAPTERS.get(task.task_id)


@pytest.mark.model
def test_two_tasks_whose_adapters_force_different_answers_never_get_each_other_s(
    new_task: NewTask, tmp_path: Path
) -> None:
    """The adapters are random and strong, the bundled base is the same: what it writes tells which was used."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("peft")
    from arc_solver.config import WEIGHTS
    from arc_solver.engines.transformers_engine import TransformersEngine
    from arc_solver.finetune.lora import LoraSettings, add_lora, write_adapter
    from arc_solver.finetune.nano import load_model

    adapters: dict[str, Path] = {}
    for number, name in enumerate("ab"):
        base, _ = load_model(WEIGHTS / "base")
        model = add_lora(base, LoraSettings(rank=4, alpha=2.0), seed=number)
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if "lora_B" in key:
                    parameter.normal_(0.0, 0.3, generator=torch.Generator().manual_seed(number))
        adapters[name] = tmp_path / name
        write_adapter(model, WEIGHTS / "base", adapters[name])
    engine = TransformersEngine(WEIGHTS / "base", device="cpu", context_length=1024)
    # The same questions under three names: only the adapter can make a difference.
    same = new_task("a", lambda grid: grid, n_test=1)
    tasks = [Task(name, same.train, same.test_inputs) for name in "abc"]

    def wrote(by_task: dict[str, Path], some: Sequence[Task]) -> dict[str, list[tuple[int, ...]]]:
        found: dict[str, list[tuple[int, ...]]] = {}
        requests = [
            Request(f"{task.task_id}/{index}", prompt, sampling, by_task.get(task.task_id))
            for task in some
            for index, (prompt, sampling) in enumerate(asked(tasks[0]))
        ]
        for request_id, completion in engine.generate(requests, Deadline(ManualClock(), 1.0)):
            found.setdefault(request_id.split("/")[0], []).append(completion.token_ids)
        return {name: sorted(answers) for name, answers in found.items()}

    together = wrote(adapters, tasks)
    assert together["a"] != together["b"]
    assert together["c"] not in (together["a"], together["b"])
    for task in tasks:
        assert wrote(adapters, [task]) == {task.task_id: together[task.task_id]}
    assert wrote({}, [tasks[0]])["a"] == together["c"]


def asked(task: Task) -> list[tuple[Prompt, Sampling]]:
    """What the proposer asks about a task."""
    scripted = ScriptedEngine(lambda request: "")
    settings = TransductionSettings(n_samples=3, max_new_tokens=24)
    list(TransductionProposer(scripted, settings, 0).propose([task], Deadline(ManualClock(), 1.0)))
    return [(request.prompt, request.sampling) for call in scripted.calls for request in call]
