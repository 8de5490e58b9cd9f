"""The owner's routes of codes and sessions, and the visitor's, by the function as the gateway calls it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from handlers.access.code import key_of
from handlers.api.access import MOST_TENANT_CHARACTERS, MOST_USES
from handlers.api.visit import MOST_ENTERED_CHARACTERS
from handlers.authorizer import make_handler as make_authorizer
from handlers.domain.timestamps import utc_text
from handlers.sessions import make_handler
from handlers.settings import SettingsError
from tests.handlers.openapi.test_description import assert_as_described
from tests.support.access.site import NOW_S, AccessSite, CookieAnswer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY_S = 24 * 3600


@pytest.fixture
def site(client: DynamoDBClient) -> AccessSite:
    return AccessSite(client)


def fields(answer: CookieAnswer, status: int) -> set[str]:
    """The fields that an answer finds fault with."""
    assert answer.status == status, answer.text
    return {error["field"] for error in answer.json["errors"]}


def with_cookie_header(answer: CookieAnswer) -> CookieAnswer:
    """An answer as a client gets it from the gateway, which makes a header of its cookies."""
    headers = answer.headers | {"set-cookie": ", ".join(answer.cookies)}
    return CookieAnswer({"statusCode": answer.status, "headers": headers, "body": answer.text})


# Codes


def test_a_code_is_made_for_a_tenant_and_shown_once(site: AccessSite) -> None:
    answer = site.call("POST", "/access/codes", {"tenant": "acme"})
    assert_as_described(answer, "POST", "/access/codes")
    assert answer.status == 201
    assert re.fullmatch(r"[2-9A-Z]{4}(-[2-9A-Z]{4}){3}", answer.json["access_code"])
    code = answer.json["code"]
    assert answer.headers["location"] == f"/access/codes/{code['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert code == {
        "id": code["id"],
        "tenant": "acme",
        "scopes": ["read"],
        "max_uses": 1,
        "uses": 0,
        "state": "active",
        "created_at": utc_text(NOW_S),
        "expires_at": utc_text(NOW_S + 7 * DAY_S),
    }


def test_a_code_is_made_as_it_is_asked_for(site: AccessSite) -> None:
    asked = {
        "tenant": "Acme-2._x",
        "max_uses": MOST_USES,
        "expires_at": "2096-12-31T09:06:40.5+02:00",
        "scopes": ["sql", "read"],
    }
    code = site.call("POST", "/access/codes", asked).json["code"]
    made: dict[str, object] = {**asked, "expires_at": utc_text(NOW_S + 90 * DAY_S), "scopes": ["read", "sql"]}
    assert {name: code[name] for name in asked} == made
    nothing = {"tenant": "acme", "max_uses": None, "expires_at": None, "scopes": None}
    assert site.call("POST", "/access/codes", nothing).json["code"]["max_uses"] == 1


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *(("tenant", wrong) for wrong in (None, "", "-a", "a b", "a\n", "ü", "a" * (MOST_TENANT_CHARACTERS + 1), 1)),
        *(("max_uses", wrong) for wrong in (0, -1, MOST_USES + 1, 1.5, True, "1")),
        *(("expires_at", wrong) for wrong in ("2096", utc_text(NOW_S), utc_text(NOW_S + 90 * DAY_S + 1), 1, "")),
        ("expires_at", "0001-01-01T00:00:00+23:59"),
        *(("scopes", wrong) for wrong in ([], ["write"], ["read", "read"], "read", {"read": 1}, [["read"]], [1])),
        ("other", 1),
    ],
    ids=lambda part: ascii(part)[:40],
)
def test_a_code_that_is_asked_for_wrongly_is_refused(site: AccessSite, field: str, wrong: object) -> None:
    assert fields(site.call("POST", "/access/codes", {"tenant": "acme", field: wrong}), 422) == {field}
    assert site.items() == []


def test_all_that_is_wrong_is_said_at_once(site: AccessSite) -> None:
    content: dict[str, object] = {"other": 1, "max_uses": 0, "expires_at": "", "scopes": []}
    answer = site.call("POST", "/access/codes", content)
    assert fields(answer, 422) == {"tenant", "other", "max_uses", "expires_at", "scopes"}
    assert_as_described(answer, "POST", "/access/codes")
    assert fields(site.call("POST", "/access/codes", {"tenant": "acme"}, "x=1"), 400) == {"x"}


def test_a_tenants_codes_are_listed_in_pages_in_each_state(site: AccessSite) -> None:
    made = {site.make_code().id for _ in range(5)}
    other = site.make_code("other").id
    found: list[str] = []
    query = "tenant=acme&limit=2"
    while True:
        page = site.call("GET", "/access/codes", raw_query=query)
        assert_as_described(page, "GET", "/access/codes")
        assert len(page.json["codes"]) <= 2
        found += [code["id"] for code in page.json["codes"]]
        if page.json["next"] is None:
            break
        query = f"tenant=acme&limit=2&cursor={page.json['next']}"
    assert (set(found), len(found)) == (made, 5)
    listed = site.call("GET", "/access/codes", raw_query="tenant=other").json
    assert ([code["id"] for code in listed["codes"]], listed["next"]) == ([other], None)


@pytest.mark.parametrize("path", ["/access/codes", "/access/sessions"])
@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", {"tenant"}),
        ("tenant=", {"tenant"}),
        ("tenant=-", {"tenant"}),
        ("tenant=a&tenant=b", {"tenant"}),
        ("tenant=a&limit=0", {"limit"}),
        ("tenant=a&limit=1001", {"limit"}),
        ("tenant=a&cursor=x", {"cursor"}),
        ("limit=x&cursor=X&other=1", {"tenant", "limit", "cursor", "other"}),
    ],
)
def test_a_list_that_is_asked_for_wrongly_is_refused(site: AccessSite, path: str, query: str, wrong: set[str]) -> None:
    answer = site.call("GET", path, raw_query=query)
    assert fields(answer, 400) == wrong
    assert_as_described(answer, "GET", path)


def test_a_disabled_code_lets_nobody_in_any_more_and_its_sessions_go_on(site: AccessSite) -> None:
    made = site.make_code(max_uses=3)
    token = site.enter(made.text).json["token"]
    for _ in range(2):  # twice is as once
        answer = site.call("DELETE", f"/access/codes/{made.id}")
        assert (answer.status, answer.json["code"]["state"], answer.json["code"]["uses"]) == (200, "disabled", 1)
        assert_as_described(answer, "DELETE", "/access/codes/{id}")
        site.now.pass_s(1)
    assert site.enter(made.text).status == 403
    assert site.may_read(token)


# Sessions


def test_a_tenants_living_sessions_are_listed_and_ended(site: AccessSite) -> None:
    made = site.make_code(max_uses=3)
    first, second, _ = (site.enter(made.text).json["session"] for _ in range(3))
    for _ in range(2):
        answer = site.call("DELETE", f"/access/sessions/{first['id']}")
        assert (answer.status, answer.json["session"]["state"]) == (200, "ended")
        assert_as_described(answer, "DELETE", "/access/sessions/{id}")
    listed = site.call("GET", "/access/sessions", raw_query="tenant=acme")
    assert_as_described(listed, "GET", "/access/sessions")
    assert len(listed.json["sessions"]) == 2
    assert second in listed.json["sessions"]
    assert {session["code"] for session in listed.json["sessions"]} == {made.id}
    site.now.pass_s(DAY_S / 2)
    assert site.call("GET", "/access/sessions", raw_query="tenant=acme").json == {"sessions": [], "next": None}


@pytest.mark.parametrize("kind", ["codes", "sessions"])
@pytest.mark.parametrize("record_id", ["0" * 32, "x", "A" * 32, "0" * 31])
def test_what_is_not_there_cannot_be_ended(site: AccessSite, kind: str, record_id: str) -> None:
    answer = site.call("DELETE", f"/access/{kind}/{record_id}")
    assert (answer.status, answer.json["detail"]) == (404, f"There is no {kind[:-1]} {record_id}")
    assert_as_described(answer, "DELETE", f"/access/{kind}/{{id}}")
    assert fields(site.call("DELETE", f"/access/{kind}/{record_id}", raw_query="x=1"), 400) == {"x"}
    assert site.items() == []


# Visits


def test_a_visitor_enters_a_code_sees_the_session_and_leaves(site: AccessSite) -> None:
    entered = site.enter(f" {site.make_code(scopes=['read', 'sql']).text.lower()} ".replace("-", "\u2013"))
    assert entered.status == 201
    assert_as_described(with_cookie_header(entered), "POST", "/sessions")
    session, token = entered.json["session"], entered.json["token"]
    assert (session["tenant"], session["scopes"], session["state"]) == ("acme", ["read", "sql"], "active")
    assert session["expires_at"] == utc_text(NOW_S + DAY_S / 2)
    assert entered.headers["location"] == "/sessions/current"
    (cookie,) = entered.cookies
    assert cookie == f"__Host-session={token}; Max-Age=43200; Path=/; Secure; HttpOnly; SameSite=Strict"
    kept = [cookie.partition(";")[0]]
    for shown in (
        site.call("GET", "/sessions/current", headers={"authorization": f"Bearer {token}"}),
        site.call("GET", "/sessions/current", cookies=["other=1", *kept]),
    ):
        assert (shown.status, shown.json, shown.cookies) == (200, {"session": session}, [])
        assert_as_described(shown, "GET", "/sessions/current")
    left = site.call("DELETE", "/sessions/current", cookies=kept)
    assert (left.status, left.json["session"]) == (200, session | {"state": "ended"})
    assert left.headers["clear-site-data"] == '"cache"'
    assert_as_described(with_cookie_header(left), "DELETE", "/sessions/current")
    assert left.cookies == ["__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"]
    for method in ("GET", "DELETE"):
        gone = site.call(method, "/sessions/current", cookies=kept)
        assert gone.status == 404
        assert_as_described(gone, method, "/sessions/current")
    assert not site.may_read(token)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({}, {"code"}),
        ({"code": ""}, {"code"}),
        ({"code": None}, {"code"}),
        ({"code": 1}, {"code"}),
        ({"code": "A" * (MOST_ENTERED_CHARACTERS + 1)}, {"code"}),
        ({"code": "A", "tenant": "acme"}, {"tenant"}),
        ({"Code": "A"}, {"code", "Code"}),
    ],
)
def test_what_can_be_no_code_is_refused_and_is_no_try(
    site: AccessSite, content: dict[str, object], wrong: set[str]
) -> None:
    answer = site.call("POST", "/sessions", content)
    assert fields(answer, 422) == wrong
    assert_as_described(answer, "POST", "/sessions")
    assert site.items() == []


def test_a_form_of_another_site_cannot_enter_a_code(site: AccessSite) -> None:
    """A browser asks before it sends JSON to another origin."""
    code = site.make_code().text
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert site.call("POST", "/sessions", {"code": code}, headers={"content-type": kind}).status == 415


def test_a_cookie_alone_is_nobody_elsewhere(site: AccessSite) -> None:
    token = site.enter(site.make_code().text).json["token"]
    asked: dict[str, Any] = {"routeKey": "$default", "headers": {}, "cookies": [f"__Host-session={token}"]}
    assert site.authorizer()(asked, None)["isAuthorized"] is False
    asked["headers"] = {"cookie": f"__Host-session={token}"}
    assert site.authorizer()(asked, None)["isAuthorized"] is False


def test_ten_wrong_codes_wait_wherever_they_come_from_in_a_network(site: AccessSite) -> None:
    for number in range(10):
        refused = site.enter("2222-2222-2222-2222", address=f"2001:db8::{number}")
        assert refused.status == 403
        assert_as_described(refused, "POST", "/sessions")
    answer = site.enter(site.make_code().text, address="2001:db8::ffff")
    assert (answer.status, answer.headers["retry-after"]) == (429, "900")
    assert_as_described(answer, "POST", "/sessions")
    assert site.enter(site.make_code().text, address="2001:db8:0:1::1").status == 201


def test_behind_an_edge_the_address_is_the_one_that_it_tells(client: DynamoDBClient) -> None:
    viewers = [f"203.0.113.{number}:{40000 + number}" for number in range(11)]
    wrong = {"code": "wrong"}
    behind, direct = AccessSite(client, EDGE="cloudfront"), AccessSite(client)
    for viewer in viewers:
        headers = {"cloudfront-viewer-address": viewer}
        assert behind.call("POST", "/sessions", wrong, headers=headers).status == 403
    forged = [direct.call("POST", "/sessions", wrong, headers={"cloudfront-viewer-address": one}) for one in viewers]
    assert [answer.status for answer in forged] == [403] * 10 + [429]
    without = [behind.call("POST", "/sessions", wrong).status for _ in range(11)]
    assert without == [403] * 10 + [429]


# The function


def test_other_methods_are_405_and_other_paths_404(site: AccessSite) -> None:
    answer = site.call("PATCH", "/access/codes")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert site.call("GET", "/sqlite-efs").status == 405
    assert site.call("GET", "/nothing").status == 404


def test_head_is_get_without_the_body(site: AccessSite) -> None:
    answer = site.call("HEAD", "/access/codes", raw_query="tenant=acme")
    assert (answer.status, answer.text, answer.headers["content-length"]) == (200, "", "27")


def test_the_function_is_made_of_its_environment(site: AccessSite) -> None:
    sandbox = make_handler(site.environ | {"SESSION_MINUTES": "1"})
    code = site.call("POST", "/access/codes", {"tenant": "acme"}, router=sandbox)
    assert code.status == 201
    entered = site.enter(code.json["access_code"], router=sandbox)
    assert "Max-Age=60;" in entered.cookies[0]
    key = key_of("SESSION", entered.json["session"]["id"])
    assert "Item" in site.table.client.get_item(TableName=site.name, Key=key)
    token = f"Bearer {entered.json['token']}"
    asked = {"routeKey": "$default", "headers": {"authorization": token}}
    assert make_authorizer(site.environ)(asked, None)["isAuthorized"] is True


@pytest.mark.parametrize("name", ["SESSIONS_TABLE", "SESSION_KEY_ARN"])
def test_the_function_does_not_start_without_table_and_key(name: str) -> None:
    environ = {"SESSIONS_TABLE": "name", "SESSION_KEY_ARN": "arn"}
    del environ[name]
    with pytest.raises(SettingsError, match=name):
        make_handler(environ)
