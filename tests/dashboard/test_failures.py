"""What the page says when the API does not answer as it should."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Route, expect

from tests.dashboard.conftest import Visiting

SNAPSHOTS = re.compile("/api/snapshots$")


def problem(route: Route, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
    typed = {"content-type": "application/problem+json", **(headers or {})}
    body = json.dumps({"title": title, "detail": detail, "status": status, "instance": "4711"})
    route.fulfill(status=status, headers=typed, body=body)


def test_an_api_that_is_away_can_be_asked_again(visit: Visiting) -> None:
    with visit(expected=["ERR_CONNECTION_REFUSED"]) as visited:
        page = visited.page
        page.route(SNAPSHOTS, lambda route: route.abort("connectionrefused"), times=1)
        page.goto("/dashboard/#/chain")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("The API cannot be reached")
        alert.get_by_role("button", name="Try again").click()
        expect(page.locator(".chain-track").first).to_be_visible()


def test_an_answer_that_never_comes_is_given_up(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.clock.install()
        page.route(SNAPSHOTS, lambda _: None)
        page.goto("/dashboard/#/enter")
        expect(page.get_by_label("Access code")).to_be_visible()
        visited.hold_clock()
        with page.expect_request(SNAPSHOTS):
            page.get_by_role("link", name="Chain").click()
        page.clock.run_for(29_999)
        expect(page.get_by_text("Asking the API")).to_be_visible()
        page.clock.run_for(1)
        expect(page.get_by_role("alert")).to_contain_text("did not answer within 30 s")


def test_whoever_has_to_wait_sees_how_long(visit: Visiting) -> None:
    with visit(expected=["status of 503"]) as visited:
        page = visited.page
        page.clock.install()
        wait = {"retry-after": "5"}
        page.route(SNAPSHOTS, lambda route: problem(route, 503, "Unavailable", "EFS is away", wait), times=1)
        page.goto("/dashboard/#/enter")
        expect(page.get_by_label("Access code")).to_be_visible()
        visited.hold_clock()
        page.get_by_role("link", name="Chain").click()
        button = page.get_by_role("alert").get_by_role("button")
        expect(page.get_by_role("alert")).to_contain_text("EFS is away")
        expect(page.get_by_role("alert")).to_contain_text("Request 4711")
        expect(button).to_have_text("Try again in 5 s")
        expect(button).to_be_disabled()
        page.clock.run_for(4_999)
        expect(button).to_have_text("Try again in 1 s")
        page.clock.run_for(1)
        button.click()
        expect(page.locator(".chain-track").first).to_be_visible()


def test_the_gateways_own_refusals_are_shown(visit: Visiting) -> None:
    with visit(expected=["status of 429"]) as visited:
        page = visited.page
        page.route(SNAPSHOTS, lambda route: route.fulfill(status=429, json={"message": "Too Many Requests"}))
        page.goto("/dashboard/#/chain")
        expect(page.get_by_role("alert")).to_contain_text("Too Many Requests")


def test_a_ledger_too_far_ahead_leaves_the_figures_of_the_snapshot(visit: Visiting) -> None:
    behind = "5,001 rows are not published yet: publish first"
    with visit(expected=["status of 503"]) as visited:
        page = visited.page
        page.route(re.compile("fresh=1"), lambda route: problem(route, 503, "Not there yet", behind))
        page.goto("/dashboard/#/data")
        expect(page.get_by_role("region", name="The whole")).to_contain_text(behind)


def test_a_description_that_fails_is_asked_for_again(visit: Visiting) -> None:
    with visit(expected=["status of 500"]) as visited:
        page = visited.page
        page.route(
            re.compile("/api/openapi.json"), lambda route: problem(route, 500, "Internal error", "See the log"), times=1
        )
        page.goto("/dashboard/#/data")
        page.get_by_role("alert").get_by_role("button", name="Try again").click()
        expect(page.get_by_role("navigation", name="Pages of rows")).to_be_visible()


@pytest.mark.parametrize("who", ["function", "firewall"])
def test_a_refusal_that_no_code_would_change_does_not_lead_to_the_code_page(visit: Visiting, who: str) -> None:
    def refuse(route: Route) -> None:
        if who == "function":
            problem(route, 403, "That is not allowed", "Snapshots are off")
        else:
            route.fulfill(status=403, content_type="text/html", body="<h1>403 ERROR</h1>")

    with visit(expected=["status of 403"]) as visited:
        page = visited.page
        page.route(SNAPSHOTS, refuse)
        page.goto("/dashboard/#/chain")
        expect(page.get_by_role("alert")).to_contain_text("Snapshots are off" if who == "function" else "status 403")
        expect(page.get_by_role("heading", level=1)).to_have_text("The chain of segments")


def test_a_session_that_has_ended_leads_to_the_code_page_and_is_forgotten(visit: Visiting) -> None:
    kept = {"id": "1", "tenant": "Ada", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00.000Z"}
    with visit(expected=["status of 403", "status of 404"]) as visited:
        page = visited.page
        page.goto("/dashboard/#/enter")
        page.evaluate("kept => localStorage.setItem('session', JSON.stringify(kept))", kept)
        page.reload()  # the stack knows no such session: the page asks, and forgets it
        expect(page.get_by_label("Access code")).to_be_visible()
        page.evaluate("kept => localStorage.setItem('session', JSON.stringify(kept))", kept)
        page.route(SNAPSHOTS, lambda route: route.fulfill(status=403, json={"message": "Forbidden"}))
        page.goto("/dashboard/#/chain")
        expect(page.locator("#section")).to_contain_text("Your session has ended.")
        assert page.evaluate("localStorage.getItem('session')") is None


def test_text_of_a_row_never_becomes_markup(visit: Visiting) -> None:
    row = {"id": "<img src=x onerror=alert(1)>", "created_at": "2026-01-01T00:00:00.000Z"}
    with visit() as visited:
        page = visited.page
        page.route(
            re.compile(r"/api/sqlite-efs\?order"),
            lambda route: route.fulfill(
                json={
                    "source": "sqlite-efs",
                    "bookmark": "1.1",
                    "data": [row],
                    "next": None,
                    "timings_ms": {"total": 1},
                }
            ),
        )
        page.goto("/dashboard/#/data")
        expect(page.locator(".rows tbody th")).to_have_text(row["id"])
        expect(page.locator(".rows img")).to_have_count(0)
