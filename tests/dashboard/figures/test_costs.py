"""The cost calculator on the page: its sliders, fields, bars and words."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from console.costs import prices
from console.costs.bill import totals_usd
from console.costs.scenario import Scenario
from console.costs.study import find_crossings
from console.wording import joined, quantity
from handlers.routes import SOURCES
from tests.dashboard.conftest import ROWS, Visiting
from tests.support.browser import NARROW, add_postgres

PRICE_LIST = prices.load()


def shown_usd(**given: Any) -> list[str]:
    """Each home's sum, as the page shows it beside its bar."""
    return [f"{usd:,.2f} USD" for usd in totals_usd(PRICE_LIST.prices, Scenario(**given)).values()]


def test_it_starts_with_the_rows_of_the_data_set_and_the_consoles_assumptions(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/costs")
        expect(page.locator(".cost-total")).to_have_text(shown_usd(rows=ROWS))
        expect(page.get_by_label("Rows, exactly")).to_have_value(str(ROWS))
        expect(page.get_by_text(f"Starts at the {ROWS} rows of this data set")).to_be_visible()
        expect(page.get_by_text(f"AWS's list prices of {PRICE_LIST.region}, {PRICE_LIST.date}")).to_contain_text(
            "off unless a setting switches it on: jobs, lake"
        )


def test_sliders_go_by_keyboard_and_the_bill_follows(visit: Visiting) -> None:
    with visit(width=NARROW) as visited:
        page = visited.page
        page.goto(f"/dashboard/#/costs?rows={ROWS}")
        slider = page.get_by_role("slider", name="Reads a month")
        expect(slider).to_have_attribute("aria-valuetext", "1 million reads a month")
        slider.focus()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        expect(slider).to_have_attribute("aria-valuetext", "10 million reads a month")
        expect(page.get_by_label("Reads a month, exactly")).to_have_value("10,000,000")
        expect(page.locator(".cost-total")).to_have_text(shown_usd(rows=ROWS, reads_per_month=1e7))
        assert "reads_per_month=10000000" in page.url


def test_an_exact_number_moves_the_slider_and_a_wrong_one_is_refused_beside_its_field(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/costs?rows=12345&reads_per_month=2000000&writes_per_month=77")
        expect(page.locator(".cost-total")).to_have_text(
            shown_usd(rows=12_345, reads_per_month=2e6, writes_per_month=77)
        )
        field = page.get_by_label("Writes a month, exactly")
        field.fill("0")
        expect(page.get_by_role("slider", name="Writes a month")).to_have_attribute(
            "aria-valuetext", "0 writes a month"
        )
        expect(page.locator(".cost-total")).to_have_text(
            shown_usd(rows=12_345, reads_per_month=2e6, writes_per_month=0)
        )
        field.fill("many")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#fault-writes_per_month")).to_have_text("0 to 1,000,000,000")
        expect(page.locator(".cost-total")).to_have_text(
            shown_usd(rows=12_345, reads_per_month=2e6, writes_per_month=0)
        )


def test_while_a_field_holds_no_value_the_bill_is_said_to_be_of_the_last_valid_ones(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/costs?rows=5000")
        page.get_by_text("assumptions behind it").click()
        field = page.get_by_label("Memory of a function")
        bill = page.get_by_role("region", name="A month, by home")
        field.fill("plenty")
        expect(bill).to_contain_text("Bill of the last valid values")
        expect(page.locator("[data-stale]")).to_have_count(2)
        field.fill("2048")
        expect(bill).not_to_contain_text("Bill of the last valid values")
        expect(page.locator("[data-stale]")).to_have_count(0)


def test_assumptions_speak_of_the_fields_beside_them_not_of_the_consoles_options(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/costs")
        page.get_by_text("assumptions behind it").click()
        notes = page.locator(".assumptions .note", has_text="empty:")
        expect(notes.first).to_be_visible()
        assert [text for text in notes.all_inner_texts() if "--" in text] == []
        name = "A row in the ledger, as DynamoDB counts it"
        expect(notes.filter(has_text=f"“{name}”, times")).to_have_count(1)
        expect(page.get_by_label(re.compile(f"^{name}"))).to_have_count(1)


def test_a_reset_goes_back_to_the_data_set_and_the_consoles_assumptions(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/costs?rows=5000&memory_mb=2048")
        expect(page.locator(".cost-total")).to_have_text(shown_usd(rows=5000, memory_mb=2048))
        page.get_by_role("button", name="Reset").click()
        expect(page.locator(".cost-total")).to_have_text(shown_usd(rows=ROWS))
        assert page.url.endswith("#/costs")
        expect(page.get_by_role("button", name="Reset")).to_be_focused()
        page.get_by_role("link", name="Verdict").click()
        expect(page.get_by_label("Rows, exactly")).to_have_value(str(ROWS))


def test_it_says_where_the_cheapest_changes_and_every_line_in_a_table(visit: Visiting) -> None:
    load = Scenario(rows=100_000, reads_per_month=1_000_000, writes_per_month=1_000)
    crossing = find_crossings(PRICE_LIST.prices, load, "reads_per_month")[0]
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/costs?rows=100000&reads_per_month=1000000&writes_per_month=1000")
        said = f"reads a month: at {quantity(crossing.at)}, from {joined(crossing.below)} to {joined(crossing.above)}"
        expect(page.get_by_role("region", name="What that says")).to_contain_text(said)
        cheapest = min(totals := totals_usd(PRICE_LIST.prices, load), key=lambda source: totals[source])
        expect(page.locator(".cost-bar", has_text="cheapest").get_by_role("heading")).to_have_text(cheapest)
        expect(page.get_by_role("img", name=f"{cheapest}:")).to_be_visible()
        table = page.get_by_role("region", name="A month's bill, line by line")
        expect(table.get_by_role("columnheader")).to_have_text(["USD a month", *SOURCES])
        expect(table.get_by_role("row").last).to_have_text(
            "Sum" + "".join(usd.removesuffix(" USD") for usd in shown_usd(rows=100_000))
        )


def test_an_assumption_can_be_changed_and_one_that_follows_from_others_emptied_again(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/costs?rows=5000")
        page.get_by_text("assumptions behind it").click()
        page.get_by_label("Memory of a function").fill("2048")
        expect(page.locator(".cost-total")).to_have_text(shown_usd(rows=5000, memory_mb=2048))
        for unit in ("Memory of a function (MB)", "RETAIN_S of the functions (s)", "Snapshots published; the path"):
            expect(page.get_by_label(unit)).to_be_visible()
        publishes = page.get_by_label("Snapshots published")
        publishes.fill("50000")
        expect(page.locator(".cost-total")).to_have_text(
            shown_usd(rows=5000, memory_mb=2048, publishes_per_month=50_000)
        )
        publishes.fill("")
        expect(page.locator(".cost-total")).to_have_text(shown_usd(rows=5000, memory_mb=2048))
        assert visited.violations() == []


def test_a_home_that_cannot_run_has_a_reason_and_a_load_goes_with_the_reader_to_the_verdict(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/costs")
        page.get_by_label("Rows, exactly").fill("1000000000")
        bar = page.locator(".cost-bar", has_text="sqlite-tmp")
        expect(bar).to_contain_text("cannot run")
        expect(bar).to_contain_text("does not fit in 512 MB of /tmp")
        page.get_by_label("Rows, exactly").fill("4242")
        page.keyboard.press("Enter")
        expect(bar).not_to_contain_text("cannot run")
        page.get_by_role("link", name="Verdict").click()
        expect(page.get_by_label("Rows, exactly")).to_have_value("4,242")


def test_without_an_answer_of_the_api_it_reckons_with_an_example_and_says_why(visit: Visiting) -> None:
    with visit(expected=["status of 503"]) as visited:
        problem = {"title": "Away", "detail": "the file system is away", "status": 503}
        visited.page.route(
            "**/api/snapshots*",
            lambda route: route.fulfill(status=503, content_type="application/problem+json", json=problem),
        )
        visited.page.goto("/dashboard/#/costs")
        expect(visited.page.get_by_role("alert")).to_contain_text("the file system is away")
        expect(visited.page.locator(".cost-total")).to_have_text(shown_usd())


def test_of_an_empty_data_set_it_shows_an_example(visit: Visiting) -> None:
    with visit() as visited:
        visited.page.route("**/api/snapshots*", lambda route: route.fulfill(json={"snapshots": []}))
        visited.page.goto("/dashboard/#/costs")
        expect(visited.page.get_by_text("This data set has no rows yet: an example.")).to_be_visible()
        expect(visited.page.locator(".cost-total")).to_have_text(shown_usd())


def test_postgresql_has_a_bill_of_its_own_where_the_api_has_it(visit: Visiting) -> None:
    with visit() as visited:
        add_postgres(visited.page)
        visited.page.goto("/dashboard/#/costs")
        expect(visited.page.locator(".cost-total")).to_have_text(shown_usd(rows=ROWS, postgres=1))
        expect(visited.page.get_by_role("list", name="Services")).to_contain_text("PostgreSQL")
        expect(visited.page.get_by_role("row", name="PostgreSQL")).to_contain_text("14.22")
        visited.page.goto("/dashboard/#/verdict")
        expect(visited.page.get_by_role("row", name="postgres")).to_have_count(1)
