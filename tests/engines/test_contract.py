"""What every engine promises, asked of each of them. A new engine joins by one more entry in `ENGINES`."""

from __future__ import annotations

import importlib.util
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.engines.base import Completion, Engine, Finish, Request, Sampling
from arc_solver.engines.fleet import EngineFleet
from arc_solver.engines.plans import EnginePlan
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.prompts.base import Prompt

CONTEXT = 120


def _scripted(request: pytest.FixtureRequest) -> Engine:
    def answer(asked: Request) -> str:
        # Greedy answers do not depend on the seed, nor do those that may take the likeliest token only.
        seed = asked.sampling.seed if asked.sampling.temperature > 0 and asked.sampling.min_p < 1 else 0
        letters = f"{zlib.crc32(f'{asked.prompt.user} {seed}'.encode()):032b}"
        return letters[: 4 + zlib.crc32(letters.encode()) % 24]

    return ScriptedEngine(answer, context_length=CONTEXT)


def _transformers(request: pytest.FixtureRequest) -> Engine:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from arc_solver.engines.transformers_engine import TransformersEngine

    model: Path = request.getfixturevalue("tiny_model")
    return TransformersEngine(model, device="cpu", context_length=CONTEXT, max_batch_size=5)


def _vllm(request: pytest.FixtureRequest) -> Engine:
    if importlib.util.find_spec("vllm") is None:
        pytest.skip("vllm is not installed")
    from arc_solver.engines.vllm_engine import VllmEngine

    model: Path = request.getfixturevalue("tiny_model")
    return VllmEngine(model, context_length=CONTEXT, max_sequences=5)


