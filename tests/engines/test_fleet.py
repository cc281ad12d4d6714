"""A fleet of engines loses nothing, whatever happens to one of them. The workers are real processes."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.engines.base import Completion, Finish, Request, Sampling
from arc_solver.engines.fleet import EngineFleet
from arc_solver.engines.fleet_members import Patience
from arc_solver.engines.plans import EnginePlan
from arc_solver.errors import EngineError, ModelError
from arc_solver.prompts.base import Prompt

WORKER = Path(__file__).parent / "workers" / "scripted_worker.py"
PLAN = EnginePlan("vllm", ("0",), "float16", "TRITON_ATTN", 64, 4096, 0.9, False, False)
TWO = (PLAN, replace(PLAN, devices=("1",)))

MakeFleet = Callable[..., EngineFleet]


class Told(list[str]):
    """What the fleet said to people."""

    def saying(self, text: str) -> str:
        return next(line for line in self if text in line)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def make(tmp_path: Path, told: Told) -> Iterator[MakeFleet]:
    made: list[EngineFleet] = []

    def fleet(how: str = "well", plans: Sequence[EnginePlan] = TWO, patience: Patience | None = None) -> EngineFleet:
        made.append(
            EngineFleet(
                plans,
                Path("model"),
                None,
                lambda prompt: [ord(letter) for letter in prompt.user],
                tell=told.append,
                patience=patience,
                command=(sys.executable, str(WORKER), how, str(tmp_path)),
            )
        )
        return made[-1]

    yield fleet
    for each in made:
        each.close()


def requests(n_prompts: int = 30, n_seeds: int = 8) -> list[Request]:
    return [
        Request(f"{index}/{seed}", Prompt(f"{index:03d} what?"), Sampling(20, temperature=1.0, seed=seed))
        for index in range(n_prompts)
        for seed in range(n_seeds)
    ]


def expected(asked: Sequence[Request]) -> dict[str, str]:
    return {
        request.request_id: f"{zlib.crc32(f'{request.prompt.user} {request.sampling.seed}'.encode()):x}"
        for request in asked
    }


def ask(fleet: EngineFleet, asked: Sequence[Request], deadline: Deadline | None = None) -> dict[str, Completion]:
    pairs = list(fleet.generate(asked, deadline or Deadline.after(60)))
    answers = dict(pairs)
    assert len(answers) == len(pairs), "an id came twice"
    return answers


def right(answers: dict[str, Completion], asked: Sequence[Request]) -> bool:
    return {key: answer.text for key, answer in answers.items()} == expected(asked)


def started(folder: Path) -> list[EnginePlan]:
    """The plans with which workers started, in their order."""
    files = sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_ctime_ns)
    plans = [json.loads(path.read_text().splitlines()[0]) for path in files]
    return [EnginePlan(**(plan | {"devices": tuple(plan["devices"]), "reasons": ()})) for plan in plans]


def test_both_engines_work_and_everything_is_answered_once(make: MakeFleet) -> None:
    fleet, asked = make(), requests()
    assert right(ask(fleet, asked), asked)
    assert sum(fleet.n_answered) == len(asked)
    assert min(fleet.n_answered) > len(asked) / 4


def test_samples_of_one_prompt_stay_together(make: MakeFleet, tmp_path: Path) -> None:
    fleet, asked = make(), requests()
    ask(fleet, asked)
    homes = Counter(
        task
        for path in tmp_path.glob("*.jsonl")
        for task in {line.split("/")[0] for line in path.read_text().splitlines()[1:]}
    )
    # On a busy machine one engine falls behind, and the other takes of what it has. At random none are together.
    assert sum(count == 1 for count in homes.values()) >= 2 / 3 * len(homes)


def test_an_engine_with_nothing_left_takes_over_what_another_has_not_begun(make: MakeFleet) -> None:
    fleet = make(plans=tuple(replace(plan, max_sequences=4) for plan in TWO))
    asked = requests(n_prompts=1, n_seeds=60)
    slow, quick = fleet.worker_pids[0], 1
    os.kill(slow, signal.SIGSTOP)  # it is away for a second
    threading.Timer(1.0, os.kill, (slow, signal.SIGCONT)).start()
    assert right(ask(fleet, asked), asked)
    assert fleet.n_answered[quick] > len(asked) / 2


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("crash", "signal 9"),
        ("hang", "no sign of work"),
        ("sleep", "no sign of work"),
        ("memory", "out of memory"),
        ("overflow", "not finite"),
    ],
)
def test_an_engine_that_fails_while_sampling_costs_nothing(
    make: MakeFleet, told: Told, tmp_path: Path, how: str, why: str
) -> None:
    fleet, asked = make(how, patience=Patience(least_s=1.5, factor=0.0)), requests()
    assert right(ask(fleet, asked), asked)
    line = told.saying(why)
    assert "go back into the queue" in line
    assert "engine 0 (vllm on GPU 0" in line
    assert right(ask(fleet, asked), asked)


@pytest.mark.parametrize(("how", "field"), [("memory", "max_sequences"), ("overflow", "dtype")])
def test_it_starts_again_one_step_down_the_ladder(make: MakeFleet, told: Told, how: str, field: str) -> None:
    fleet, asked = make(how, plans=[PLAN]), requests()
    assert right(ask(fleet, asked), asked)
    assert getattr(fleet.plans[0], field) != getattr(PLAN, field)
    assert "starts again" in told[0]


def test_one_that_had_worked_gets_a_second_chance_before_it_is_weakened(make: MakeFleet, tmp_path: Path) -> None:
    fleet, asked = make("crash", plans=[PLAN]), requests(n_prompts=3)
    assert right(ask(fleet, asked), asked)
    assert [plan.max_sequences for plan in started(tmp_path)] == [64, 64, 64, 16]


def test_garbage_on_the_channel_is_skipped_and_told_once_an_engine(make: MakeFleet, told: Told) -> None:
    fleet, asked = make("garbage"), requests()
    assert right(ask(fleet, asked), asked)
    assert sorted(text.partition(":")[0] for text in told) == ["engine 0", "engine 1"]
    assert all("garbage" in text for text in told)


def test_engines_that_do_not_start_go_down_to_transformers(make: MakeFleet, told: Told) -> None:
    fleet, asked = make("no start"), requests(n_prompts=3)
    assert right(ask(fleet, asked), asked)
    # The other may still be on its way down when the first is ready.
    assert "transformers" in {plan.kind for plan in fleet.plans}
    assert "eager" in told.saying("engine 0")


def test_the_last_failure_is_raised(make: MakeFleet, told: Told) -> None:
    with pytest.raises(EngineError, match="no kernel"):
        make("never")
    assert "given up" in told[-1]


def test_a_bad_model_is_not_retried(make: MakeFleet, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        make("bad model")


def test_a_bad_adapter_of_a_request_costs_that_call_only(make: MakeFleet) -> None:
    fleet, asked = make(), requests(n_prompts=2)
    with pytest.raises(ModelError, match="DoRA"):
        ask(fleet, [replace(request, adapter=Path("bad")) for request in asked])
    assert right(ask(fleet, asked), asked)


def test_a_shorter_context_meanwhile_does_not_make_prompts_wrong(make: MakeFleet) -> None:
    """The first engine has less context than the second: long prompts go to the second, at once or later."""
    fleet = make("short", plans=(replace(PLAN, context_length=64), TWO[1]))
    assert fleet.context_length == 4096  # the first is not ready yet
    long = [Request(f"long {index}", Prompt("x" * (100 + index)), Sampling(20)) for index in range(5)]
    assert right(ask(fleet, long + requests()), long + requests())
    assert fleet.context_length == 64
    assert right(ask(fleet, long), long)


def test_what_no_engine_has_the_context_for_any_more_ends_as_a_cut_completion(make: MakeFleet) -> None:
    fleet = make("short", plans=(replace(PLAN, context_length=64), TWO[1]))
    long = [Request("long", Prompt("x" * 100), Sampling(5))]
    ask(fleet, requests())
    os.kill(fleet.worker_pids[1], signal.SIGKILL)
    fleet._members[1].plan = replace(TWO[1], context_length=32)
    answers = ask(fleet, long)
    assert answers["long"].finish is Finish.LENGTH
    assert answers["long"].text == ""


def test_the_deadline_stops_all_engines_and_they_can_be_used_again(make: MakeFleet, tmp_path: Path) -> None:
    fleet, asked = make(), requests(n_prompts=200)
    clock = ManualClock()
    answers = {}
    for request_id, completion in fleet.generate(asked, Deadline.after(10, clock)):
        answers[request_id] = completion
        clock.advance(0.2)
    assert 40 <= len(answers) < len(asked)
    few = requests(n_prompts=2)
    assert right(ask(fleet, few), few)
    n_worked = sum(len(path.read_text().splitlines()) - 1 for path in tmp_path.glob("*.jsonl"))
    assert n_worked < len(asked) / 2, "the engines went on with what nobody wants"


def test_what_is_not_wanted_any_more_is_dropped(make: MakeFleet, tmp_path: Path) -> None:
    fleet, asked = make(), requests(n_prompts=200)
    seen: Counter[str] = Counter()

    def is_wanted(request_id: str) -> bool:
        return seen.total() < 50

    for request_id, _ in fleet.generate(asked, Deadline.after(60), is_wanted):
        seen[request_id] += 1
    assert 50 <= seen.total() < len(asked) / 2


def test_engines_go_on_while_the_caller_works(make: MakeFleet, tmp_path: Path) -> None:
    fleet, asked = make(), requests()
    answers = iter(fleet.generate(asked, Deadline.after(60)))
    next(answers)
    deadline_s = time.monotonic() + 30

    def n_worked() -> int:
        return sum(len(path.read_text().splitlines()) - 1 for path in tmp_path.glob("*.jsonl"))

    while n_worked() < len(asked) and time.monotonic() < deadline_s:
        time.sleep(0.05)  # nobody reads what they say
    assert n_worked() == len(asked)
    assert len(list(answers)) == len(asked) - 1


def test_two_callers_at_once(make: MakeFleet) -> None:
    fleet, asked = make(), requests()
    left = fleet.generate(asked[:100], Deadline.after(60))
    right_side = fleet.generate(asked[100:], Deadline.after(60))
    answers: dict[str, Completion] = {}
    answers |= dict([next(left), next(right_side), next(left)])
    answers |= dict(right_side)
    answers |= dict(left)
    assert right(answers, asked)


def test_no_worker_outlives_the_fleet(make: MakeFleet) -> None:
    fleet = make()
    pids = fleet.worker_pids
    fleet.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(EngineError, match="closed"):
        fleet.generate(requests(), Deadline.after(1))
