"""Patience with what is away for a while: tried again, with longer and longer pauses, as long as there is time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from handlers.aws.dynamodb import backoff_s
from handlers.aws.sdk import ServiceError
from handlers.domain.problem import Problem
from handlers.domain.timestamps import boottime_s

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
# What another try may find otherwise: no answer at all, or one of these.
PASSING_CODES = frozenset(
    {
        *("", "InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout", "RequestTimeTooSkewed"),
        *("Throttling", "ThrottlingException", "500", "502", "503", "504"),
    }
)


class Patience:
    """The time that somebody has to wait for what is away.

    Args:
        end_s: when there is no time left, by the clock.
    """

    def __init__(
        self,
        end_s: float,
        clock: Callable[[], float] = boottime_s,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._end_s = end_s
        self._clock = clock
        self._sleep = sleep

    @property
    def is_over(self) -> bool:
        """Tell whether there is no time left."""
        return self._clock() >= self._end_s

    def ask(self, operation: Callable[[], T]) -> T:
        """Return what an operation gives. Raises what it raises, once that does not pass or there is no time left."""
        attempt = 0
        while True:
            try:
                return operation()
            except (Problem, ServiceError) as error:
                attempt += 1
                pause_s = backoff_s(attempt, FIRST_PAUSE_S, LONGEST_PAUSE_S)
                if not may_pass(error) or self._clock() + pause_s >= self._end_s:
                    raise
            self._sleep(pause_s)


def may_pass(error: Problem | ServiceError) -> bool:
    """Tell whether another try may find it otherwise."""
    if isinstance(error, ServiceError):
        return error.code in PASSING_CODES
    return "retry-after" in error.headers
