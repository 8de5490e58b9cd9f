from __future__ import annotations

import pytest

from handlers.openapi.parameters import HEADERS, PARAMETERS
from handlers.routes import (
    ALL_METHODS,
    COMMAND,
    HOMES,
    OPEN_OPERATIONS,
    POSTGRES,
    QUERY,
    READ_ROUTES,
    RELATIONAL,
    REQUEST_HEADERS,
    RESPONSE_HEADERS,
    ROUTES,
    ROWS,
    SESSION_OPERATIONS,
    SESSIONS,
    gateway_routes,
    methods,
)


def test_what_is_authorised_as_a_write_has_a_route_of_its_own() -> None:
    assert gateway_routes() == {
        "POST /insert": COMMAND,
        "POST /snapshots": COMMAND,
        "POST /imports": COMMAND,
        "POST /jobs/{id}/redrive": COMMAND,
        "DELETE /jobs/{id}": COMMAND,
        "GET /command/health": COMMAND,
        "HEAD /command/health": COMMAND,
        "POST /benchmarks": QUERY,
        "POST /sqlite-efs/sql": QUERY,
        "POST /sqlite-tmp/sql": QUERY,
    }


def test_what_the_sessions_function_answers_has_a_route_where_reads_need_a_session() -> None:
    more = gateway_routes(has_sessions=True)
    assert {route: function for route, function in more.items() if route not in gateway_routes()} == {
        "POST /access/codes": SESSIONS,
        "GET /access/codes": SESSIONS,
        "HEAD /access/codes": SESSIONS,
        "DELETE /access/codes/{id}": SESSIONS,
        "GET /access/sessions": SESSIONS,
        "HEAD /access/sessions": SESSIONS,
        "DELETE /access/sessions/{id}": SESSIONS,
        "POST /sessions": SESSIONS,
        "GET /sessions/current": SESSIONS,
        "HEAD /sessions/current": SESSIONS,
        "DELETE /sessions/current": SESSIONS,
    }


OF_POSTGRES = {"/postgres", "/postgres/stats", "/postgres/{id}", "/relational/health"}
OF_ROWS = {"/rows", "/rows/stats", "/rows/{id}"}


@pytest.mark.parametrize(("provider", "paths"), [("ddb", OF_POSTGRES), (POSTGRES, OF_POSTGRES | OF_ROWS)])
def test_what_the_relational_function_answers_has_a_route_where_there_is_postgresql(
    provider: str, paths: set[str]
) -> None:
    more = gateway_routes(has_postgres=True, provider=provider)
    added = {route: function for route, function in more.items() if route not in gateway_routes()}
    assert added == {f"{method} {path}": RELATIONAL for path in paths for method in ("GET", "HEAD")}
    assert added.keys() <= READ_ROUTES


def test_the_operations_of_codes_and_sessions_are_those_of_their_function() -> None:
    assert set(SESSION_OPERATIONS) == {name for _, _, function, name in ROUTES if function == SESSIONS}
    assert set(OPEN_OPERATIONS) < set(SESSION_OPERATIONS)


def test_get_answers_head_too() -> None:
    assert methods("GET") == ("GET", "HEAD")
    assert methods("POST") == ("POST",)


def test_the_methods_are_those_of_the_routes() -> None:
    assert set(ALL_METHODS) == {method for verb, *_ in ROUTES for method in methods(verb)}


def test_pages_of_other_origins_may_send_and_read_every_header_of_the_api() -> None:
    sent = {name.lower() for name, (place, *_) in PARAMETERS.items() if place == "header"}
    assert set(REQUEST_HEADERS) == sent | {"authorization", "content-type"}
    always = {"cache-control", "vary", "content-encoding", "content-security-policy", "x-content-type-options"}
    of_the_browser = {"clear-site-data", "set-cookie"}  # which pages need not read
    others = always | of_the_browser | {"allow", "preference-applied"}
    assert set(RESPONSE_HEADERS) == {name.lower() for name in HEADERS} - others


def test_no_route_stands_twice_and_every_source_has_all_reads() -> None:
    keys = [(verb, path) for verb, path, _, _ in ROUTES]
    assert len(set(keys)) == len(keys)
    for source in (*HOMES, ROWS):
        reads = {path: name for verb, path, _, name in ROUTES if path.startswith(f"/{source}") and verb == "GET"}
        assert reads == {f"/{source}": "page", f"/{source}/stats": "stats", f"/{source}/{{id}}": "row"}
    assert {function for _, _, function, _ in ROUTES} == {COMMAND, QUERY, RELATIONAL, SESSIONS}
