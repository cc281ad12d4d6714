"""The cell model as a proposer: it adapts, answers in views, and says what came of it."""

from __future__ import annotations

import dataclasses
import gc
import weakref
from collections import Counter

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.model

from arc_solver.budget import Deadline  # noqa: E402
from arc_solver.candidates import Candidate, GridEvidence, Scored  # noqa: E402
from arc_solver.finetune import memory  # noqa: E402
from arc_solver.finetune.cells import checkpoint, drafting  # noqa: E402
from arc_solver.finetune.cells.alone import Helpful, Tutor  # noqa: E402
from arc_solver.finetune.cells.checkpoint import save_compact  # noqa: E402
from arc_solver.finetune.cells.decoding import Answer  # noqa: E402
from arc_solver.finetune.cells.drafting import Opinion  # noqa: E402
from arc_solver.finetune.cells.model import CellConfig, CellModel  # noqa: E402
from arc_solver.finetune.cells.scoring import Score  # noqa: E402
from arc_solver.finetune.cells.settings import AloneConfig, JointConfig  # noqa: E402
from arc_solver.grids import as_grid, grid_key  # noqa: E402
from arc_solver.proposers.base import PooledGrid, PoolState, TaskDone  # noqa: E402
from arc_solver.proposers.cells import CellProposer, CellSettings, learning  # noqa: E402
from arc_solver.tasks import Pair, Task  # noqa: E402

SMALL = CellConfig(width=64, n_layers=2, n_heads=4, n_kv_heads=2, head_width=16, ffn_width=96, n_tasks=3)


def a_task(task_id, n_tests, seed):
    rng = np.random.default_rng(seed)
    grids = [as_grid(rng.integers(0, 10, (2, 3))) for _ in range(5 + n_tests)]
    return Task(task_id, tuple(Pair(grid, grid) for grid in grids[:5]), tuple(grids[5:]))


