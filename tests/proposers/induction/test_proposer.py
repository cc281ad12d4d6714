"""Programs from prompt to candidate, with an in-process runner in the place of the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.candidates import Candidate, ProgramEvidence, Rejected
from arc_solver.engines.base import Request
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.grids import Grid, as_grid, frozen, grids_equal
from arc_solver.proposers.base import Event, TaskDone
from arc_solver.proposers.induction import InductionProposer, InductionSettings
from arc_solver.sandbox.limits import Limits
from arc_solver.sandbox.pool import Sandbox
from arc_solver.sandbox.verdicts import (
    NotRun,
    Program,
    Verdict,
)
from arc_solver.tasks import Pair, Task

Read = Callable[[str], list[Grid]]
NewTask = Callable[..., Task]
Propose = Callable[..., list[Event]]
NewRunner = type

FLIP = "def task(grid):\n    return grid[::-1]\n"
FLIP_AGAIN = "def task(grid):\n    return np.flipud(grid)\n"
COPY = "def task(grid):\n    return grid\n"
BROKEN = "def task(grid):\n    return grid[99]\n"
NONSENSE = "def task(grid:\n"


def flipped(grid: Grid) -> Grid:
    return frozen(grid[::-1])


def fenced(source: str) -> str:
    """A completion after the prefill, which holds the opening fence."""
    return source + "```"


def never() -> Deadline:
    return Deadline(ManualClock(), 100.0)


def by_sample(*sources: str) -> Callable[[Request], str]:
    """Answers sample i of every task with source i."""
    return lambda request: fenced(sources[int(request.request_id.split("/")[1])])


def test_a_right_program_becomes_a_candidate_with_all_outputs(new_task: NewTask, propose: Propose) -> None:
    task = new_task("t", flipped)
    candidate, done = propose(by_sample(FLIP), [task], n_samples=1)
    assert isinstance(candidate, Candidate)
    assert done == TaskDone("t", "induction")
    assert set(candidate.outputs) == {0, 1}
    assert all(grids_equal(grid, task.test_inputs[index][::-1]) for index, grid in candidate.outputs.items())
    assert isinstance(candidate.evidence, ProgramEvidence)
    assert candidate.evidence.source == FLIP
    assert candidate.evidence.passes_all
    n_tokens = len(fenced(FLIP)) + 1
    assert (candidate.evidence.cost, candidate.evidence.logprob) == (n_tokens, pytest.approx(-0.1 * n_tokens))


def test_every_used_program_was_confirmed(new_task: NewTask, propose: Propose, new_runner: NewRunner) -> None:
    runner = new_runner(unstable=frozenset({FLIP}))
    events = propose(by_sample(FLIP, FLIP_AGAIN), [new_task("t", flipped)], runner, n_samples=2)
    assert [program.source for batch in runner.confirmed for program in batch] == [FLIP, FLIP_AGAIN]
    assert events[0] == Rejected("t", "induction", "program: nondeterministic")
    assert isinstance(events[1], Candidate)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (fenced(COPY), "program: wrong on the first training pair"),
        (fenced(BROKEN), "program: raised IndexError"),
        (fenced(NONSENSE), "program: syntax"),
        (COPY, "program: truncated"),
        ("```", "program: empty"),
    ],
)
def test_what_is_no_use_is_rejected_and_counted(text: str, reason: str, propose: Propose) -> None:
    pair = Pair(as_grid([[1], [2]]), as_grid([[2], [1]]))
    task = Task("t", (pair, pair), (pair.input,))
    events = propose(lambda request: text, [task], n_samples=1)
    assert events == [Rejected("t", "induction", reason), TaskDone("t", "induction")]


def test_a_program_that_was_seen_is_not_run_again(new_task: NewTask, propose: Propose, new_runner: NewRunner) -> None:
    runner = new_runner()
    events = propose(by_sample(FLIP, FLIP, FLIP), [new_task("t", flipped)], runner, n_samples=3)
    first, others, test = runner.screened
    assert [batch[0].source for batch in runner.screened] == [FLIP] * 3
    assert [len(batch[0].inputs) for batch in (first, others, test)] == [1, 2, 2]
    first_seed = events[0].origin.seed
    repeats = events[1:3]
    assert [(event.reason, event.repeats) for event in repeats] == [("program: duplicate", first_seed)] * 2
    assert len({first_seed, *(event.seed for event in repeats)}) == 3
    assert events[3:] == [TaskDone("t", "induction")]


def test_a_program_that_differs_in_nothing_that_counts_is_not_run_again(
    new_task: NewTask, propose: Propose, new_runner: NewRunner
) -> None:
    runner = new_runner()
    renamed = "def task(picture):\n    # turned over\n    return picture[::-1]\n"
    sources = (FLIP, COPY, renamed, COPY.replace("grid", "g"), NONSENSE, NONSENSE)
    events = propose(by_sample(*sources), [new_task("t", flipped)], runner, n_samples=6)
    ran = {program.source for batch in runner.screened for program in batch}
    assert len(ran) == 2
    assert FLIP in ran
    assert [event.reason for event in events if isinstance(event, Rejected)].count("program: duplicate") == 3
    assert sum(isinstance(event, Candidate) for event in events) == 1
    (kept,) = (event.origin.seed for event in events if isinstance(event, Candidate))
    assert [event.repeats for event in events if isinstance(event, Rejected) and event.repeats == kept] == [kept]


def test_the_same_program_for_two_tasks_is_run_for_both(new_task: NewTask, propose: Propose) -> None:
    events = propose(by_sample(FLIP), [new_task("a", flipped), new_task("b", flipped)], n_samples=1)
    assert {event.task_id for event in events if isinstance(event, Candidate)} == {"a", "b"}


def passes(*numbers: int) -> str:
    """A program that is right for the pairs whose input shows one of these colours, and else repeats its input."""
    return f"def task(grid):\n    return grid + 1 if grid[0, 0] in {numbers!r} else grid\n"


def counting_task(n_pairs: int) -> Task:
    """Pair i turns colour i into i + 1."""
    pairs = tuple(Pair(as_grid([[color]]), as_grid([[color + 1]])) for color in range(n_pairs))
    return Task("t", pairs, (as_grid([[8]]),))


def test_partial_programs_are_kept_up_to_a_number_and_then_only_if_better(propose: Propose) -> None:
    sources = [passes(0), passes(1), passes(2), passes(0, 1), passes(1, 2), passes(0, 1, 2)]
    settings = {"n_samples": 6, "wave_size": 1, "max_partial": 2, "stop_at_miss": False}
    events = propose(by_sample(*sources), [counting_task(4)], **settings)
    kept = [event.evidence.n_train_passed for event in events if isinstance(event, Candidate)]
    assert kept == [1, 1, 2, 3]
    reasons = [event.reason for event in events if isinstance(event, Rejected)]
    assert reasons == ["program: partial, not better"] * 2


def test_what_is_wrong_on_the_first_pair_is_not_run_on_the_others(propose: Propose, new_runner: NewRunner) -> None:
    sources = [passes(0), passes(1, 2), passes(0, 1), passes(0, 2), passes(0, 1, 2)]
    runner = new_runner()
    events = propose(by_sample(*sources), [counting_task(4)], runner, n_samples=5, wave_size=1, max_partial=2)
    kept = [event.evidence.n_train_passed for event in events if isinstance(event, Candidate)]
    assert kept == [1, 2, 3]
    reasons = [event.reason for event in events if isinstance(event, Rejected)]
    assert reasons == ["program: wrong on the first training pair", "program: partial, not better"]
    # The test inputs only where the program may be kept.
    n_inputs = {
        source: [len(program.inputs) for batch in runner.screened for program in batch if program.source == source]
        for source in sources
    }
    assert n_inputs == dict(zip(sources, ([1, 3, 1], [1], [1, 3, 1], [1, 3], [1, 3, 1]), strict=True))


def test_a_task_is_done_after_enough_passing_programs(new_task: NewTask, propose: Propose) -> None:
    sources = [FLIP, FLIP_AGAIN, *(f"{FLIP}# {number}\n" for number in range(6))]
    engine = ScriptedEngine(by_sample(*sources))
    other = new_task("o", flipped)
    events = propose(engine, [new_task("t", flipped), other], n_samples=8, wave_size=2, stop_after=2)
    for task_id in "to":
        own = [event for event in events if event.task_id == task_id]
        assert [type(event) for event in own] == [Candidate, Candidate, TaskDone]
    assert len(engine.calls) == 2


def test_a_program_that_fails_on_one_test_input_keeps_its_other_outputs(
    propose: Propose, new_runner: NewRunner
) -> None:
    pair = Pair(as_grid([[1]]), as_grid([[2]]))
    task = Task("t", (pair,), (as_grid([[3]]), as_grid([[9]])))
    runner = new_runner()
    source = "def task(grid):\n    return grid + 1\n"  # 9 becomes 10: no colour
    candidate, _ = propose(by_sample(source), [task], runner, n_samples=1)
    assert isinstance(candidate, Candidate)
    assert list(candidate.outputs) == [0]
    assert len(runner.confirmed[0][0].inputs) == 2


def test_views_change_the_order_of_pairs_only(read_prompt: Read, new_task: NewTask, propose: Propose) -> None:
    task = new_task("t", flipped, n_pairs=4)
    engine = ScriptedEngine(by_sample(*[COPY] * 9))
    propose(engine, [task], n_samples=9, wave_size=2)
    inputs = {pair.input.tobytes() for pair in task.train}
    orders = set()
    for call in engine.calls:
        prompts = {request.prompt.user for request in call}
        assert len(prompts) == 1  # the samples of a wave share their prompt
        shown = [grid.tobytes() for grid in read_prompt(prompts.pop())[::2]]
        assert set(shown) == inputs
        orders.add(tuple(shown))
    assert len(orders) > 1


def test_the_first_sample_is_greedy_and_seeds_differ(new_task: NewTask, propose: Propose) -> None:
    engine = ScriptedEngine(by_sample(*[COPY] * 5))
    propose(engine, [new_task("t", flipped)], n_samples=5, temperature=0.7)
    sampling = [request.sampling for call in engine.calls for request in call]
    assert [each.temperature for each in sampling] == [0.0, 0.7, 0.7, 0.7, 0.7]
    assert len({each.seed for each in sampling}) == 5


def test_settings_of_sampling_reach_the_engine(new_task: NewTask, propose: Propose) -> None:
    engine = ScriptedEngine(by_sample(*[COPY] * 3))
    propose(engine, [new_task("t", flipped)], n_samples=3, top_p=0.9, min_p=0.05, max_new_tokens=77)
    sampling = [request.sampling for call in engine.calls for request in call]
    assert {(each.top_p, each.min_p, each.max_new_tokens, each.stop) for each in sampling} == {(0.9, 0.05, 77, ())}


def test_every_task_is_asked_once_before_any_is_asked_again(new_task: NewTask, propose: Propose) -> None:
    engine = ScriptedEngine(by_sample(*[COPY] * 4))
    propose(engine, [new_task("a", flipped), new_task("b", flipped)], n_samples=4, wave_size=2)
    assert [[request.request_id for request in call] for call in engine.calls] == [
        ["a/0", "b/0"],
        ["a/1", "a/2", "b/1", "b/2"],
        ["a/3", "b/3"],
    ]


def test_the_same_seed_gives_the_same_events(new_task: NewTask, propose: Propose) -> None:
    tasks = [new_task(name, flipped) for name in "abc"]
    sources = [COPY, FLIP, BROKEN, FLIP_AGAIN, NONSENSE]
    runs = [propose(by_sample(*sources), tasks, seed=3, n_samples=5, execute_batch=2) for _ in range(2)]
    comparable = [[e.to_json() if isinstance(e, Candidate) else e for e in events] for events in runs]
    assert comparable[0] == comparable[1]
    assert len(comparable[0]) == 3 * (5 + 1)


@pytest.mark.parametrize("execute_batch", [1, 3, 100])
def test_the_batch_size_of_execution_changes_no_event_but_the_order(
    new_task: NewTask, execute_batch: int, propose: Propose
) -> None:
    tasks = [new_task(name, lambda grid: frozen((grid + 1) % 10)) for name in "abc"]
    next_color = "def task(grid):\n    return (grid + 1) % 10\n"
    sources = [COPY, next_color, BROKEN, next_color.replace("grid + 1", "1 + grid")]
    events = propose(by_sample(*sources), tasks, n_samples=4, execute_batch=execute_batch)
    reasons = sorted(e.reason if isinstance(e, Rejected) else type(e).__name__ for e in events)
    expected = ["Candidate"] * 6 + ["TaskDone"] * 3
    expected += ["program: raised IndexError"] * 3 + ["program: wrong on the first training pair"] * 3
    assert reasons == expected


def test_at_the_deadline_what_was_written_is_still_run(new_task: NewTask, propose: Propose) -> None:
    clock = ManualClock()

    def slow(request: Request) -> str:
        clock.advance(1.0)
        return fenced(FLIP)

    tasks = [new_task(name, flipped) for name in "abcd"]
    engine = ScriptedEngine(slow, shuffle_seed=None)
    events = propose(engine, tasks, deadline=Deadline(clock, 3.5), n_samples=2, reserve_s=1.0)
    assert [event.task_id for event in events if isinstance(event, Candidate)] == ["a", "b"]
    assert not any(isinstance(event, TaskDone) for event in events)


def test_a_program_that_the_deadline_cuts_off_is_neither_counted_nor_done(
    new_task: NewTask, propose: Propose, new_runner: NewRunner
) -> None:
    class CutOff(new_runner):
        def run(self, programs: Sequence[Program], deadline: Deadline | None = None) -> list[Verdict]:
            assert deadline is not None
            verdicts = super().run(programs, deadline)
            return [NotRun() if program.source == COPY else v for program, v in zip(programs, verdicts, strict=True)]

    events = propose(by_sample(FLIP, COPY), [new_task("t", flipped)], CutOff(), n_samples=2)
    assert [type(event) for event in events] == [Candidate]


def test_a_task_that_does_not_fit_is_rejected_and_done(new_task: NewTask, propose: Propose) -> None:
    engine = ScriptedEngine(by_sample(FLIP), context_length=310)
    events = propose(engine, [new_task("t", flipped)], n_samples=2)
    assert events == [Rejected("t", "induction", "prompt: too long")] * 2 + [TaskDone("t", "induction")]


def test_the_sandbox_is_a_runner(new_task: NewTask, propose: Propose) -> None:
    task = new_task("t", flipped)
    hang = "def task(grid):\n    while True:\n        pass\n"
    proposed = []
    with Sandbox(Limits(solo_cpu_s=0.2)) as sandbox:
        proposer = InductionProposer(ScriptedEngine(by_sample(FLIP, hang)), sandbox, InductionSettings(n_samples=2), 0)
        proposed = list(proposer.propose([task], never()))
    assert [type(event) for event in proposed] == [Candidate, Rejected, TaskDone]
    assert isinstance(proposed[1], Rejected)
    assert proposed[1].reason == "program: timeout cpu"


@pytest.mark.parametrize("changes", [{"n_samples": 0}, {"stop_after": 0}, {"max_partial": -1}, {"top_p": 0.0}])
def test_settings_that_make_no_sense(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        InductionSettings(**changes)
