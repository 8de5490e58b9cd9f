"""Tokens and the edge's key, as the console's client shows them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import httpx
import pytest

from console.client import authorization, edge_key
from console.client.authorization import Authorization
from console.client.client import Client
from console.client.edge_key import find_edge_key
from console.client.failures import refused
from console.errors import ConsoleError
from handlers.routes import ROUTES
from handlers.settings import EDGE_KEY_HEADER
from tests.support.local.faults import FaultyApi, Step, answers

T = TypeVar("T")
TOKEN = "s3cret-T0ken_of.a~session"
KEY = "the-edges-key"
OWNERS = {
    *("publish", "import", "redrive", "cancel", "measure", "insert"),
    *("make-code", "codes", "disable-code", "sessions", "end-session"),
}


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    with FaultyApi() as server:
        server.default = answers(200, {"ok": 1})
        yield server


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", f"{TOKEN}\n")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def always(value: T) -> Callable[[str], T]:
    """A function that returns this whatever it is asked."""

    def answer(_: str) -> T:
        return value

    return answer


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_token_goes_with_each_read_and_with_no_write(prefix: str) -> None:
    auth = Authorization(f"https://api.example{prefix}")
    bearing: set[tuple[str, str]] = set()
    for verb, path, function, operation in ROUTES:
        request = httpx.Request(verb, f"https://api.example{prefix}{path.replace('{id}', '01J')}")
        auth.complete(request)
        if request.headers.get("authorization") == f"Bearer {TOKEN}":
            bearing.add((function, operation))
    every = {(function, operation) for _, _, function, operation in ROUTES}
    assert every - bearing == {each for each in every if each[1] in OWNERS or each == ("command", "health")}


@pytest.mark.usefixtures("token")
def test_a_write_is_signed_and_a_read_keeps_its_token(api: FaultyApi) -> None:
    api.script.append(answers(403, {"message": "Forbidden"}))
    with Client(api.url) as client:
        client.post("/insert", {"count": 1})
        client.get("/ddb")
        assert client.prepared("GET", "/ddb").headers["authorization"] == f"Bearer {TOKEN}"
    shown = [headers.get("authorization", "")[:6] for headers in api.headers]
    assert shown == ["", "AWS4-H", "Bearer"]


@pytest.mark.usefixtures("token")
def test_a_read_that_is_refused_with_its_token_is_not_signed(api: FaultyApi) -> None:
    api.script.append(answers(403, {"message": "Forbidden"}))
    with Client(api.url) as client, pytest.raises(ConsoleError, match="403: Forbidden") as error:
        client.get("/ddb")
    assert "the session of API_TOKEN has ended" in error.value.hint
    assert len(api.seen) == 1


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("script", [[answers(401, {"message": "Unauthorized"})], [answers(404)]])
def test_no_error_and_no_log_shows_the_token(
    api: FaultyApi, script: list[Step], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.script.extend(script)
    with Client(api.url) as client, pytest.raises(ConsoleError) as error:
        client.get("/ddb")
    assert TOKEN not in f"{error.value} {error.value.hint} {caplog.text}"


@pytest.mark.usefixtures("token")
def test_no_token_goes_over_an_unencrypted_connection() -> None:
    request = httpx.Request("GET", "http://api.example/ddb")
    Authorization("http://api.example").complete(request)
    assert "authorization" not in request.headers


@pytest.mark.parametrize("text", ["Bearer x", "a\nb", "ключ", "=="])
def test_what_is_no_token_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("API_TOKEN", text)
    with pytest.raises(ConsoleError, match=r"^API_TOKEN holds something else than a token$"):
        Client("https://api.example")


def test_without_a_token_the_hint_says_where_one_comes_from(api: FaultyApi) -> None:
    api.script.append(answers(401, {"message": "Unauthorized"}))
    with Client(api.url) as client, pytest.raises(ConsoleError, match="401: Unauthorized") as error:
        client.get("/ddb")
    assert "set API_TOKEN" in error.value.hint
    assert re.search(r"-m console access enter", error.value.hint)
    assert "edge" not in error.value.hint


def test_an_api_in_aws_may_stand_behind_an_edge() -> None:
    answer = httpx.Response(
        401, json={"message": "Unauthorized"}, request=httpx.Request("GET", "https://a.example/ddb")
    )
    assert "pulumi stack output edge_url" in refused(answer).hint


def test_the_edges_key_is_looked_for_once_when_the_api_asks_and_goes_with_all_that_follows(
    api: FaultyApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def find(url: str) -> str:
        asked.append(url)
        return KEY

    monkeypatch.setattr(authorization, "find_edge_key", find)
    api.script.extend([answers(200, {}), answers(401, {})])
    with Client(api.url) as client:
        client.get("/ddb")
        client.get("/ddb")
        client.post("/insert", {"count": 1})
        assert client.prepared("GET", "/ddb").headers[EDGE_KEY_HEADER] == KEY
    assert [headers.get(EDGE_KEY_HEADER) for headers in api.headers] == [None, None, KEY, KEY]
    assert asked == [api.url]


def test_a_key_that_is_refused_is_not_looked_for_again(api: FaultyApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorization, "find_edge_key", always(KEY))
    api.default = answers(401, {})
    with Client(api.url) as client:
        for _ in range(2):
            with pytest.raises(ConsoleError):
                client.get("/ddb")
    assert len(api.seen) == 3


# Where the key comes from


class Secrets:
    """Secrets Manager with one secret."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[tuple[str, str]] = []

    def client(self, service: str, region_name: str) -> Secrets:
        self.asked.append((service, region_name))
        return self

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's
        self.asked.append(("get", SecretId))
        if self.error:
            raise self.error
        return {"SecretString": KEY}


ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:edge-abc"


@pytest.mark.parametrize(
    ("url", "outputs", "key"),
    [
        ("https://api.example", {"api_url": "https://api.example/", "edge_key_arn": ARN}, KEY),
        ("https://other.example", {"api_url": "https://api.example", "edge_key_arn": ARN}, ""),
        ("https://api.example", {"api_url": "https://api.example"}, ""),
        ("https://api.example", {"api_url": "https://api.example", "edge_key_arn": None}, ""),
        ("https://api.example", {}, ""),
        ("http://localhost:1", {"api_url": "http://localhost:1", "edge_key_arn": ARN}, ""),
    ],
)
def test_the_key_is_that_of_the_selected_stack_whose_api_it_is(
    monkeypatch: pytest.MonkeyPatch, url: str, outputs: dict[str, object], key: str
) -> None:
    secrets = Secrets()
    monkeypatch.setattr(edge_key, "stack_outputs", always(outputs))
    monkeypatch.setattr("boto3.client", secrets.client)
    assert find_edge_key(url) == key
    assert secrets.asked == ([("secretsmanager", "eu-west-3"), ("get", ARN)] if key else [])


def test_a_key_that_may_not_be_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import NoCredentialsError  # noqa: PLC0415 - loaded with boto3

    monkeypatch.setattr(edge_key, "stack_outputs", always({"api_url": "https://a.example", "edge_key_arn": ARN}))
    monkeypatch.setattr("boto3.client", Secrets(NoCredentialsError()).client)
    with pytest.raises(ConsoleError, match="the key of the edge before the API cannot be read") as error:
        find_edge_key("https://a.example")
    assert ARN in error.value.hint
