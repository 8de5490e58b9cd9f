from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from console.client.client import Client, read_members
from console.errors import ConsoleError, NotDoneError
from handlers.ledger.items import OtherColumnsError
from handlers.routes import SOURCES
from tests.support.local.faults import FaultyApi, Step, answers, drops

OK = answers(200, {"fine": True})


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    with FaultyApi() as api:
        yield api


def test_connections_are_kept_and_requests_arrive_as_given(api: FaultyApi) -> None:
    api.script.extend([OK, OK])
    with Client(api.url + "/") as client:
        assert client.get("/a", {"x": "1 2"}).json() == {"fine": True}
        client.post("/b", {"y": 3})
    assert api.seen == [("GET", "/a?x=1+2", b""), ("POST", "/b", b'{"y":3}')]
    assert len(api.clients) == 1


def test_headers_arrive_as_given(api: FaultyApi) -> None:
    api.script.extend([OK, OK])
    with Client(api.url) as client:
        client.get("/ddb", headers={"min-bookmark": "7.3"})
        client.post("/insert", {}, {"idempotency-key": "k"})
    read, write = api.headers
    assert (read["min-bookmark"], write["idempotency-key"]) == ("7.3", "k")


def test_a_proxy_is_asked_for_other_machines_and_never_for_this_one(
    api: FaultyApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", api.url)
    api.script.extend([OK] * 3)
    with Client("http://api.test") as client:
        client.get("/ddb")
    for host in ("127.0.0.1", "localhost"):
        with Client(api.url.replace("127.0.0.1", host)) as client:
            client.get("/ddb")
    assert [path for _, path, _ in api.seen] == ["http://api.test/ddb", "/ddb", "/ddb"]


@pytest.mark.parametrize("status", [200, 429, 503])
def test_what_is_measured_is_sent_once_whatever_the_answer(api: FaultyApi, status: int) -> None:
    api.script.append(answers(status, {}, retry_after="0"))
    with Client(api.url) as client:
        request = client.prepared("POST", "/insert", {"x": "1"}, {"idempotency-key": "k"}, {"count": 1})
        assert request.headers["idempotency-key"] == "k"
        assert client.once(request).status_code == status
    assert api.seen == [("POST", "/insert?x=1", b'{"count":1}')]


@pytest.mark.parametrize(
    ("said", "homes"),
    [
        ({"homes": ["postgres", "ddb", "a-later-one"]}, ("ddb", "postgres")),
        ({"homes": ["a-later-one"]}, SOURCES),
        ({"homes": None}, SOURCES),
        ({}, SOURCES),
    ],
    ids=["some", "none that is known", "no list", "an older version"],
)
def test_an_api_says_once_which_homes_it_has(api: FaultyApi, said: dict[str, object], homes: tuple[str, ...]) -> None:
    api.index = said
    with Client(api.url) as client:
        assert client.homes() == homes
        api.index = {"homes": ["ddb"]}
        assert client.homes() == homes


def test_a_lost_answer_to_what_is_measured_is_not_asked_for_again(api: FaultyApi) -> None:
    api.script.append(drops)
    with Client(api.url) as client, pytest.raises(httpx.TransportError):
        client.once(client.prepared("GET", "/ddb"))
    assert api.seen == [("GET", "/ddb", b"")]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_can_work_later_is_tried_again(api: FaultyApi, status: int, pauses: list[float]) -> None:
    api.script.extend([answers(status, retry_after="3"), answers(status), OK])
    with Client(api.url) as client:
        assert client.get("/").status_code == 200
    assert 3.0 <= pauses[0] <= 3.2
    assert pauses[1] <= 0.4


def test_an_insert_that_may_still_be_running_is_tried_again(api: FaultyApi, pauses: list[float]) -> None:
    api.script.extend([answers(409, retry_after="2"), OK])
    with Client(api.url) as client:
        assert client.post("/insert", {}).status_code == 200
    assert len(pauses) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
def test_no_other_refusal_is_tried_again_whatever_it_carries(api: FaultyApi, status: int, pauses: list[float]) -> None:
    api.script.append(answers(status) if status == 409 else answers(status, retry_after="1"))
    with Client(api.url) as client, pytest.raises(ConsoleError, match=f"was answered with {status}"):
        client.get("/")
    assert pauses == []


def test_a_lost_answer_is_asked_for_again(api: FaultyApi, pauses: list[float]) -> None:
    api.script.extend([OK, drops, drops, OK])
    with Client(api.url) as client:
        client.get("/first")
        assert client.get("/second").json() == {"fine": True}
    assert [path for _, path, _ in api.seen] == ["/first", "/second", "/second", "/second"]
    assert len(pauses) == 2


def test_patience_ends(api: FaultyApi, pauses: list[float]) -> None:
    api.script.extend([OK, drops, answers(503, {"detail": "The ledger does not answer now"}, retry_after="999")])
    with Client(api.url, retry_for_s=600.0) as client:
        client.get("/")
        with pytest.raises(ConsoleError, match=r"503: The ledger does not answer now$") as error:
            client.get("/")
    assert "/health" in error.value.hint
    assert len(pauses) == 1


def test_patience_ends_with_a_dead_connection(api: FaultyApi) -> None:
    api.script.extend([OK, drops])
    with Client(api.url, retry_for_s=0.0) as client:
        client.get("/")
        with pytest.raises(ConsoleError, match=r"does not answer: Server disconnected"):
            client.get("/")


def test_a_request_may_have_more_patience_than_others(api: FaultyApi, pauses: list[float]) -> None:
    api.script.extend([answers(503, retry_after="9"), OK])
    with Client(api.url, retry_for_s=1.0) as client:
        assert client.post("/snapshots", {}, retry_for_s=600.0).status_code == 200
    assert len(pauses) == 1


def test_an_api_that_is_not_there_is_not_waited_for(pauses: list[float]) -> None:
    with socket.socket() as bound:  # and not listening: nobody else can listen there either
        bound.bind(("127.0.0.1", 0))
        refused = pytest.raises(ConsoleError, match=r"does not answer: .*refused")
        with Client(f"http://127.0.0.1:{bound.getsockname()[1]}") as client, refused as error:
            client.get("/")
    assert "make serve" in error.value.hint
    assert pauses == []


@pytest.mark.parametrize(
    "url", ["localhost:", "ftp://host", "http://", "http://host:99999999", "http://host:x", "nonsense"]
)
def test_a_url_that_is_none_is_named(url: str) -> None:
    with pytest.raises(ConsoleError, match="is not an http") as error:
        Client(url)
    assert repr(url) in str(error.value)
    assert error.value.hint == "give --url https://…"


@pytest.mark.parametrize("url", ["localhost:8787", "127.0.0.1:8787/", "api.example-1.test:80"])
def test_a_host_and_a_port_are_shown_as_a_url(url: str) -> None:
    with pytest.raises(ConsoleError, match="is not an http") as error:
        Client(url)
    assert error.value.hint == f"give --url http://{url}"


@pytest.mark.parametrize(
    ("status", "body", "said", "hint"),
    [
        (400, {"title": "t", "detail": "limit: got 0"}, "400: limit: got 0", "change what the message names"),
        (403, {"message": "Forbidden"}, "403: Forbidden", "--direct"),
        (409, {"detail": "replaced"}, "409: replaced", "change what the message names"),
        (
            409,
            OtherColumnsError("The rows").body(""),
            f"409: {OtherColumnsError('The rows').detail}",
            "docs/your-data.md",
        ),
        (500, {"neither": 1}, '500: {"neither": 1}', "change what the message names"),
        (404, "<html>", "404: <html>", "check --url"),
        (404, "[]", "404: []", "check --url"),
        (401, " ", "401: Unauthorized", "set API_TOKEN"),
    ],
)
def test_a_refusal_says_what_the_api_said(api: FaultyApi, status: int, body: object, said: str, hint: str) -> None:
    api.script.append(answers(status, body))
    with Client(api.url) as client, pytest.raises(ConsoleError) as error:
        client.get("/ddb")
    assert str(error.value) == f"GET {api.url}/ddb was answered with {said}"
    assert hint in error.value.hint


@pytest.mark.parametrize("body", ["", "<html>", "[1]", "null"])
def test_an_answer_without_an_object_is_unexpected(api: FaultyApi, body: str) -> None:
    api.script.append(answers(200, body))
    with Client(api.url) as client:
        response = client.get("/")
    with pytest.raises(ConsoleError, match="gave an unexpected answer: not a JSON object"):
        read_members(response)


@pytest.mark.parametrize(
    ("steps", "is_doubtful"),
    [
        ([answers(400)], False),
        ([answers(500)], True),
        ([answers(409, retry_after="999")], True),
        ([drops, answers(400)], True),
        ([answers(503), answers(403)], True),
        ([answers(429, retry_after="999")], False),
    ],
)
def test_a_failure_says_if_what_was_asked_may_have_been_done(
    api: FaultyApi, pauses: list[float], steps: list[Step], is_doubtful: bool
) -> None:
    api.script.extend([OK, *steps])
    with Client(api.url) as client:
        client.get("/")
        with pytest.raises(ConsoleError) as error:
            client.post("/insert", {})
    assert isinstance(error.value, NotDoneError) is not is_doubtful


def test_where_nobody_listens_nothing_was_done() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with Client(f"http://127.0.0.1:{bound.getsockname()[1]}") as client, pytest.raises(NotDoneError):
            client.post("/insert", {})
