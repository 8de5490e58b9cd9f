from __future__ import annotations

import json
from contextlib import closing
from typing import Any, cast

import psycopg
import pytest

from handlers import relational
from handlers.postgres.connection import Database
from handlers.projector import make_handler
from handlers.routes import COMMAND, PROJECTOR, QUERY, RELATIONAL, ROUTES, SOURCES, SQL_SOURCES
from handlers.settings import relational_settings
from infra.rollout.calls import TrialCall, calls_of
from tests.support.api import Answer, Api, Context

TESTS = calls_of()
GATEWAY_CALLS = [(str(call.event["routeKey"]), call) for name in (COMMAND, QUERY) for call in TESTS[name]]


@pytest.mark.parametrize("has_rows", [False, True], ids=["empty", "with rows"])
@pytest.mark.parametrize("call", [call for _, call in GATEWAY_CALLS], ids=[key for key, _ in GATEWAY_CALLS])
def test_a_function_answers_its_test_and_says_nothing_of_any_row(api: Api, call: TrialCall, has_rows: bool) -> None:
    if has_rows:
        api.post("/insert", {"count": 3})
    answer = Answer(api.function(call.event)(call.event, None))
    assert answer.status in call.statuses
    assert answer.text == "" or "errors" in answer.json


def test_what_is_refused_says_why_and_writes_nothing(api: Api) -> None:
    bookmark = api.post("/insert", {"count": 3}).json["bookmark"]
    refused = {key: call for key, call in GATEWAY_CALLS if key.startswith("POST ")}
    answers = {key: Answer(api.function(call.event)(call.event, None)) for key, call in refused.items()}
    told = {
        key: (answer.status, [error["field"] for error in answer.json["errors"]]) for key, answer in answers.items()
    }
    assert told == {"POST /insert": (422, ["items"])} | {
        f"POST /{source}/sql": (400, ["sql"]) for source in SQL_SOURCES
    }
    epoch, _, rows = bookmark.partition(".")
    assert api.post("/insert", {"count": 1}).json["bookmark"] == f"{epoch}.{int(rows) + 1}"


def test_a_statement_is_refused_at_once_where_sql_is_off(environ: dict[str, str]) -> None:
    api = Api(environ | {"SQL": "off"})
    calls = [call for key, call in GATEWAY_CALLS if key.endswith("/sql")]
    answers = [Answer(api.function(call.event)(call.event, None)) for call in calls]
    assert [answer.status for answer in answers] == [403] * len(SQL_SOURCES)
    assert all(403 in call.statuses for call in calls)


@pytest.mark.parametrize("has_rows", [False, True], ids=["empty", "with rows"])
def test_the_projector_does_its_test(environ: dict[str, str], api: Api, has_rows: bool) -> None:
    if has_rows:
        api.post("/insert", {"count": 3})
    (call,) = TESTS[PROJECTOR]
    assert make_handler(environ)(call.event, Context())["is_right"] is True


@pytest.mark.parametrize("has_rows", [False, True], ids=["empty", "with rows"])
def test_a_version_whose_own_home_nobody_has_fed_does_its_tests(
    environ: dict[str, str], api: Api, database_url: str, has_rows: bool
) -> None:
    if has_rows:
        api.post("/insert", {"count": 3})
    given = environ | {"POSTGRES": "on", "DATABASE_URL": database_url, "DATABASE_AUTH": "trust"}
    settings = relational_settings(given)
    with closing(Database(settings)) as database:
        function = relational.Relational(database, settings)
        first, *reads = TESTS[RELATIONAL]
        if has_rows:
            _leave_the_home_to_other_code(database_url)
            assert {Answer(function(call.event, Context())).status for call in reads} == {503}
        assert cast("dict[str, Any]", function(first.event, Context()))["quick"]["is_right"] is True
        answers = [Answer(function(call.event, Context())) for call in reads]
    assert [(answer.status, answer.text) for answer in answers] == [(200, "")] * len(reads)


def _leave_the_home_to_other_code(url: str) -> None:
    """Have a home of another form of the rows live, as before a change of the data model."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO home (schema_version, epoch, seq, hash, stats, is_live) VALUES (-1, 1, 0, '0', '{}', true)"
        )


def test_every_path_is_read_and_nothing_is_written() -> None:
    asked = {key for key, _ in GATEWAY_CALLS}
    assert asked >= {f"HEAD /{source}{more}" for source in SOURCES for more in ("", "/stats")}
    there = {(f"{'HEAD' if verb == 'GET' else verb} {path}", function) for verb, path, function, _ in ROUTES}
    assert {(str(call.event["routeKey"]), name) for name in (COMMAND, QUERY) for call in TESTS[name]} <= there


def test_the_machine_knows_events_and_statuses_as_json() -> None:
    items = [call.to_item() for calls in TESTS.values() for call in calls]
    assert json.loads(json.dumps(items)) == items
