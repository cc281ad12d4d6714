"""Two workers give what one gives, in order; the process's threads are as before."""

from __future__ import annotations

import threading

import pytest

pytestmark = pytest.mark.model
torch = pytest.importorskip("torch")

from arc_solver.finetune.cells.crew import Crew  # noqa: E402

CPU = torch.device("cpu")


@pytest.fixture
def four_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def test_results_are_in_order_and_each_worker_has_half_of_the_cores(four_threads) -> None:
    meeting = threading.Barrier(2)

    def work(number: int) -> tuple[int, int]:
        meeting.wait(20)  # nobody passes unless both work at once
        return number, torch.get_num_threads()

    with Crew(CPU) as crew:
        assert crew.n_workers == 2
        assert crew.map(work, range(6)) == [(number, 2) for number in range(6)]
    assert torch.get_num_threads() == 4


def test_what_a_worker_raises_is_raised_once_all_have_ended(four_threads) -> None:
    ended = []

    def work(number: int) -> None:
        if number == 0:
            raise ValueError("zero")
        ended.append(number)

    with Crew(CPU) as crew, pytest.raises(ValueError, match="zero"):
        crew.map(work, range(5))
    assert sorted(ended) == [1, 2, 3, 4]


def test_one_core_has_no_threads_of_its_own(four_threads) -> None:
    torch.set_num_threads(1)
    with Crew(CPU) as crew:
        assert crew.n_workers == 1
        assert crew.map(lambda _: threading.get_ident(), range(2)) == [threading.get_ident()] * 2
