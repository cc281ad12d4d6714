"""The story: who is let in, what counts as better, what is dropped and why, and that no task gets another's adapter."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytestmark = pytest.mark.model

from arc_solver.budget import Deadline, ManualClock  # noqa: E402
from arc_solver.errors import ModelError  # noqa: E402
from arc_solver.finetune.dataset import Batch  # noqa: E402
from arc_solver.finetune.losses import weighted_loss  # noqa: E402
from arc_solver.finetune.test_time.exercises import Writer  # noqa: E402
from arc_solver.finetune.test_time.fitting import Learner  # noqa: E402
from arc_solver.finetune.test_time.learning import Learning  # noqa: E402
from arc_solver.finetune.test_time.settings import TtftSettings  # noqa: E402
from arc_solver.finetune.test_time.wire import ALL_TASKS, Dropped, Learned, PromptStyle, Report, Said  # noqa: E402
from arc_solver.prompts.rendering import PromptEncoder  # noqa: E402
from arc_solver.tasks import Task  # noqa: E402

STYLE = PromptStyle("brief", "numbered", symmetries=False, colors=False)
JOINT = TtftSettings(mode="joint", lr=2e-2, batch_tokens=512, max_passes=3, task_steps=4)
PER_TASK = dataclasses.replace(JOINT, mode="per-task")

NewTask = Callable[..., Task]


class Bench:
    """Learning in this process, on a clock that moves by what a step is said to cost."""

    def __init__(self, model: Any, tokenizer: Any, step_s: float = 0.0) -> None:
        self.clock, self.step_s, self.n_asked = ManualClock(), step_s, 0
        self.fault: Callable[[int, Any], Any] = lambda number, loss: loss
        self.saved: dict[str, dict[str, Any]] = {}
        self.save_error: Exception | None = None
        self.n_free, self.n_bytes = 1 << 40, 1000
        encoder = PromptEncoder(tokenizer)
        self.writer = Writer(
            STYLE, STYLE, 900, lambda prompt: len(encoder.encode(prompt)), lambda text: len(tokenizer.encode(text))
        )
        self.learner = Learner(model, tokenizer, max_tokens=900, lr=2e-2, batch_tokens=512, loss=self._loss)
        self.start = self.learner.weights()

    def _loss(self, model: Any, batch: Batch) -> Any:
        self.n_asked += 1
        self.clock.advance(self.step_s)
        loss, weight = weighted_loss(model, batch)
        return self.fault(self.n_asked, loss), weight

    def _save(self, name: str) -> int:
        if self.save_error is not None:
            raise self.save_error
        self.saved[name] = self.learner.weights()
        return self.n_bytes

    def run(self, tasks: Sequence[Task], settings: TtftSettings = JOINT, limit_s: float = 1e6) -> list[Report]:
        learning = Learning(
            self.learner,
            self.writer,
            tasks,
            (),
            settings,
            0,
            Deadline(self.clock, self.clock.now_s() + limit_s),
            self._save,
            lambda: self.n_free,
        )
        return list(learning.reports())


@pytest.fixture
def bench(adapted: Any, tokenizer: Any) -> Bench:
    return Bench(adapted, tokenizer)


def dropped(reports: Sequence[Report]) -> dict[str, str]:
    return {report.task_id: report.kind for report in reports if isinstance(report, Dropped)}


def learned(reports: Sequence[Report]) -> dict[str, Learned]:
    return {report.task_id: report for report in reports if isinstance(report, Learned)}


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return all(torch.equal(left[name], right[name]) for name in left)


def test_all_tasks_learn_together_and_what_was_kept_apart_says_so(bench: Bench, paint_task: NewTask) -> None:
    reports = bench.run([paint_task("a", 3), paint_task("b", 5)])
    (report,) = learned(reports).values()
    assert report.task_id == ALL_TASKS
    assert report.loss_after < report.loss_before - 0.1
    assert dropped(reports) == {}
    assert same(bench.saved["joint"], bench.learner.weights())
    assert any(isinstance(r, Said) and "2 of 2 tasks admitted" in r.text for r in reports)


def test_the_same_again_is_the_same_bit_for_bit(bench: Bench, paint_task: NewTask) -> None:
    tasks = [paint_task("a", 3), paint_task("b", 5)]
    first = learned(bench.run(tasks, PER_TASK))
    saved = dict(bench.saved)
    bench.learner.put(bench.start)
    again = learned(bench.run(tasks, PER_TASK))
    assert first == again
    assert saved.keys() == bench.saved.keys()
    assert all(same(bench.saved[name], weights) for name, weights in saved.items())


def test_what_does_not_help_is_dropped_and_taken_back(bench: Bench, paint_task: NewTask) -> None:
    bench.fault = lambda number, loss: -loss
    reports = bench.run([paint_task("a", 3)])
    assert dropped(reports) == {ALL_TASKS: "no gain"}
    assert bench.saved == {}
    assert same(bench.learner.weights(), bench.start)
    (reason,) = [report.reason for report in reports if isinstance(report, Dropped)]
    assert "the loss on what was kept apart went from" in reason


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (lambda number, loss: loss * float("nan") if number > 3 else loss, "not finite"),
        (lambda number, loss: _raise(torch.OutOfMemoryError("no memory")) if number > 3 else loss, "out of memory"),
        (lambda number, loss: _raise(RuntimeError("device lost")) if number > 3 else loss, "failed"),
    ],
)
def test_a_fault_in_the_middle_drops_it_and_takes_it_back(
    bench: Bench, paint_task: NewTask, fault: Any, kind: str
) -> None:
    bench.fault = fault
    assert dropped(bench.run([paint_task("a", 3)])) == {ALL_TASKS: kind}
    assert same(bench.learner.weights(), bench.start)


def _raise(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ModelError("not finite in fp16: x")])
def test_what_cannot_be_saved_is_dropped_and_taken_back(bench: Bench, paint_task: NewTask, error: Exception) -> None:
    bench.save_error = error
    assert dropped(bench.run([paint_task("a", 3)])) == {ALL_TASKS: "not saved"}
    assert same(bench.learner.weights(), bench.start)


def test_the_deadline_in_the_middle_ends_the_steps_and_what_helped_by_then_counts(
    adapted: Any, tokenizer: Any, paint_task: NewTask
) -> None:
    bench = Bench(adapted, tokenizer, step_s=1.0)
    settings = dataclasses.replace(JOINT, max_passes=1000)
    (report,) = learned(bench.run([paint_task("a", 3)], settings, limit_s=20.0)).values()
    assert 10 <= report.n_steps <= 20
    assert bench.clock.now_s() <= 21.0


def test_nobody_is_let_in_where_not_even_the_smallest_pass_fits(
    adapted: Any, tokenizer: Any, paint_task: NewTask
) -> None:
    bench = Bench(adapted, tokenizer, step_s=6.0)
    reports = bench.run([paint_task("a", 3)], limit_s=12.0)
    assert dropped(reports) == {ALL_TASKS: "not admitted"}
    assert bench.n_asked == 2
    assert same(bench.learner.weights(), bench.start)


def test_only_tasks_whose_measured_cost_fits_are_let_in(adapted: Any, tokenizer: Any, paint_task: NewTask) -> None:
    bench = Bench(adapted, tokenizer, step_s=1.0)
    tasks = [paint_task("small", 3), paint_task("large", 5, n_pairs=6, side=8)]
    reports = bench.run(tasks, limit_s=4.5)
    said = [report.text for report in reports if isinstance(report, Said)]
    assert any("1 of 2 tasks admitted" in text for text in said)
    everybody = Bench(adapted, tokenizer, step_s=1.0).run(tasks, limit_s=900.0)
    assert any(isinstance(r, Said) and "2 of 2 tasks admitted" in r.text for r in everybody)


def test_without_demonstrations_to_keep_apart_nothing_is_learned(bench: Bench, paint_task: NewTask) -> None:
    reports = bench.run([paint_task("a", 3, n_pairs=2), paint_task("b", 4, n_pairs=2)], PER_TASK)
    assert dropped(reports) == dict.fromkeys([ALL_TASKS, "a", "b"], "too few demonstrations")
    assert bench.n_asked == 0


def test_a_task_too_long_for_the_model_is_told(bench: Bench, paint_task: NewTask) -> None:
    reports = bench.run([paint_task("a", 3), paint_task("big", 4, side=25)], PER_TASK)
    assert dropped(reports) == {"big": "too long"}
    assert set(learned(reports)) == {ALL_TASKS, "a"}


def test_each_task_goes_on_from_what_all_learned_never_from_another_task(
    adapted: Any, tokenizer: Any, paint_task: NewTask
) -> None:
    bench = Bench(adapted, tokenizer)
    a, b, c = paint_task("a", 3), paint_task("b", 5), paint_task("c", 7)
    reports = learned(bench.run([a, b, c], PER_TASK))
    assert set(reports) == {ALL_TASKS, "a", "b", "c"}
    shared = bench.saved["joint"]
    own = {task_id: bench.saved[report.name] for task_id, report in reports.items() if task_id}
    assert len({report.name for report in reports.values()}) == 4
    assert same(bench.learner.weights(), shared)
    assert not same(own["a"], own["b"])
    assert not same(own["b"], own["c"])
    # Put where all of them began, and kept from learning together again, each learns the same.
    later = Bench(adapted, tokenizer)
    later.learner.put(shared)
    later.fault = lambda number, loss: loss * float("nan") if number == 3 else loss
    again = learned(later.run([c, a, b], PER_TASK))
    assert set(again) == {"a", "b", "c"}
    assert all(same(later.saved[report.name], own[task_id]) for task_id, report in again.items())


def test_the_order_of_the_tasks_does_not_change_what_each_learns(
    adapted: Any, tokenizer: Any, paint_task: NewTask
) -> None:
    """Learning together is made to fail, so that each goes on from the same start."""
    own: list[dict[str, dict[str, Any]]] = []
    for names in ("abc", "cba"):
        bench = Bench(adapted, tokenizer)
        bench.fault = lambda number, loss: loss * float("nan") if number == 3 else loss
        tasks = [paint_task(name, 3 + ord(name) - ord("a")) for name in names]
        reports = bench.run(tasks, PER_TASK)
        assert dropped(reports) == {ALL_TASKS: "not finite"}
        own.append({task_id: bench.saved[report.name] for task_id, report in learned(reports).items()})
        bench.learner.put(bench.start)
    assert set(own[0]) == {"a", "b", "c"}
    for name in "abc":
        assert same(own[0][name], own[1][name])
    assert not same(own[0]["a"], own[0]["b"])


def test_a_fault_of_one_task_costs_the_others_nothing(bench: Bench, paint_task: NewTask) -> None:
    tasks = [paint_task("a", 3), paint_task("b", 5), paint_task("c", 7)]
    settings = dataclasses.replace(PER_TASK, max_passes=0.01)
    # Two steps are measured, one is made together, then four for each.
    bench.fault = lambda number, loss: loss * float("nan") if number == 9 else loss
    reports = bench.run(tasks, settings)
    assert list(dropped(reports).values()) == ["not finite"]
    (wrong,) = dropped(reports)
    assert set(learned(reports)) == {ALL_TASKS, "a", "b", "c"} - {wrong}


def test_a_device_that_fails_every_task_is_given_up(bench: Bench, paint_task: NewTask) -> None:
    tasks = [paint_task(name, 3) for name in "abcdef"]
    bench.fault = lambda number, loss: _raise(RuntimeError("device lost"))
    kinds = list(dropped(bench.run(tasks, PER_TASK)).values())
    assert kinds == ["failed"] * 4 + ["given up"] * 3
    assert bench.n_asked == 4


def test_tasks_are_let_in_while_their_measured_cost_fits(adapted: Any, tokenizer: Any, paint_task: NewTask) -> None:
    bench = Bench(adapted, tokenizer, step_s=1.0)
    tasks = [paint_task(name, 3) for name in "abcdef"]
    reports = bench.run(tasks, dataclasses.replace(PER_TASK, joint_share=0.25), limit_s=24.0)
    own = set(learned(reports)) - {ALL_TASKS}
    late = {task_id for task_id, kind in dropped(reports).items() if kind == "not admitted"}
    assert own | late == set("abcdef")
    assert 2 <= len(own) <= 4
    assert bench.clock.now_s() <= 24.0
    assert all("it takes about" in r.reason for r in reports if isinstance(r, Dropped) and r.task_id in late)


@pytest.mark.parametrize("bound", ["adapters", "disk", "setting"])
def test_adapters_on_disk_are_bounded(bench: Bench, paint_task: NewTask, bound: str) -> None:
    settings = PER_TASK
    if bound == "adapters":
        settings = dataclasses.replace(settings, max_adapters=2)  # the shared one is the first
    elif bound == "disk":
        bench.n_free = 2 * bench.n_bytes - 1
    else:
        settings = dataclasses.replace(settings, max_disk_gib=2.5 * bench.n_bytes / (1 << 30))
    reports = bench.run([paint_task(name, 3) for name in "abc"], settings)
    n_own = 0 if bound == "disk" else 1
    assert len(learned(reports)) == 1 + n_own
    assert list(dropped(reports).values()) == ["no room"] * (3 - n_own)


def test_what_is_measured_together_is_bounded_though_every_task_keeps_one_apart(
    bench: Bench, paint_task: NewTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []
    mean_loss = bench.learner.mean_loss

    def counted(samples: Sequence[Any]) -> float:
        measured.append(len(samples))
        return mean_loss(samples)

    monkeypatch.setattr(bench.learner, "mean_loss", counted)
    tasks = [paint_task(f"t{index}", index) for index in range(9)]
    bench.run(tasks, dataclasses.replace(PER_TASK, n_kept=2, max_passes=0.01))
    n_views = 2
    assert measured[0] == 3 * n_views
    assert set(measured[2:]) == {n_views}
