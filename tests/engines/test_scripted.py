from __future__ import annotations

import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.engines.base import Completion, Finish, Request, Sampling
from arc_solver.engines.scripted import END_TOKEN, Answer, Script, ScriptedEngine
from arc_solver.errors import EngineError
from arc_solver.prompts.base import Prompt


def complete(script: Script, sampling: Sampling, user: str = "q") -> Completion:
    engine = ScriptedEngine(script)
    return dict(engine.generate([Request("a", Prompt(user), sampling)], Deadline(ManualClock(), 1.0)))["a"]


def test_a_mapping_answers_by_the_users_turn() -> None:
    assert complete({"q": "yes"}, Sampling(10)) == Completion(
        "yes", (*map(ord, "yes"), END_TOKEN), pytest.approx(-0.4), Finish.STOP
    )


def test_the_seed_picks_one_of_several_answers() -> None:
    assert [complete({"q": ["a", Answer("b")]}, Sampling(9, seed=seed)).text for seed in range(3)] == ["a", "b", "a"]


def test_a_function_sees_the_whole_request() -> None:
    assert complete(lambda request: f"{request.prompt.user}!", Sampling(9), user="you").text == "you!"


def test_the_end_token_counts_against_the_length() -> None:
    answer = complete({"q": "abc"}, Sampling(3))
    assert (answer.text, len(answer.token_ids), answer.finish) == ("abc", 3, Finish.LENGTH)


def test_the_earliest_stop_string_ends_the_text() -> None:
    answer = complete({"q": "one two three"}, Sampling(99, stop=("ree", " two")))
    assert (answer.text, len(answer.token_ids), answer.finish) == ("one", len("one two"), Finish.STOP)


def test_a_stop_string_beyond_the_length_is_not_reached() -> None:
    answer = complete({"q": "one two"}, Sampling(5, stop=("two",)))
    assert (answer.text, answer.finish) == ("one t", Finish.LENGTH)


def test_log_probabilities_are_as_written() -> None:
    answer = complete(lambda request: Answer("abc", logprob_per_token=-2.0), Sampling(99))
    assert answer.logprob == -8.0


def test_a_question_without_an_answer_is_an_engine_error() -> None:
    with pytest.raises(EngineError, match="'a'"):
        complete({}, Sampling(9))


def test_time_that_the_script_takes_counts_against_the_deadline() -> None:
    clock = ManualClock()

    def slow(request: Request) -> str:
        clock.advance(1.0)
        return "x"

    requests = [Request(str(index), Prompt("q"), Sampling(9)) for index in range(10)]
    answers = list(ScriptedEngine(slow, shuffle_seed=None).generate(requests, Deadline(clock, 3.0)))
    assert [key for key, _ in answers] == ["0", "1"]


def test_calls_are_remembered_and_results_shuffled() -> None:
    engine = ScriptedEngine(lambda request: "x")
    requests = tuple(Request(str(index), Prompt("q"), Sampling(9)) for index in range(20))
    order = [key for key, _ in engine.generate(requests, Deadline(ManualClock(), 1.0))]
    assert engine.calls == [requests]
    assert order != [request.request_id for request in requests]
