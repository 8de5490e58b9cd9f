from __future__ import annotations

import contextlib
import signal
import threading

import pytest

from console.interrupts import hold_interrupts


def test_what_is_under_way_is_finished_before_an_interrupt_takes_effect() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), hold_interrupts():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done.append("whole")
    assert done == ["whole"]


def test_afterwards_an_interrupt_takes_effect_at_once_again() -> None:
    before = signal.getsignal(signal.SIGINT)
    with contextlib.suppress(KeyboardInterrupt), hold_interrupts():
        signal.raise_signal(signal.SIGINT)
    with hold_interrupts():
        pass
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_is_not_lost_where_the_block_fails() -> None:
    with pytest.raises(KeyboardInterrupt) as interrupt, hold_interrupts():
        signal.raise_signal(signal.SIGINT)
        raise OSError("disk full")
    assert isinstance(interrupt.value.__context__, OSError)


def test_who_ignores_interrupts_goes_on_to_ignore_them() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with hold_interrupts():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_has_nothing_to_hold_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    during: list[object] = []

    def hold() -> None:
        with hold_interrupts():
            during.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    assert during == [before]
