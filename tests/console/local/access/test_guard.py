"""Routes that an authorizer guards, over HTTP: what it is asked, how long its word counts, and what a client sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from console.local.access.guard import TTL_S, Guard
from console.local.function import FunctionFailed, FunctionTimedOut
from console.local.gateway import Gateway
from tests.support.local.faults import NO_KEEP_ALIVE
from tests.support.local.web import served

SOURCES = ("$request.header.Authorization", "$context.routeKey")
ROUTES = {"POST /sql": "echo", "POST /insert": "echo"}
KEY = {"authorization": "Bearer right"}
YES: dict[str, object] = {"isAuthorized": True, "context": {"session": "s1", "scopes": "read sql"}}


class Doorman:
    """An authorizer that says what the test tells it to."""

    def __init__(self) -> None:
        self.says: object = YES
        self.asked: list[dict[str, Any]] = []

    async def invoke(self, event: dict[str, object]) -> object:
        self.asked.append(event)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(s=1000.0)
    monkeypatch.setattr("console.local.access.guard.time", SimpleNamespace(monotonic=lambda: clock.s))
    return clock


@pytest.fixture
def doorman() -> Doorman:
    return Doorman()


@pytest.fixture
def client(doorman: Doorman, now: SimpleNamespace) -> Iterator[httpx.Client]:
    async def echo(event: dict[str, object]) -> object:
        return {"statusCode": 200, "body": json.dumps(event)}

    guard = Guard(doorman.invoke, SOURCES)
    with (
        served(Gateway({"echo": echo}, ROUTES, "echo", {"$default": guard, "POST /sql": guard})) as url,
        httpx.Client(base_url=url, timeout=None, limits=NO_KEEP_ALIVE) as client,
    ):
        yield client


def test_the_function_gets_the_authorizers_context(client: httpx.Client) -> None:
    context = client.get("/rows", headers=KEY).json()["requestContext"]
    assert context["authorizer"] == {"lambda": YES["context"]}
    assert context["http"]["path"] == "/rows"


def test_the_authorizer_sees_the_request_without_its_body(client: httpx.Client, doorman: Doorman) -> None:
    client.post("/sql?limit=1", headers=KEY | {"cookie": "a=1"}, json={"secret": 1}).raise_for_status()
    (event,) = doorman.asked
    assert (event["version"], event["type"], event["routeKey"]) == ("2.0", "REQUEST", "POST /sql")
    assert event["identitySource"] == ["Bearer right", "POST /sql"]
    assert event["routeArn"] == "arn:aws:execute-api:local:000000000000:local/$default/POST/sql"
    assert (event["rawPath"], event["rawQueryString"], event["cookies"]) == ("/sql", "limit=1", ["a=1"])
    assert event["headers"]["authorization"] == "Bearer right"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert not {"body", "isBase64Encoded"} & event.keys()


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}])
def test_a_request_without_an_identity_source_is_unauthorized_and_nobody_is_asked(
    client: httpx.Client, doorman: Doorman, headers: dict[str, str]
) -> None:
    answer = client.get("/rows", headers=headers)
    assert (answer.status_code, answer.json(), doorman.asked) == (401, {"message": "Unauthorized"}, [])


def test_a_route_that_is_not_guarded_is_open(client: httpx.Client, doorman: Doorman) -> None:
    answer = client.post("/insert")
    assert (answer.status_code, doorman.asked) == (200, [])
    assert "authorizer" not in answer.json()["requestContext"]


@pytest.mark.parametrize("says", [YES, {"isAuthorized": False}])
def test_what_it_says_counts_for_a_minute_and_one_route(
    client: httpx.Client, doorman: Doorman, now: SimpleNamespace, says: dict[str, object]
) -> None:
    doorman.says = says
    status = 200 if says is YES else 403
    assert [client.get(path, headers=KEY).status_code for path in ("/a", "/b")] == [status, status]
    assert len(doorman.asked) == 1
    doorman.says = {"isAuthorized": not says["isAuthorized"]}
    now.s += TTL_S - 0.001
    assert client.get("/a", headers=KEY).status_code == status
    now.s += 0.001
    assert client.get("/a", headers=KEY).status_code == 603 - status
    assert client.post("/sql", headers=KEY).status_code == 603 - status
    assert client.get("/a", headers={"authorization": "Bearer other"}).status_code == 603 - status
    assert len(doorman.asked) == 4


def test_whoever_is_refused_is_told_no_more_than_that(client: httpx.Client, doorman: Doorman) -> None:
    doorman.says = {"isAuthorized": False, "context": {"why": "expired"}}
    answer = client.get("/rows", headers=KEY)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(
    "says",
    [
        *(FunctionFailed("Runtime.ExitError"), FunctionTimedOut("Task timed out")),
        *(None, "yes", [], {}, {"isAuthorized": "true"}, {"isAuthorized": 1}, {"context": {}}),
    ],
    ids=str,
)
def test_an_authorizer_that_fails_or_does_not_say_is_an_error_that_is_not_kept(
    client: httpx.Client, doorman: Doorman, caplog: pytest.LogCaptureFixture, says: object
) -> None:
    doorman.says = says
    answer = client.get("/rows", headers=KEY)
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
    assert "the authorizer failed: " in caplog.text
    doorman.says = YES
    assert client.get("/rows", headers=KEY).status_code == 200


def test_an_answer_without_context_is_allowed(client: httpx.Client, doorman: Doorman) -> None:
    doorman.says = {"isAuthorized": True}
    assert client.get("/rows", headers=KEY).json()["requestContext"]["authorizer"] == {"lambda": {}}
