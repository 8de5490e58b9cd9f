from __future__ import annotations

import base64
import gzip
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from handlers.domain.problem import Problem
from handlers.gateway.request import Request
from handlers.gateway.response import Response
from handlers.gateway.router import MIN_COMPRESSED, Router
from handlers.routes import COMMAND, QUERY, ROUTES
from tests.support.api import QUIET, Answer, event
from tests.support.problems import assert_problem

QUERY_OPERATIONS = tuple(name for _, _, function, name in ROUTES if function == QUERY)
COMMAND_OPERATIONS = tuple(name for _, _, function, name in ROUTES if function == COMMAND)


def echo(request: Request) -> Response:
    return Response(200, f"{request.path} {dict(request.path_parameters)}", {"etag": '"1"'})


def fail(_: Request) -> Response:
    raise ZeroDivisionError("secret")


def refuse(_: Request) -> Response:
    raise Problem("conflict", "Not now", headers={"retry-after": "3"}, members={"inserted": 1})


ROUTER = Router("query", dict.fromkeys(QUERY_OPERATIONS, echo) | {"health": fail, "snapshots": refuse}, QUIET)


def ask(method: str, path: str) -> Answer:
    return Answer(ROUTER(event(method, path), None))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/ddb", "/ddb {}"),
        ("/ddb/stats", "/ddb/stats {}"),
        ("/ddb/1", "/ddb/1 {'id': '1'}"),
        ("/sqlite-efs/stats2", "/sqlite-efs/stats2 {'id': 'stats2'}"),
        ("/sqlite-tmp/ ", "/sqlite-tmp/  {'id': ' '}"),
        ("/", "/ {}"),
        ("/openapi.json", "/openapi.json {}"),
        ("/benchmarks/trends", "/benchmarks/trends {}"),
        ("/benchmarks/7", "/benchmarks/7 {'id': '7'}"),
        ("/benchmarks/7/report.md", "/benchmarks/7/report.md {'id': '7'}"),
        ("/benchmarks/report.md", "/benchmarks/report.md {'id': 'report.md'}"),
    ],
)
def test_a_path_finds_its_operation(path: str, text: str) -> None:
    assert (ask("GET", path).status, ask("GET", path).text) == (200, text)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//",
        "/nothing",
        "/ddb/",
        "/ddb/1/2",
        "/ddb//",
        "/DDB",
        "/ddbx",
        "//ddb",
        "/insert/",
        "/health/1",
        "é\0",
        "/benchmarks/7/",
        "/benchmarks//report.md",
        "/benchmarks/7/8/report.md",
        "/benchmarks/7/other",
    ],
)
def test_another_path_is_not_found(path: str) -> None:
    assert_problem(ask("GET", path), "not-found", f"There is no {path}")