def _fleet(request: pytest.FixtureRequest) -> Engine:
    """Two transformers engines, each in a process of its own."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from arc_solver.engines.opening import prompt_encoder

    model: Path = request.getfixturevalue("tiny_model")
    plan = EnginePlan("transformers", (), "float32", None, 5, CONTEXT, 0.0, True, True)
    return EngineFleet([plan, plan], model, None, prompt_encoder(model).encode)


ENGINES = {"scripted": _scripted, "transformers": _transformers, "vllm": _vllm, "fleet": _fleet}
MARKS = {
    "scripted": [],
    "transformers": [pytest.mark.model],
    "fleet": [pytest.mark.model],
    "vllm": [pytest.mark.model, pytest.mark.filterwarnings("ignore")],  # its own dependencies warn
}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=MARKS[name]) for name in ENGINES],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    made = ENGINES[request.param](request)
    yield made
    made.close()


@dataclass
class TickingClock:
    """Every look at the clock costs a second."""

    time_s: float = 0.0

    def now_s(self) -> float:
        self.time_s += 1.0
        return self.time_s


def never() -> Deadline:
    return Deadline(ManualClock(), 1.0)


def ask(engine: Engine, requests: Sequence[Request], deadline: Deadline | None = None) -> dict[str, Completion]:
    pairs = list(engine.generate(requests, deadline or never()))
    answers = dict(pairs)
    assert len(answers) == len(pairs), "an id came twice"
    return answers


def sampled(n_prompts: int = 6, n_seeds: int = 3, **settings: object) -> list[Request]:
    """Requests of many lengths, several seeds each."""
    return [
        Request(
            f"{index}/{seed}",
            Prompt("tell me " + "more " * index, prefill="so"),
            Sampling(20, **({"temperature": 1.0, "seed": seed} | settings)),
        )
        for index in range(n_prompts)
        for seed in range(n_seeds)
    ]


def test_every_request_is_answered_under_its_own_id(engine: Engine) -> None:
    requests = sampled()
    assert set(ask(engine, requests)) == {request.request_id for request in requests}


def test_no_requests_no_answers(engine: Engine) -> None:
    assert ask(engine, []) == {}


def test_the_same_requests_give_the_same_answers_in_any_order(engine: Engine) -> None:
    requests = sampled()
    first = ask(engine, requests)
    second = ask(engine, requests[::-1])
    assert {key: value.token_ids for key, value in first.items()} == {
        key: value.token_ids for key, value in second.items()
    }


def test_an_answer_does_not_depend_on_its_companions(engine: Engine) -> None:
    requests = sampled()
    together = ask(engine, requests)
    for request in requests[::4]:
        alone = ask(engine, [request])[request.request_id]
        assert alone.token_ids == together[request.request_id].token_ids
        assert alone.text == together[request.request_id].text
        assert alone.finish is together[request.request_id].finish
        assert alone.logprob == pytest.approx(together[request.request_id].logprob, abs=1e-3)


def test_seeds_differ_when_sampling_and_not_when_greedy(engine: Engine) -> None:
    hot = ask(engine, sampled(n_prompts=1, n_seeds=6))
    assert len({answer.token_ids for answer in hot.values()}) > 1
    cold = ask(engine, sampled(n_prompts=1, n_seeds=6, temperature=0.0))
    assert len({answer.token_ids for answer in cold.values()}) == 1


def test_only_the_likeliest_token_is_as_probable_as_the_likeliest(engine: Engine) -> None:
    cold, strict = ask(engine, sampled(temperature=0.0)), ask(engine, sampled(min_p=1.0))
    assert {key: answer.token_ids for key, answer in strict.items()} == {
        key: answer.token_ids for key, answer in cold.items()
    }


def test_improbable_tokens_are_dropped_after_the_temperature(engine: Engine) -> None:
    heat, min_p = 2.0, 0.3

    def first_tokens(n: int = 40, **settings: object) -> list[float]:
        """How much less likely than the likeliest each first token is, at temperature 1."""
        questions = [Request(f"{seed}", Prompt("say"), Sampling(1, seed=seed, **settings)) for seed in range(n)]
        return [answer.logprob - greedy for answer in ask(engine, questions).values()]

    greedy = 0.0
    (greedy,) = set(first_tokens(1))
    kept = first_tokens(temperature=heat, min_p=min_p)
    assert min(kept) >= heat * math.log(min_p) - 1e-3
    if not isinstance(engine, ScriptedEngine):  # whose answers are written down
        assert min(kept) < math.log(min_p)
        assert min(first_tokens(temperature=heat)) < heat * math.log(min_p)


def test_length_is_kept_and_told(engine: Engine) -> None:
    answers = ask(engine, [Request("a", Prompt("tell me"), Sampling(3, temperature=1.0, seed=1))])
    assert len(answers["a"].token_ids) == 3
    assert answers["a"].finish is Finish.LENGTH


def test_the_context_ends_a_completion(engine: Engine) -> None:
    prompt = Prompt("x" * (CONTEXT - 2))
    assert engine.count_tokens(prompt) == CONTEXT - 2
    answers = ask(engine, [Request("a", prompt, Sampling(50))])
    assert len(answers["a"].token_ids) <= 2


def test_a_prompt_that_leaves_no_room_is_refused_before_anything_runs(engine: Engine) -> None:
    requests = [Request("good", Prompt("x"), Sampling(2)), Request("long", Prompt("x" * CONTEXT), Sampling(2))]
    with pytest.raises(ValueError, match="'long'"):
        engine.generate(requests, never())


def test_an_id_that_is_used_twice_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="twice"):
        engine.generate([Request("a", Prompt(text), Sampling(2)) for text in "xy"], never())


def test_prefill_belongs_to_the_prompt(engine: Engine) -> None:
    assert engine.count_tokens(Prompt("abc\n", prefill="de")) == engine.count_tokens(Prompt("abc\n")) + 2
    answers = ask(engine, [Request("a", Prompt("abc", prefill="de"), Sampling(5))])
    assert not answers["a"].text.startswith("de")


def test_a_stop_string_ends_the_completion_before_it(engine: Engine) -> None:
    # The stop is cut out of what the engine writes without it, so that every engine meets it.
    free = ask(engine, sampled(n_seeds=2))
    requests, expected = [], {}
    for request in sampled(n_seeds=2):
        text = free[request.request_id].text
        pieces = [text[i : i + 2] for i in range(2, len(text) - 1)]
        stop = next((piece for piece in pieces if piece.isprintable() and "\ufffd" not in piece), None)
        if stop is None:
            continue
        expected[request.request_id] = text[: text.index(stop)]
        settings = request.sampling
        requests.append(
            Request(
                request.request_id,
                request.prompt,
                Sampling(20, temperature=settings.temperature, seed=settings.seed, stop=("never this", stop)),
            )
        )
    assert len(requests) >= 4
    stopped = ask(engine, requests)
    for key, text in expected.items():
        assert stopped[key].text == text
        assert stopped[key].finish is Finish.STOP
        assert stopped[key].token_ids == free[key].token_ids[: len(stopped[key].token_ids)]


def test_the_deadline_keeps_what_is_finished_and_the_engine_usable(engine: Engine) -> None:
    if isinstance(engine, EngineFleet):
        pytest.skip("what other processes finish does not depend on this clock: test_fleet.py asks the same of it")
    requests = sampled(n_prompts=8)
    complete = ask(engine, requests)
    clock = TickingClock()
    cut = ask(engine, requests, Deadline(clock, 40.0))
    assert 0 < len(cut) < len(requests)
    assert all(answer.token_ids == complete[key].token_ids for key, answer in cut.items())
    again = ask(engine, requests)
    assert {key: answer.token_ids for key, answer in again.items()} == {
        key: answer.token_ids for key, answer in complete.items()
    }


def test_a_deadline_that_has_passed_gives_nothing(engine: Engine) -> None:
    assert ask(engine, sampled(), Deadline(ManualClock(5.0), 5.0)) == {}


def test_a_caller_may_stop_listening(engine: Engine) -> None:
    requests = sampled()
    complete = ask(engine, requests)
    answers = iter(engine.generate(requests, never()))
    next(answers)
    del answers
    assert ask(engine, requests).keys() == complete.keys()


def test_what_is_no_longer_wanted_is_dropped_and_the_rest_is_answered_as_ever(engine: Engine) -> None:
    requests = sampled(n_prompts=8)
    complete = ask(engine, requests)
    wanted = {request.request_id for request in requests}
    got: dict[str, Completion] = {}
    for key, answer in engine.generate(requests, never(), wanted.__contains__):
        got[key] = answer
        wanted &= {f"{prompt}/{seed}" for prompt in (next(iter(got))[0], "3", "4") for seed in range(3)}
    assert wanted <= got.keys()
    assert len(got) < len(requests)
    assert all(answer.token_ids == complete[key].token_ids for key, answer in got.items())
    assert ask(engine, requests).keys() == complete.keys()


def test_nothing_is_sampled_for_nobody(engine: Engine) -> None:
    answers = engine.generate(sampled(n_prompts=8), never(), lambda request_id: False)
    assert len(list(answers)) < 8


def test_two_calls_may_be_read_in_turns(engine: Engine) -> None:
    left, right = sampled(n_prompts=3), sampled(n_prompts=5, n_seeds=2, temperature=0.7)
    expected = ask(engine, left), ask(engine, right)
    streams = [engine.generate(left, never()), engine.generate(right, never())]
    got: tuple[dict[str, Completion], dict[str, Completion]] = ({}, {})
    open_streams = {0, 1}
    while open_streams:
        for index in sorted(open_streams):
            item = next(iter(streams[index]), None)
            if item is None:
                open_streams.discard(index)
            else:
                got[index][item[0]] = item[1]
    for index in (0, 1):
        assert {k: v.token_ids for k, v in got[index].items()} == {k: v.token_ids for k, v in expected[index].items()}


def test_log_probabilities_are_negative_sums(engine: Engine) -> None:
    answers = ask(engine, sampled())
    assert all(answer.logprob < 0 for answer in answers.values())


def test_it_says_what_it_is(engine: Engine) -> None:
    assert engine.describe()
    assert "\n" not in engine.describe()
