"""Trying again what can work later: for how long, and with which pauses in between."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from handlers.aws.dynamodb import backoff_s

BASE_S = 0.1
LONGEST_S = 5.0


class Retry:
    """The pauses between the attempts at one thing that may fail a few times.

    Args:
        limit_s: no pause ends later than this after the start.
        longest_s: no pause is longer, unless more was asked for.
        sleep: waits.
        monotonic: the clock, in seconds.
    """

    def __init__(
        self,
        limit_s: float,
        longest_s: float = LONGEST_S,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._longest_s = longest_s
        self._sleep = sleep
        self._monotonic = monotonic
        self._end_s = monotonic() + limit_s
        self._pauses = 0

    def pause(self, at_least_s: float = 0.0) -> bool:
        """Back off exponentially, with jitter, but at least as long as was asked for. False: the time is over."""
        self._pauses += 1
        pause_s = at_least_s + backoff_s(self._pauses, BASE_S, self._longest_s)
        if self._monotonic() + pause_s > self._end_s:
            return False
        self._sleep(pause_s)
        return True


def retry_after_s(response: httpx.Response) -> float:
    """Return the pause that the answer asks for; 0 where it does not name one in seconds."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0
