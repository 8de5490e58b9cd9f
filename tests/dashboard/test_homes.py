"""The homes side by side: each is asked in turn, and what it says is what is shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Response, Route, expect

from handlers.routes import HOMES, SOURCES
from tests.dashboard.conftest import Visiting
from tests.support.browser import Visit, add_postgres, hide, hold
from tests.support.local import web


def cards(page: Page) -> dict[str, str]:
    return {home: page.get_by_role("region", name=home, exact=True).inner_text() for home in SOURCES}


def asked_homes(visited: Visit) -> list[str]:
    return [re.split(r"[/?]", request)[2] for request in visited.requests if "limit=100" in request]


def await_rounds(page: Page, count: int) -> None:
    """Wait until every home has answered so often."""
    expect(page.locator("details tbody tr")).to_have_count(count)
    expect(page.locator("details tbody td:empty")).to_have_count(0)


def test_each_home_is_asked_once_and_shows_its_phases_and_its_receipt(visit: Visiting, stack: str) -> None:
    answers: list[Response] = []
    bookmark = web.get(f"{stack}/ddb/stats").json()["bookmark"]
    with visit() as visited:
        visited.page.on("response", lambda answer: answers.append(answer) if "limit=100" in answer.url else None)
        visited.page.goto("/dashboard/#/homes")
        expect(visited.page.locator(".receipt")).to_have_count(len(SOURCES))
        assert asked_homes(visited) == list(SOURCES)
        shown = cards(visited.page)
        for home, answer in zip(SOURCES, answers, strict=True):
            phases = re.findall(r"([\w-]+);dur=", answer.headers["server-timing"])
            assert [phase for phase in phases if phase != "total" and phase not in shown[home]] == []
            assert bookmark in shown[home]
            assert f"{answer.json()['consumed']['billed_ms']:,} ms" in shown[home]
        assert "read units of DynamoDB" in shown["ddb"]


def test_rounds_go_on_until_they_are_stopped_and_pause_while_nobody_looks(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.clock.install()
        page.goto("/dashboard/#/homes")
        expect(page.locator(".receipt")).to_have_count(len(SOURCES))
        visited.hold_clock()
        page.get_by_role("button", name="Start").click()
        for round_number, after_ms in ((2, 1), (3, 2_000)):
            page.clock.run_for(after_ms)
            expect(page.get_by_role("status").get_by_text(f"Asked {round_number} times")).to_be_visible()
            await_rounds(page, round_number)
        hide(page, True)
        before = len(visited.requests)
        page.clock.run_for(60_000)
        assert len(visited.requests) == before
        hide(page, False)
        page.clock.run_for(1)
        expect(page.get_by_role("status").get_by_text("Asked 4 times")).to_be_visible()
        await_rounds(page, 4)
        page.get_by_role("button", name="Stop").click()
        page.clock.run_for(60_000)
        expect(page.get_by_role("button", name="Start")).to_be_visible()
        assert len(asked_homes(visited)) == 4 * len(SOURCES)


def test_the_first_home_of_a_round_changes(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/homes")
        expect(page.locator(".receipt")).to_have_count(len(SOURCES))
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator("#announcer")).to_contain_text(SOURCES[-1])
        assert asked_homes(visited)[len(SOURCES) :] == [*SOURCES[1:], SOURCES[0]]


def test_a_home_that_is_away_is_shown_so_beside_those_that_answer(visit: Visiting) -> None:
    with visit(expected=["status of 503"]) as visited:
        page = visited.page
        page.route(
            re.compile("/api/sqlite-efs"),
            lambda route: route.fulfill(
                status=503,
                headers={"retry-after": "300", "content-type": "application/problem+json"},
                json={"title": "A dependency is not available", "detail": "EFS is away", "status": 503},
            ),
        )
        page.goto("/dashboard/#/homes")
        expect(page.locator(".receipt")).to_have_count(len(SOURCES) - 1)
        expect(page.get_by_role("region", name="sqlite-efs").get_by_role("alert")).to_contain_text("EFS is away")
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator("#announcer")).to_contain_text("ddb")
        assert asked_homes(visited).count("sqlite-efs") == 1  # it asked to be left alone for longer
        assert asked_homes(visited).count("ddb") == 2


@pytest.mark.parametrize("question", ["one row", "statistics"])
def test_another_question_begins_anew(visit: Visiting, question: str) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/homes")
        expect(page.locator(".receipt")).to_have_count(len(SOURCES))
        wanted = "/stats" if question == "statistics" else "limit=1"
        with page.expect_response(lambda answer: SOURCES[-1] in answer.url and answer.url.endswith(wanted)):
            page.get_by_label("Ask each home for").select_option(question)
        expect(page.get_by_text("Asked 1 time.")).to_be_visible()
        assert len([request for request in visited.requests if request.endswith(wanted)]) == len(SOURCES)


def test_an_answer_of_the_edges_cache_is_said_to_be_one_and_stays_out_of_the_figures(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/homes")
        expect(page.locator(".receipt")).to_have_count(len(SOURCES))
        own = page.get_by_role("region", name="sqlite-efs").locator("dl").all_inner_texts()

        def cached(route: Route) -> None:
            answer = route.fetch()
            headers = {**answer.headers, "x-cache": "Hit from cloudfront", "server-timing": "total;dur=9999"}
            route.fulfill(response=answer, headers=headers)

        page.route(re.compile("/api/sqlite-efs"), cached)
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator("#announcer")).to_contain_text("sqlite-efs from the edge's cache")
        card = page.get_by_role("region", name="sqlite-efs")
        expect(card.locator(".badge")).to_have_text("from the edge's cache")
        assert card.locator("dl").all_inner_texts() == own
        page.get_by_text("As a table").click()
        rows = page.get_by_role("region", name="The round trips by round").locator("tbody tr")
        expect(rows.first.locator("td").nth(1 + SOURCES.index("sqlite-efs"))).to_have_text("cache")


@pytest.mark.parametrize("header", ["age: 3", "x-cache: RefreshHit from cloudfront", "x-cache-status: REVALIDATED"])
def test_a_cache_is_known_by_what_it_says_of_itself(visit: Visiting, header: str) -> None:
    known = "async (pairs) => (await import('/dashboard/sections/homes/rounds.js')).fromEdge(new Headers(pairs))"
    with visit() as visited:
        visited.page.goto("/dashboard/#/enter")
        assert visited.page.evaluate(known, [header.split(": ")])
        assert not visited.page.evaluate(known, [["x-cache", "Miss from cloudfront"], ["x-cache-status", "EXPIRED"]])


def test_a_question_that_changes_twice_within_a_round_is_asked_once_from_round_one(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/homes")
        expect(page.locator(".receipt")).to_have_count(len(SOURCES))
        held = hold(page, re.compile("limit=100$"))
        with page.expect_request(re.compile("limit=100$")):
            page.get_by_role("button", name="Refresh").click()
        page.get_by_label("Ask each home for").select_option("one row")
        page.get_by_label("Ask each home for").select_option("statistics")
        held[0].continue_()
        expect(page.locator(".receipt")).to_have_count(len(SOURCES))
        expect(page.get_by_text("Asked 1 time.")).to_be_visible()
        page.get_by_text("As a table").click()
        expect(page.locator("details tbody tr")).to_have_count(1)
        expect(page.locator("details tbody td").first).to_have_text("1")
        assert [it for it in visited.requests if it.endswith("limit=1")] == []
        assert len([it for it in visited.requests if it.endswith("/stats")]) == len(SOURCES)


def test_a_round_in_which_no_home_is_asked_is_not_counted(visit: Visiting) -> None:
    with visit(expected=["status of 503"]) as visited:
        page = visited.page
        page.route(
            re.compile(f"/api/({'|'.join(SOURCES)})"),
            lambda route: route.fulfill(status=503, headers={"retry-after": "300"}, json={"message": "away"}),
        )
        page.goto("/dashboard/#/homes")
        expect(page.get_by_role("alert")).to_have_count(len(SOURCES))
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator("#announcer")).to_contain_text(SOURCES[-1])
        expect(page.get_by_text("Asked 1 time.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phases_have_colours_that_are_no_homes_and_a_first_round_is_seen(visit: Visiting, scheme: str) -> None:
    with visit(scheme=scheme) as visited:
        page = visited.page
        page.goto("/dashboard/#/homes")
        expect(page.locator(".receipt")).to_have_count(len(SOURCES))
        homes = page.locator(".history .points").evaluate_all("all => all.map(it => getComputedStyle(it).stroke)")
        assert len(set(homes)) == len(SOURCES)
        for phase in ("check", "open", "copy", "ledger", "query"):
            piece = page.locator(".piece").first
            piece.evaluate("(it, phase) => it.dataset.phase = phase", phase)
            assert piece.evaluate("it => getComputedStyle(it).backgroundColor") not in homes
        widths = page.locator(".history .points").evaluate_all("all => all.map(it => getComputedStyle(it).strokeWidth)")
        assert set(widths) == {"6px"}


def test_a_fourth_home_is_asked_beside_the_others_where_the_api_has_it(visit: Visiting) -> None:
    with visit() as visited:
        add_postgres(visited.page)
        visited.page.goto("/dashboard/#/homes")
        expect(visited.page.locator(".receipt")).to_have_count(len(HOMES))
        assert asked_homes(visited) == list(HOMES)
        swatches = visited.page.locator(".card-head .legend .swatch")
        colours = swatches.evaluate_all("(all) => all.map((each) => getComputedStyle(each).backgroundColor)")
        assert len(set(colours)) == len(HOMES)
        visited.page.goto("/dashboard/#/rows")
        expect(visited.page.get_by_role("option", name="postgres")).to_have_count(1)
