"""How a lane follows what it was told: one proposer after the other, the induction once more in the end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from arc_solver.budget import Deadline
from arc_solver.config import RunConfig
from arc_solver.errors import SandboxError
from arc_solver.lanes import child
from arc_solver.lanes.wire import LaneSpec, Message, ProposerDone, ProposerFailed, Spent
from arc_solver.proposers.base import Event, TaskDone
from arc_solver.proposers.induction import InductionSettings
from arc_solver.tasks import Challenges, Task

BOTH = ("induction", "transduction")


@dataclass(slots=True)
class Asked:
    """Stands in for the rooms of a lane and for its proposers: writes down what is asked."""

    more: bool = True
    breaks: str = ""
    story: list[str] = field(default_factory=list)
    name: str = ""

    def has_more_to_ask(self) -> bool:
        return self.more

    def ask_for_more(self, n_done: int) -> None:
        self.story.append(f"more after {n_done}")

    def proposer(self, name: str) -> Asked:
        return replace(self, name=name)

    def propose(self, tasks: Sequence[Task], deadline: Deadline) -> Iterator[Event]:
        self.story.append(f"{self.name} {len(tasks)}")
        for task in tasks:
            yield TaskDone(task.task_id, self.name)
        if self.name == self.breaks:
            raise ValueError("no luck")


def follow(
    challenges: Challenges,
    rooms: Asked,
    proposers: tuple[str, ...] = BOTH,
    done: frozenset[tuple[str, str]] = frozenset(),
) -> list[Message]:
    """What the lane says of its proposers."""
    said = told(challenges, rooms, proposers, done)
    return [message for message in said if isinstance(message, ProposerDone | ProposerFailed)]


def told(
    challenges: Challenges, rooms: Asked, proposers: tuple[str, ...], done: frozenset[tuple[str, str]] = frozenset()
) -> list[Message]:
    """All that the lane says."""
    config = RunConfig(600.0, proposers)
    spec = LaneSpec(proposers, challenges.tasks, done, time.monotonic() + 600.0, config.to_json(), os.getpid())
    said: list[Message] = []
    child._follow(spec, config, rooms, said.append)  # type: ignore[arg-type]
    return said


def test_the_induction_is_asked_again_once_the_others_are_through(flip_challenges: Challenges) -> None:
    rooms = Asked()
    said = follow(flip_challenges, rooms)
    assert rooms.story == ["induction 3", "transduction 3", "more after 0", "induction 3"]
    assert [message.proposer for message in said] == ["transduction", "induction"], "it is through at the very end only"


def test_what_it_spends_is_said_around_every_piece_of_work(flip_challenges: Challenges) -> None:
    said = told(flip_challenges, Asked(more=False), ("transduction",))
    assert [type(message) for message in said] == [Spent, *[Spent, TaskDone] * 3, Spent, ProposerDone]
    spent_s = [message.cpu_s for message in said if isinstance(message, Spent)]
    assert spent_s == sorted(spent_s)
    assert spent_s[0] > 0


def test_without_more_to_ask_everybody_is_asked_once(flip_challenges: Challenges) -> None:
    rooms = Asked(more=False)
    assert [message.proposer for message in follow(flip_challenges, rooms)] == list(BOTH)
    assert rooms.story == ["induction 3", "transduction 3"]


def test_without_the_induction_there_is_nothing_more_to_ask(flip_challenges: Challenges) -> None:
    rooms = Asked()
    follow(flip_challenges, rooms, ("transduction",))
    assert rooms.story == ["transduction 3"]


def test_one_that_broke_is_not_asked_again(flip_challenges: Challenges) -> None:
    rooms = Asked(breaks="induction")
    said = follow(flip_challenges, rooms)
    assert rooms.story == ["induction 3", "transduction 3"]
    assert [type(message) for message in said] == [ProposerFailed, ProposerDone]


def test_that_another_one_broke_changes_nothing(flip_challenges: Challenges) -> None:
    rooms = Asked(breaks="transduction")
    follow(flip_challenges, rooms)
    assert rooms.story == ["induction 3", "transduction 3", "more after 0", "induction 3"]


def test_a_lane_that_is_started_again_in_its_second_round_goes_on_there(flip_challenges: Challenges) -> None:
    rooms = Asked()
    done = frozenset((name, task.task_id) for name in ("transduction",) for task in flip_challenges.tasks)
    done |= {("induction", "task1")}
    said = follow(flip_challenges, rooms, done=done)
    assert rooms.story == ["more after 4", "induction 2"]
    assert [message.proposer for message in said] == ["induction"]


def test_further_programs_have_seeds_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(*_: object, **__: object) -> None:
        raise SandboxError("not here")

    asked: list[tuple[int, int]] = []

    def induction(engine: object, sandbox: object, settings: InductionSettings, seed: int, **_: object) -> None:
        asked.append((settings.n_samples, seed))

    monkeypatch.setattr(child, "Sandbox", refused)
    monkeypatch.setattr(child._Rooms, "_model", lambda self: None)
    monkeypatch.setattr(child._Rooms, "_sandbox_for_unknown_programs", lambda self: None)
    monkeypatch.setattr("arc_solver.proposers.induction.InductionProposer", induction)
    config = RunConfig(
        60.0, BOTH, seed=5, model=tmp_path, adapter=None, induction=InductionSettings(n_samples=8, n_more=24)
    )
    with ExitStack() as stack:
        for n_done in (0, 3):
            rooms = child._Rooms(config, stack, lambda message: None)
            assert rooms.has_more_to_ask()
            rooms.proposer("induction")
            rooms.ask_for_more(n_done)
            assert not rooms.has_more_to_ask(), "there is no third round"
            rooms.proposer("induction")
    assert [n_samples for n_samples, _ in asked] == [8, 24, 8, 24]
    first, more, again, more_later = (seed for _, seed in asked)
    assert first == again == 5
    assert len({first, more, more_later}) == 3
