"""Access codes and sessions on the project's own local stack, over real HTTP, with the page in front of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from types import SimpleNamespace

import httpx
import pytest

from console.access.rotation import KeyPlace, rotate
from console.local.access.guard import TTL_S
from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.rows import MODEL
from handlers.settings import SESSION
from tests.console.conftest import RunConsole
from tests.support.local import web
from tests.support.local.processes import Children, children

WAITS = SimpleNamespace(s=0.0)  # how much later it is for the gateway's cache


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    before = children()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("console.local.access.guard.time", SimpleNamespace(monotonic=lambda: WAITS.s))
        page = tmp_path_factory.mktemp("dashboard")
        (page / "index.html").write_text("<!doctype html>")
        patch.setattr("console.local.project.PAGE_DIR", page)
        folder = tmp_path_factory.mktemp("guarded")
        made = project_stack(folder, sandboxes=1, check_interval_ms=0, has_page=True, read_auth=SESSION)
        with BackgroundStack(made) as running:
            web.post(f"{running.url}/insert", json={"count": 3}).raise_for_status()
            yield running
    assert children() <= before


@pytest.fixture
def own_children(stack: BackgroundStack) -> Children:
    """The module's stack runs from one test to the next; sandboxes start when they are first asked."""
    _ = stack
    return children


def enter(url: str, **order: object) -> tuple[str, httpx.Response]:
    """Make a code and exchange it; returns the token, and the answer to the exchange."""
    made = web.post(f"{url}/access/codes", json={"tenant": "acme", **order})
    assert made.status_code == 201
    entered = web.post(f"{url}/sessions", json={"code": made.json()["access_code"]})
    assert entered.status_code == 201
    return entered.json()["token"], entered


def bearing(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_nobody_reads_without_a_session(stack: BackgroundStack) -> None:
    for path in ("/sqlite-tmp", "/api/ddb", "/health", "/"):
        answer = web.get(stack.url + path)
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    answer = web.get(f"{stack.url}/ddb", headers=bearing("x" * 43))
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_the_page_is_there_for_everybody(stack: BackgroundStack) -> None:
    assert web.get(f"{stack.url}/dashboard/").text == "<!doctype html>"
    answer = web.get(stack.url, headers={"accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/dashboard/")


def test_who_has_a_code_reads_by_token_and_by_cookie(stack: BackgroundStack) -> None:
    token, entered = enter(stack.url)
    cookie = entered.headers["set-cookie"].partition(";")[0]
    for path, headers in (("/sqlite-tmp", bearing(token)), ("/api/sqlite-tmp", {"cookie": cookie})):
        answer = web.get(f"{stack.url}{path}?limit=2", headers=headers)
        assert (answer.status_code, len(answer.json()["data"])) == (200, 2)
    shown = web.get(f"{stack.url}/api/sessions/current", headers={"cookie": cookie}).json()["session"]
    assert (shown["tenant"], shown["scopes"]) == ("acme", ["read"])


def test_sql_takes_a_code_that_was_made_for_it(stack: BackgroundStack) -> None:
    statement = {"sql": f"SELECT count(*) FROM {MODEL.table}"}
    reader, _ = enter(stack.url)
    analyst, _ = enter(stack.url, scopes=["read", "sql"])
    refused = web.post(f"{stack.url}/api/sqlite-tmp/sql", json=statement, headers=bearing(reader))
    assert (refused.status_code, refused.json()) == (403, {"message": "Forbidden"})
    answer = web.post(f"{stack.url}/api/sqlite-tmp/sql", json=statement, headers=bearing(analyst))
    assert (answer.status_code, answer.json()["rows"]) == (200, [[3]])


def test_a_session_that_was_ended_is_refused_when_the_gateway_asks_again(stack: BackgroundStack) -> None:
    token, entered = enter(stack.url)
    assert web.get(f"{stack.url}/ddb", headers=bearing(token)).status_code == 200
    ended = web.delete(f"{stack.url}/access/sessions/{entered.json()['session']['id']}")
    assert ended.json()["session"]["state"] == "ended"
    assert web.get(f"{stack.url}/ddb", headers=bearing(token)).status_code == 200
    WAITS.s += TTL_S
    assert web.get(f"{stack.url}/ddb", headers=bearing(token)).status_code == 403


def test_the_console_makes_a_code_enters_and_reads(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = ("--url", stack.url)
    code = run_console("access", "code", "--tenant", "globex", "--expires", "1h", "--scope", "sql", *url).out
    monkeypatch.setattr("sys.stdin", io.StringIO(code))
    token = run_console("access", "enter", *url).out.strip()
    asked = ("sql", f"SELECT count(*) FROM {MODEL.table}", "--format", "csv", *url)
    ran = run_console(*asked)
    assert (ran.code, "401: Unauthorized" in ran.err, "Try: set API_TOKEN" in ran.err) == (1, True, True)
    monkeypatch.setenv("API_TOKEN", token)
    assert run_console(*asked).out.split()[-1] == "3"
    (session,) = json.loads(run_console("access", "sessions", "--tenant", "globex", *url, "--json").out)["sessions"]
    assert run_console("access", "revoke", session["code"], "--with-sessions", *url, "--json").code == 0
    WAITS.s += TTL_S
    ran = run_console(*asked)
    assert (ran.code, "the session of API_TOKEN has ended" in ran.err) == (1, True)
    assert token not in ran.err


def test_a_rotated_key_ends_no_session(stack: BackgroundStack) -> None:
    token, _ = enter(stack.url)
    rotate(KeyPlace("session", stack.environment["SESSION_KEY_ARN"], stack.environment))
    stack.recycle()
    WAITS.s += TTL_S
    assert web.get(f"{stack.url}/ddb", headers=bearing(token)).status_code == 200
    newer, _ = enter(stack.url)
    assert web.get(f"{stack.url}/ddb", headers=bearing(newer)).status_code == 200
