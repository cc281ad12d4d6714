"""Grids through views and back, what is refused, and the order of waves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_solver.augment import View
from arc_solver.budget import Deadline, ManualClock
from arc_solver.candidates import Candidate, GridEvidence, Rejected
from arc_solver.engines.base import Request
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.errors import InputError
from arc_solver.grids import Grid, as_grid, frozen, grids_equal
from arc_solver.prompts.encoders import ENCODERS
from arc_solver.proposers.base import Event, TaskDone
from arc_solver.proposers.transduction import TransductionProposer, TransductionSettings, largest_output
from arc_solver.tasks import Pair, Task

Read = Callable[[str], list[Grid]]
NewTask = Callable[..., Task]
encode = ENCODERS["numbered"].encode


def never() -> Deadline:
    return Deadline(ManualClock(), 1.0)


def propose(
    engine: ScriptedEngine, tasks: Sequence[Task], seed: int = 0, deadline: Deadline | None = None, **changes: object
) -> list[Event]:
    proposer = TransductionProposer(engine, TransductionSettings(**changes), seed)
    return list(proposer.propose(tasks, deadline or never()))


def candidates(events: Sequence[Event]) -> list[Candidate]:
    return [event for event in events if isinstance(event, Candidate)]


@pytest.fixture
def repeats(read_prompt: Read) -> Callable[[Request], str]:
    """Answers with the test input as the prompt shows it: right for tasks that change nothing, in every view."""
    return lambda request: "\n" + encode(read_prompt(request.prompt.user)[-1])


def same(grid: Grid) -> Grid:
    return grid


@settings(deadline=None, max_examples=25)
@given(st.data(), st.integers(0, 2**31))
def test_what_is_right_in_a_view_is_right_in_the_task(data: st.DataObject, seed: int) -> None:
    cells = st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=5)
    inputs = [as_grid(data.draw(cells)) for _ in range(4)]
    task = Task("t", tuple(Pair(grid, grid) for grid in inputs[:2]), tuple(inputs[2:]))

    def answer(request: Request) -> str:
        last = "```grid" + request.prompt.user.split("```grid")[-1]
        return "\n" + last.removesuffix("\noutput")

    events = propose(ScriptedEngine(answer), [task], seed, n_samples=6, keep_background=False)
    found = candidates(events)
    assert len(found) == 12
    for candidate in found:
        for index, grid in candidate.outputs.items():
            assert grids_equal(grid, task.test_inputs[index])
    assert len({candidate.origin.detail for candidate in found}) > 1


def test_prompts_show_the_viewed_pairs_and_test_input(
    repeats: Callable[[Request], str], read_prompt: Read, new_task: NewTask
) -> None:
    task = new_task("t", lambda grid: frozen(grid.T), n_pairs=3, n_test=1)
    engine = ScriptedEngine(repeats)
    propose(engine, [task], n_samples=5, max_pairs=0)
    shown = [read_prompt(request.prompt.user) for call in engine.calls for request in call]
    assert len(shown) == 5
    original = [grid for pair in task.train for grid in (pair.input, pair.output)] + list(task.test_inputs)
    assert all(grids_equal(a, b) for a, b in zip(shown[0], original, strict=True))
    for grids in shown[1:]:
        # Some view of the task gives exactly these grids, pairs in some order.
        assert any(_is_view(task, grids, symmetry) for symmetry in range(8))


def _is_view(task: Task, grids: list[Grid], symmetry: int) -> bool:
    """Whether the shown grids are the task under this symmetry and some recolouring."""
    last = View(symmetry).apply(task.test_inputs[0])
    if last.shape != grids[-1].shape:
        return False
    colors = {int(a): int(b) for a, b in zip(last.ravel(), grids[-1].ravel(), strict=True)}
    if any(colors[int(a)] != int(b) for a, b in zip(last.ravel(), grids[-1].ravel(), strict=True)):
        return False
    wanted = Counter(View(symmetry).apply(pair.input).shape for pair in task.train)
    return wanted == Counter(grid.shape for grid in grids[:-1:2])


def test_the_first_view_is_the_task_as_it_is(repeats: Callable[[Request], str], new_task: NewTask) -> None:
    events = propose(ScriptedEngine(repeats), [new_task("t", same)], n_samples=1)
    assert [candidate.origin.detail for candidate in candidates(events)] == ["brief; as it is"] * 2


def test_every_task_is_asked_once_before_any_is_asked_again(
    repeats: Callable[[Request], str], new_task: NewTask
) -> None:
    tasks = [new_task(name, same, n_test=2) for name in "abc"]
    engine = ScriptedEngine(repeats)
    propose(engine, tasks, n_samples=6, wave_size=3)
    asked = [[request.request_id for request in call] for call in engine.calls]
    assert asked[0] == ["a/0/0", "a/1/0", "b/0/0", "b/1/0", "c/0/0", "c/1/0"]
    assert asked[1][:7] == ["a/0/1", "a/0/2", "a/0/3", "a/1/1", "a/1/2", "a/1/3", "b/0/1"]
    assert [len(call) for call in asked] == [6, 18, 12]


def test_each_task_ends_with_task_done(repeats: Callable[[Request], str], new_task: NewTask) -> None:
    tasks = [new_task(name, same) for name in "abc"]
    events = propose(ScriptedEngine(repeats), tasks, n_samples=4)
    for task in tasks:
        own = [event for event in events if event.task_id == task.task_id]
        assert len(own) == 4 * 2 + 1
        assert own[-1] == TaskDone(task.task_id, "transduction")


def test_the_evidence_is_the_models(repeats: Callable[[Request], str], new_task: NewTask) -> None:
    (candidate,) = candidates(propose(ScriptedEngine(repeats), [new_task("t", same, n_test=1)], n_samples=1))
    assert isinstance(candidate.evidence, GridEvidence)
    n_tokens = len("\n" + encode(candidate.outputs[0])) + 1
    assert candidate.evidence.n_tokens == n_tokens
    assert candidate.evidence.logprob == pytest.approx(-0.1 * n_tokens)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I do not know", "grid: no fence"),
        ("\n```grid 2x2\n1 12\n2 3\n```", "grid: ragged"),
        ("\n```grid 2x2\n1 12\n2 34", "grid: truncated"),
        ("\n```grid 3x2\n1 12\n2 34\n```", "grid: shape"),
    ],
)
def test_what_is_no_grid_is_rejected_and_counted(new_task: NewTask, text: str, reason: str) -> None:
    events = propose(ScriptedEngine(lambda request: text), [new_task("t", same, n_test=1)], n_samples=3)
    assert events == [Rejected("t", "transduction", reason)] * 3 + [TaskDone("t", "transduction")]


def test_the_same_seed_gives_the_same_events_and_another_one_other_views(
    repeats: Callable[[Request], str], new_task: NewTask
) -> None:
    tasks = [new_task(name, same) for name in "ab"]
    runs = [_comparable(propose(ScriptedEngine(repeats), tasks, seed, n_samples=4)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def _comparable(events: Sequence[Event]) -> list[object]:
    return [event.to_json() if isinstance(event, Candidate) else event for event in events]


def test_views_of_a_task_do_not_depend_on_the_other_tasks(repeats: Callable[[Request], str], new_task: NewTask) -> None:
    tasks = [new_task(name, same) for name in "abc"]
    together = _comparable(
        [e for e in propose(ScriptedEngine(repeats, shuffle_seed=None), tasks, n_samples=3) if e.task_id == "b"]
    )
    assert together == _comparable(propose(ScriptedEngine(repeats, shuffle_seed=None), tasks[1:2], n_samples=3))


def test_at_the_deadline_unfinished_tasks_are_not_done(repeats: Callable[[Request], str], new_task: NewTask) -> None:
    clock = ManualClock()

    def slow(request: Request) -> str:
        clock.advance(1.0)
        return repeats(request)

    tasks = [new_task(name, same, n_test=1) for name in "abcd"]
    engine = ScriptedEngine(slow, shuffle_seed=None)
    # Two waves of four take eight seconds; the second one gets half of what it needs.
    events = propose(engine, tasks, deadline=Deadline(clock, 6.5), n_samples=2)
    assert len(candidates(events)) == 6
    assert [event.task_id for event in events if isinstance(event, TaskDone)] == ["a", "b"]


def test_a_deadline_that_has_passed_asks_nothing(repeats: Callable[[Request], str], new_task: NewTask) -> None:
    engine = ScriptedEngine(repeats)
    assert propose(engine, [new_task("t", same)], deadline=Deadline(ManualClock(2.0), 1.0)) == []
    assert engine.calls == []


def test_pairs_are_left_out_until_the_prompt_fits(
    repeats: Callable[[Request], str], read_prompt: Read, new_task: NewTask
) -> None:
    task = new_task("t", same, n_pairs=4, n_test=1)
    roomy = ScriptedEngine(repeats)
    propose(roomy, [task], n_samples=1)
    request = roomy.calls[0][0]
    needed = roomy.count_tokens(request.prompt) + request.sampling.max_new_tokens
    tight = ScriptedEngine(repeats, context_length=needed - 1)
    (candidate,) = candidates(propose(tight, [task], n_samples=1))
    assert candidate.origin.detail == "brief; as it is; 1 pairs left out"
    assert len(read_prompt(tight.calls[0][0].prompt.user)) == 3 * 2 + 1


def test_a_task_that_does_not_fit_at_all_is_rejected_and_done(
    repeats: Callable[[Request], str], new_task: NewTask
) -> None:
    events = propose(ScriptedEngine(repeats, context_length=30), [new_task("t", same, n_test=1)], n_samples=2)
    assert events == [Rejected("t", "transduction", "prompt: too long")] * 2 + [TaskDone("t", "transduction")]


def test_answers_get_the_room_that_their_output_needs(new_task: NewTask) -> None:
    task = new_task("t", same, n_test=1)
    engine = ScriptedEngine(lambda request: "")
    propose(engine, [task], n_samples=1, size_margin=1.0)
    limit = engine.calls[0][0].sampling.max_new_tokens
    needed = len("\n" + encode(task.test_inputs[0])) + 1
    assert needed <= limit <= needed + 8


def test_stop_strings_close_the_block_that_they_swallow(new_task: NewTask) -> None:
    talkative = ScriptedEngine(lambda request: "\n```grid 1x2\n1 34\n```\nBecause the rule is")
    (candidate,) = candidates(
        propose(talkative, [new_task("t", same, n_test=1)], n_samples=1, use_stop_strings=True, size_margin=9.0)
    )
    assert grids_equal(candidate.outputs[0], as_grid([[3, 4]]))
    assert talkative.calls[0][0].sampling.stop


def pair(input_shape: tuple[int, int], output_shape: tuple[int, int]) -> Pair:
    def grid(shape: tuple[int, int]) -> Grid:
        return as_grid([[0] * shape[1]] * shape[0])

    return Pair(grid(input_shape), grid(output_shape))


@pytest.mark.parametrize(
    ("pairs", "test", "expected"),
    [
        ([((2, 3), (2, 3)), ((4, 4), (4, 4))], (5, 6), (5, 6)),  # the same size
        ([((2, 3), (4, 3)), ((4, 4), (8, 4))], (5, 6), (10, 6)),  # twice as high
        ([((4, 3), (2, 3)), ((8, 4), (4, 4))], (5, 6), (3, 6)),  # half as high, rounded up
        ([((2, 3), (1, 7)), ((4, 4), (1, 7))], (5, 6), (1, 7)),  # one size
        ([((3, 3), (3, 3)), ((3, 3), (3, 3))], (9, 2), (9, 3)),  # one size or the same size: the larger
        ([((2, 3), (1, 2)), ((4, 4), (3, 1))], (5, 6), (5, 6)),  # no rule: the largest of all
        ([((2, 3), (1, 9)), ((4, 4), (3, 1))], (2, 2), (3, 9)),
        ([((2, 2), (8, 8)), ((3, 3), (12, 12))], (20, 20), (30, 30)),  # never above the largest grid
    ],
)
def test_the_expected_size(
    pairs: list[tuple[tuple[int, int], tuple[int, int]]], test: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert largest_output([pair(*shapes) for shapes in pairs], pair(test, (1, 1)).input) == expected


def test_settings_of_sampling_reach_the_engine(
    new_task: Callable[..., Task], repeats: Callable[[Request], str]
) -> None:
    engine = ScriptedEngine(repeats)
    propose(engine, [new_task("t", same)], n_samples=2, temperature=0.6, top_p=0.9, min_p=0.05)
    sampling = [request.sampling for call in engine.calls for request in call]
    assert {(each.temperature, each.top_p, each.min_p, each.stop) for each in sampling} == {(0.6, 0.9, 0.05, ())}


@pytest.mark.parametrize(
    "changes", [{"n_samples": 0}, {"temperature": -1.0}, {"size_margin": 0.5}, {"max_pairs": -1}, {"min_p": 2.0}]
)
def test_settings_that_make_no_sense(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|in \(0"):
        TransductionSettings(**changes)


def test_unknown_names_in_settings() -> None:
    with pytest.raises(InputError, match="encoder"):
        TransductionSettings(encoder="nope")
    with pytest.raises(InputError, match="prompt"):
        TransductionSettings(version="nope")
