"""The prior: what it prefers, and that a task's own programs can be left out."""

from __future__ import annotations

import pytest

from arc_solver.datasets import load_named
from arc_solver.omni.splits import LEAKING_IDS, held_out_ids
from arc_solver.proposers.search.enumerate import CALL_BITS
from arc_solver.proposers.search.prior import MAX_BITS, MIN_BITS, Prior, load_prior
from arc_solver.proposers.search.vocabulary import operations

OTHERS = tuple(f"word {n}" for n in range(20))
WORDS = ("crop", "flip", "never", *OTHERS)


@pytest.fixture
def prior() -> Prior:
    crops = {f"c{n}": (("size smaller",), ("crop", *OTHERS)) for n in range(10)}
    flips = {f"f{n}": (("size same",), ("flip", *OTHERS)) for n in range(10)}
    return Prior(crops | flips)


def test_frequent_words_are_cheaper(prior: Prior) -> None:
    prices = prior.prices((), WORDS)
    assert prices["crop"] == prices["flip"] < prices["never"]


def test_features_change_prices(prior: Prior) -> None:
    prices = prior.prices(("size smaller", "never seen"), WORDS)
    assert prices["crop"] < prices["flip"]


def test_a_task_does_not_tell_on_itself() -> None:
    alone = {"secret": (("odd",), ("flip",)), "other": (("size same",), ("crop",))}
    prior = Prior(alone)
    assert prior.prices(("odd",), WORDS, without="secret") == Prior({"other": alone["other"]}).prices(("odd",), WORDS)
    assert prior.prices(("odd",), WORDS, without="secret") != prior.prices(("odd",), WORDS)


def test_the_table_that_ships(prior: Prior) -> None:
    shipped = load_prior()
    ids = {task.task_id for task in load_named("arc1-train")[0].tasks}
    assert set(shipped.programs) <= ids - held_out_ids(ids) - LEAKING_IDS
    words = {operation.word for operation in operations()}
    assert {word for _, used in shipped.programs.values() for word in used} <= words
    prices = shipped.prices(("size same",), words)
    assert set(prices) == words
    assert min(prices.values()) >= MIN_BITS
    assert max(prices.values()) <= MAX_BITS
    assert MIN_BITS < CALL_BITS <= MAX_BITS, "an unknown word is neither sure nor hopeless"
