"""The code page: nobody reads without a session, a code opens, and leaving closes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import NARROW, WIDE, visiting
from tests.support.local import web

KEEP = """localStorage.setItem('session', JSON.stringify(
    {id: '1', tenant: 'Ada', scopes: ['read'], expires_at: '2999-01-01T00:00:00.000Z'}))"""


def make_code(closed_stack: str, **wanted: object) -> str:
    answer = web.post(closed_stack + "/access/codes", json={"tenant": "Ada", **wanted})
    assert answer.status_code == 201
    return answer.json()["access_code"]


def enter(page: Page, code: str) -> None:
    page.get_by_label("Access code").fill(code)
    page.get_by_role("button", name="Enter", exact=True).click()


def test_a_code_opens_the_page_that_was_asked_for_and_leaving_closes_it(browser: Browser, closed_stack: str) -> None:
    code = make_code(closed_stack)
    with visiting(browser, closed_stack, expected=["status of 401"]) as visited:
        page = visited.page
        page.goto("/dashboard/#/chain")
        expect(page.get_by_role("heading", level=1)).to_have_text("Enter with a code")
        expect(page.get_by_label("Access code")).to_be_focused()
        page.get_by_label("Access code").press_sequentially(code.replace("-", "").lower())
        expect(page.get_by_label("Access code")).to_have_value(code)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("The chain of segments")
        expect(page.locator("#section")).to_contain_text("Nothing is published")

        page.locator("#visitor a").click()
        expect(page.locator("#section dd").first).to_have_text("Ada")
        page.go_back()
        page.get_by_role("button", name="Leave").press("Enter")
        expect(page.get_by_label("Access code")).to_be_visible()
        expect(page.locator("#section")).to_contain_text("You have left.")
        expect(page.locator("#visitor")).to_be_hidden()
        page.goto("/dashboard/#/homes")
        expect(page.get_by_role("heading", level=1)).to_have_text("Enter with a code")


def test_a_wrong_code_opens_nothing(browser: Browser, closed_stack: str) -> None:
    with visiting(browser, closed_stack, expected=["status of 403"]) as visited:
        visited.page.goto("/dashboard/#/enter")
        enter(visited.page, "AAAA-AAAA-AAAA-AAAA")
        alert = visited.page.get_by_role("alert")
        expect(alert).to_contain_text("This code does not open anything here")
        expect(alert).to_contain_text("It is wrong, used up, expired or disabled")
        expect(alert).not_to_contain_text("status")
        expect(visited.page.get_by_label("Access code")).to_be_focused()


def test_whoever_guesses_waits_as_long_as_the_api_says(browser: Browser, closed_stack: str) -> None:
    with visiting(browser, closed_stack, expected=["status of 429"]) as visited:
        page = visited.page
        page.clock.install()
        page.route(
            re.compile("/api/sessions$"),
            lambda route: route.fulfill(
                status=429,
                headers={"retry-after": "900", "content-type": "application/problem+json"},
                json={"type": "urn:lambda-sqlite:problem:too-many-requests", "title": "Too many", "status": 429},
            ),
        )
        page.goto("/dashboard/#/enter")
        expect(page.get_by_label("Access code")).to_be_visible()
        visited.hold_clock()
        enter(page, "AAAA-AAAA-AAAA-AAAA")
        expect(page.get_by_role("alert")).to_contain_text("Too many wrong codes came from here")
        expect(page.get_by_role("button", name="Wait 15 min")).to_be_disabled()
        page.clock.run_for(60_000)
        expect(page.get_by_role("button", name="Wait 14 min")).to_be_disabled()
        page.clock.run_for(720_000)
        expect(page.get_by_role("button", name="Wait 120 s")).to_be_disabled()
        page.clock.run_for(119_999)
        expect(page.get_by_role("button", name="Wait 1 s")).to_be_disabled()
        page.clock.run_for(1)
        expect(page.get_by_role("button", name="Enter", exact=True)).to_be_enabled()


@pytest.mark.parametrize(("status", "told"), [(401, "Unauthorized"), (403, "Forbidden")])
def test_an_api_whose_gateway_wants_signed_reads_has_no_codes(
    browser: Browser, stack: str, status: int, told: str
) -> None:
    with visiting(browser, stack, expected=[f"status of {status}"]) as visited:
        page = visited.page
        page.route(re.compile("/api/(?!openapi)"), lambda route: route.fulfill(status=status, json={"message": told}))
        page.goto("/dashboard/#/chain")
        enter(page, "AAAA-AAAA-AAAA-AAAA")
        expect(page.get_by_role("alert")).to_contain_text("This API knows no access codes")


def test_a_code_that_opens_no_reading_is_said_so_where_it_was_to_be_read(browser: Browser, closed_stack: str) -> None:
    code = make_code(closed_stack, scopes=["sql"])
    with visiting(browser, closed_stack, expected=["status of 401", "status of 403"]) as visited:
        page = visited.page
        page.goto("/dashboard/#/chain")
        enter(page, code)
        expect(page.get_by_role("heading", level=1)).to_have_text("The chain of segments")
        expect(page.get_by_role("alert")).to_contain_text("This code does not open reading; it opens sql")
        page.get_by_role("button", name="Leave").click()
        expect(page.get_by_label("Access code")).to_be_visible()


def test_a_browser_that_keeps_nothing_can_leave_too(browser: Browser, closed_stack: str) -> None:
    code = make_code(closed_stack)
    with visiting(browser, closed_stack, expected=["status of 401"]) as visited:
        page = visited.page
        page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('off') } })")
        page.goto("/dashboard/#/chain")
        enter(page, code)
        expect(page.get_by_role("heading", level=1)).to_have_text("The chain of segments")
        page.get_by_role("button", name="Leave").click()
        expect(page.get_by_label("Access code")).to_be_visible()
        expect(page.locator("#section")).to_contain_text("You have left.")
        expect(page.locator("#visitor")).to_be_hidden()


def test_an_api_without_codes_says_whom_it_lets_in(browser: Browser, stack: str) -> None:
    with visiting(browser, stack, expected=["status of 404"]) as visited:
        visited.page.goto("/dashboard/#/enter")
        enter(visited.page, "AAAA-AAAA-AAAA-AAAA")
        expect(visited.page.get_by_role("alert")).to_contain_text("This API knows no access codes")


def test_a_code_that_is_too_short_is_not_tried(browser: Browser, stack: str) -> None:
    with visiting(browser, stack) as visited:
        visited.page.goto("/dashboard/#/enter")
        enter(visited.page, "AAAA-AAAA")
        expect(visited.page.get_by_label("Access code")).to_be_focused()
        assert visited.asked("POST") == []


def test_a_good_session_that_is_refused_so_far_is_kept(browser: Browser, closed_stack: str) -> None:
    code = make_code(closed_stack)
    with visiting(browser, closed_stack, expected=["status of 401", "status of 403"]) as visited:
        page = visited.page
        page.goto("/dashboard/#/chain")
        expect(page.get_by_label("Access code")).to_be_visible()
        page.route(re.compile("/api/snapshots"), lambda route: route.fulfill(status=403, json={"message": "Forbidden"}))
        enter(page, code)
        expect(page.get_by_role("alert")).to_contain_text("The session is good, but reading is still refused")
        expect(page.locator("#visitor")).to_contain_text("Ada")


def test_the_way_out_stands_beside_the_name_and_is_reached_by_keyboard(browser: Browser, stack: str) -> None:
    for width in (WIDE, NARROW):
        with visiting(browser, stack, width=width) as visited:
            page = visited.page
            page.add_init_script(KEEP)
            page.goto("/dashboard/#/costs")
            expect(page.get_by_label("Rows, exactly")).to_be_visible()
            expect(page.locator("#section[aria-busy]")).to_have_count(0)
            page.locator("#visitor a").focus()
            page.keyboard.press("Tab")
            expect(page.get_by_role("button", name="Leave")).to_be_focused()
            assert visited.violations() == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_session_that_cannot_be_ended_now_is_kept_and_can_be_left_again(browser: Browser, stack: str) -> None:
    with visiting(browser, stack, expected=["ERR_CONNECTION_REFUSED", "status of 404"]) as visited:
        page = visited.page
        page.add_init_script(KEEP)
        page.goto("/dashboard/#/chain")
        page.route(re.compile("/api/sessions/current"), lambda route: route.abort("connectionrefused"), times=1)
        page.get_by_role("button", name="Leave").click()
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("The API cannot be reached")
        expect(page.locator("#visitor")).to_contain_text("Ada")
        alert.get_by_role("button", name="Try again").click()
        expect(page.locator("#section")).to_contain_text("You have left.")
        expect(page.locator("#visitor")).to_be_hidden()
