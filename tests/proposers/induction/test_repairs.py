"""Programs that are wrong are asked for again, with what they did wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from arc_solver.augment import View
from arc_solver.budget import Deadline, ManualClock
from arc_solver.candidates import Candidate, Rejected
from arc_solver.engines.base import Request
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.errors import InputError
from arc_solver.grids import Grid, as_grid, frozen, grids_equal
from arc_solver.prompts import templates
from arc_solver.prompts.encoders import ENCODERS
from arc_solver.proposers.base import Event, TaskDone
from arc_solver.proposers.induction import InductionSettings
from arc_solver.tasks import Pair, Task

Read = Callable[[str], list[Grid]]
NewTask = Callable[..., Task]
Propose = Callable[..., list[Event]]

COPY = "def task(grid):\n    return grid\n"
FLIP = "def task(grid):\n    return grid[::-1]\n"
BROKEN = "def task(grid):\n    return grid[99]\n"
SILENT = "def task(grid):\n    return None\n"
NONSENSE = "def task(grid:\n"
NUMBERED = ENCODERS["numbered"]


def is_repair(request: Request) -> bool:
    return "\nwrong\n" in request.prompt.user


def answers(first: str, repaired: str) -> Callable[[Request], str]:
    return lambda request: f"{repaired if is_repair(request) else first}```"


def repairs_of(engine: ScriptedEngine) -> list[Request]:
    return [request for call in engine.calls for request in call if is_repair(request)]


def steps(*numbers: int) -> str:
    """A program that is right for the pairs of `counting_task` whose input shows one of these colours."""
    return f"def task(grid):\n    return grid + 1 if grid[0, 0] in {numbers!r} else grid\n"


def counting_task(n_pairs: int) -> Task:
    """Pair i turns colour i into i + 1."""
    pairs = tuple(Pair(as_grid([[color]]), as_grid([[color + 1]])) for color in range(n_pairs))
    return Task("t", pairs, (as_grid([[8]]),))


@pytest.fixture
def task(new_task: NewTask) -> Task:
    made: Task = new_task("t", lambda grid: frozen(grid[::-1]), n_pairs=3, seed=1)
    assert all(not grids_equal(pair.input, pair.output) for pair in made.train)
    return made


def test_a_repaired_program_that_passes_becomes_a_candidate(task: Task, propose: Propose) -> None:
    engine = ScriptedEngine(answers(COPY, FLIP))
    wrong, candidate, done = propose(engine, [task], n_samples=1, repair_rounds=1)
    assert wrong == Rejected("t", "induction", "program: wrong on the first training pair")
    assert isinstance(candidate, Candidate)
    assert candidate.evidence.source == FLIP
    assert candidate.evidence.passes_all
    assert candidate.origin.detail == "brief; as it is; repair of sample 0"
    assert candidate.origin.seed == repairs_of(engine)[0].sampling.seed
    assert done == TaskDone("t", "induction")


@pytest.mark.parametrize("version", ["brief", "v0", "v1", "v2", "v3"])
def test_the_prompt_holds_program_and_failed_pair_and_no_test_output(
    task: Task, propose: Propose, version: str
) -> None:
    engine = ScriptedEngine(lambda request: f"{COPY}```")
    propose(engine, [task], n_samples=1, repair_rounds=1, version=version)
    (repair,) = engine.calls[1]
    template = templates.get_template(templates.CODE_REPAIR, version)
    verdict = template.returned.format(output=NUMBERED.encode(task.train[0].input))
    pair = task.train[0]
    shown = [f"```python\n{COPY}```", NUMBERED.encode(pair.input), verdict, NUMBERED.encode(pair.output)]
    at = repair.prompt.user.index(shown[0])
    for part in shown:
        at = repair.prompt.user.index(part, at) + len(part)
    for grid in task.test_inputs:
        assert NUMBERED.encode(frozen(grid[::-1])) not in repair.prompt.user
    assert (NUMBERED.encode(task.test_inputs[0]) in repair.prompt.user) == (version == "v3")
    assert repair.prompt.prefill == template.prefill


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (BROKEN, "it raised IndexError"),
        (SILENT, "what it returned is not a grid"),
        (NONSENSE, "it is not valid Python with a function `task`"),
    ],
)
def test_a_program_that_gave_no_grid_is_told_why(task: Task, propose: Propose, source: str, told: str) -> None:
    engine = ScriptedEngine(answers(source, FLIP))
    events = propose(engine, [task], n_samples=1, repair_rounds=1)
    assert told in repairs_of(engine)[0].prompt.user
    assert source in repairs_of(engine)[0].prompt.user
    assert isinstance(events[1], Candidate)


def test_the_pair_that_is_shown_is_the_first_that_failed(propose: Propose, read_prompt: Read) -> None:
    engine = ScriptedEngine(answers(steps(0, 2), steps(0)))
    propose(engine, [counting_task(4)], n_samples=1, repair_rounds=1)
    asked, returned, expected = read_prompt(repairs_of(engine)[0].prompt.user)[-3:]
    assert [int(grid[0, 0]) for grid in (asked, returned, expected)] == [1, 1, 2]


def test_a_program_that_fails_on_the_way_is_shown_the_pair_it_failed_on(propose: Propose, read_prompt: Read) -> None:
    source = "def task(grid):\n    return grid + 1 if grid[0, 0] < 2 else grid[99]\n"
    engine = ScriptedEngine(answers(source, COPY))
    propose(engine, [counting_task(4)], n_samples=1, repair_rounds=1)
    asked, expected = read_prompt(repairs_of(engine)[0].prompt.user)[-2:]
    assert [int(grid[0, 0]) for grid in (asked, expected)] == [2, 3]


@pytest.mark.parametrize("shuffle_seed", [None, 0, 1, 2])
def test_those_that_pass_most_pairs_are_asked_for_first(propose: Propose, shuffle_seed: int | None) -> None:
    sources = [COPY, COPY + "#", BROKEN, steps(1), steps(0, 2), steps(0, 1, 2), steps(2)]

    def answer(request: Request) -> str:
        number = int(request.request_id.split("/")[1])
        return f"{sources[number] if number < 7 else steps(3, number)}```"

    engine = ScriptedEngine(answer, shuffle_seed=shuffle_seed)
    settings = {"n_samples": 7, "wave_size": 6, "repair_rounds": 1, "max_repairs": 3, "stop_at_miss": False}
    propose(engine, [counting_task(4)], **settings)
    assert [len(call) for call in engine.calls] == [1, 1, 6, 3]
    shown = [request.prompt.user.split("```python\n")[1].split("```")[0] for request in engine.calls[3]]
    assert shown == [steps(0, 1, 2), steps(0, 2), steps(1)]


def test_what_gave_a_grid_goes_before_what_gave_none(propose: Propose) -> None:
    sources = [steps(0), BROKEN, COPY]
    engine = ScriptedEngine(lambda request: f"{sources[int(request.request_id.split('/')[1]) % 3]}```")
    propose(engine, [counting_task(3)], n_samples=3, repair_rounds=1, max_repairs=1)
    assert [COPY in request.prompt.user for request in repairs_of(engine)] == [False, True]


def test_what_passes_more_goes_before_what_gave_a_grid(propose: Propose) -> None:
    fails_late = "def task(grid):\n    return grid + 1 if grid[0, 0] < 2 else grid[99]\n"
    sources = ["nothing", COPY, fails_late, FLIP]
    engine = ScriptedEngine(lambda request: f"{sources[int(request.request_id.split('/')[1])]}```")
    propose(engine, [counting_task(3)], n_samples=3, repair_rounds=1, max_repairs=1)
    assert fails_late in repairs_of(engine)[-1].prompt.user


def test_rounds_mend_what_the_round_before_brought(propose: Propose) -> None:
    chain = [steps(0), steps(0, 1), steps(0, 1, 2), steps(0, 1, 2, 3)]
    engine = ScriptedEngine(lambda request: f"{chain[int(request.request_id.split('/')[1])]}```")
    events = propose(engine, [counting_task(4)], n_samples=1, repair_rounds=5)
    found = [event for event in events if isinstance(event, Candidate)]
    assert [candidate.evidence.n_train_passed for candidate in found] == [1, 2, 3, 4]
    assert [candidate.origin.detail.partition("; as it is")[2] for candidate in found] == [
        "",
        "; repair of sample 0",
        "; repair of sample 1",
        "; repair of sample 2",
    ]
    assert len(engine.calls) == 4  # nothing is left to mend
    assert events[-1] == TaskDone("t", "induction")


def test_what_is_still_wrong_after_the_last_round_is_left_alone(propose: Propose) -> None:
    engine = ScriptedEngine(lambda request: f"{steps(0, 10 + int(request.request_id.split('/')[1]))}```")
    propose(engine, [counting_task(3)], n_samples=3, wave_size=1, repair_rounds=2)
    mended = [request.prompt.user.split("(0, 1")[1][0] for request in repairs_of(engine)]
    assert mended == ["0", "3", "1", "5", "2", "7"]  # each wave's sample, then what came of it


def test_a_repair_that_changes_nothing_is_a_duplicate_and_ends_it(task: Task, propose: Propose) -> None:
    engine = ScriptedEngine(answers(COPY, COPY + "# better\n"))
    events = propose(engine, [task], n_samples=1, repair_rounds=5)
    assert len(engine.calls) == 2
    assert events == [
        Rejected("t", "induction", "program: wrong on the first training pair"),
        Rejected("t", "induction", "program: duplicate"),
        TaskDone("t", "induction"),
    ]


def test_repairs_are_samples_with_seeds_of_their_own(task: Task, propose: Propose) -> None:
    sources = [COPY, COPY.replace("return grid", "return grid + 0"), BROKEN, SILENT, NONSENSE]
    engine = ScriptedEngine(lambda request: f"{sources[int(request.request_id.split('/')[1]) % 5]}```")
    events = propose(engine, [task], n_samples=3, repair_rounds=1, temperature=0.7)
    asked = [request for call in engine.calls for request in call]
    assert len({request.request_id for request in asked}) == len(asked) > 4
    assert len({request.sampling.seed for request in asked}) == len(asked)
    assert [request.sampling.temperature for request in repairs_of(engine)] == [0.7] * (len(asked) - 3)
    assert len(events) == len(asked) + 1
    assert [type(event) for event in events].count(TaskDone) == 1
    assert isinstance(events[-1], TaskDone)


def test_without_rounds_nothing_is_asked_again(task: Task, propose: Propose) -> None:
    engine = ScriptedEngine(answers(COPY, FLIP))
    events = propose(engine, [task], n_samples=1)
    assert [type(event) for event in events] == [Rejected, TaskDone]
    assert len(engine.calls) == 1


def test_the_same_seed_gives_the_same_events(new_task: NewTask, propose: Propose) -> None:
    tasks = [new_task(name, lambda grid: frozen(grid[::-1])) for name in "abc"]
    sources = [COPY, BROKEN, SILENT, FLIP]

    def run() -> list[object]:
        engine = ScriptedEngine(lambda request: f"{sources[request.sampling.seed % 4]}```")
        events = propose(engine, tasks, seed=4, n_samples=3, repair_rounds=2)
        asked = [request for call in engine.calls for request in call]
        return [*asked, *(e.to_json() if isinstance(e, Candidate) else e for e in events)]

    assert run() == run()


def test_enough_passing_programs_end_a_task_in_the_middle_of_a_round(new_task: NewTask, propose: Propose) -> None:
    tasks = [new_task(name, lambda grid: frozen(grid[::-1])) for name in "ab"]
    engine = ScriptedEngine(
        lambda request: f"{FLIP if is_repair(request) else [COPY, BROKEN][request.sampling.seed % 2]}```"
    )
    events = propose(engine, tasks, n_samples=4, repair_rounds=3, stop_after=1)
    for task_id in "ab":
        own = [event for event in events if event.task_id == task_id]
        assert [type(event) for event in own] == [Rejected, Candidate, TaskDone]
    assert len(engine.calls) == 2


def test_a_repair_that_does_not_fit_is_rejected(task: Task, propose: Propose) -> None:
    free = ScriptedEngine(answers(COPY, FLIP))
    propose(free, [task], n_samples=1, repair_rounds=1, max_pairs=1)
    room = free.count_tokens(free.calls[0][0].prompt)
    assert room < free.count_tokens(free.calls[1][0].prompt)
    engine = ScriptedEngine(answers(COPY, FLIP), context_length=room + 60)
    events = propose(engine, [task], n_samples=1, repair_rounds=1, max_new_tokens=60)
    assert events == [
        Rejected("t", "induction", "program: wrong on the first training pair"),
        Rejected("t", "induction", "repair: prompt: too long"),
        TaskDone("t", "induction"),
    ]


def test_pairs_are_dropped_from_the_end_until_a_repair_fits(task: Task, propose: Propose, read_prompt: Read) -> None:
    free, tight = ScriptedEngine(answers(COPY, FLIP)), None
    propose(free, [task], n_samples=1, repair_rounds=1)
    n_chars = free.count_tokens(repairs_of(free)[0].prompt)
    tight = ScriptedEngine(answers(COPY, FLIP), context_length=n_chars + 299)
    events = propose(tight, [task], n_samples=1, repair_rounds=1)
    shown = [read_prompt(repairs_of(engine)[0].prompt.user) for engine in (free, tight)]
    assert [len(grids) for grids in shown] == [2 * 3 + 3, 2 * 2 + 3]
    assert all(map(grids_equal, shown[1], [*shown[0][:4], *shown[0][6:]]))
    assert "1 pairs left out; repair of sample 0" in events[1].origin.detail


def test_a_program_for_a_view_is_mended_in_that_view(new_task: NewTask, propose: Propose, read_prompt: Read) -> None:
    task = new_task("t", lambda grid: frozen((grid + 1) % 10), n_pairs=3, seed=1)
    engine = ScriptedEngine(answers(COPY, FLIP))
    propose(engine, [task], n_samples=6, wave_size=1, repair_rounds=1, symmetries=True, max_pairs=0)
    asked = [request for call in engine.calls for request in call]
    checked = 0
    for plain, repair in itertools.pairwise(asked):
        if not is_repair(repair):
            continue
        shown, again = read_prompt(plain.prompt.user), read_prompt(repair.prompt.user)
        assert all(map(grids_equal, shown, again))
        given, returned, expected = again[-3:]
        assert grids_equal(given, returned)
        assert any(grids_equal(given, grid) for grid in shown[::2])
        assert grids_equal(expected, frozen((given + 1) % 10))
        checked += 1
    assert checked > 3


def test_a_mended_program_of_a_view_answers_for_the_task_as_it_is(task: Task, propose: Propose) -> None:
    def answer(request: Request) -> str:
        if not is_repair(request):
            return f"{BROKEN}```"
        return "def task(grid):\n    return np.fliplr(grid)\n```"

    events = propose(answer, [task], n_samples=12, wave_size=1, repair_rounds=1, symmetries=True, stop_after=99)
    found = [event for event in events if isinstance(event, Candidate) and event.evidence.passes_all]
    assert found
    for candidate in found:
        view = View.from_text(candidate.evidence.view)
        assert view.symmetry in (1, 3, 4, 6)  # where left and right are up and down
        assert "repair of sample" in candidate.origin.detail
        assert all(np.array_equal(grid, task.test_inputs[index][::-1]) for index, grid in candidate.outputs.items())


@pytest.mark.parametrize("ends_s", [0.5, 1.5, 2.5, 3.5])
def test_at_the_deadline_a_task_that_is_not_through_is_not_done(task: Task, propose: Propose, ends_s: float) -> None:
    clock = ManualClock()

    def slow(request: Request) -> str:
        clock.advance(1.0)
        return f"{steps(int(request.request_id.split('/')[1]))}```"

    deadline = Deadline(clock, ends_s)
    events = propose(slow, [task], deadline=deadline, n_samples=2, wave_size=1, repair_rounds=1, reserve_s=0.0)
    assert not any(isinstance(event, TaskDone) for event in events)
    assert len(events) == int(ends_s)


def test_a_task_whose_repairs_were_never_asked_for_is_not_done(task: Task, propose: Propose, new_runner: type) -> None:
    clock = ManualClock()

    class Slow(new_runner):
        def run(self, programs, deadline=None):
            clock.advance(1.0)
            return super().run(programs, deadline)

    settings = {"n_samples": 1, "repair_rounds": 1}
    events = propose(answers(COPY, FLIP), [task], Slow(), deadline=Deadline(clock, 1.5), reserve_s=1.0, **settings)
    assert events == [Rejected("t", "induction", "program: wrong on the first training pair")]
    clock = ManualClock()
    in_time = propose(answers(COPY, FLIP), [task], Slow(), deadline=Deadline(clock, 9.0), reserve_s=1.0, **settings)
    assert [type(event) for event in in_time] == [Rejected, Candidate, TaskDone]


def test_settings_that_make_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    for changes in ({"repair_rounds": -1}, {"max_repairs": 0}, {"min_p": 1.5}):
        with pytest.raises(ValueError, match="must be"):
            InductionSettings(**changes)
    monkeypatch.delitem(templates.TEMPLATES, (templates.CODE_REPAIR, "brief"))
    InductionSettings()
    with pytest.raises(InputError, match="code-repair"):
        InductionSettings(repair_rounds=1)
