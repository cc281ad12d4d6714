"""The proposer: events and their order, evidence that is true, budget and deadline."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from arc_solver.allocation import Estimate, Prospect
from arc_solver.allocation.cores import MODEL_RATE
from arc_solver.budget import Deadline, ManualClock
from arc_solver.candidates import Candidate, Rejected
from arc_solver.errors import InputError
from arc_solver.grids import grid_key, grids_equal
from arc_solver.proposers.base import TaskDone, TaskStarted
from arc_solver.proposers.search import SearchProposer, SearchSettings
from arc_solver.proposers.search.examples import Draft
from arc_solver.proposers.search.ranking import MAX_FITTING, MAX_PARTIAL, Ranked, choose, judge
from arc_solver.sandbox.verdicts import Ok, Program, Raised, Verdict
from arc_solver.tasks import Task

MIRROR = [("12/34", "21/43"), ("501/230", "105/032")]
RULE = [("0300/0000", "0344/0000"), ("0000/3000/0000", "0000/3444/0000")]
# No function gives both outputs.
NEARLY = [("123/456", "321/654"), ("123/456", "321/659")]
SETTINGS = SearchSettings(max_programs=400)


def ample() -> Deadline:
    return Deadline.after(1, ManualClock())


@pytest.fixture
def toys(toy_task) -> list[Task]:
    return [
        toy_task(MIRROR, "67/89", task_id="mirror"),
        toy_task(RULE, "00000/00030", task_id="rule"),
        toy_task(NEARLY, "67/89", "3", task_id="nearly"),
    ]


def test_every_task_is_done_last_and_once(toys: list[Task], runner) -> None:
    events = list(SearchProposer(runner, SETTINGS).propose(toys, ample()))
    done = [event.task_id for event in events if isinstance(event, TaskDone)]
    assert sorted(done) == ["mirror", "nearly", "rule"]
    for task_id in done:
        assert isinstance([event for event in events if event.task_id == task_id][-1], TaskDone)


class Opinion:
    """Estimates that follow a rule, and what was asked."""

    def __init__(self, rate: Callable[[Prospect], float]) -> None:
        self._rate = rate
        self.asked: list[Prospect] = []

    def of(self, prospect: Prospect) -> Estimate:
        self.asked.append(prospect)
        return Estimate(self._rate(prospect), 1.0)


def order_of(events: Sequence[object]) -> list[str]:
    """Task ids in the order in which passes spoke of them, neighbours once."""
    ids = [event.task_id for event in events if not isinstance(event, TaskStarted)]
    return [one for index, one in enumerate(ids) if index == 0 or ids[index - 1] != one]


def test_every_task_is_looked_at_before_one_gets_more(toys: list[Task], runner) -> None:
    # Second passes are thought to be worth more than first ones, and still come after all of them.
    opinion = Opinion(lambda prospect: 1.0 if prospect.step == "search 1" else 0.1)
    list(SearchProposer(runner, SETTINGS, opinion).propose(toys, ample()))
    steps = [prospect.step for prospect in opinion.asked]
    assert steps == ["search 0"] * 3 + ["search 1"] * 2, "one is settled by its first pass"


@pytest.mark.parametrize("sign", [1, -1])
def test_the_pass_that_is_worth_most_is_next(toys: list[Task], runner, sign: int) -> None:
    # By size alone: large or small grids first, in both passes.
    by_size = sorted(toys, key=lambda task: -sign * n_cells(task))
    opinion = Opinion(lambda prospect: 1000.0 + sign * prospect.n_cells)
    events = list(SearchProposer(runner, SETTINGS, opinion).propose(toys, ample()))
    wanted = [task.task_id for task in by_size]
    wanted += [task_id for task_id in wanted if task_id != "mirror"]
    assert order_of(events) == [one for index, one in enumerate(wanted) if index == 0 or wanted[index - 1] != one]


def test_the_order_of_passes_changes_no_candidate(toys: list[Task], runner) -> None:
    found = [
        sorted(repr(e) for e in SearchProposer(runner, SETTINGS, Opinion(rule)).propose(toys, ample()))
        for rule in (lambda prospect: prospect.n_cells, lambda prospect: -prospect.n_cells)
    ]
    assert found[0] == found[1]


def test_what_is_asked_about_a_pass_is_what_the_passes_before_found(toys: list[Task], runner) -> None:
    opinion = Opinion(lambda prospect: 1.0)
    list(SearchProposer(runner, SETTINGS, opinion).propose(toys, ample()))
    before = {prospect.n_cells: prospect.features for prospect in opinion.asked if prospect.step == "search 0"}
    after = {prospect.n_cells: prospect.features for prospect in opinion.asked if prospect.step == "search 1"}
    nearly, rule = toys[2], toys[1]
    assert before[n_cells(rule)] == ("size same", "edit add")
    assert after[n_cells(nearly)][2:] == ("fits some pairs",), "the mirror image is right for one pair"
    assert set(after) == {n_cells(nearly), n_cells(rule)}


def n_cells(task: Task) -> int:
    return sum(pair.input.size for pair in task.train) + sum(grid.size for grid in task.test_inputs)


def test_the_search_gives_way_once_when_its_passes_are_worth_little(toys: list[Task], runner) -> None:
    def times_given_way(rate: Callable[[Prospect], float]) -> int:
        times: list[int] = []
        proposer = SearchProposer(runner, SETTINGS, Opinion(rate), give_way=lambda: times.append(1))
        list(proposer.propose(toys, ample()))
        return len(times)

    assert times_given_way(lambda prospect: 1.0) == 0
    assert times_given_way(lambda prospect: 1.0 if prospect.step == "search 0" else MODEL_RATE / 2) == 1


def test_no_outputs_are_yielded_twice(toys: list[Task], runner) -> None:
    events = list(SearchProposer(runner, SETTINGS).propose(toys, ample()))
    keys = [
        (e.task_id, e.evidence.n_train_passed, tuple((i, grid_key(g)) for i, g in e.outputs.items()))
        for e in events
        if isinstance(e, Candidate)
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("max_programs", [0, 500, 1000, 7000, 8000, 60_000, 64_000, 1_000_000])
def test_passes_grow_up_to_what_is_allowed(max_programs: int) -> None:
    budgets = SearchSettings(max_programs).budgets()
    assert budgets[-1] == max_programs
    assert len(budgets) >= 2
    assert list(budgets) == sorted(budgets)


def test_what_a_candidate_says_is_true(toys: list[Task], runner) -> None:
    tasks = {task.task_id: task for task in toys}
    candidates = [e for e in SearchProposer(runner, SETTINGS).propose(toys, ample()) if isinstance(e, Candidate)]
    assert {candidate.task_id for candidate in candidates} == set(tasks)
    for candidate in candidates:
        task, evidence = tasks[candidate.task_id], candidate.evidence
        inputs = (*(pair.input for pair in task.train), *task.test_inputs)
        returned = runner.confirm([Program(evidence.source, inputs)])[0].outputs
        passed = sum(grids_equal(pair.output, grid) for pair, grid in zip(task.train, returned, strict=False))
        assert (evidence.n_train_passed, evidence.n_train) == (passed, len(task.train))
        assert evidence.cost >= 0
        assert candidate.origin.proposer == "search"
        assert candidate.origin.detail
        for index, grid in candidate.outputs.items():
            assert grids_equal(grid, returned[len(task.train) + index])


def test_fitting_first_with_outputs_of_their_own_then_few_partial_fits(toys: list[Task], runner) -> None:
    n_passes = len(SETTINGS.budgets())
    events = list(SearchProposer(runner, SETTINGS).propose(toys, ample()))
    for task in toys:
        candidates = [e for e in events if isinstance(e, Candidate) and e.task_id == task.task_id]
        fits = [candidate.evidence.passes_all for candidate in candidates]
        assert fits.count(True) <= MAX_FITTING
        assert fits.count(False) <= MAX_PARTIAL * n_passes
        outputs = [tuple((i, grid_key(g)) for i, g in c.outputs.items()) for c in candidates]
        assert len(set(outputs)) == len(outputs)
    mirror = [e for e in events if isinstance(e, Candidate) and e.task_id == "mirror"]
    fits = [candidate.evidence.passes_all for candidate in mirror]
    assert fits == sorted(fits, reverse=True)
    costs = [c.evidence.cost for c in mirror if c.evidence.passes_all]
    assert costs == sorted(costs)
    nearly = [e for e in events if isinstance(e, Candidate) and e.task_id == "nearly"]
    assert nearly[0].evidence.n_train_passed == 1, "the mirror image is right for one pair"
    assert not nearly[0].evidence.passes_all


def test_the_same_events_twice(toys: list[Task], runner) -> None:
    first, second = ([repr(e) for e in SearchProposer(runner, SETTINGS).propose(toys, ample())] for _ in range(2))
    assert first == second


def test_a_passed_deadline_yields_nothing(toys: list[Task], runner) -> None:
    clock = ManualClock()
    deadline = Deadline.after(1, clock)
    clock.advance(1)
    assert list(SearchProposer(runner, SETTINGS).propose(toys, deadline)) == []


class SlowRunner:
    """A runner whose every call takes ten seconds."""

    def __init__(self, inner, clock: ManualClock) -> None:
        self._inner, self._clock = inner, clock

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        self._clock.advance(10)
        return self._inner.confirm(programs)


def test_a_task_that_the_deadline_cuts_is_not_done(toys: list[Task], runner) -> None:
    clock = ManualClock()
    proposer = SearchProposer(SlowRunner(runner, clock), SETTINGS, Opinion(lambda prospect: 1.0))
    events = list(proposer.propose(toys, Deadline.after(15, clock)))
    assert [e.task_id for e in events if isinstance(e, TaskDone)] == ["mirror"]
    assert {e.task_id for e in events if isinstance(e, Candidate)} == {"mirror", "rule"}, "what was found is kept"


class BrokenRunner:
    """A runner in which every program raises at once."""

    def confirm(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
        return [Raised(kind="MemoryError") for _ in programs]


def test_programs_that_fail_are_counted_not_raised(toys: list[Task]) -> None:
    events = list(SearchProposer(BrokenRunner(), SETTINGS).propose(toys[:1], ample()))
    assert {e.reason for e in events if isinstance(e, Rejected)} == {"program: raised MemoryError"}
    assert not any(isinstance(e, Candidate) for e in events)
    assert isinstance(events[-1], TaskDone)


def test_settings_are_checked() -> None:
    with pytest.raises(InputError, match="max_programs is -1"):
        SearchSettings(max_programs=-1)


def ranked(task: Task, toy_grid, body: str, outputs: Sequence[str], cost: float, stage: str = "a") -> Ranked:
    one = judge(task, Draft(stage, (body,), cost), Ok(tuple(map(toy_grid, outputs))))
    assert one is not None
    return one


def test_the_simplest_program_comes_first_and_agreement_helps(toy_task, toy_grid) -> None:
    task = toy_task([("1", "2")], "3")
    plain = ranked(task, toy_grid, "a", ["2", "4"], 2.0)
    agreed = [ranked(task, toy_grid, f"b{n}", ["2", "5"], 2.5, stage=f"stage {n}") for n in range(2)]
    dear = ranked(task, toy_grid, "c", ["2", "6"], 9.0)
    chosen = choose(task, [dear, plain, *agreed])
    assert [one.outputs[0].tolist() for one in chosen] == [[[5]], [[4]], [[6]]]
    assert chosen[0].cost < chosen[1].cost


def test_partial_fits_are_ordered_by_pairs_then_cells(toy_task, toy_grid) -> None:
    task = toy_task([("11", "22"), ("33", "44")], "55")
    one_pair = ranked(task, toy_grid, "a", ["22", "99", "66"], 5.0)
    one_cell = ranked(task, toy_grid, "b", ["92", "94", "67"], 1.0)
    wrong_size = ranked(task, toy_grid, "c", ["22", "4", "68"], 1.0)
    two_cells = ranked(task, toy_grid, "d", ["99", "94", "69"], 1.0)
    assert choose(task, [two_cells, wrong_size, one_cell, one_pair]) == [one_pair, one_cell]


def test_an_answer_that_repeats_the_question_is_doubtful(toy_task, toy_grid) -> None:
    task = toy_task([("1", "2")], "3")
    repeats = ranked(task, toy_grid, "a", ["2", "3"], 1.0)
    assert repeats.cost > ranked(task, toy_grid, "b", ["2", "4"], 1.0).cost
