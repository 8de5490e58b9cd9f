from __future__ import annotations

import json

import pytest

from handlers.projector import make_handler
from handlers.routes import COMMAND, PROJECTOR, QUERY, ROUTES, SOURCES, SQL_SOURCES
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


def test_every_path_is_read_and_nothing_is_written() -> None:
    asked = {key for key, _ in GATEWAY_CALLS}
    assert asked >= {f"HEAD /{source}{more}" for source in SOURCES for more in ("", "/stats")}
    there = {(f"{'HEAD' if verb == 'GET' else verb} {path}", function) for verb, path, function, _ in ROUTES}
    assert {(str(call.event["routeKey"]), name) for name in (COMMAND, QUERY) for call in TESTS[name]} <= there


def test_the_machine_knows_events_and_statuses_as_json() -> None:
    items = [call.to_item() for calls in TESTS.values() for call in calls]
    assert json.loads(json.dumps(items)) == items
