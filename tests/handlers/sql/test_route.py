"""POST /sqlite-efs/sql and POST /sqlite-tmp/sql."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers import query
from handlers.domain.bookmark import Bookmark
from handlers.routes import SQL_SOURCES
from handlers.rows import MODEL
from tests.support.api import Answer, Api, Context, event
from tests.support.drafts import items
from tests.support.problems import assert_problem

ANY_SOURCE = pytest.mark.parametrize("source", [f"/{source}" for source in SQL_SOURCES])
TABLE = MODEL.table
COUNTED = {"sql": f"SELECT count(*) AS n FROM {TABLE}"}


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.reads.reader.WAIT_S", 0.0)


def post(api: Api, source: str, content: dict[str, Any], raw_query: str = "", **headers: str) -> Answer:
    named = {"content-type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return api("POST", f"{source}/sql", json.dumps(content), named, raw_query)


@ANY_SOURCE
def test_a_statement_over_the_snapshot(api: Api, source: str) -> None:
    inserted = api.post("/insert", {"items": items(5)}).json
    sql = f"SELECT seq, id FROM {TABLE} WHERE seq > ? ORDER BY seq DESC"
    answer = post(api, source, {"sql": sql, "parameters": [1], "limit": 2})
    content = answer.json
    assert answer.status == 200, answer.text
    assert (content["source"], content["bookmark"]) == (source[1:], inserted["bookmark"])
    assert content["columns"] == ["seq", "id"]
    assert content["rows"] == [[5, inserted["ids"][4]], [4, inserted["ids"][3]]]
    assert (content["count"], content["truncated"]) == (2, True)
    assert content["timings_ms"]["total"] > 0
    assert content["consumed"]["billed_ms"] >= 1
    assert ("copy" in content) == (source == "/sqlite-tmp")
    assert answer.headers["snapshot-bookmark"] == inserted["bookmark"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert {"server-timing", "consumed"} <= answer.headers.keys()


@ANY_SOURCE
def test_as_of_a_bookmark_and_before_the_first_row(api: Api, source: str) -> None:
    assert post(api, source, COUNTED).json["rows"] == [[0]]
    first = api.post("/insert", {"count": 3}).json["bookmark"]
    api.post("/insert", {"count": 4})
    epoch = Bookmark.parse(first).epoch
    for seq in (0, 2, 3, 5, 7):
        answer = post(api, source, COUNTED, f"as_of={epoch}.{seq}")
        assert (answer.json["bookmark"], answer.json["rows"]) == (f"{epoch}.{seq}", [[seq]])
    assert post(api, source, COUNTED, "as_of=0.0").json["rows"] == [[0]]


@ANY_SOURCE
@pytest.mark.usefixtures("no_waiting")
def test_a_bookmark_is_waited_for_or_refused(api: Api, source: str) -> None:
    known = Bookmark.parse(api.post("/insert", {"count": 3}).json["bookmark"])
    ahead, other = f"{known.epoch}.4", f"{known.epoch - 1}.1"
    assert post(api, source, COUNTED, min_bookmark=str(known)).json["rows"] == [[3]]
    for asked in ({"min_bookmark": ahead}, {"raw_query": f"as_of={ahead}"}):
        assert_problem(post(api, source, COUNTED, **asked), "not-there-yet", ahead)
    for asked in ({"min_bookmark": other}, {"raw_query": f"as_of={other}"}):
        assert_problem(post(api, source, COUNTED, **asked), "epoch-replaced", other)


@ANY_SOURCE
def test_all_that_is_wrong_with_a_request_is_said_at_once(api: Api, source: str) -> None:
    answer = post(api, source, {"sql": 1, "limit": 0}, "as_of=x&limit=3", min_bookmark="y")
    errors = assert_problem(answer, "malformed-request")["errors"]
    assert [error["field"] for error in errors] == ["Min-Bookmark", "limit", "as_of", "sql", "limit"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (None, "malformed-request"),
        ("{", "malformed-request"),
        ('{"sql": "SELECT \\ud800"}', "malformed-request"),
        ('{"sql": "SELECT ?", "parameters": ["\\ud800"]}', "malformed-request"),
        ('{"sql": "SELECT ?", "parameters": [NaN]}', "malformed-request"),
        ('{"sql": "SELECT ?", "parameters": [1e999]}', "malformed-request"),
        ("[]", "invalid-content"),
    ],
)
def test_a_body_that_is_none(api: Api, body: str | None, kind: str) -> None:
    assert_problem(api("POST", "/sqlite-efs/sql", body, {"content-type": "application/json"}), kind)


def test_wrong_forbidden_and_dear_statements_have_problems_of_their_own(api: Api) -> None:
    wrong = assert_problem(post(api, "/sqlite-efs", {"sql": "SELECT\n1 FORM x y"}), "wrong-sql", 'near "', "line 2")
    assert (wrong["line"], wrong["column"] > 1) == (2, True)
    assert_problem(post(api, "/sqlite-efs", {"sql": "PRAGMA user_version"}), "forbidden", "PRAGMA", TABLE)
    dear = assert_problem(post(api, "/sqlite-efs", {"sql": "SELECT zeroblob(3000000)"}), "too-expensive", "500000")
    assert (dear["rows"], dear["vm_steps"]) == (0, 0)
    assert dear["spent_ms"] >= 0


def test_a_statement_ends_before_the_function_does(api: Api) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT count(*) FROM n"
    made = event("POST", "/sqlite-efs/sql", json.dumps({"sql": endless}), {"content-type": "application/json"})
    answer = Answer(api.function(made)(made, Context(1.0)))
    assert_problem(answer, "too-expensive", "more than 0 s")


@ANY_SOURCE
def test_where_it_is_off_every_statement_is_refused(environ: dict[str, str], source: str) -> None:
    handler = query.make_handler({**environ, "SQL": "off"})
    made = event("POST", f"{source}/sql", json.dumps(COUNTED), {"content-type": "application/json"})
    assert_problem(Answer(handler(made, None)), "forbidden", "the stack's setting sql is off")


def test_only_statements_are_posted_and_only_on_the_paths_of_sqlite(api: Api) -> None:
    assert assert_problem(api.get("/sqlite-efs/sql"), "method-not-allowed", "allows POST")
    assert_problem(api.post("/ddb/sql", COUNTED), "method-not-allowed")  # there it is a row's id


def test_one_function_answers_many_statements(api: Api) -> None:
    api.post("/insert", {"count": 2})
    for _ in range(3):
        assert post(api, "/sqlite-tmp", COUNTED).json["rows"] == [[2]]
    assert api.get("/sqlite-tmp").json["count"] == 2
