from __future__ import annotations

import base64
import gzip
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.local.function import FunctionFailed, FunctionTimedOut, PayloadTooLarge
from console.local.gateway import MAX_BODY_BYTES, Gateway
from handlers.routes import REQUEST_HEADERS
from tests.support.local.faults import NO_KEEP_ALIVE
from tests.support.local.web import served

RECORDED = Path(__file__).parents[2] / "events"
ADDED_BY_THE_GATEWAY = {"content-length", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}


async def echo(event: dict[str, object]) -> object:
    return {"statusCode": 200, "body": json.dumps(event), "headers": {"content-type": "application/json"}}


async def command(event: dict[str, object]) -> object:
    return {"statusCode": 202, "body": json.dumps(event)}


class Toy:
    """A function whose next answer the test decides."""

    answer: object = None

    async def invoke(self, _: dict[str, object]) -> object:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture(scope="module")
def toy() -> Toy:
    return Toy()


@pytest.fixture(scope="module")
def client(toy: Toy) -> Iterator[httpx.Client]:
    functions = {"query": echo, "command": command, "toy": toy.invoke}
    routes = {"POST /insert": "command", "GET /toy": "toy", "HEAD /toy": "toy", "POST /toy": "toy"}
    routes |= {"DELETE /things/{id}": "command", "POST /things/{id}/more.txt": "command"}
    with (
        served(Gateway(functions, routes, "query")) as url,
        httpx.Client(base_url=url, timeout=None, limits=NO_KEEP_ALIVE) as client,
    ):
        yield client


