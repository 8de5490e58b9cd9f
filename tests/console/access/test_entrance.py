from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.access.entrance import exchange
from console.client.client import Client
from console.client.failures import REFUSED_HINTS
from console.errors import ConsoleError
from handlers.domain.problem import TYPE_PREFIX
from handlers.gateway.response import PROBLEM_TYPE
from tests.support.local.access_service import AccessService
from tests.support.local.faults import FaultyApi, Step, answers

TOO_MANY = {"type": f"{TYPE_PREFIX}too-many-requests", "detail": "Too many wrong codes came from this address"}


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    with FaultyApi() as server:
        server.default = AccessService()
        yield server


def hint_after(api: FaultyApi, step: Step) -> str:
    """The hint where the exchange is answered so; a client that may not pause gives up at once."""
    api.script.append(step)
    with Client(api.url, retry_for_s=0.0) as client, pytest.raises(ConsoleError) as error:
        exchange(client, "ABCD")
    return error.value.hint


def test_a_code_is_exchanged(api: FaultyApi) -> None:
    with Client(api.url) as client:
        assert exchange(client, "ABCD")["token"] == "t0ken"


def test_a_code_that_lets_nobody_in_has_to_be_replaced(api: FaultyApi) -> None:
    body = {"type": f"{TYPE_PREFIX}forbidden", "detail": "The code does not let you in"}
    hint = hint_after(api, answers(403, body, content_type=PROBLEM_TYPE))
    assert hint == "ask for a new code; on the local stack codes are gone after a restart"


@pytest.mark.parametrize(
    ("seconds", "said"), [(31, "1 minute"), (60, "1 minute"), (61, "2 minutes"), (900, "15 minutes")]
)
def test_after_too_many_wrong_ones_it_says_how_long_to_wait(api: FaultyApi, seconds: int, said: str) -> None:
    hint = hint_after(api, answers(429, TOO_MANY, retry_after=str(seconds)))
    assert hint == f"wait {said}, then try again"


@pytest.mark.parametrize("status", [429, 403], ids=["no time", "not the API"])
def test_another_refusal_keeps_its_hint(api: FaultyApi, status: int) -> None:
    hint = hint_after(api, answers(status, {"message": "no"}))
    assert "minute" not in hint
    assert "new code" not in hint
    assert hint == REFUSED_HINTS.get(status, hint)
