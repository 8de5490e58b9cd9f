"""Ctrl-C, held back while something is done that must be whole."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator


@contextlib.contextmanager
def hold_interrupts() -> Generator[None]:
    """Let a Ctrl-C that arrives within the block take effect right after it, as it would have taken effect before.

    Signals reach the main thread alone: in any other there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(signal.SIGINT)
