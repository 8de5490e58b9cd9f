from __future__ import annotations

from collections.abc import Callable

import pytest

from handlers.aws.sdk import ServiceError
from handlers.domain.problem import Problem, unavailable
from handlers.jobs.patience import LONGEST_PAUSE_S, Patience
from tests.support.meddling import Clock

PASSING = [unavailable("away"), ServiceError("no answer"), ServiceError("slow", "SlowDown"), ServiceError("5", "503")]
LASTING = [Problem("other-columns", "others"), ServiceError("no", "AccessDenied"), ServiceError("no", "NoSuchKey")]


def failing(times: int, error: Exception) -> Callable[[], str]:
    left = [error] * times

    def operation() -> str:
        if left:
            raise left.pop()
        return "done"

    return operation


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_what_is_away_is_asked_again_with_longer_and_longer_pauses(error: Exception) -> None:
    clock = Clock()
    patience = Patience(clock() + 300, clock, clock.sleep)
    assert patience.ask(failing(8, error)) == "done"
    assert len(clock.slept_s) == 8
    assert max(clock.slept_s) <= LONGEST_PAUSE_S
    assert not patience.is_over


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_as_long_as_there_is_time(error: Exception) -> None:
    clock = Clock()
    end_s = clock() + 30
    with pytest.raises(type(error)):
        Patience(end_s, clock, clock.sleep).ask(failing(1000, error))
    assert end_s - LONGEST_PAUSE_S <= clock() < end_s


@pytest.mark.parametrize("error", LASTING, ids=str)
def test_what_another_try_cannot_mend_is_raised_at_once(error: Exception) -> None:
    clock = Clock()
    with pytest.raises(type(error)):
        Patience(clock() + 300, clock, clock.sleep).ask(failing(1, error))
    assert clock.slept_s == []


def test_patience_ends_with_its_time() -> None:
    clock = Clock()
    patience = Patience(clock() + 1, clock, clock.sleep)
    clock.pass_s(1)
    assert patience.is_over
