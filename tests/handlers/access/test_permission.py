"""The authorizer's decision, with a table and keys in the emulator."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.access.keys import Keys
from handlers.access.permission import Permission
from handlers.authorizer import Authorizer, make_handler
from handlers.aws.sdk import ServiceError
from handlers.domain.problem import Problem
from handlers.routes import OPEN_ROUTES, PREFLIGHT, SQL_ROUTES
from handlers.settings import EDGE_KEY_HEADER, SettingsError
from tests.support.access.site import AccessSite, request_of
from tests.support.meddling import Meddled, client_error, no_time_limit, refuse

NOBODY: dict[str, object] = {"isAuthorized": False, "context": {}}
BY_EDGE = {EDGE_KEY_HEADER: "the edge's key"}
SQL_ROUTE = "POST /sqlite-efs/sql"


def by_edge_alone(*versions: str) -> Authorizer:
    return Authorizer(Permission(Keys(lambda: versions), None, no_time_limit))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_living_session_lets_in_and_says_whose_it_is(site: AccessSite) -> None:
    session = site.enter(site.make_code(scopes=["sql", "read"]).text).json
    assert site.authorizer()(request_of("$default", bearer(session["token"])), None) == {
        "isAuthorized": True,
        "context": {"session": session["session"]["id"], "tenant": "acme", "scopes": "read sql"},
    }


@pytest.mark.parametrize(
    ("scopes", "may_read", "may_sql"), [(["read"], True, False), (["sql"], False, True), (["read", "sql"], True, True)]
)
def test_a_session_lets_do_what_its_scopes_say(
    site: AccessSite, scopes: list[str], may_read: bool, may_sql: bool
) -> None:
    token = site.enter(site.make_code(scopes=scopes).text).json["token"]
    assert site.may_read(token) is may_read
    assert site.may_read(token, "GET /whatever") is may_read
    for route in SQL_ROUTES:
        assert site.may_read(token, route) is may_sql


def test_the_path_decides_nothing(site: AccessSite) -> None:
    """The gateway keeps a decision for its route, whatever the path."""
    token = site.enter(site.make_code().text).json["token"]
    asked = request_of(SQL_ROUTE, bearer(token)) | {"rawPath": "/sqlite-efs"}
    assert site.authorizer()(asked, None) == NOBODY


def test_a_session_that_is_over_or_ended_lets_nobody_in(site: AccessSite) -> None:
    code = site.make_code(max_uses=2).text
    first, second = (site.enter(code).json for _ in range(2))
    site.call("DELETE", f"/access/sessions/{first['session']['id']}")
    assert [site.may_read(each["token"]) for each in (first, second)] == [False, True]
    site.now.pass_s(12 * 3600)
    assert not site.may_read(second["token"])


@pytest.mark.parametrize(
    "broken",
    [
        {"headers": {}},
        {"headers": None},
        {"headers": {"authorization": "Bearer"}},
        {"headers": {"authorization": "Bearer \u00fc\ud800"}},
        {"headers": {"authorization": "Basic abc"}},
        {"headers": bearer("a-token-that-is-nobodys")},
        {"routeKey": None},
        {"routeKey": SQL_ROUTE},
    ],
    ids=repr,
)
def test_a_bad_request_is_refused_and_never_raises(site: AccessSite, broken: dict[str, Any]) -> None:
    edge_keys = Keys(lambda: (BY_EDGE[EDGE_KEY_HEADER],))
    for authorizer in (site.authorizer(), site.authorizer(edge_keys=edge_keys)):
        assert authorizer(request_of("$default", {}) | broken, None) == NOBODY
    assert site.authorizer()({}, None) == NOBODY


@pytest.mark.parametrize(
    ("given", "is_let_in"),
    [("current key", True), ("previous key", True), ("older key", False), ("", False), ("current key\ud800", False)],
    ids=ascii,
)
def test_the_edges_key_is_the_current_or_the_previous(given: str, is_let_in: bool) -> None:
    known: dict[str, object] = {"isAuthorized": True, "context": {"edge": "yes"}} if is_let_in else NOBODY
    authorizer = by_edge_alone("current key", "previous key")
    assert authorizer(request_of("$default", {EDGE_KEY_HEADER.title(): given}), None) == known
    assert by_edge_alone("current key")(request_of("$default", {}), None) == NOBODY


def test_with_an_edge_a_session_alone_is_not_enough(site: AccessSite) -> None:
    token = site.enter(site.make_code().text).json["token"]
    edge_keys = Keys(lambda: (BY_EDGE[EDGE_KEY_HEADER],), site.now)
    authorizer = site.authorizer(edge_keys=edge_keys)
    for headers, is_let_in in (
        (bearer(token), False),
        (BY_EDGE, False),
        ({**bearer(token), EDGE_KEY_HEADER: "another"}, False),
        ({**bearer(token), **BY_EDGE}, True),
    ):
        assert authorizer(request_of("$default", headers), None)["isAuthorized"] is is_let_in
    for route in (*OPEN_ROUTES, PREFLIGHT):  # a visitor's own, which look at the code or the session themselves
        assert authorizer(request_of(route, BY_EDGE), None)["context"] == {"edge": "yes"}
        assert authorizer(request_of(route, bearer(token)), None) == NOBODY
        assert site.authorizer()(request_of(route, {}), None) == {"isAuthorized": True, "context": {}}


def test_the_edges_key_is_read_again_where_another_comes(site: AccessSite) -> None:
    versions = [("old",), ("new", "old")]
    keys = Keys(lambda: versions[0], site.now)
    authorizer = site.authorizer(edge_keys=keys)
    keys.versions()
    del versions[0]
    asked = request_of("POST /sessions", {EDGE_KEY_HEADER: "new"})
    assert authorizer(asked, None) == NOBODY
    site.now.pass_s(5)
    assert authorizer(asked, None)["isAuthorized"] is True


def test_wrong_keys_cost_one_look_at_the_secret_in_five_seconds(site: AccessSite) -> None:
    looks: list[float] = []

    def look() -> tuple[str, ...]:
        looks.append(site.now())
        return ("the key",)

    authorizer = Authorizer(Permission(Keys(look, site.now), None, no_time_limit))
    for number in range(40):
        asked = request_of("$default", {EDGE_KEY_HEADER: f"a guess, the {number}th"})
        assert authorizer(asked, None) == NOBODY
        site.now.pass_s(0.5)
    assert [later - looks[0] for later in looks] == [0, 5, 10, 15]


def test_what_is_away_lets_nobody_in_and_leaves_no_refusal_behind(site: AccessSite) -> None:
    """It raises: the gateway says 500, and asks again with the next request."""
    token = site.enter(site.make_code().text).json["token"]

    def away() -> tuple[str, ...]:
        raise ServiceError("away")

    asked = request_of("$default", bearer(token))
    for authorizer in (site.authorizer(keys=Keys(away)), site.authorizer(edge_keys=Keys(away))):
        with pytest.raises(Problem):
            authorizer(asked | {"headers": {**bearer(token), **BY_EDGE}}, None)
    refused = refuse(client_error("AccessDeniedException"))
    site.table.client = Meddled(site.table.client, {}, {"batch_get_item": refused})  # pyright: ignore[reportAttributeAccessIssue] - a client but for its type
    with pytest.raises(Problem):
        site.authorizer()(asked, None)


def test_a_token_outlives_one_rotation_and_not_two(site: AccessSite) -> None:
    code = site.make_code(max_uses=9).text
    token = site.enter(code).json["token"]
    site.rotate()
    site.new_sandbox()
    later = site.enter(code).json["token"]
    assert site.may_read(token)
    assert site.may_read(later)
    site.rotate()
    site.new_sandbox()
    assert not site.may_read(token)
    assert site.may_read(later)
    assert site.enter(code).status == 403
    assert site.call("GET", "/access/codes", raw_query="tenant=acme").json["codes"][0]["uses"] == 2


def test_the_function_asks_for_what_its_environment_says(site: AccessSite) -> None:
    token = site.enter(site.make_code().text).json["token"]
    asked = request_of("$default", bearer(token))
    site.table.client.update_item(  # the functions' own clock is the real one
        TableName=site.name,
        Key={name: site.items_of("SESSION")[0][name] for name in ("pk", "sk")},
        UpdateExpression="SET expiresAt = :later",
        ExpressionAttributeValues={":later": {"N": "9000000000"}},
    )
    assert make_handler(site.environ)(asked, None)["isAuthorized"] is True
    by_edge = make_handler(site.environ | {"READ_AUTH": "none", "EDGE_KEY_ARN": site.secret})
    key = site.keys.versions()[0]
    assert by_edge(request_of("$default", {EDGE_KEY_HEADER: key}), None)["isAuthorized"] is True
    assert by_edge(asked, None) == NOBODY


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "EDGE_KEY_ARN"),
        ({"READ_AUTH": "session", "SESSION_KEY_ARN": "arn", "EDGE_KEY_ARN": "arn"}, "SESSIONS_TABLE"),
        ({"READ_AUTH": "session", "SESSIONS_TABLE": "name"}, "SESSION_KEY_ARN"),
    ],
    ids=["nothing", "no table", "no key"],
)
def test_an_authorizer_that_would_ask_for_nothing_does_not_start(environ: dict[str, str], name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        make_handler(environ)


def test_a_session_of_a_newer_key_is_found_once_the_keys_are_read_again(site: AccessSite) -> None:
    old = site.other_keys()
    old.versions()
    site.rotate()
    site.new_sandbox()
    token = site.enter(site.make_code().text).json["token"]
    site.now.pass_s(4)
    assert not site.may_read(token, authorizer=site.authorizer(keys=old))
    site.now.pass_s(1)
    assert site.may_read(token, authorizer=site.authorizer(keys=old))
