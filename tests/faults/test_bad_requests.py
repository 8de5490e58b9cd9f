"""Requests that are wrong in every way we could think of: the right 4xx in words, nothing stored, never a 500.

They are given as bytes to what turns HTTP into gateway events, so the functions get what the gateway would give them.
"""

from __future__ import annotations

import gzip
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from console.local import payload
from console.local.emulator import Emulator
from handlers.aws.dynamodb import make_client
from handlers.aws.table import create_table_arguments
from handlers.rows import MODEL
from tests.support.api import SOURCES, Answer, Api
from tests.support.drafts import UNKNOWN, VALUE, fields, refused
from tests.support.problems import assert_problem

JSON = {"content-type": "application/json"}
COUNT = "an integer from 1 to 1000"
INJECTIONS = (
    f"1; DROP TABLE {MODEL.sql_table}",
    "1' OR '1'='1",
    "1 UNION SELECT * FROM sqlite_master",
    "../../etc/passwd",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    '{"$gt": ""}',
    "attribute_exists(pk)",
    "%s%n%d",
    "\r\nset-cookie: a=b",
    "\0",
    "\u202e\U0001f4a9",
)


class Server:
    """Both functions behind the gateway's event form, with ten rows."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._api = Api(environ)
        self.bookmark: str = self._api.post("/insert", {"count": 10}).json["bookmark"]

    def __call__(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, query: str = ""
    ) -> Answer:
        listed = [(name.lower(), value) for name, value in (headers or {}).items()]
        request = payload.HttpRequest(method, path, query, "HTTP/1.1", listed, body, "127.0.0.1", 80)
        made = payload.event(request, "$default", "request-1")
        return Answer(self._api.function(made)(made, None))

    def insert(self, body: bytes, headers: Mapping[str, str] = JSON) -> Answer:
        return self("POST", "/insert", body, headers)

    def head(self) -> str:
        return self._api.get("/command/health").json["bookmark"]


@pytest.fixture(scope="module")
def filled(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    name = f"table-{uuid.uuid4()}"
    environ = {"TABLE_NAME": name, "EFS_DIR": str(folder), "TMP_DIR": str(folder / "tmp"), "CHECK_INTERVAL_MS": "0"}
    os.mkdir(folder / "tmp")
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in emulator.environment.items():
            patch.setenv(variable, value)
        client = make_client("")
        client.create_table(**create_table_arguments(name))  # pyright: ignore[reportArgumentType] - plain data
        yield Server(environ)
        client.close()


@pytest.fixture
def server(filled: Server) -> Iterator[Server]:
    yield filled
    assert filled.head() == filled.bookmark, "something was stored"


ITEM = json.dumps(fields()).encode()
NAME = next(iter(fields()))  # of a column


def number(text: str) -> bytes:
    """A row whose column of numbers is given as this text."""
    others = {name: given for name, given in fields().items() if name != VALUE}
    return b'{"%s": %s%s' % (
        VALUE.encode(),
        text.encode(),
        b", " * bool(others) + json.dumps(others).encode()[1:],
    )


# Bodies


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "Expecting property name"),
        (b'{"x": 1', "delimiter"),
        (ITEM + b"}", "Extra data"),
        (b"{'x': 1}", "Expecting property name"),
        (b"x=1", "Expecting value"),
        (b"<x/>", "Expecting value"),
        (b"\0", "Expecting value"),
        (ITEM + b"\0", "Extra data"),
        (number("NaN"), "NaN is not a JSON number"),
        (number("Infinity"), "Infinity is not a JSON number"),
        (number("-Infinity"), "-Infinity is not a JSON number"),
        (number("+1"), "Expecting value"),
        (number("01"), "delimiter"),
        (number("0x10"), "delimiter"),
        (number("1."), "delimiter"),
        (number("1_000"), "delimiter"),
        (number("٣"), "Expecting value"),
        (b'{"x": 1, "x": 2}', "stands twice"),
        (b'{"items": [{"x": 1, "x": 1}]}', "stands twice"),
        ("\ufeff{}".encode(), "BOM"),
        (ITEM.decode().encode("utf-16"), "can't decode"),
        (ITEM.decode().encode("utf-32-le"), "Expecting property name"),
        (b'{"x": "\xff"}', "can't decode"),
        (b'{"x": "\xc0\xaf"}', "can't decode"),
        (b'{"x": "\xed\xa0\x80"}', "can't decode"),
        (b'{"x": "\\ud800"}', "surrogates not allowed"),
        (b'{"\\udc00": 1}', "surrogates not allowed"),
        (gzip.compress(ITEM, mtime=0), "can't decode"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"items":' * 50_000, "nested too deeply"),
    ],
)
@pytest.mark.parametrize("path", ["/insert", "/snapshots"])
def test_a_body_that_is_not_json_is_malformed(server: Server, path: str, body: bytes, reason: str) -> None:
    assert_problem(server("POST", path, body, JSON), "malformed-request", "The body is not JSON", reason)


@pytest.mark.parametrize("depth", [10, 100, 300, 500, 700, 800, 850, 900, 920, 940, 960, 980, 1000, 5000, 30_000])
@pytest.mark.parametrize("shape", ["[", '{"a":'])
def test_depth_is_no_danger(server: Server, depth: int, shape: str) -> None:
    closing = "]" if shape == "[" else "}"
    deep = shape * depth + "1" + closing * depth
    for body in (f'{{"{NAME}": {deep}}}', f'{{"x": {deep}}}', f'{{"items": [{deep}]}}', f'{{"count": {deep}}}'):
        answer = server.insert(body.encode())
        assert answer.status in (400, 422)
        assert_problem(answer, "malformed-request" if answer.status == 400 else "invalid-content")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"x"', b"true", b"[1, 2]", b"1e999"])
@pytest.mark.parametrize("path", ["/insert", "/snapshots"])
def test_a_body_that_is_no_object_is_wrong(server: Server, path: str, body: bytes) -> None:
    assert_problem(server("POST", path, body, JSON), "invalid-content", "must be a JSON object")


@pytest.mark.parametrize("path", ["/insert", "/snapshots"])
def test_a_body_over_1_mb_is_too_large(server: Server, path: str) -> None:
    for body in (b" " * 1_000_001, b"\xff" * 1_000_001, b'{"x": "' + b"x" * 1_000_000 + b'"}'):
        assert_problem(server("POST", path, body, JSON), "content-too-large", str(len(body)), "1000000")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": ""},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/merge-patch+json"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json, application/json"},
        {"content-type": "application/jsonp"},
        {"content-type": "\xff"},
    ],
)
@pytest.mark.parametrize("path", ["/insert", "/snapshots"])
def test_another_content_type_is_not_supported(server: Server, path: str, headers: dict[str, str]) -> None:
    answer = server("POST", path, b"{}", headers)
    assert_problem(answer, "unsupported-media-type", "content-type", "application/json")


@pytest.mark.parametrize(
    "text",
    [
        "1e999",
        "-1e999",
        "1e126",
        "-1e126",
        "1e-131",
        "-1e-131",
        "5e-324",
        "9" * 127,
        "9" * 5000,
        "-" + "9" * 5000,
        "true",
        "false",
        "null",
        '"0.42"',
        '""',
        "[]",
        "[0.42]",
        "{}",
        '{"x": 1}',
        '"NaN"',
    ],
)
def test_a_value_that_cannot_be_stored_is_named_with_what_is_allowed(server: Server, text: str) -> None:
    (allowed,) = refused(fields() | {VALUE: None}).values()
    (error,) = assert_problem(server.insert(number(text)), "invalid-content", VALUE, allowed)["errors"]
    assert (error["field"], error["allowed"]) == (VALUE, allowed)
    assert error["got"]
    two = b'{"items": [%s, %s]}' % (ITEM, number(text))
    (error,) = assert_problem(server.insert(two), "invalid-content", f"items[1].{VALUE}")["errors"]
    assert (error["field"], error["allowed"]) == (f"items[1].{VALUE}", allowed)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (fields() | {UNKNOWN: 2}, ""),
        ({UNKNOWN: 1}, ""),
        (fields() | {"seq": 1, "id": "a"}, ""),
        (fields() | {"created_at": "2026-01-01T00:00:00Z"}, ""),
        ({name.title(): given for name, given in fields().items()}, ""),
        (fields() | {"": 1}, ""),
        ({}, "items[1]."),
        (fields() | {UNKNOWN: 1}, "items[1]."),
    ],
)
def test_every_field_that_the_data_model_refuses_is_named(server: Server, content: dict[str, Any], where: str) -> None:
    sent = {"items": [fields(), content]} if where else content
    assert_refused(server.insert(json.dumps(sent).encode()), refused(content, where))


def assert_refused(answer: Answer, expected: dict[str, str]) -> None:
    problem = assert_problem(answer, "invalid-content")
    assert {error["field"]: error["allowed"] for error in problem["errors"]} == expected
    first = problem["errors"][0]
    assert f"{first['field']}: got {first['got']}, allowed: {first['allowed']}" in problem["detail"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"count": 0}, {"count": COUNT}),
        ({"count": 1001}, {"count": COUNT}),
        ({"count": -1}, {"count": COUNT}),
        ({"count": 1.0}, {"count": COUNT}),
        ({"count": True}, {"count": COUNT}),
        ({"count": "5"}, {"count": COUNT}),
        ({"count": None}, {"count": COUNT}),
        ({"count": 10**300}, {"count": COUNT}),
        ({"count": 1, VALUE: 1}, {VALUE: "nothing beside count"}),
        ({"count": 1, "items": []}, {"items": "nothing beside count"}),
        ({"items": [fields()], VALUE: 1}, {VALUE: "nothing beside items"}),
        ({"items": []}, {"items": "an array of 1 to 1000 objects"}),
        ({"items": {}}, {"items": "an array of 1 to 1000 objects"}),
        ({"items": None}, {"items": "an array of 1 to 1000 objects"}),
        ({"items": "abc"}, {"items": "an array of 1 to 1000 objects"}),
        ({"items": [fields()] * 1001}, {"items": "an array of 1 to 1000 objects"}),
        ({"items": [1, None]}, {"items[0]": "an object", "items[1]": "an object"}),
    ],
)
def test_every_wrong_field_is_named_with_what_is_allowed(
    server: Server, content: object, expected: dict[str, str]
) -> None:
    assert_refused(server.insert(json.dumps(content).encode()), expected)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"full": 1}, {"full": "true or false"}),
        ({"full": "true"}, {"full": "true or false"}),
        ({"full": None}, {"full": "true or false"}),
        ({"new_epoch": 0}, {"new_epoch": "true or false"}),
        ({"full": True, "new_epoch": True}, {"full": "not together with new_epoch"}),
        (
            {"full": True, "new_epoch": True, "x": 1},
            {"x": "only full or new_epoch", "full": "not together with new_epoch"},
        ),
        ({"Full": True, "x": 1}, dict.fromkeys(("Full", "x"), "only full or new_epoch")),
    ],
)
def test_a_publication_that_is_wrong(server: Server, content: object, expected: dict[str, str]) -> None:
    problem = assert_problem(server("POST", "/snapshots", json.dumps(content).encode(), JSON), "invalid-content")
    assert {error["field"]: error["allowed"] for error in problem["errors"]} == expected


@pytest.mark.parametrize("text", INJECTIONS)
def test_injections_are_text(server: Server, text: str) -> None:
    for content in (fields() | {VALUE: text}, {text: 1}, {"count": text}, {"items": [{text: text}]}):
        assert_problem(server.insert(json.dumps(content).encode()), "invalid-content")


def test_many_long_wrong_fields_get_a_short_answer(server: Server) -> None:
    content = fields() | {"x" * 800 + str(index): "y" * 100 for index in range(1000)}
    answer = server.insert(json.dumps(content).encode())
    assert assert_problem(answer, "invalid-content")["detail"].endswith("(and 999 more)")
    assert len(answer.text) < 10_000


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é", "a\tb", "\x7f"])
def test_an_idempotency_key_that_cannot_be_one_is_malformed(server: Server, key: str) -> None:
    answer = server.insert(number("1"), {**JSON, "idempotency-key": key})
    (error,) = assert_problem(answer, "malformed-request", "Idempotency-Key")["errors"]
    assert (error["field"], error["allowed"]) == ("Idempotency-Key", "1 to 255 printable ASCII characters")


def test_what_looks_odd_but_is_right_is_stored(filled: Server) -> None:
    value = repr(fields()[VALUE])
    for body in (
        b"{}",
        b"",
        b" \r\n{\t}\n",
        number(value),
        number(" \t\r\n" + value),
        ITEM.replace(NAME.encode(), b"\\u%04x" % ord(NAME[0]) + NAME[1:].encode()),
        b'{"items": [%s]}' % ITEM,
    ):
        answer = filled.insert(body)
        assert answer.status == 201, body
        filled.bookmark = answer.json["bookmark"]


# Queries


@pytest.mark.parametrize(
    ("query", "field", "allowed"),
    [
        ("limit=0", "limit", "an integer from 1 to 1000"),
        ("limit=1001", "limit", "an integer from 1 to 1000"),
        ("limit=-1", "limit", "an integer from 1 to 1000"),
        ("limit=1e2", "limit", "an integer from 1 to 1000"),
        ("limit=%D9%A3", "limit", "an integer from 1 to 1000"),
        ("limit=" + "9" * 5000, "limit", "an integer from 1 to 1000"),
        ("limit=+5", "limit", "an integer from 1 to 1000"),
        ("limit", "limit", "a value that is not blank"),
        ("limit=", "limit", "a value that is not blank"),
        ("limit=1&limit=1", "limit", "this parameter once"),
        ("limit=1&%6Cimit=1", "limit", "this parameter once"),
        ("Limit=1", "Limit", "only limit"),
        ("offset=1", "offset", "only limit"),
        ("=1", "", "only limit"),
        ("limit[]=1", "limit[]", "only limit"),
        ("order=newest", "order", "asc or desc"),
        ("order=ASC", "order", "asc or desc"),
        ("min_value=NaN", "min_value", "a finite decimal number"),
        ("min_value=Infinity", "min_value", "a finite decimal number"),
        ("min_value=1e999", "min_value", "a finite decimal number"),
        ("max_value=true", "max_value", "a finite decimal number"),
        ("max_value=1,5", "max_value", "a finite decimal number"),
        ("max_value=" + "9" * 5000, "max_value", "a finite decimal number"),
        ("min_value=2&max_value=1", "min_value", "at most max_value"),
        ("from=yesterday", "from", "RFC 3339"),
        ("from=2026-01-01", "from", "RFC 3339"),
        ("from=2026-01-01T00:00:00", "from", "RFC 3339"),
        ("from=2026-01-01T00:00:00+01:00", "from", "%2B"),
        ("to=2026-02-30T00:00:00Z", "to", "RFC 3339"),
        ("to=9999-12-31T23:59:59-00:01", "to", "RFC 3339"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from", "at most to"),
        ("as_of=1", "as_of", "<epoch>.<seq>"),
        ("as_of=newest", "as_of", "<epoch>.<seq>"),
        ("as_of=01.1", "as_of", "<epoch>.<seq>"),
        ("as_of=1." + "9" * 30, "as_of", "<epoch>.<seq>"),
        ("fresh=true", "fresh", "1"),
        ("fresh=0", "fresh", "1"),
        ("cursor=abc", "cursor", "a cursor from `next`"),
        ("cursor=1.2.3.4", "cursor", "a cursor from `next`"),
        ("cursor=%00", "cursor", "a cursor from `next`"),
        ("cursor=" + "9." * 3000, "cursor", "a cursor from `next`"),
    ],
)
@pytest.mark.parametrize("source", SOURCES)
def test_a_wrong_parameter_is_named_with_what_is_allowed(
    server: Server, source: str, query: str, field: str, allowed: str
) -> None:
    answer = server("GET", source, query=query)
    (error,) = assert_problem(answer, "malformed-request", allowed)["errors"]
    assert error["field"] == field
    assert allowed in error["allowed"]
    assert len(answer.text) < 1000


@pytest.mark.parametrize("query", ["limit=%", "limit=%1", "limit=%GG", "%FF=1", "limit=%C0%AF", "limit=%ED%A0%80"])
def test_a_query_that_is_not_percent_encoded_utf_8_is_malformed(server: Server, query: str) -> None:
    for path in (*SOURCES, "/ddb/stats", "/sqlite-efs/x", "/snapshots", "/health", "/openapi.json", "/command/health"):
        assert_problem(server("GET", path, query=query), "malformed-request", "percent-encoded UTF-8")
    for path in ("/insert", "/snapshots"):
        assert_problem(server("POST", path, query=query), "malformed-request", "percent-encoded UTF-8")


def test_a_write_takes_no_parameters(server: Server) -> None:
    for path in ("/insert", "/snapshots"):
        answer = server("POST", path, number("1"), JSON, f"{VALUE}=1")
        (error,) = assert_problem(answer, "malformed-request")["errors"]
        assert error == {"field": VALUE, "got": '"1"', "allowed": "no parameters"}


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("source", SOURCES)
def test_injections_are_just_wrong_parameters_and_unknown_rows(server: Server, source: str, text: str) -> None:
    encoded = "".join(f"%{byte:02x}" for byte in text.encode())
    for name in ("limit", "order", "min_value", "max_value", "from", "to", "cursor"):
        assert_problem(server("GET", source, query=f"{name}={encoded}"), "malformed-request", name)
    answer = server("GET", f"{source}/{text}")
    assert_problem(answer, "not-found")
    assert "\n" not in "".join(answer.headers.values())


@pytest.mark.parametrize(
    "bookmark",
    [
        "",
        "1",
        "1.2.3",
        "-1.2",
        "1.-2",
        "a.b",
        "01.2",
        "9" * 400 + ".1",
        "1." + "9" * 400,
        "٣.1",
        "1.1,1.1",
        "\0",
        "1.1;",
    ],
)
@pytest.mark.parametrize("source", SOURCES)
def test_a_forged_min_bookmark_is_malformed(server: Server, source: str, bookmark: str) -> None:
    answer = server("GET", source, headers={"min-bookmark": bookmark})
    (error,) = assert_problem(answer, "malformed-request", "Min-Bookmark", "<epoch>.<seq>")["errors"]
    assert error["field"] == "Min-Bookmark"


@pytest.mark.parametrize("source", SOURCES)
def test_a_cursor_that_was_tampered_with_is_malformed(server: Server, source: str) -> None:
    cursor: str = server("GET", source, query="limit=3").json["next"]
    epoch, seq, after, digest = cursor.split(".")
    forged = [f"{epoch}.{seq}.{wrong}.{digest}" for wrong in ("0", str(int(seq) + 1), "-1", "1e1", "", "9" * 30, "a")]
    forged += [f"{wrong}.{seq}.{after}.{digest}" for wrong in ("", "x", "-1", "0" + epoch, "9" * 17)]
    forged += [f"{epoch}.{seq}.{after}.{digest[::-1]}", cursor[:-1], cursor + "a", cursor.upper(), cursor * 2]
    for text in forged:
        if text != cursor:
            assert_problem(server("GET", source, query=f"cursor={text}"), "malformed-request", "cursor")
    older = f"{int(epoch) - 1}.{seq}.{after}.{digest}"
    assert_problem(server("GET", source, query=f"cursor={older}"), "epoch-replaced", f"{int(epoch) - 1}.{seq}")


@pytest.mark.parametrize(
    "path", ["/x", "//", "/insert/", "/sqlite-efs//", "/ddb/a/b", "/%00", "/\ufffd", "/" + "x" * 8000]
)
def test_another_path_is_not_found(server: Server, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert_problem(server(method, path, b"{}", JSON), "not-found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "post"])
def test_a_wrong_method_stores_nothing(server: Server, method: str) -> None:
    answer = server(method, "/insert", number("1"), JSON)
    assert_problem(answer, "method-not-allowed", method)
    assert answer.headers["allow"] == "POST"
