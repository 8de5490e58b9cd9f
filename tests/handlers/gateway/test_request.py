from __future__ import annotations

import base64
import json
import string
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.problem import Problem
from handlers.gateway.body import MAX_BODY_BYTES
from handlers.gateway.request import Request
from handlers.gateway.response import Response
from tests.support.api import Answer, Api, event
from tests.support.problems import assert_problem

EVENTS = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def parameters(raw_query: str, *allowed: str) -> dict[str, str]:
    return Request(event("GET", "/", raw_query=raw_query)).parameters(allowed)


def json_object(body: str | bytes, content_type: str = "application/json") -> dict[str, object]:
    """The body as the gateway hands it over: text where it is, base64 where it has to be."""
    made = event("POST", "/insert", headers={"content-type": content_type})
    if isinstance(body, bytes):
        made |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    else:
        made["body"] = body
    return Request(made).json_object()


def problem_of(body: str | bytes, content_type: str = "application/json") -> Problem:
    with pytest.raises(Problem) as caught:
        json_object(body, content_type)
    return caught.value


def refused(raw_query: str, *allowed: str) -> list[dict[str, str]]:
    with pytest.raises(Problem) as caught:
        parameters(raw_query, *allowed)
    assert caught.value.kind == "malformed-request"
    return caught.value.errors


def test_a_request_is_read_from_the_event() -> None:
    request = Request(event("PUT", "/there", headers={"prefer": "x"}))
    assert (request.method, request.path, request.request_id) == ("PUT", "/there", "request-1")
    assert (request.headers, request.path_parameters) == ({"prefer": "x"}, {})


def test_what_an_event_may_leave_out_is_not_needed() -> None:
    request = Request({"rawPath": "/", "requestContext": {"http": {"method": "GET"}}, "headers": None})
    assert (request.request_id, request.headers) == ("", {})
    assert request.parameters(()) == {}
    assert request.json_object() == {}


def test_a_response_becomes_the_gateways_dictionary() -> None:
    assert Response(201, "text", {"etag": "1"}).to_event() == {
        "statusCode": 201,
        "headers": {"etag": "1"},
        "body": "text",
    }
    assert Response(304).to_event() == {"statusCode": 304, "headers": {}, "body": ""}


@pytest.mark.parametrize(
    ("raw_query", "found"),
    [
        ("", {}),
        ("&", {}),
        ("a=1&&b=2&", {"a": "1", "b": "2"}),
        ("a=1=2", {"a": "1=2"}),
        ("a=x+y%2Bz", {"a": "x y+z"}),
        ("%61=%C3%A9%e2%82%ac", {"a": "é€"}),
        ("a=%00", {"a": "\0"}),
        ("a=é%41", {"a": "éA"}),
    ],
)
def test_parameters_are_decoded(raw_query: str, found: dict[str, str]) -> None:
    assert parameters(raw_query, "a", "b") == found


@given(TEXT.filter(bool), st.sampled_from([quote, quote_plus]))
def test_any_text_survives_percent_encoding(text: str, encode: Any) -> None:
    assert parameters(f"a={encode(text, safe='')}", "a") == {"a": text}


@given(st.text(string.printable + "%é"))
def test_no_query_is_more_than_a_problem(raw_query: str) -> None:
    try:
        assert set(parameters(raw_query, "a", "b")) <= {"a", "b"}
    except Problem as problem:
        assert problem.status == 400


@pytest.mark.parametrize(
    "raw_query",
    [
        "a=%",
        "a=%4",
        "a=%zz",
        "a=%-1",
        "a=%+1",
        "a=% 1",
        "a=%1+",
        "a=%1_",
        "a=%0x",
        "a=%٣1",
        "a=%FF",
        "a=%ED%A0%80",
        "%C3=1",
        "a=%%",
    ],
)
def test_a_broken_escape_is_an_error(raw_query: str) -> None:
    with pytest.raises(Problem, match=r"^The query is not percent-encoded UTF-8$") as caught:
        parameters(raw_query, "a")
    assert caught.value.status == 400


def test_every_wrong_parameter_is_named() -> None:
    assert refused("a=1&x=2&a=3&b=&c", "a", "b", "c") == [
        {"field": "x", "got": '"2"', "allowed": "only a, b, c"},
        {"field": "a", "got": '"3"', "allowed": "this parameter once"},
        {"field": "b", "got": '""', "allowed": "a value that is not blank"},
        {"field": "c", "got": '""', "allowed": "a value that is not blank"},
    ]
    asked = Request(event("GET", "/x", raw_query="a=1&x=2&a=3&b=&c&d=4"))
    known, errors = asked.checked_parameters(("a", "b", "c", "d"))
    assert (known, [error["field"] for error in errors]) == ({"d": "4"}, ["x", "a", "b", "c"])
    assert refused("=1") == [{"field": "", "got": '"1"', "allowed": "no parameters"}]


@pytest.mark.parametrize("body", ["", " \r\n\t", b"", b"  "])
@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json"])
def test_an_empty_body_is_an_empty_object_whatever_its_type(body: str | bytes, content_type: str) -> None:
    assert json_object(body, content_type) == {}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        " application/json ; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
    ],
)
def test_json_in_utf_8_is_read(content_type: str) -> None:
    assert json_object('{"a": "é"}', content_type) == {"a": "é"}
    assert json_object('{"a": "é"}'.encode(), content_type) == {"a": "é"}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "application/json; a=b",
    ],
)
def test_another_media_type_is_not_supported(content_type: str) -> None:
    problem = problem_of("{}", content_type)
    detail = f"content-type: got {json.dumps(content_type)}, allowed: application/json in UTF-8"
    assert (problem.kind, problem.detail) == ("unsupported-media-type", detail)


