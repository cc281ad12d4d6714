"""Programs that were written for rotated, mirrored and recoloured tasks."""

from __future__ import annotations

import builtins
from collections.abc import Callable

import numpy as np
import pytest

from arc_solver.augment import IDENTITY, View, all_symmetries
from arc_solver.budget import Deadline, ManualClock
from arc_solver.candidates import Candidate, ProgramEvidence, Rejected
from arc_solver.engines.base import Request
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.grids import Grid, as_grid, frozen, grid_key, grids_equal
from arc_solver.proposers.base import Event, TaskDone
from arc_solver.proposers.induction import InductionProposer, InductionSettings
from arc_solver.sandbox.normalise import digest
from arc_solver.sandbox.pool import Sandbox
from arc_solver.tasks import Pair, Task

Read = Callable[[str], list[Grid]]
NewTask = Callable[..., Task]
Propose = Callable[..., list[Event]]

TURNED = {"symmetries": True, "colors": True, "wave_size": 1, "stop_after": 99}
FLIPS = {name: f"def task(grid):\n    return np.{name}(grid)\n" for name in ("flipud", "fliplr")}
COPY = "def task(grid):\n    return grid\n"


def flipped_and_repainted(grid: Grid) -> Grid:
    """Upside down, and 3 becomes 5."""
    return frozen(np.where(grid == 3, 5, grid)[::-1].astype(np.int8))


def right_program(read: Read) -> Callable[[Request], str]:
    """A writer who sees the pairs of the prompt and finds out how the flip and the two colours look there."""

    def answer(request: Request) -> str:
        shown = read(request.prompt.user)
        pairs = list(zip(shown[::2], shown[1::2], strict=False))
        for name in FLIPS:
            for old, new in np.ndindex(10, 10):
                found = [getattr(np, name)(np.where(given == old, new, given)) for given, _ in pairs]
                if all(
                    grids_equal(frozen(f.astype(np.int8)), expected)
                    for f, (_, expected) in zip(found, pairs, strict=True)
                ):
                    return f"def task(grid):\n    return np.{name}(np.where(grid == {old}, {new}, grid))\n```"
        return "nothing fits"

    return answer


def candidates(events: list[Event]) -> list[Candidate]:
    return [event for event in events if isinstance(event, Candidate)]


def view_of(candidate: Candidate) -> View:
    assert isinstance(candidate.evidence, ProgramEvidence)
    return View.from_text(candidate.evidence.view)


@pytest.fixture
def task() -> Task:
    rng = np.random.default_rng(5)
    inputs = [as_grid(rng.integers(0, 10, shape)) for shape in ((5, 6), (4, 7), (6, 6), (5, 8), (7, 4), (6, 5))]
    assert all((grid == 3).any() for grid in inputs)
    return Task("t", tuple(Pair(grid, flipped_and_repainted(grid)) for grid in inputs[:4]), tuple(inputs[4:]))


def test_a_program_for_a_view_answers_for_the_task_as_it_is(task: Task, read_prompt: Read, propose: Propose) -> None:
    found = candidates(propose(right_program(read_prompt), [task], n_samples=12, max_pairs=0, **TURNED))
    assert len(found) >= 8
    for candidate in found:
        assert candidate.evidence.passes_all
        for index, grid in candidate.outputs.items():
            assert grids_equal(grid, flipped_and_repainted(task.test_inputs[index]))
    assert len({view_of(candidate).symmetry for candidate in found}) > 3
    assert view_of(found[0]) == IDENTITY


def test_candidate_and_source_say_in_which_view_they_belong(
    task: Task, read_prompt: Read, propose: Propose, new_runner: type
) -> None:
    runner = new_runner()
    found = candidates(propose(right_program(read_prompt), [task], runner, n_samples=12, max_pairs=0, **TURNED))
    elsewhere = 0
    for candidate in found:
        view, evidence = view_of(candidate), candidate.evidence
        assert view.text() in candidate.origin.detail
        seen = view.apply_task(task)
        names: dict[str, object] = {"np": np}
        exec(evidence.source, names)
        assert all(np.array_equal(names["task"](pair.input), pair.output) for pair in seen.train)
        elsewhere += not all(np.array_equal(names["task"](pair.input), pair.output) for pair in task.train)
        # It ran on the task as it saw it, in the task's own order of pairs.
        ran = [program for batch in runner.confirmed for program in batch if program.source == evidence.source]
        assert all(map(grids_equal, ran[0].inputs, [pair.input for pair in seen.train] + list(seen.test_inputs)))
    assert elsewhere > 3


def test_prompts_show_the_view_and_its_test_input(task: Task, read_prompt: Read, propose: Propose) -> None:
    engine = ScriptedEngine(lambda request: "nothing")
    propose(engine, [task], n_samples=9, version="v3", max_pairs=0, **TURNED | {"colors": False})
    seen = set()
    for wave, call in enumerate(engine.calls):
        *pairs, test = read_prompt(call[0].prompt.user)
        inputs = {grid_key(grid) for grid in pairs[::2]}
        (view,) = [v for v in all_symmetries() if {grid_key(v.apply(pair.input)) for pair in task.train} == inputs]
        assert grids_equal(test, view.apply(task.test_inputs[wave % 2]))
        outputs = {grid_key(grid) for grid in pairs[1::2]}
        assert outputs == {grid_key(view.apply(pair.output)) for pair in task.train}
        seen.add(view)
    assert len(seen) > 3