def shape(value: Any) -> object:
    """Keys and types, all the way down."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
    return type(value).__name__


@pytest.mark.parametrize("name", ["get", "head", "post-json", "post-binary"])
def test_events_have_the_keys_and_types_of_recorded_ones(name: str) -> None:
    recorded = json.loads((RECORDED / f"{name}.json").read_text())
    local: dict[str, Any] = {}

    async def keep(event: dict[str, object]) -> object:
        local.update(event)
        return {"statusCode": 204}

    with served(Gateway({"query": keep, "command": keep}, {"POST /insert": "command"}, "query")) as url:
        send_again(url, recorded)
    assert shape(local) == shape(recorded)
    for key in recorded.keys() - {"headers", "requestContext"}:
        assert local[key] == recorded[key], key


def send_again(url: str, recorded: dict[str, Any]) -> None:
    """Send the request from which a recorded event was made."""
    headers = [(name, value) for name, value in recorded["headers"].items() if name not in ADDED_BY_THE_GATEWAY]
    headers += [("cookie", "; ".join(recorded["cookies"]))] if "cookies" in recorded else []
    body = recorded.get("body", "").encode()
    query = f"?{recorded['rawQueryString']}" if recorded["rawQueryString"] else ""
    request = httpx.Request(
        recorded["requestContext"]["http"]["method"],
        url + recorded["rawPath"] + query,
        headers=headers,
        content=base64.b64decode(body) if recorded["isBase64Encoded"] else body,
    )
    with httpx.Client(timeout=None) as client:
        assert client.send(request).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("DELETE", "/things/1", "DELETE /things/{id}"),
        ("DELETE", "/things/a%20b.c", "DELETE /things/{id}"),
        ("POST", "/things/1/more.txt", "POST /things/{id}/more.txt"),
        ("DELETE", "/things/", "$default"),
        ("DELETE", "/things/1/2", "$default"),
        ("GET", "/things/1", "$default"),
        ("POST", "/things/1/more-txt", "$default"),
    ],
)
def test_a_parameter_takes_one_part_of_a_path(client: httpx.Client, method: str, path: str, route: str) -> None:
    answer = client.request(method, path)
    assert (answer.json()["routeKey"], answer.status_code) == (route, 200 if route == "$default" else 202)


def test_explicit_routes_go_to_their_function_and_the_rest_to_the_default(client: httpx.Client) -> None:
    assert client.post("/insert").status_code == 202
    assert client.post("/insert").json()["routeKey"] == "POST /insert"
    for answer in (client.get("/insert"), client.post("/insert/"), client.put("/anything")):
        assert (answer.status_code, answer.json()["routeKey"]) == (200, "$default")


def test_the_path_arrives_decoded(client: httpx.Client) -> None:
    event = client.get("/a%20b/%C3%BC?x=%20").json()
    assert (event["rawPath"], event["requestContext"]["http"]["path"]) == ("/a b/ü", "/a b/ü")
    assert event["rawQueryString"] == "x=%20"


def test_the_request_id_is_in_event_and_response(client: httpx.Client) -> None:
    answer = client.get("/x")
    assert answer.json()["requestContext"]["requestId"] == answer.headers["apigw-requestid"]


def test_a_body_sent_in_pieces_arrives_whole(client: httpx.Client) -> None:
    answer = client.post("/x", content=iter([b"ab", b"cd"]), headers={"content-type": "text/plain"})
    assert answer.json()["body"] == "abcd"


def test_answers_keep_status_headers_cookies_and_bytes(client: httpx.Client, toy: Toy) -> None:
    body = base64.b64encode(b"\x00\xff").decode()
    headers = {"x-name": "grün", "content-type": "image/png"}
    toy.answer = {
        "statusCode": 418,
        "headers": headers,
        "cookies": ["a=1", "b=2"],
        "body": body,
        "isBase64Encoded": True,
    }
    answer = client.get("/toy")
    client.cookies.clear()
    assert (answer.status_code, answer.content, answer.headers["x-name"]) == (418, b"\x00\xff", "grün")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_head_gets_the_headers_of_get_and_no_body(client: httpx.Client, toy: Toy) -> None:
    toy.answer = {"statusCode": 200, "body": "four"}
    get, head = client.get("/toy"), client.head("/toy")
    assert (get.content, head.content) == (b"four", b"")
    assert get.headers["content-length"] == head.headers["content-length"] == "4"


def test_head_without_a_body_has_the_length_that_the_function_states_or_none(client: httpx.Client, toy: Toy) -> None:
    toy.answer = {"statusCode": 200, "body": "", "headers": {"content-length": "4711"}}
    assert client.head("/toy").headers["content-length"] == "4711"
    assert client.get("/toy").headers["content-length"] == "0"
    toy.answer = {"statusCode": 200, "body": ""}
    assert "content-length" not in client.head("/toy").headers
    toy.answer = {"statusCode": 200, "body": "four", "headers": {"content-length": "4711"}}
    assert client.head("/toy").headers["content-length"] == client.get("/toy").headers["content-length"] == "4"


def test_a_compressed_answer_arrives_as_it_was_made(client: httpx.Client, toy: Toy) -> None:
    body = gzip.compress(b"text")
    headers = {"content-encoding": "gzip", "content-type": "text/plain"}
    toy.answer = {
        "statusCode": 200,
        "headers": headers,
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    answer = client.get("/toy")
    assert (answer.text, answer.headers["content-length"]) == ("text", str(len(body)))


# Pages of other origins

PAGE = "http://localhost:3000"


@pytest.mark.parametrize("origin", [PAGE, "https://localhost", "http://127.0.0.1:8080", "http://[::1]:5173"])
def test_a_page_of_this_machine_may_do_what_the_api_has(client: httpx.Client, toy: Toy, origin: str) -> None:
    toy.answer = AssertionError("the gateway answers preflights itself")
    asked = {"origin": origin, "access-control-request-method": "POST"}
    for path in ("/toy", "/anything"):
        answer = client.options(path, headers=asked)
        assert (answer.status_code, answer.content) == (204, b"")
        assert {name: value for name, value in answer.headers.items() if name.startswith(("access-", "vary"))} == {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": "DELETE,GET,HEAD,POST",
            "access-control-allow-headers": ",".join(REQUEST_HEADERS),
            "access-control-max-age": "3600",
            "vary": "origin",
        }


@pytest.mark.parametrize(
    "origin", ["https://example.com", "http://localhost.example.com", "http://xlocalhost", "null", "file://", ""]
)
def test_other_pages_may_do_nothing(client: httpx.Client, toy: Toy, origin: str) -> None:
    toy.answer = {"statusCode": 200, "body": "text", "headers": {"access-control-allow-origin": "*"}}
    asked = {"origin": origin, "access-control-request-method": "POST"}
    for answer in (client.options("/toy", headers=asked), client.get("/toy", headers=asked)):
        assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_an_answer_can_be_read_by_the_page_that_asked(client: httpx.Client, toy: Toy) -> None:
    headers = {
        "vary": "accept-encoding",
        "access-control-allow-origin": "*",
        "access-control-allow-credentials": "true",
    }
    toy.answer = {"statusCode": 404, "body": "text", "headers": headers}
    answer = client.get("/toy", headers={"origin": PAGE})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, PAGE)
    assert "access-control-allow-credentials" not in answer.headers
    assert {"etag", "snapshot-bookmark"} <= set(answer.headers["access-control-expose-headers"].split(","))
    assert answer.headers.get_list("vary") == ["accept-encoding", "origin"]
    assert "access-control-allow-origin" not in client.get("/toy").headers


def test_options_that_are_no_preflight_go_to_the_function(client: httpx.Client) -> None:
    for headers in ({}, {"origin": PAGE}, {"access-control-request-method": "GET"}):
        assert client.options("/x", headers=headers).json()["requestContext"]["http"]["method"] == "OPTIONS"


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body_carry_none(client: httpx.Client, toy: Toy, status: int) -> None:
    toy.answer = {"statusCode": status, "body": "ignored"}
    answer = client.get("/toy")
    assert (answer.status_code, answer.content) == (status, b"")
    assert "content-length" not in answer.headers


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (FunctionFailed("ValueError: secret"), (500, "Internal Server Error")),
        ({"statusCode": "secret"}, (500, "Internal Server Error")),
        (FunctionTimedOut("secret"), (503, "Service Unavailable")),
        (PayloadTooLarge("secret"), (413, "Request Entity Too Large")),
    ],
)
def test_what_goes_wrong_in_a_function_stays_inside(
    client: httpx.Client, toy: Toy, answer: object, expected: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    toy.answer = answer
    got = client.get("/toy")
    assert (got.status_code, got.json()) == (expected[0], {"message": expected[1]})
    assert got.headers["content-type"] == "application/json"
    assert "GET /toy: function toy: " in caplog.text
    assert "secret" in caplog.text


def test_bodies_over_10_mb_are_refused_before_the_function(client: httpx.Client, toy: Toy) -> None:
    toy.answer = {"statusCode": 200}
    assert client.post("/toy", content=b"x" * MAX_BODY_BYTES).status_code == 200
    for content in (b"x" * (MAX_BODY_BYTES + 1), b"x" * (3 * MAX_BODY_BYTES)):
        answer = client.post("/toy", content=content)
        assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})


def test_a_client_that_goes_away_while_it_sends_is_never_answered(client: httpx.Client, toy: Toy) -> None:
    toy.answer = AssertionError("the function must not be called")
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0)) as gone:
        gone.sendall(b"POST /toy HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
    toy.answer = {"statusCode": 200}
    assert client.get("/toy").status_code == 200
