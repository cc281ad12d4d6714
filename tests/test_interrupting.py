"""One interruption, however many signals; none while it is disarmed."""

from __future__ import annotations

import os
import signal

import pytest

from arc_solver.interrupting import Interrupt


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_interrupts_and_a_second_one_does_not(number: signal.Signals) -> None:
    with Interrupt() as interrupt:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        assert interrupt.came
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        interrupt.rearm()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


def test_while_it_is_disarmed_a_signal_is_only_noticed() -> None:
    with Interrupt() as interrupt:
        interrupt.disarm()
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupt.came


def test_afterwards_signals_do_what_they_did() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with Interrupt():
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] != before
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
