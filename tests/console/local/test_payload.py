from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from console.local import payload


def request(**changes: Any) -> payload.HttpRequest:
    fields: dict[str, Any] = {
        "method": "GET",
        "path": "/a b",
        "query": "",
        "protocol": "HTTP/1.1",
        "headers": [("host", "localhost:8787")],
        "body": b"",
        "client": "127.0.0.9",
        "port": 8787,
    }
    return payload.HttpRequest(**fields | changes)


def event(**changes: Any) -> dict[str, Any]:
    return payload.event(request(**changes), "$default", "id-1")


def with_type(content_type: str, body: bytes) -> dict[str, Any]:
    return event(headers=[("content-type", content_type)], body=body)


def test_optional_keys_are_absent_when_there_is_nothing_to_say() -> None:
    assert set(event()) == {
        "version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded",
    }  # fmt: skip
    assert event()["isBase64Encoded"] is False


def test_repeated_headers_are_joined_with_commas() -> None:
    assert event(headers=[("x-tag", "a"), ("accept", "*/*"), ("x-tag", "b, c")])["headers"]["x-tag"] == "a,b, c"


def test_cookies_leave_the_headers() -> None:
    got = event(headers=[("cookie", "a=1; b=2"), ("cookie", "c=3")])
    assert got["cookies"] == ["a=1", "b=2", "c=3"]
    assert "cookie" not in got["headers"]


def test_framing_headers_are_the_gateways_own() -> None:
    headers = [("connection", "close"), ("transfer-encoding", "chunked")]
    got = event(headers=headers, body=b"12345")["headers"]
    assert got["content-length"] == "5"
    assert not {"connection", "transfer-encoding"} & set(got)


def test_query_parameters_are_decoded_and_joined_and_the_raw_string_is_kept() -> None:
    got = event(query="a=1&a=%C3%BC+x&blank=&bare")
    assert got["rawQueryString"] == "a=1&a=%C3%BC+x&blank=&bare"
    assert got["queryStringParameters"] == {"a": "1,ü x", "blank": "", "bare": ""}


def test_the_client_is_appended_to_forwarded_for() -> None:
    assert event()["headers"]["x-forwarded-for"] == "127.0.0.9"
    got = event(headers=[("x-forwarded-for", "10.1.1.1"), ("x-amzn-trace-id", "Root=1-a-b")])["headers"]
    assert got["x-forwarded-for"] == "10.1.1.1, 127.0.0.9"
    assert got["x-amzn-trace-id"] == "Root=1-a-b"


def test_every_request_gets_a_trace_id_and_says_how_it_came() -> None:
    headers = event()["headers"]
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", headers["x-amzn-trace-id"])
    assert (headers["x-forwarded-port"], headers["x-forwarded-proto"]) == ("8787", "http")


@pytest.mark.parametrize(
    ("host", "domain", "prefix"),
    [("localhost:8787", "localhost", "localhost"), ("api.example.com", "api.example.com", "api"), (None, "", "")],
)
def test_domain_is_the_host_without_its_port(host: str | None, domain: str, prefix: str) -> None:
    context = event(headers=[("host", host)] if host else [])["requestContext"]
    assert (context["domainName"], context["domainPrefix"]) == (domain, prefix)


def test_context_tells_the_same_time_twice() -> None:
    context = event()["requestContext"]
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["time"])
    assert context["time"].endswith(f":{context['timeEpoch'] // 1000 % 60:02} +0000")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/csv",
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/javascript",
        "application/xml",
        "application/problem+json",
        "image/svg+xml",
    ],
)
def test_text_types_arrive_as_text(content_type: str) -> None:
    got = with_type(content_type, "grün".encode())
    assert (got["body"], got["isBase64Encoded"]) == ("grün", False)


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/octet-stream", "x", ""])
def test_other_types_arrive_as_base64(content_type: str) -> None:
    got = with_type(content_type, b"a=1")
    assert (got["body"], got["isBase64Encoded"]) == (base64.b64encode(b"a=1").decode(), True)


def test_text_that_is_not_utf_8_arrives_as_base64() -> None:
    got = with_type("application/json", b"\xff\x00")
    assert (got["body"], got["isBase64Encoded"]) == ("/wA=", True)


def test_a_full_answer_becomes_a_response() -> None:
    answer = {
        "statusCode": 201,
        "headers": {"ETag": '"1.2"', "Content-Type": "image/png", "Content-Length": "99", "X-Count": 3},
        "cookies": ["a=1", "b=2"],
        "body": base64.b64encode(b"\x89PNG").decode(),
        "isBase64Encoded": True,
    }
    assert payload.response(answer) == payload.HttpResponse(
        201,
        [
            ("etag", '"1.2"'),
            ("content-type", "image/png"),
            ("x-count", "3"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ],
        b"\x89PNG",
    )


def test_the_length_of_a_body_that_is_left_out_is_kept() -> None:
    answer = {"statusCode": 200, "headers": {"Content-Length": "99", "Connection": "close"}}
    assert payload.response(answer).headers == [("content-length", "99")]


def test_a_body_without_a_type_is_plain_text() -> None:
    plain = [("content-type", "text/plain; charset=utf-8")]
    assert payload.response({"statusCode": 200, "body": "ü"}) == payload.HttpResponse(200, plain, "ü".encode())
    assert payload.response({"statusCode": 204}) == payload.HttpResponse(204, [], b"")
    assert payload.response({"statusCode": 200, "body": None}) == payload.HttpResponse(200, [], b"")


@pytest.mark.parametrize(
    ("answer", "body"),
    [({"message": "hi"}, b'{"message": "hi"}'), ("hi", b"hi"), (None, b"null"), ([1, 2], b"[1, 2]"), (7, b"7")],
)
def test_an_answer_without_a_status_is_taken_for_the_body(answer: object, body: bytes) -> None:
    assert payload.response(answer) == payload.HttpResponse(200, [("content-type", "application/json")], body)


@pytest.mark.parametrize(
    "fields",
    [
        {"statusCode": "200"},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": None},
        {"headers": ["a"]},
        {"cookies": {"a": "1"}},
        {"body": {"a": 1}},
        {"body": "%", "isBase64Encoded": True},
        {"body": "a", "isBase64Encoded": True},
    ],
)
def test_malformed_answers_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(payload.MalformedAnswer):
        payload.response({"statusCode": 200, **fields})