TASKS = (a_task("first", 2, 0), a_task("second", 1, 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    model = CellModel(SMALL, seed=0)
    with torch.no_grad():
        # All logits are 0, so that the untrained model writes the first of everything: one black cell.
        model.norm.weight.zero_()
    folder = tmp_path_factory.mktemp("cells")
    save_compact(model, folder)
    return folder


def propose(folder, settings, seconds=1000.0, tasks=TASKS):
    said = []
    proposer = CellProposer(folder, settings, 0, n_threads=1, say=said.append)
    return list(proposer.propose(tasks, Deadline.after(seconds))), said


def joint(**changes):
    return JointConfig(**({"max_passes": 0.5, "n_rows": 1} | changes))


class TestViews:
    def test_every_test_input_is_answered_in_every_view_and_then_the_task_is_done(self, folder):
        events, _ = propose(folder, CellSettings(n_views=3, ttft="off"))
        answered = [(event.task_id, *event.outputs) for event in events if isinstance(event, Candidate)]
        assert sorted(answered) == sorted([("first", 0), ("first", 1), ("second", 0)] * 3)
        done = [event.task_id for event in events if isinstance(event, TaskDone)]
        assert sorted(done) == ["first", "second"]
        assert isinstance(events[-1], TaskDone)

    def test_no_task_waits_for_another(self, folder):
        events, _ = propose(folder, CellSettings(n_views=2, ttft="off"))
        first_view = [event for event in events if isinstance(event, Candidate)][:3]
        assert {event.task_id for event in first_view} == {"first", "second"}
        assert {event.origin.detail for event in first_view} == {"cells; as it is"}

    def test_an_answer_carries_its_probability(self, folder):
        events, _ = propose(folder, CellSettings(n_views=1, ttft="off"))
        found = events[0]
        assert isinstance(found, Candidate)
        assert isinstance(found.evidence, GridEvidence)
        assert found.evidence.n_tokens == 4
        assert found.evidence.logprob == pytest.approx(-4 * np.log(9684), rel=1e-3)

    def test_nothing_is_asked_after_the_deadline(self, folder):
        events, _ = propose(folder, CellSettings(ttft="off"), seconds=0.0)
        assert events == []


class TestMemory:
    def test_where_it_does_not_suffice_fewer_answers_are_written_together(self, folder, monkeypatch):
        consult, sizes = drafting.consult, []

        def narrow(model, questions, *, batch_size):
            sizes.append(batch_size)
            if batch_size > 2:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 7.40 GiB.")
            return consult(model, questions, batch_size=batch_size)

        plain, _ = propose(folder, CellSettings(n_views=2, ttft="off"))
        monkeypatch.setattr(drafting, "consult", narrow)
        events, said = propose(folder, CellSettings(n_views=2, ttft="off", batch_size=8))
        assert sizes == [8, 4, 2, 2]
        assert said[1:] == [f"out of memory: {size} answers together from now on" for size in (4, 2)]
        assert [repr(event) for event in events] == [repr(event) for event in plain]

    def test_other_faults_are_not_taken_for_it(self, folder, monkeypatch):
        def broken(*given, **options):
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

        monkeypatch.setattr(drafting, "consult", broken)
        with pytest.raises(RuntimeError, match="mat1"):
            propose(folder, CellSettings(n_views=1, ttft="off"))

    def test_nothing_of_the_model_is_left_when_it_is_given_back(self, folder, monkeypatch):
        load, models, alive = checkpoint.load_compact, [], []

        def loaded(path):
            model = load(path)
            models.append(weakref.ref(model))
            return model

        def given_back():
            gc.collect()
            alive.append([model() for model in models])

        monkeypatch.setattr(checkpoint, "load_compact", loaded)
        monkeypatch.setattr(memory, "free_memory", given_back)
        propose(folder, CellSettings(n_views=1, joint=joint()))
        assert alive == [[None]]


class TestFineTuning:
    def test_what_it_came_to_is_said(self, folder):
        _, said = propose(folder, CellSettings(n_views=1, joint=joint(max_passes=3, lr=1e-3)))
        assert any(line.startswith("test-time fine-tuning: ") and "kept apart" in line for line in said)

    def test_a_failure_is_said_and_the_model_answers_as_it_was(self, folder):
        broken, said = propose(folder, CellSettings(n_views=1, joint=joint(lr=float("nan"), table_lr=float("nan"))))
        plain, _ = propose(folder, CellSettings(n_views=1, ttft="off"))
        assert any(line.startswith("test-time fine-tuning dropped") for line in said)
        assert [repr(event) for event in broken] == [repr(event) for event in plain]

    @pytest.mark.parametrize(("lr", "what"), [(1e-3, "admitted"), (float("nan"), "refused")])
    def test_what_was_decided_is_told(self, folder, lr, what):
        decided = []
        settings = CellSettings(n_views=1, joint=joint(max_passes=3, lr=lr, table_lr=lr))
        proposer = CellProposer(folder, settings, 0, n_threads=1, say=print, decide=decided.append)
        list(proposer.propose(TASKS, Deadline.after(1000.0)))
        (told,) = decided
        assert (told.what, told.about, told.task_id) == (what, "learning all tasks together", "")
        assert told.seconds > 0

    def test_the_same_seed_gives_the_same_answers(self, folder):
        settings = CellSettings(n_views=2, joint=joint())
        first, second = propose(folder, settings)[0], propose(folder, settings)[0]
        assert [repr(event) for event in first] == [repr(event) for event in second]


@pytest.mark.parametrize("changes", [{"n_views": 0}, {"ttft": "per-day"}, {"ttft_share": 1.0}, {"batch_size": 0}])
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        CellSettings(**changes)


class FixedPool:
    """Programs' outputs for one task."""

    def __init__(self, task_id, *grids):
        pooled = tuple(PooledGrid(grid, "program", 1, ("search",)) for grid in grids)
        self._state = PoolState(task_id, (pooled,), 1)

    def state(self, task_id):
        return self._state if task_id == self._state.task_id else PoolState(task_id)


class TestWhatOthersSolved:
    def test_it_is_neither_learned_nor_answered(self, folder):
        pool = FixedPool("second", as_grid([[1]]))
        settings = CellSettings(n_views=1, joint=joint(max_passes=20.0))
        said = []
        proposer = CellProposer(folder, settings, 0, n_threads=1, say=said.append, pool=pool)
        events = list(proposer.propose(TASKS, Deadline.after(1000.0)))
        assert {event.task_id for event in events if isinstance(event, Candidate)} == {"first"}
        assert {event.task_id for event in events if isinstance(event, TaskDone)} == {"first"}

    def test_if_it_was_learned_before_it_is_answered_later_and_less_often_than_the_rest(self, folder):
        solved, said = FixedPool("second", as_grid([[1]])), []

        class SolvedOnceLearned:
            def state(self, task_id):
                return solved.state(task_id) if any("kept apart" in line for line in said) else PoolState(task_id)

        settings = CellSettings(
            n_views=6,
            joint=joint(max_passes=20.0, n_kept=2),
            second_opinions=2,
            second_opinions_after=3,
            hopeful_logprob=-99.0,
            batch_size=1,
        )
        proposer = CellProposer(folder, settings, 0, n_threads=1, say=said.append, pool=SolvedOnceLearned())
        events = list(proposer.propose(TASKS, Deadline.after(1000.0)))
        answered = [event.task_id for event in events if isinstance(event, Candidate)]
        assert Counter(answered) == {"first": 12, "second": 2}  # it has two test inputs, each in six views
        assert 6 <= answered.index("second") <= 8

    def test_unless_programs_disagree(self, folder):
        pool = FixedPool("second", as_grid([[1]]), as_grid([[2]]))
        proposer = CellProposer(folder, CellSettings(n_views=1, ttft="off"), 0, n_threads=1, say=print, pool=pool)
        events = list(proposer.propose(TASKS, Deadline.after(1000.0)))
        assert {event.task_id for event in events if isinstance(event, Candidate)} == {"first", "second"}


class TestScores:
    def test_answers_and_programs_of_others_are_scored(self, folder):
        other = as_grid([[0, 0], [0, 0]])
        pool = FixedPool("second", other)
        proposer = CellProposer(
            folder, CellSettings(n_views=3, ttft="off", skip_solved=False), 0, n_threads=1, say=print, pool=pool
        )
        scores = [event for event in proposer.propose(TASKS, Deadline.after(1000.0)) if isinstance(event, Scored)]
        last = {(score.task_id, score.test_index, grid_key(score.grid)): score for score in scores}
        written = grid_key(as_grid([[0]]))
        assert set(last) == {
            ("first", 0, written),
            ("first", 1, written),
            ("second", 0, written),
            ("second", 0, grid_key(other)),
        }
        assert all(score.n_views == 3 for score in last.values())
        assert last["second", 0, grid_key(other)].logprob == pytest.approx(-7 * np.log(9684), rel=1e-3)

    def test_what_is_known_is_told_before_a_task_is_done(self, folder):
        events, _ = propose(folder, CellSettings(n_views=3, ttft="off"))
        ends = {event.task_id: index for index, event in enumerate(events) if isinstance(event, TaskDone)}
        told = {e.task_id: i for i, e in enumerate(events) if isinstance(e, Scored) and e.n_views == 3}
        assert all(told[task_id] < end for task_id, end in ends.items())


class TestLearningAlone:
    SETTINGS = CellSettings(
        n_views=4, ttft="per-task", joint=joint(max_passes=20.0, n_kept=2), alone=AloneConfig(steps=3, n_tokens=256)
    )

    def test_half_of_the_views_come_from_a_model_that_learned_the_task_alone(self, folder):
        events, said = propose(folder, self.SETTINGS)
        details = Counter(event.origin.detail.split(";")[0] for event in events if isinstance(event, Candidate))
        assert details == {"cells": 6, "cells, learned alone": 6}
        assert any(line.startswith("learned alone: 2 of 2 tasks") for line in said)
        assert {event.task_id for event in events if isinstance(event, TaskDone)} == {"first", "second"}

    def test_what_does_not_help_is_dropped_and_all_views_are_answered(self, folder):
        alone = AloneConfig(steps=3, n_tokens=256, lr=float("nan"), table_lr=float("nan"))
        events, said = propose(folder, dataclasses.replace(self.SETTINGS, alone=alone))
        assert "learning each task alone is dropped: the loss is not finite" in said
        details = Counter(event.origin.detail.split(";")[0] for event in events if isinstance(event, Candidate))
        assert details == {"cells": 12}

    def test_without_time_no_task_is_begun(self, folder, monkeypatch):
        monkeypatch.setattr(Tutor, "try_out", lambda self, tasks, kept: Helpful(1, 2.0, 1.0, 1e9))
        events, said = propose(folder, self.SETTINGS)
        assert "learned alone: 0 of 2 tasks" in said
        details = Counter(event.origin.detail.split(";")[0] for event in events if isinstance(event, Candidate))
        assert details == {"cells": 12}


class Script:
    """Answers as they are written here, for the model's."""

    def __init__(self, *spoken):
        # Of each test input: the log-probability of every answer, and whether every answer is the same.
        self._spoken = {grid_key(grid): rest for grid, *rest in spoken}
        self.asked = []

    def consult(self, model, questions, **options):
        return [self._opinion(question) for question in questions]

    def _opinion(self, question):
        self.asked.append(grid_key(question.test_input))
        logprob, is_same = self._spoken[self.asked[-1]]
        color = 0 if is_same else self.asked.count(self.asked[-1])
        scores = tuple(Score(np.array([logprob], np.float32), np.zeros(3, np.int8), 0) for _ in question.grids)
        return Opinion(Answer(as_grid([[color]]), logprob), scores, 0)


class TestPromise:
    SETTINGS = CellSettings(n_views=4, ttft="off", batch_size=1)
    (LIKELY, HOPELESS), (CERTAIN,) = TASKS[0].test_inputs, TASKS[1].test_inputs

    def script(self, monkeypatch, *spoken):
        script = Script(*spoken)
        monkeypatch.setattr("arc_solver.finetune.cells.drafting.consult", script.consult)
        return script

    def test_what_may_still_gain_is_answered_first_and_all_in_the_end(self, folder, monkeypatch):
        likely, hopeless, certain = self.LIKELY, self.HOPELESS, self.CERTAIN
        script = self.script(monkeypatch, (likely, -1.0, False), (hopeless, -9.0, False), (certain, -0.01, True))
        events, _ = propose(folder, self.SETTINGS)
        expected = [likely, hopeless, certain, likely, certain, likely, likely, *[hopeless] * 3, *[certain] * 2]
        assert script.asked == [grid_key(grid) for grid in expected]
        views = Counter((event.task_id, *event.outputs) for event in events if isinstance(event, Candidate))
        assert set(views.values()) == {4}
        assert {event.task_id for event in events if isinstance(event, TaskDone)} == {"first", "second"}

    def test_each_answer_of_an_input_is_asked_in_another_view(self, folder, monkeypatch):
        self.script(monkeypatch, *((grid, -1.0, False) for task in TASKS for grid in task.test_inputs))
        events, _ = propose(folder, dataclasses.replace(self.SETTINGS, batch_size=2))
        asked = Counter((e.task_id, *e.outputs, e.origin.detail) for e in events if isinstance(e, Candidate))
        assert len(asked) == 12

    def test_scores_are_told_after_1_2_4_views_of_an_input_and_at_the_end(self, folder, monkeypatch):
        self.script(monkeypatch, *((grid, -1.0, True) for task in TASKS for grid in task.test_inputs))
        events, _ = propose(folder, dataclasses.replace(self.SETTINGS, n_views=7))
        told = [event.n_views for event in events if isinstance(event, Scored) and event.task_id == "second"]
        assert told == [1, 2, 4, 7]

    def test_a_promising_task_is_learned_alone_before_others_are_answered_again(self, folder, monkeypatch):
        taught = []
        monkeypatch.setattr(Tutor, "try_out", lambda self, tasks, kept: Helpful(1, 2.0, 1.0, 0.0))
        monkeypatch.setattr(Tutor, "teach", lambda self, task_id, pairs: taught.append((task_id, len(script.asked))))
        likely, hopeless, other = self.CERTAIN, self.LIKELY, self.HOPELESS
        script = self.script(monkeypatch, (likely, -1.0, False), (hopeless, -9.0, False), (other, -9.0, False))
        decided = []
        settings = dataclasses.replace(TestLearningAlone.SETTINGS, batch_size=1)
        proposer = CellProposer(folder, settings, 0, n_threads=1, say=print, decide=decided.append)
        list(proposer.propose(TASKS, Deadline.after(1000.0)))
        alone = [(one.what, one.task_id) for one in decided if one.about == "learning a task alone"]
        assert alone == [("admitted", ""), ("admitted", "second"), ("admitted", "first")]
        # One view of each and one more of the promising one; its other two; then the others' second view.
        assert taught == [("second", 4), ("first", 8)]
        assert len(script.asked) == 12

    def test_a_task_that_others_solved_meanwhile_is_not_learned_alone(self, folder, monkeypatch):
        taught, pool = [], FixedPool("none")

        def teach(self, task_id, pairs):
            taught.append(task_id)
            pool.__init__("first" if task_id == "second" else "second", as_grid([[1]]))

        monkeypatch.setattr(Tutor, "try_out", lambda self, tasks, kept: Helpful(1, 2.0, 1.0, 0.0))
        monkeypatch.setattr(Tutor, "teach", teach)
        self.script(monkeypatch, *((grid, -1.0, False) for task in TASKS for grid in task.test_inputs))
        proposer = CellProposer(folder, TestLearningAlone.SETTINGS, 0, n_threads=1, say=print, pool=pool)
        list(proposer.propose(TASKS, Deadline.after(1000.0)))
        assert taught == ["first"]


class TestRounds:
    SETTINGS = CellSettings(n_views=2, max_rounds=3, joint=joint(n_kept=1, lr=1e-5))

    def learned(self, monkeypatch):
        """Seed and demonstrations kept apart of each time that something was learned, and when it ended."""
        found = []

        def learn(*args, **options):
            ready = learning.learn_together(*args, **options)
            found.append((args[4], args[3].joint.n_kept, args[3].gpu_joint.n_kept))
            return ready

        monkeypatch.setattr("arc_solver.proposers.cells.proposer.learn_together", learn)
        return found

    def test_where_time_is_left_everything_is_learned_and_answered_again(self, folder, monkeypatch):
        learned = self.learned(monkeypatch)
        events, _ = propose(folder, self.SETTINGS)
        assert learned == [(0, 1, 32), (1, 0, 0), (2, 0, 0)]
        answered = Counter((event.task_id, *event.outputs) for event in events if isinstance(event, Candidate))
        assert answered == {("first", 0): 6, ("first", 1): 6, ("second", 0): 6}
        seeds = [event.origin.seed for event in events if isinstance(event, Candidate) and event.task_id == "second"]
        assert seeds == [0, 1, 2, 3, 4, 5]
        # A task is done once: what a later round finds comes on top.
        assert Counter(event.task_id for event in events if isinstance(event, TaskDone)) == {"first": 1, "second": 1}
        assert max(event.n_views for event in events if isinstance(event, Scored)) == 6

    def test_what_is_settled_is_not_asked_again(self, folder, monkeypatch):
        learned = self.learned(monkeypatch)
        script = Script(*((grid, -0.01, True) for task in TASKS for grid in task.test_inputs))
        monkeypatch.setattr("arc_solver.finetune.cells.drafting.consult", script.consult)
        propose(folder, self.SETTINGS)
        assert len(learned) == 1
        assert len(script.asked) == 6

    def test_what_others_solved_is_taken_in_when_the_rest_had_its_views(self, folder):
        pool = FixedPool("second", as_grid([[1]]))
        proposer = CellProposer(folder, self.SETTINGS, 0, n_threads=1, say=print, pool=pool)
        events = list(proposer.propose(TASKS, Deadline.after(1000.0)))
        answered = [event.task_id for event in events if isinstance(event, Candidate)]
        assert answered[:4] == ["first"] * 4
        assert Counter(answered) == {"first": 12, "second": 6}

    def test_no_round_begins_without_time_to_learn_and_to_answer(self, folder, monkeypatch):
        learned = self.learned(monkeypatch)
        monkeypatch.setattr("arc_solver.proposers.cells.proposer._LEAST_ROUND", 1e9)
        propose(folder, self.SETTINGS)
        assert len(learned) == 1

    def test_where_learning_did_not_help_it_is_not_tried_again_unchecked(self, folder, monkeypatch):
        n_learned = []

        def learn(*args, **options):
            n_learned.append(1)
            return dataclasses.replace(learning.learn_together(*args, **options), slots={})

        monkeypatch.setattr("arc_solver.proposers.cells.proposer.learn_together", learn)
        propose(folder, self.SETTINGS)
        assert len(n_learned) == 1

    def test_a_model_that_learns_nothing_does_not_answer_the_same_again(self, folder):
        events, _ = propose(folder, dataclasses.replace(self.SETTINGS, ttft="off"))
        assert sum(isinstance(event, Candidate) for event in events) == 6
