"""Whatever becomes of slices: each task is finished once or given up, and nothing finished is asked again."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from arc_solver.grids import as_grid
from arc_solver.lanes.slices import Lane, Ledger, Slice
from arc_solver.tasks import Pair, Task

GRID = as_grid([[1]])
ALL = ("search", "induction", "transduction")
LANES: tuple[Lane, ...] = ("search", "model")


def tasks(n_tasks: int) -> tuple[Task, ...]:
    return tuple(Task(f"t{index}", (Pair(GRID, GRID),), (GRID,)) for index in range(n_tasks))


def ids(found: Slice | None) -> list[str]:
    assert found is not None
    return [task.task_id for task in found.tasks]


@given(st.data())
def test_every_task_is_finished_once_or_given_up(data: st.DataObject) -> None:
    proposers = data.draw(st.sampled_from([ALL, ("search",), ("induction", "transduction")]))
    every = {(name, task.task_id) for name in proposers for task in tasks(5)}
    before = data.draw(st.sets(st.sampled_from(sorted(every))))
    ledger = Ledger(proposers, tasks(5), before, data.draw(st.integers(1, 4)))
    refused: dict[str, set[str]] = {"a": set(), "b": set(), "c": set()}
    said: Counter[tuple[str, str]] = Counter()
    out: dict[tuple[str, str], Slice] = {}
    for _ in range(1000):
        if ledger.finished():
            break
        for node in sorted(refused):
            for lane in LANES:
                if (node, lane) not in out and (taken := ledger.take(lane, node, lane, refused[node])):
                    assert node not in taken.failed_on
                    assert not set(taken.proposers) & refused[node]
                    out[node, lane] = taken
        for lane in LANES:
            ledger.give_up_where(lane, refused)
        if not out:
            continue
        node, slot = data.draw(st.sampled_from(sorted(out)))
        taken = out.pop((node, slot))
        asked = [(name, task.task_id) for name in taken.proposers for task in taken.tasks]
        open_ = [key for key in asked if key not in ledger.done]
        assert open_
        for key in data.draw(st.lists(st.sampled_from(open_), unique=True)):
            said[key] += 1
            ledger.hear_done(*key)
        fate = data.draw(st.sampled_from(["end", "fail", "die", "lose"]))
        if fate == "end":
            ledger.end(node, slot, {})
        elif fate == "fail":
            ledger.end(node, slot, {taken.proposers[0]: "broke"})
            if data.draw(st.booleans()):
                refused[node].add(taken.proposers[0])
        elif fate == "die":
            ledger.lose_slot(node, slot, "died")
        else:
            ledger.lose_node(node)
            for key in [key for key in out if key[0] == node]:
                del out[key]
    assert ledger.finished()
    assert set(said.values()) <= {1}
    assert not set(said) & before
    # What was cut short twice is neither finished nor given up: its time was over.
    left = Counter(name for name, _ in every - ledger.done)
    assert all(ledger.n_given_up[name] <= left[name] for name in ALL)
    assert not any(ledger.is_open(name) for name in ALL)


def test_the_search_gets_a_task_at_a_time_and_the_model_its_share_of_all() -> None:
    ledger = Ledger(ALL, tasks(5), {("induction", "t0"), ("transduction", "t0"), ("search", "t1")}, 2)
    searched = [ledger.take("search", "a", str(index), ()) for index in range(5)]
    assert [found and ids(found) for found in searched] == [["t0"], ["t2"], ["t3"], ["t4"], None]
    asked = ledger.take("model", "a", "model", ())
    assert ids(asked) == ["t2", "t4"]
    assert asked is not None
    assert asked.proposers == ("induction", "transduction")
    assert ids(ledger.take("model", "b", "model", ())) == ["t1", "t3"]


def test_a_lost_node_s_work_comes_back_first_without_what_was_finished() -> None:
    ledger = Ledger(("induction",), tasks(6), (), 3)
    assert ids(ledger.take("model", "a", "model", ())) == ["t0", "t3"]
    ledger.hear_done("induction", "t3")
    assert ledger.lose_node("a") == 1
    back = ledger.take(
        "model", "a", "model", ()
    )  # the loss was no fault of the slice: it may come back to where it was
    assert ids(back) == ["t0"]
    assert ledger.lose_node("b") == 0


def test_what_breaks_two_nodes_is_given_up_and_not_tried_on_one_twice() -> None:
    ledger = Ledger(("search",), tasks(1), (), 1)
    ledger.take("search", "a", "0", ())
    assert ledger.lose_slot("a", "0", "signal 9") == 1
    assert ledger.take("search", "a", "0", ()) is None
    assert not ledger.finished()
    ledger.take("search", "b", "0", ())
    assert ledger.lose_slot("b", "0", "signal 11") == 0
    assert ledger.finished()
    assert ledger.n_given_up == {"search": 1}
    assert ledger.breakages == {"search": "signal 11"}


def test_what_is_cut_short_is_asked_once_more() -> None:
    ledger = Ledger(("induction", "transduction"), tasks(2), (), 1)
    ledger.take("model", "a", "model", ())
    ledger.hear_done("induction", "t0")
    ledger.hear_done("induction", "t1")
    ledger.hear_done("transduction", "t1")
    ledger.end("a", "model", {})
    again = ledger.take("model", "b", "model", ())
    assert again is not None
    assert (again.proposers, ids(again)) == (("transduction",), ["t0"])
    ledger.end("b", "model", {})
    assert ledger.finished()
    assert ledger.n_given_up == {}