def test_each_view_executes_a_program_once(task: Task, propose: Propose, new_runner: type) -> None:
    runner = new_runner()
    settings = TURNED | {"colors": False}
    events = propose(lambda request: f"{COPY}```", [task], runner, n_samples=40, **settings)
    assert [len(program.inputs) for batch in runner.screened for program in batch] == [1] * 8  # all symmetries
    reasons = [event.reason for event in events if isinstance(event, Rejected)]
    assert reasons.count("program: duplicate") == 40 - 8
    assert reasons.count("program: wrong on the first training pair") == 8
    assert events[-1] == TaskDone("t", "induction")


def test_the_same_program_from_another_view_is_no_second_derivation(new_task: NewTask, propose: Propose) -> None:
    copied = new_task("t", lambda grid: grid)
    renamed = "def task(picture):\n    # the same\n    return picture\n"
    assert digest(COPY, dir(builtins)) == digest(renamed, dir(builtins))

    def answer(request: Request) -> str:
        return f"{renamed if request.sampling.seed % 2 else COPY}```"

    events = propose(answer, [copied], n_samples=9, **TURNED | {"stop_after": 2})
    assert len(candidates(events)) == 1  # nor does it count towards those that are enough
    repeated = [event for event in events if isinstance(event, Rejected)]
    assert [event.reason for event in repeated] == ["program: duplicate"] * 8
    assert {event.repeats for event in repeated} == {candidates(events)[0].origin.seed}


def test_another_program_with_the_same_answers_is_one(new_task: NewTask, propose: Propose, read_prompt: Read) -> None:
    flipped = new_task("t", lambda grid: frozen(grid[::-1]))

    def answer(request: Request) -> str:
        shown = read_prompt(request.prompt.user)
        right = [
            source
            for name, source in FLIPS.items()
            if all(np.array_equal(getattr(np, name)(a), b) for a, b in zip(shown[::2], shown[1::2], strict=True))
        ]
        return f"{right[0]}```"

    found = candidates(propose(answer, [flipped], n_samples=20, **TURNED | {"colors": False}))
    assert {candidate.evidence.source for candidate in found} == set(FLIPS.values())
    assert len(found) == 2
    assert all(
        grids_equal(grid, frozen(flipped.test_inputs[index][::-1]))
        for candidate in found
        for index, grid in candidate.outputs.items()
    )


def test_background_stays_where_it_is_kept(task: Task, propose: Propose) -> None:
    def colors_of_zero(**settings: object) -> set[str]:
        engine = ScriptedEngine(lambda request: "nothing")
        propose(engine, [black], n_samples=15, **TURNED | settings)
        return {call[0].prompt.user.split("```grid 1x1\n1 ")[1][0] for call in engine.calls}

    dark = as_grid([[0]])
    black = Task("t", tuple(Pair(dark, pair.output) for pair in task.train), task.test_inputs)
    assert colors_of_zero() == {"0"}
    assert len(colors_of_zero(keep_background=False)) > 3


def test_partial_programs_of_all_views_share_their_number(propose: Propose) -> None:
    one = as_grid([[1, 2], [3, 4]])
    grown = Task("t", (Pair(one, one), Pair(one, as_grid([[0]])), Pair(one, as_grid([[0]]))), (one,))
    source = "def task(grid):\n    return grid{}\n"

    def answer(request: Request) -> str:
        return source.format(" + 0" * (int(request.request_id.split("/")[1]) + 1)) + "```"

    found = candidates(propose(answer, [grown], n_samples=9, max_partial=3, **TURNED))
    assert [candidate.evidence.n_train_passed for candidate in found] == [1, 1, 1]
    assert len({candidate.evidence.view for candidate in found}) == 3


def test_the_sandbox_runs_views_and_calls_the_argument_by_place(task: Task, read_prompt: Read) -> None:
    def answer(request: Request) -> str:
        pairs_only = request.prompt.user[: request.prompt.user.index("\n\n# Test")]
        renamed = right_program(read_prompt)(
            Request(request.request_id, type(request.prompt)(pairs_only), request.sampling)
        )
        return renamed.replace("grid", "input_grid")

    settings = InductionSettings(n_samples=6, version="v3", max_pairs=0, **TURNED)
    with Sandbox() as sandbox:
        proposer = InductionProposer(ScriptedEngine(answer), sandbox, settings, 0)
        found = candidates(list(proposer.propose([task], Deadline(ManualClock(), 100.0))))
    assert len(found) >= 4
    assert all("def task(input_grid)" in candidate.evidence.source for candidate in found)
    assert all(
        grids_equal(grid, flipped_and_repainted(task.test_inputs[index]))
        for candidate in found
        for index, grid in candidate.outputs.items()
    )
