"""Benchmarks on the page: measured for real, drawn over time, and said in a table."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from handlers.routes import SOURCES
from tests.dashboard.conftest import ROWS, Visiting
from tests.support.browser import NARROW, hold
from tests.support.local import web

Json = dict[str, Any]


def trend(source: str, p50s_ms: list[float], workload: str = "newest-100") -> Json:
    points = [
        {
            "id": str(1_795_000_000_000 + 86_400_000 * day),
            "started_at": f"2026-11-{18 + day:02d}T12:00:00.000Z",
            "rows": 1000,
            "p50_ms": p50_ms,
            "p90_ms": 2 * p50_ms,
            "p99_ms": 5 * p50_ms,
            "p50_interval": [0.95 * p50_ms, 1.05 * p50_ms],
            "p99_interval": [4.5 * p50_ms, None],
            "p50_change": None if day == 0 else round(p50_ms / p50s_ms[day - 1] - 1, 4),
            "p99_change": None,
        }
        for day, p50_ms in enumerate(p50s_ms)
    ]
    return {"workload": workload, "source": source, "points": points}


TRENDS = [
    trend("sqlite-efs", [0.06, 0.07, 0.06]),
    trend("sqlite-tmp", [0.05, 0.05, 0.1]),
    trend("ddb", [5.0, 5.5, 6.0]),
    trend("sqlite-efs", [0.02], "stats"),
]

SPANS = """async (points) => {
    const { spanOf } = await import("/dashboard/sections/benchmarks/chart.js");
    return points.map(([first, last]) => spanOf(first, last));
}"""


def answer(page: Page, path: str, body: Json, status: int = 200) -> None:
    kind = "application/json" if status == 200 else "application/problem+json"
    page.route(f"**/api{path}", lambda route: route.fulfill(status=status, content_type=kind, json=body))


def test_a_benchmark_is_measured_from_the_page_and_shown(visit: Visiting, stack: str) -> None:
    with visit() as visited:
        page = visited.page
        page.goto("/dashboard/#/benchmarks")
        expect(page.get_by_text("No benchmark in the last 90 days")).to_be_visible()
        asked = page.get_by_label("Requests each, at most")
        expect(asked).to_have_value("1000")
        asked.select_option("10")
        page.get_by_role("button", name="Measure now").click()
        results = page.get_by_role("region", name="Results of this benchmark")
        expect(results).to_be_visible(timeout=60_000)  # the function stops after 20 s
        newest = web.get(f"{stack}/benchmarks?limit=1").json()["benchmarks"][0]
        found = web.get(f"{stack}/benchmarks/{newest['id']}").json()
        assert newest["settings"]["iterations"] == 10
        expect(results.locator("tbody tr")).to_have_count(len(found["results"]))
        expect(page.locator(".chart canvas")).to_be_visible()
        expect(page.get_by_role("region", name="p50 by benchmark and home")).to_contain_text(str(ROWS))
        page.reload()
        expect(results).to_be_visible()
        expect(page.locator(".chart canvas")).to_be_visible()
        assert visited.violations() == []


def test_lines_are_drawn_over_time_with_a_table_that_says_the_same(visit: Visiting) -> None:
    with visit(width=NARROW, scheme="dark") as visited:
        page = visited.page
        answer(page, "/benchmarks/trends", {"trends": TRENDS})
        page.goto("/dashboard/#/benchmarks")
        canvas = page.get_by_role("img", name="p50 of newest-100 over time by home").locator("canvas")
        expect(canvas).to_be_visible()
        table = page.get_by_role("region", name="p50 by benchmark and home")
        expect(table.get_by_role("columnheader")).to_have_text(["started, UTC", "rows", *SOURCES])
        expect(table.get_by_role("row").nth(1).get_by_role("cell")).to_have_text(
            ["2026-11-20 12:00:00", "1,000", "0.06 ms \u221214 %", "0.1 ms +100 %", "6 ms no difference shown"]
        )
        kinds = [it.get_attribute("data-kind") for it in table.get_by_role("row").nth(1).locator(".change").all()]
        assert kinds == ["better", "worse", None]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        dark = canvas.evaluate("(it) => it.toDataURL()")
        page.get_by_label("Theme").select_option("light")
        expect(canvas).to_have_count(1)
        assert canvas.evaluate("(it) => it.toDataURL()") != dark


def test_the_axis_of_times_is_no_wider_than_its_points_and_an_hour_at_least(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        answer(page, "/benchmarks/trends", {"trends": [trend("sqlite-efs", [0.06])]})
        page.goto("/dashboard/#/benchmarks")
        expect(page.locator(".chart canvas")).to_be_visible()
        spans = page.evaluate(SPANS, [[9000, 9000], [9000, 9600], [0, 100_000]])
    assert spans == [[7200, 10_800], [7500, 11_100], [-2000, 102_000]]


def test_percentile_and_workload_are_chosen_and_kept_in_the_address(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        answer(page, "/benchmarks/trends", {"trends": TRENDS})
        page.goto("/dashboard/#/benchmarks")
        page.get_by_label("Percentile").select_option("p99")
        expect(page.get_by_role("region", name="p99 by benchmark and home")).to_contain_text("30 ms")
        page.get_by_label("Workload").select_option("stats")
        expect(page.get_by_role("img", name="p99 of stats over time by home")).to_be_visible()
        page.get_by_label("Percentile").select_option("p90")
        page.reload()
        expect(page.get_by_role("region", name="p90 by benchmark and home")).to_contain_text("0.04 ms")


def test_whoever_may_only_look_is_told_so_kindly(visit: Visiting) -> None:
    with visit(expected=["status of 403"]) as visited:
        page = visited.page
        answer(page, "/benchmarks/trends", {"trends": TRENDS})
        answer(page, "/benchmarks", {"title": "Forbidden", "detail": "no", "status": 403}, 403)
        page.goto("/dashboard/#/benchmarks")
        page.get_by_role("button", name="Measure now").click()
        expect(page.get_by_text("You may look, but not measure")).to_be_visible()
        expect(page.get_by_role("button", name="Measure now")).to_be_enabled()


def test_one_that_is_gone_is_said_where_it_was_to_be(visit: Visiting) -> None:
    with visit(expected=["status of 404"]) as visited:
        visited.page.goto("/dashboard/#/benchmarks?session=5")
        expect(visited.page.get_by_role("alert")).to_contain_text("There is no benchmark 5")


def test_the_benchmark_chosen_last_is_shown_whatever_answers_last(visit: Visiting) -> None:
    with visit(expected=["status of 404"]) as visited:
        page = visited.page
        answer(page, "/benchmarks/trends", {"trends": TRENDS})
        held = hold(page, "**/api/benchmarks/1795000000000")
        page.goto("/dashboard/#/benchmarks")
        with page.expect_request("**/api/benchmarks/1795000000000"):
            page.get_by_role("button", name="Show the benchmark of 2026-11-18 12:00:00").click()
        page.get_by_role("button", name="Show the benchmark of 2026-11-19 12:00:00").click()
        expect(page.get_by_role("alert")).to_contain_text("There is no benchmark 1795086400000")
        held[0].fulfill(status=404, content_type="application/problem+json", json={"title": "Gone", "detail": "late"})
        page.evaluate("() => new Promise(requestAnimationFrame)")
        expect(page.get_by_role("alert")).to_contain_text("There is no benchmark 1795086400000")


def test_an_empty_data_set_cannot_be_measured_and_the_api_says_why(visit: Visiting) -> None:
    with visit(expected=["status of 409"]) as visited:
        page = visited.page
        answer(page, "/benchmarks/trends", {"trends": []})
        refused = {"title": "No rows", "detail": "There is nothing to measure in an empty data set", "status": 409}
        answer(page, "/benchmarks", refused, 409)
        page.goto("/dashboard/#/benchmarks")
        expect(page.get_by_text("No benchmark in the last 90 days")).to_be_visible()
        page.get_by_role("button", name="Measure now").click()
        expect(page.get_by_role("alert")).to_contain_text("nothing to measure in an empty data set")
