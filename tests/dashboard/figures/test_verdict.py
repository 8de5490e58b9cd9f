"""The page's verdict: the console's rule, on the newest benchmark and the bills of a load."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from console.costs import prices
from console.costs.bill import totals_usd
from console.costs.scenario import Scenario
from console.results.latency import Bounds, Latency
from console.verdict.choice import Choice, choose
from handlers.benchmark.session import figures_of
from handlers.routes import SOURCES
from tests.dashboard.conftest import Visiting
from tests.support.browser import Visit

POINTS = 400
SESSION = "1795000000000"
CHOOSE = """async (points) => {
    const { choose } = await import("/dashboard/sections/verdict/choice.js");
    const { loadModel } = await import("/dashboard/costs/model.js");
    const model = await loadModel();
    return points.map(({ totals, latencies, within }) => choose(model, totals, latencies, within));
}"""

Json = dict[str, Any]


def interval(random: Random) -> Bounds:
    low = random.choice((0.0, 1.0, 2.0, 5.0, random.uniform(0, 10)))
    return low, None if random.random() < 0.2 else low + random.choice((0.0, 1.0, random.uniform(0, 5)))


def latency(random: Random) -> Latency:
    p50, p99 = interval(random), interval(random)
    return Latency(random.choice((3, 6, 400)), p50[0], p50, p99[0], p99)


def questions() -> list[tuple[dict[str, float], dict[str, Latency], float | None]]:
    random = Random(20)
    found: list[tuple[dict[str, float], dict[str, Latency], float | None]] = []
    for _ in range(POINTS):
        base = random.choice((0.5, 5.0, 20.0, 200.0))
        totals = {
            source: base + random.choice((0.0, 0.5, 1.0, 2.0, random.uniform(0, base)))
            for source in SOURCES
            if random.random() < 0.9
        }
        latencies = {source: latency(random) for source in SOURCES if random.random() < 0.8}
        found.append((totals, latencies, random.choice((None, None, 1.0, 3.0, 8.0))))
    return found


def as_json(latencies: dict[str, Latency]) -> Json:
    return {
        source: {
            "requests": it.requests,
            "p50": it.p50,
            "p50Interval": it.p50_interval,
            "p99": it.p99,
            "p99Interval": it.p99_interval,
        }
        for source, it in latencies.items()
    }


def test_the_page_chooses_as_the_console_does(visit: Visiting) -> None:
    asked = questions()
    points = [{"totals": totals, "latencies": as_json(known), "within": within} for totals, known, within in asked]
    with visit() as visited:
        visited.page.goto("/dashboard/#/costs")
        found = visited.page.evaluate(CHOOSE, points)
    expected = [choose(*question) for question in asked]
    assert [Choice(it["path"], it["decidedBy"], tuple(it["paths"]), it["nearest"]) for it in found] == expected
    assert {choice.decided_by for choice in expected} == {None, "cost", "latency"}
    assert {choice.path for choice in expected} == {None, *SOURCES}


def result(source: str, times_ms: list[float], workload: str = "newest-100", **errors: int) -> Json:
    failed = {name.removeprefix("status_"): count for name, count in errors.items()}
    return {
        "workload": workload,
        "source": source,
        "requests": len(times_ms),
        "errors": failed,
        "server_ms": figures_of(times_ms),
        "consumed": {},
    }


def times(p50_ms: float, count: int = 400) -> list[float]:
    return [p50_ms * (0.9 + 0.2 * number / count) for number in range(count)]


def session(*results: Json) -> Json:
    return {
        "id": SESSION,
        "started_at": "2026-11-18T12:00:00.000Z",
        "duration_ms": 9000.0,
        "complete": True,
        "bookmark": "1.78",
        "last_bookmark": "1.78",
        "rows": 78,
        "settings": {"iterations": 400, "warm_ups": 1, "workloads": ["newest-100", "by-id"]},
        "environment": {
            "version": "0.1.0",
            "python": "3.13.1",
            "sqlite": "3.46.0",
            "region": "eu-central-1",
            "memory_mb": 1024,
            "architecture": "aarch64",
        },
        "results": list(results),
    }


def measured(page: Page, found: Json | None) -> None:
    """Let the API answer with this benchmark as the newest; None: there is none."""
    listed = [] if found is None else [{name: value for name, value in found.items() if name != "results"}]
    page.route("**/api/benchmarks?limit=1", lambda route: route.fulfill(json={"benchmarks": listed, "next": None}))
    page.route(f"**/api/benchmarks/{SESSION}", lambda route: route.fulfill(json=found))


def elsewhere(page: Page) -> None:
    """Let the page believe that its stack is on AWS: the one module that asks where it is says so."""
    pattern = re.compile(r"verdict/latencies\.js$")

    def answer(route: Route) -> None:
        original = route.fetch()
        changed = original.text().replace('"127.0.0.1"', '"127.0.0.9"')
        assert changed != original.text()
        route.fulfill(response=original, body=changed)

    page.route(pattern, answer)


def open_verdict(visited: Visit, found: Json | None, query: str = "", *, on_aws: bool = True) -> Locator:
    if on_aws:
        elsewhere(visited.page)
    measured(visited.page, found)
    visited.page.goto(f"/dashboard/#/verdict{query}")
    headline = visited.page.locator(".headline")
    expect(headline).to_be_visible()
    return headline


FASTER_TMP = (result("sqlite-efs", times(9)), result("sqlite-tmp", times(5)), result("ddb", times(20)))


def test_where_bills_do_not_really_differ_the_fastest_is_taken_and_the_reason_is_said(visit: Visiting) -> None:
    with visit() as visited:
        headline = open_verdict(visited, session(*FASTER_TMP))
        expect(headline).to_have_text("Read by sqlite-tmp")
        card = visited.page.get_by_role("region", name="Read by sqlite-tmp")
        expect(card).to_contain_text("so latency decides")
        expect(card).to_contain_text("A typical read (p50) takes 5 ms in the function, 4 ms less than on sqlite-efs")
        chosen = visited.page.get_by_role("row").filter(has_text="chosen")
        expect(chosen).to_contain_text("sqlite-tmp")


def test_where_bills_differ_the_cheapest_is_taken_however_slow(visit: Visiting) -> None:
    query = "?rows=100000&reads_per_month=100000000&writes_per_month=100"
    usd = totals_usd(prices.load().prices, Scenario(rows=100_000, reads_per_month=1e8, writes_per_month=100))
    slow = (result("sqlite-efs", times(50)), *FASTER_TMP[1:])
    with visit() as visited:
        assert min(usd, key=lambda source: usd[source]) == "sqlite-efs"
        expect(open_verdict(visited, session(*slow), query)).to_have_text("Read by sqlite-efs")
        expect(visited.page.locator(".verdict")).to_contain_text(f"It costs {usd['sqlite-efs']:.2f} USD a month")
        expect(visited.page.locator(".verdict")).to_contain_text("so cost decides")


def test_a_home_is_within_a_wish_only_if_its_whole_interval_is_and_what_is_no_time_is_refused(visit: Visiting) -> None:
    with visit() as visited:
        headline = open_verdict(visited, session(*FASTER_TMP))
        visited.page.get_by_label("99 % of reads within (ms)").fill("10")
        visited.page.keyboard.press("Enter")
        expect(headline).to_have_text("Read by sqlite-tmp")
        row = visited.page.get_by_role("row").filter(has_text="sqlite-efs")
        expect(row.get_by_role("cell").last).to_have_text("yes")
        visited.page.get_by_label("99 % of reads within (ms)").fill("2")
        visited.page.keyboard.press("Enter")
        expect(visited.page.locator(".headline")).to_have_text("No home can be recommended")
        expect(visited.page.locator(".verdict")).to_contain_text("the nearest is sqlite-tmp")
        assert "within=2" in visited.page.url
        field = visited.page.get_by_label("99 % of reads within (ms)")
        for typed in ("-1", "soon"):
            field.fill(typed)
            visited.page.keyboard.press("Enter")
            expect(field).to_have_attribute("aria-invalid", "true")
        expect(visited.page.locator("#fault-within")).to_contain_text("a number of milliseconds")


def test_of_a_wish_that_too_few_requests_can_show_it_says_how_many_would(visit: Visiting) -> None:
    few = [result(source, times(5, count=100)) for source in SOURCES]
    with visit() as visited:
        open_verdict(visited, session(*few), "?within=10")
        verdict = visited.page.locator(".verdict")
        expect(verdict).to_contain_text("100 requests are too few to show a p99; measure with 1000.")
        least = visited.page.evaluate(
            "async () => (await import('/dashboard/sections/verdict/latencies.js')).LEAST_P99"
        )
    ends = [result("ddb", times(5, count))["server_ms"]["p99_interval"][1] for count in (least - 1, least)]
    assert [end is None for end in ends] == [True, False]
    with visit() as visited:
        open_verdict(visited, session(*FASTER_TMP), "?within=2")
        expect(visited.page.locator(".verdict")).not_to_contain_text("too few")


def test_on_this_machine_a_wish_is_neither_met_nor_nearly(visit: Visiting) -> None:
    with visit() as visited:
        headline = open_verdict(visited, session(*FASTER_TMP), "?within=1000", on_aws=False)
        expect(headline).to_have_text("No home can be recommended")
        verdict = visited.page.locator(".verdict")
        expect(verdict).to_contain_text(
            "Measured on this machine, which shows nothing about a latency on AWS (here: 5.4"
        )
        expect(verdict).to_contain_text("Measure there, or clear the wish.")
        expect(verdict).not_to_contain_text("nearest")


def test_a_home_of_which_requests_failed_is_left_out(visit: Visiting) -> None:
    failing = result("sqlite-tmp", times(5), status_503=20)
    with visit() as visited:
        headline = open_verdict(visited, session(FASTER_TMP[0], failing, FASTER_TMP[2]))
        expect(headline).to_have_text("Read by sqlite-efs")
        expect(visited.page.locator(".verdict")).to_contain_text("more than 1 % of its requests failed: sqlite-tmp")


def test_most_reads_may_ask_for_one_row_which_costs_less_on_ddb(visit: Visiting) -> None:
    by_id = [it | {"workload": "by-id"} for it in (*FASTER_TMP[1:], FASTER_TMP[0])]
    one_row = totals_usd(prices.load().prices, Scenario(rows=5000, rows_per_read=1))
    with visit() as visited:
        open_verdict(visited, session(*by_id), "?rows=5000")
        visited.page.get_by_label("Most reads ask for").select_option("by-id")
        row = visited.page.get_by_role("row").filter(has_text="ddb")
        expect(row.get_by_role("cell").nth(1)).to_have_text(f"{one_row['ddb']:.2f}")
        assert visited.page.url.endswith("workload=by-id")
        basis = visited.page.get_by_role("region", name="What this is based on")
        expect(basis).to_contain_text("It is of another history of this data set: measure again.")


def test_a_benchmark_without_intervals_shows_no_difference(visit: Visiting) -> None:
    old = [
        it | {"server_ms": {name: it["server_ms"][name] for name in ("p50", "p90", "p99", "max", "mean")}}
        for it in FASTER_TMP
    ]
    with visit() as visited:
        open_verdict(visited, session(*old))
        expect(visited.page.get_by_role("row").filter(has_text="sqlite-tmp")).to_contain_text("not known")
        expect(visited.page.locator(".verdict")).not_to_contain_text("latency decides")


def test_on_this_machine_the_emulators_times_decide_nothing(visit: Visiting) -> None:
    emulated = (*FASTER_TMP[:2], result("ddb", times(0.1)))
    with visit() as visited:
        headline = open_verdict(visited, session(*emulated), on_aws=False)
        expect(headline).to_have_text("Read by sqlite-tmp, as far as this machine can tell")
        expect(visited.page.get_by_role("row").filter(has_text="ddb")).to_contain_text("an emulator's")


def test_without_a_benchmark_the_bill_decides_and_the_page_says_what_to_run(visit: Visiting) -> None:
    with visit() as visited:
        open_verdict(visited, None, "?reads_per_month=100000000")
        basis = visited.page.get_by_role("region", name="What this is based on")
        expect(basis).to_contain_text("No benchmark yet")
        expect(basis).to_contain_text("python -m console bench")
        expect(visited.page.locator(".verdict")).to_contain_text("only the bill can decide")


def test_an_api_that_does_not_answer_is_said_with_a_button_to_try_again(visit: Visiting) -> None:
    with visit(expected=["status of 503"]) as visited:
        problem = {"title": "Away", "detail": "DynamoDB is away", "status": 503}
        visited.page.route(
            "**/api/benchmarks?limit=1",
            lambda route: route.fulfill(status=503, content_type="application/problem+json", json=problem),
        )
        visited.page.goto("/dashboard/#/verdict")
        expect(visited.page.get_by_role("alert")).to_contain_text("DynamoDB is away")
        visited.page.unroute("**/api/benchmarks?limit=1")
        visited.page.get_by_role("button", name="Try again").click()
        expect(visited.page.locator(".headline")).to_be_visible()
