"""Adapters that an engine refuses cost no answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from arc_solver.budget import Deadline, ManualClock
from arc_solver.engines.base import Completion, Finish, IsWanted, Request, Sampling
from arc_solver.engines.forgiving import ForgivingEngine
from arc_solver.engines.scripted import ScriptedEngine
from arc_solver.errors import ModelError
from arc_solver.prompts.base import Prompt

GOOD, BAD, OTHER = Path("/t/task-1"), Path("/t/task-10"), Path("/t/task-2")


class Picky(ScriptedEngine):
    """Answers with the adapter's name; refuses some adapters, after so many answers."""

    def __init__(self, refused: set[Path], after: int = 0, message: str = "adapter {}: does not fit") -> None:
        super().__init__(lambda request: "")
        self.refused, self.after, self.message = refused, after, message
        self.asked: list[tuple[str, ...]] = []

    def generate(
        self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
    ) -> Iterator[tuple[str, Completion]]:
        self.asked.append(tuple(request.request_id for request in requests))
        for number, request in enumerate(requests):
            bad = next((r.adapter for r in requests if r.adapter in self.refused), None)
            if bad is not None and number == self.after:
                raise ModelError(self.message.format(bad))
            name = request.adapter.name if request.adapter else "own"
            yield request.request_id, Completion(name, (), 0.0, Finish.STOP)


def requests(*adapters: Path | None) -> list[Request]:
    return [Request(str(number), Prompt("x"), Sampling(1), adapter) for number, adapter in enumerate(adapters)]


def answers(engine: ForgivingEngine, asked: Sequence[Request]) -> dict[str, str]:
    found: dict[str, str] = {}
    for request_id, completion in engine.generate(asked, Deadline(ManualClock(), 1.0)):
        assert request_id not in found
        found[request_id] = completion.text
    return found


@pytest.mark.parametrize("after", [0, 1, 2])
def test_the_one_that_is_named_is_dropped_the_others_stay(after: int) -> None:
    said: list[str] = []
    below = Picky({BAD}, after)
    engine = ForgivingEngine(below, said.append)
    asked = requests(GOOD, OTHER, BAD)
    assert answers(engine, asked) == {"0": "task-1", "1": "task-2", "2": "own"}
    assert engine.refused == {BAD}
    assert len(said) == 1
    assert "task-10" in said[0]
    assert answers(engine, asked) == {"0": "task-1", "1": "task-2", "2": "own"}
    assert len(below.asked) == 3  # it is not tried again
    assert len(said) == 1


def test_all_are_dropped_where_none_is_named() -> None:
    said: list[str] = []
    engine = ForgivingEngine(Picky({BAD}, message="refused"), said.append)
    assert answers(engine, requests(GOOD, BAD, None)) == {"0": "own", "1": "own", "2": "own"}
    assert engine.refused == {GOOD, BAD}


def test_several_are_dropped_one_after_the_other() -> None:
    engine = ForgivingEngine(Picky({BAD, GOOD}), lambda text: None)
    assert answers(engine, requests(GOOD, OTHER, BAD)) == {"0": "own", "1": "task-2", "2": "own"}


def test_what_is_not_about_adapters_is_raised() -> None:
    class Broken(Picky):
        def generate(
            self, requests: Sequence[Request], deadline: Deadline, is_wanted: IsWanted | None = None
        ) -> Iterator[tuple[str, Completion]]:
            raise ModelError("the model itself")

    with pytest.raises(ModelError, match="the model itself"):
        answers(ForgivingEngine(Broken(set()), lambda text: None), requests(None))