def test_a_body_without_a_content_type_is_not_guessed_at() -> None:
    with pytest.raises(Problem, match=r"^content-type: got null, allowed: application/json in UTF-8$") as caught:
        Request(event("POST", "/insert", "{}")).json_object()
    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "Expecting property name"),
        ("{'a': 1}", "Expecting property name"),
        ('{"a": 1,}', "line 1"),
        ('{"a": 1} 2', "Extra data"),
        ('{"a": 01}', "Expecting ',' delimiter"),
        ('{"a": +1}', "Expecting value"),
        ('{"a": .5}', "Expecting value"),
        ('{"a": "\n"}', "Invalid control character"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": [Infinity]}', "Infinity is not a JSON number"),
        ("-Infinity", "-Infinity is not a JSON number"),
        ('{"a": 1, "a": 1}', "a name stands twice in one object"),
        ('{"a": {"b": 1, "c": 2, "b": 1}}', "a name stands twice in one object"),
        ("\ufeff{}", "BOM"),
        ("\0", "Expecting value"),
        (b"\xff\xfe{\x00}\x00", "can't decode"),
        (b'{"a": "\xe9"}', "can't decode"),
        (b'{"a": "\xed\xa0\x80"}', "can't decode"),
        ('{"a": "\ud800"}', "can't decode"),
        ('{"a": "\\ud800"}', "surrogates not allowed"),
        ('{"\\udfff": 1}', "surrogates not allowed"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_malformed(body: str | bytes, reason: str) -> None:
    problem = problem_of(body)
    assert problem.kind == "malformed-request"
    assert problem.detail.startswith("The body is not JSON: ")
    assert reason in problem.detail


@pytest.mark.parametrize("body", ["[]", "1", "null", "true", '"a"', '[{"a": 1}]'])
def test_json_that_is_no_object_is_wrong(body: str) -> None:
    assert (problem_of(body).kind, problem_of(body).detail) == ("invalid-content", "The body must be a JSON object")


def test_escapes_of_whole_characters_are_fine() -> None:
    assert json_object('{"a": "\\ud83d\\ude00 \\u00e9 \\\\ud800"}') == {"a": "\U0001f600 é \\ud800"}


def test_integers_of_any_length_are_numbers() -> None:
    assert json_object(f'{{"a": -0, "b": {"9" * 400}, "c": -{"9" * 5000}}}') == {
        "a": 0,
        "b": int("9" * 400),
        "c": float("-inf"),
    }


def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not() -> None:
    fits = '{"a": "' + "x" * (MAX_BODY_BYTES - 9) + '"}'
    assert len(json_object(fits)) == 1
    assert len(json_object(fits.encode())) == 1
    for body in (fits + " ", fits.encode() + b" "):
        assert problem_of(body).kind == "content-too-large"
    assert problem_of(fits + " ").detail == "The body has 1000001 bytes, allowed are 1000000"
    # Bytes count, not characters.
    assert problem_of('{"a": "' + "é" * (MAX_BODY_BYTES // 2) + '"}').kind == "content-too-large"


def test_a_body_that_is_not_the_base64_it_should_be_is_malformed() -> None:
    broken = event("POST", "/insert", "a", {"content-type": "application/json"}) | {"isBase64Encoded": True}
    with pytest.raises(Problem, match=r"^The body is not base64") as caught:
        Request(broken).json_object()
    assert caught.value.status == 400


@given(st.binary(max_size=200))
def test_no_body_is_more_than_a_problem(body: bytes) -> None:
    try:
        json_object(body)
    except Problem as problem:
        assert problem.status in (400, 422)


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_recorded_events_of_the_gateway_are_answered(path: Path, api: Api) -> None:
    recorded = json.loads(path.read_text())
    answer = Answer(api.function(recorded)(recorded, None))
    if path.stem == "head":
        assert (answer.status, answer.text) == (200, "")
    elif path.stem == "post-binary":
        assert_problem(answer, "unsupported-media-type", "content-type")
    else:
        kind, name, got = {
            "get": ("malformed-request", "tag", '"a"'),
            "post-json": ("invalid-content", "note", '"gr\\u00fcn"'),
        }[path.stem]
        problem = assert_problem(answer, kind, name, got)
        assert problem["instance"] == recorded["requestContext"]["requestId"]


@pytest.mark.parametrize(
    ("authorizer", "is_somebodys"),
    [
        (None, False),
        ({}, False),
        ({"iam": {"userId": "me"}}, True),
        ({"jwt": {"claims": {}}}, True),
        ({"lambda": {"session": "1", "tenant": "acme", "scopes": "read"}}, True),
        ({"lambda": {"edge": "yes"}}, False),
        ({"lambda": None}, False),
    ],
    ids=repr,
)
def test_a_request_is_somebodys_where_the_gateway_knows_whose(authorizer: object, is_somebodys: bool) -> None:
    made = event("GET", "/")
    made["requestContext"]["authorizer"] = authorizer
    assert Request(made).is_authorized is is_somebodys


def test_an_address_and_cookies_are_there_where_the_gateway_tells_them() -> None:
    made = event("GET", "/")
    assert (Request(made).source_ip(), Request(made).cookies()) == ("", [])
    made["requestContext"]["http"]["sourceIp"] = "198.51.100.7"
    made["cookies"] = ["a=b", "c=d"]
    assert (Request(made).source_ip(), Request(made).cookies()) == ("198.51.100.7", ["a=b", "c=d"])
