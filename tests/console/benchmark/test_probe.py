from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from console.benchmark.probe import CONNECTION, SENT, TIMEOUT, UNREADABLE, Probe, read_numbers
from console.client.client import Client
from console.local.background import BackgroundStack
from tests.support.local.faults import Exchange, FaultyApi, answers, drops

GOOD = {"timings_ms": {"query": 0.5, "total": 1}, "consumed": {"read_units": 0.5, "init_ms": None, "by": "nfs"}}


@pytest.fixture
def client(faulty: FaultyApi) -> Iterator[Client]:
    with Client(faulty.url) as made:
        yield made


def test_a_read_is_timed_and_its_answer_read(faulty: FaultyApi, client: Client) -> None:
    faulty.script.append(answers(200, GOOD))
    exchange = Probe(client).get("/ddb", {"limit": "100"}, {"min-bookmark": "1.2"})
    assert exchange.started_s < exchange.sent_s < exchange.ended_s
    assert exchange.error is None
    assert exchange.phases_ms == {"query": 0.5, "total": 1.0}
    assert exchange.consumed == {"read_units": 0.5}
    assert faulty.seen == [("GET", "/ddb?limit=100", b"")]


def test_the_clock_is_read_around_the_request_alone(faulty: FaultyApi, client: Client) -> None:
    faulty.script.append(answers(200, GOOD))
    ticks = iter([1.0, 2.0, 4.0])
    exchange = Probe(client, lambda: next(ticks)).get("/ddb")
    assert (exchange.started_s, exchange.sent_s, exchange.ended_s) == (1.0, 2.0, 4.0)


def test_a_write_is_sent_as_json(faulty: FaultyApi, client: Client) -> None:
    faulty.script.append(answers(201, GOOD))
    assert Probe(client).post("/insert", {"count": 1}, {"idempotency-key": "k"}).error is None
    ((method, path, body),) = faulty.seen
    assert (method, path, json.loads(body)) == ("POST", "/insert", {"count": 1})


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503, 504])
def test_a_refusal_is_an_error_and_not_sent_again(faulty: FaultyApi, client: Client, status: int) -> None:
    faulty.script.append(answers(status, GOOD, retry_after="0"))
    exchange = Probe(client).get("/ddb")
    assert (exchange.error, exchange.members) == (str(status), {})
    assert len(faulty.seen) == 1


def test_a_lost_answer_is_an_error_and_not_asked_for_again(faulty: FaultyApi, client: Client) -> None:
    faulty.script.append(drops)
    exchange = Probe(client).get("/ddb")
    assert exchange.error == CONNECTION
    assert exchange.ended_s > exchange.started_s
    assert len(faulty.seen) == 1


def test_a_connection_that_cannot_be_made_was_never_sent_on(client: Client, faulty: FaultyApi) -> None:
    with FaultyApi() as gone:
        url = gone.url
    with Client(url) as alone:
        exchange = Probe(alone).get("/ddb")
    assert exchange.error == CONNECTION
    assert exchange.sent_s == exchange.started_s


def test_an_answer_that_does_not_come_is_a_timeout(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    monkeypatch.setattr(client, "once", slow)
    assert Probe(client).get("/ddb").error == TIMEOUT


@pytest.mark.parametrize("body", ["", "[]", "{}", "7", '{"timings_ms": 3}', '{"timings_ms": {"query": 1}}', "<html>"])
def test_an_answer_of_something_else_is_unreadable(faulty: FaultyApi, client: Client, body: str) -> None:
    faulty.script.append(answers(200, body))
    exchange = Probe(client).get("/ddb")
    assert (exchange.error, exchange.phases_ms, exchange.consumed) == (UNREADABLE, {}, {})


def test_connections_are_kept(faulty: FaultyApi, client: Client) -> None:
    faulty.script.extend([answers(200, GOOD)] * 5)
    probe = Probe(client)
    assert {probe.get("/ddb").error for _ in range(5)} == {None}
    assert len(faulty.clients) == 1


def test_a_signature_is_made_before_the_clock_is_read(
    faulty: FaultyApi, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    signed: list[bool] = []

    def see(exchange: Exchange) -> None:
        signed.append("authorization" in exchange.headers)
        exchange.answer(200 if signed[-1] else 403, json.dumps(GOOD))

    faulty.script.extend([see] * 4)
    assert Probe(client).get("/ddb").error == "403"  # nothing that is measured is sent twice, not even for this
    client.get("/health")
    assert Probe(client).get("/ddb").error is None
    assert signed == [False, False, True, True]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, {}),
        ([1], {}),
        ({}, {}),
        ({"a": 1, "b": 2.5, "c": None, "d": True, "e": "7", "f": {}}, {"a": 1.0, "b": 2.5}),
    ],
)
def test_only_numbers_are_numbers(content: object, found: dict[str, float]) -> None:
    assert read_numbers(content) == found


def test_the_moment_of_sending_is_what_the_library_calls_so(live: BackgroundStack) -> None:
    events: list[str] = []

    def trace(event: str, _: object) -> None:
        events.append(event)

    with Client(live.url) as client:
        request = client.prepared("GET", "/health")
        request.extensions["trace"] = trace
        client.once(request)
    assert events.index("connection.connect_tcp.complete") < events.index(SENT)