def test_a_long_path_is_not_repeated_in_full() -> None:
    assert len(ask("GET", "/" + "x" * 10_000).text) < 500
    assert len(ask("POST", "/ddb/" + "x" * 10_000).text) < 500


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/ddb", "GET, HEAD"),
        ("DELETE", "/ddb/1", "GET, HEAD"),
        ("OPTIONS", "/ddb/stats", "GET, HEAD"),
        ("get", "/ddb", "GET, HEAD"),
        ("PUT", "/snapshots", "GET, HEAD, POST"),
        ("GET", "/insert", "POST"),
        ("HEAD", "/insert", "POST"),
        ("PATCH", "/insert", "POST"),
        ("POST", "/command/health", "GET, HEAD"),
        ("TRACE", "/health", "GET, HEAD"),
        ("DELETE", "/benchmarks", "GET, HEAD, POST"),
        ("POST", "/benchmarks/trends", "GET, HEAD"),
        ("PUT", "/benchmarks/7/report.md", "GET, HEAD"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_told_those_it_has(method: str, path: str, allow: str) -> None:
    answer = ask(method, path)
    assert answer.headers["allow"] == allow
    if method == "HEAD":
        assert (answer.status, answer.text) == (405, "")
    else:
        assert_problem(answer, "method-not-allowed", f"{path} allows {allow}, got {method}")


@pytest.mark.parametrize(("method", "path"), [("POST", "/insert"), ("POST", "/snapshots"), ("GET", "/command/health")])
def test_what_the_other_function_answers_is_not_answered_here(method: str, path: str) -> None:
    assert ask(method, path).status == 405
    command = Router(
        "command", dict.fromkeys((name for _, _, function, name in ROUTES if function == COMMAND), echo), QUIET
    )
    assert Answer(command(event(method, path), None)).status == 200
    assert Answer(command(event("GET", "/ddb/1"), None)).status == 405


def test_an_operation_knows_how_long_it_may_take() -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 1500

    seen: list[float | None] = []

    def note(request: Request) -> Response:
        seen.append(request.remaining_s())
        return Response(200)

    router = Router("query", dict.fromkeys(QUERY_OPERATIONS, note), QUIET)
    for context in (Context(), None, object()):
        router(event("GET", "/ddb"), context)
    assert seen == [1.5, None, None]


@pytest.mark.parametrize("path", ["/ddb/1", "/ddb/é", "/nothing", "/snapshots"])
@pytest.mark.parametrize("accepted", [{}, {"accept-encoding": "gzip"}])
def test_head_is_get_without_the_body_but_with_its_length(path: str, accepted: dict[str, str]) -> None:
    head, get = (ROUTER(event(method, path, headers=accepted), None) for method in ("HEAD", "GET"))
    assert (head["statusCode"], head["body"]) == (get["statusCode"], "")
    assert head["headers"] == get["headers"] | {"content-length": str(len(sent(get)))}  # pyright: ignore[reportOperatorIssue] - a dictionary
    assert "isBase64Encoded" not in head


def test_head_of_what_the_client_has_already_has_no_length() -> None:
    router = Router("query", dict.fromkeys(QUERY_OPERATIONS, lambda _: Response(304, "", {"etag": '"1"'})), QUIET)
    head, get = (router(event(method, "/ddb"), None) for method in ("HEAD", "GET"))
    assert head == get == {"statusCode": 304, "headers": {"etag": '"1"', "vary": "accept-encoding"}, "body": ""}


@pytest.mark.parametrize("more", range(6))
def test_head_has_the_length_of_what_get_would_send_compressed(more: int) -> None:
    def answer(_: Request) -> Response:
        return Response(200, "".join(map(str, range(MIN_COMPRESSED + more))))

    router = Router("query", dict.fromkeys(QUERY_OPERATIONS, answer), QUIET)
    head, get = (router(event(method, "/ddb", headers={"accept-encoding": "gzip"}), None) for method in ("HEAD", "GET"))
    assert get["isBase64Encoded"] is True
    assert head == {
        "statusCode": 200,
        "headers": {"vary": "accept-encoding", "content-encoding": "gzip", "content-length": str(len(sent(get)))},
        "body": "",
    }


# Compression


def large(_: Request) -> Response:
    return Response(200, "é" * MIN_COMPRESSED, {"etag": 'W/"1"', "content-type": "text/plain; charset=utf-8"})


def small(_: Request) -> Response:
    return Response(200, "e" * (MIN_COMPRESSED - 1), {"vary": "accept, accept-encoding"})


SIZES = Router("query", dict.fromkeys(QUERY_OPERATIONS, large) | {"health": small}, QUIET)


def sent(answer: Mapping[str, Any]) -> bytes:
    """The bytes of the body, as the gateway sends them."""
    body: str = answer["body"]
    return base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()


def test_a_large_answer_is_compressed_where_that_is_accepted() -> None:
    answer = SIZES(event("GET", "/ddb", headers={"accept-encoding": "br, gzip"}), None)
    assert gzip.decompress(sent(answer)).decode() == "é" * MIN_COMPRESSED
    plain = SIZES(event("GET", "/ddb"), None)
    assert answer["headers"] == {**plain["headers"], "content-encoding": "gzip"}  # pyright: ignore[reportGeneralTypeIssues] - a dictionary
    assert plain == {
        "statusCode": 200,
        "headers": {"etag": 'W/"1"', "content-type": "text/plain; charset=utf-8", "vary": "accept-encoding"},
        "body": "é" * MIN_COMPRESSED,
    }


def test_the_same_answer_is_compressed_to_the_same_bytes() -> None:
    first, second = (SIZES(event("GET", "/ddb", headers={"accept-encoding": "gzip"}), None) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br", ""])
def test_a_large_answer_is_sent_as_it_is_where_gzip_is_not_accepted(accepted: str) -> None:
    answer = SIZES(event("GET", "/ddb", headers={"accept-encoding": accepted}), None)
    assert answer == SIZES(event("GET", "/ddb"), None)


def test_a_small_answer_is_sent_as_it_is() -> None:
    answer = SIZES(event("GET", "/health", headers={"accept-encoding": "gzip"}), None)
    assert sent(answer) == b"e" * (MIN_COMPRESSED - 1)
    assert answer["headers"] == {"vary": "accept, accept-encoding"}


def test_a_problem_becomes_problem_json() -> None:
    answer = ask("GET", "/snapshots")
    problem = assert_problem(answer, "conflict", "Not now")
    assert answer.headers["retry-after"] == "3"
    assert (problem["inserted"], problem["instance"]) == (1, "request-1")


def test_a_defect_is_logged_in_full_and_shown_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    answer = ask("GET", "/health")
    assert_problem(answer, "internal-error", "the log has the reason")
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "request-1" in record.getMessage()
    assert "ZeroDivisionError: secret" in caplog.text
    assert ask("HEAD", "/health").status == 500
