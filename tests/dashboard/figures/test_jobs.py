"""Jobs on the page: how far they are, why they failed, and that the page looks again while one runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.settings import BOTH
from tests.dashboard.conftest import Visiting
from tests.support.api import spread
from tests.support.browser import PATIENCE_MS, hide, hold
from tests.support.local import web

Json = dict[str, Any]


def job(number: int, state: str, **given: object) -> Json:
    ended = "2026-11-22T10:31:00.000Z" if state in {"succeeded", "failed", "cancelled"} else None
    return {
        "id": f"01M81E0TFH6N1X71NSQA11ZR{number:02d}",
        "kind": "import",
        "state": state,
        "name": f"file-{number}.csv",
        "phase": "append",
        "created_at": "2026-11-22T10:26:00.000Z",
        "started_at": "2026-11-22T10:26:04.000Z",
        "ended_at": ended,
        "attempts": 1,
        "rows": 1000,
        "rows_done": 1000 if state == "succeeded" else 412,
        "rows_rejected": 0,
        "bytes": 50_000,
        "bytes_done": 50_000 if state == "succeeded" else 20_000,
        "rows_per_s": 1990.3,
        "eta_s": 286 if state == "running" else None,
        "bookmark": "1790000000000.1412",
        "error": None,
        **given,
    }


RUNNING = job(3, "running")
FAILED = job(2, "failed", error="rows refused: 3, allowed: 0; nothing was appended", rows_rejected=3, attempts=2)
DONE = job(1, "succeeded")
REJECTS = [{"line": 77, "reasons": ["column 'random_value' (2): got \"n/a\", allowed: a number"]}]


class Api:
    """The API's jobs, as a test lets them be: pages of two, newest first."""

    def __init__(self, page: Page, *jobs: Json) -> None:
        self.jobs = list(jobs)
        page.route("**/api/jobs*", self._list)
        page.route("**/api/jobs/*", self._one)

    def _list(self, route: Route) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(route.request.url).query).items()}
        found = [it for it in self.jobs if query.get("state", it["state"]) == it["state"]]
        found = [it for it in found if "cursor" not in query or it["id"] < query["cursor"]]
        rest = found[2:]
        route.fulfill(json={"jobs": found[:2], "next": found[1]["id"] if rest else None})

    def _one(self, route: Route) -> None:
        found = next(it for it in self.jobs if it["id"] == route.request.url.rpartition("/")[2])
        route.fulfill(json={"job": {**found, "format": "csv", "sha256": None, "max_rejects": 0, "rejects": REJECTS}})


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a stack with jobs."""
    folder = tmp_path_factory.mktemp("jobs")
    project = project_stack(folder, sandboxes=1, projection=BOTH, has_worker=True, has_page=True)
    with BackgroundStack(project) as running:
        yield running.url


def test_an_import_is_followed_from_its_order_to_its_end(visit: Visiting, stack: str) -> None:
    rows = spread(3)
    lines = [json.dumps(row) for row in rows] + ["no row"]
    file = "".join(f"{line}\n" for line in lines).encode()
    order = {"format": "ndjson", "bytes": len(file), "name": "march.ndjson"}
    asked = web.post(f"{stack}/imports", json=order)
    assert asked.status_code == 201
    job_id, upload = asked.json()["job"]["id"], asked.json()["upload"]
    with visit() as visited:
        visited.page.goto("/dashboard/#/jobs")
        card = visited.page.get_by_role("article", name="march.ndjson")
        expect(card).to_contain_text("waiting")
        expect(card).to_contain_text(f"Waits for its file of {len(file)} bytes")
        assert httpx.put(upload["url"], content=file, headers=upload["headers"]).status_code == 200
        expect(card.locator(".badge")).to_have_text("succeeded", timeout=PATIENCE_MS)
        expect(card).to_contain_text("3 of 3 rows · 1 row refused")
        card.get_by_text("Details and refused rows").click()
        expect(card).to_contain_text(job_id)
        expect(card.get_by_role("region", name="Refused rows").get_by_role("row").last).to_contain_text("4")


def test_progress_times_and_failures_are_shown(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        Api(page, RUNNING, FAILED)
        page.goto("/dashboard/#/jobs")
        running = page.get_by_role("article", name="file-3.csv")
        expect(running.get_by_role("progressbar")).to_have_js_property("value", 0.4)
        expect(running).to_contain_text("append 40 % · 412 of 1,000 rows · 1,990 rows/s · about 5 min left")
        failed = page.get_by_role("article", name="file-2.csv")
        expect(failed).to_contain_text("rows refused: 3, allowed: 0; nothing was appended")
        expect(failed).to_contain_text("begun 10:26:04, ended 10:31:00 after 5 min, 2 turns")
        failed.get_by_text("Details and refused rows").click()
        expect(failed.get_by_role("region", name="Refused rows")).to_contain_text("77")
        expect(failed).to_contain_text("The first 1 of 3")
        assert visited.violations() == []


def test_the_page_looks_again_while_a_job_runs_and_no_longer_when_it_has_ended(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.clock.install()
        api = Api(page, RUNNING)
        page.goto("/dashboard/#/jobs")
        card = page.get_by_role("article", name="file-3.csv")
        card.get_by_text("Details").click()
        expect(card).to_contain_text("format csv")
        api.jobs = [job(3, "running", bytes_done=40_000, rows_done=800)]
        page.clock.run_for(3000)
        expect(card).to_contain_text("append 80 %")
        expect(card).to_contain_text("format csv")
        expect(card.locator("summary")).to_be_focused()
        api.jobs = [job(3, "succeeded")]
        page.clock.run_for(3000)
        expect(card.locator(".badge")).to_have_text("succeeded")
        expect(page.locator("#announcer")).to_have_text("file-3.csv: succeeded")
        asked = len(visited.asked("GET /api/jobs?"))
        page.clock.run_for(30_000)
        assert len(visited.asked("GET /api/jobs?")) == asked


def test_while_jobs_only_wait_the_pauses_grow_and_nothing_is_asked_while_nobody_looks(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        page.clock.install()
        api = Api(page, job(3, "waiting", rows_done=0, bytes_done=0))
        page.goto("/dashboard/#/enter")
        expect(page.get_by_label("Access code")).to_be_visible()
        visited.hold_clock()
        page.get_by_role("link", name="Jobs").click()
        card = page.get_by_role("article", name="file-3.csv")
        expect(card.locator(".badge")).to_have_text("waiting")
        looks = "GET /api/jobs?"
        for turn, after_ms in ((2, 3_000), (3, 6_000)):
            api.jobs = [job(3, "waiting", rows_done=0, bytes_done=0, attempts=turn)]
            page.clock.run_for(after_ms - 1)
            assert len(visited.asked(looks)) == turn - 1
            page.clock.run_for(1)
            expect(card).to_contain_text(f"{turn} turns")
        hide(page, True)
        page.clock.run_for(600_000)
        assert len(visited.asked(looks)) == len(("at once", "after 3 s", "after 6 s"))
        api.jobs = [RUNNING]
        hide(page, False)
        expect(card.locator(".badge")).to_have_text("running")


def test_a_late_answer_does_not_take_the_place_of_a_newer_one(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        Api(page, FAILED, DONE)
        page.goto("/dashboard/#/jobs")
        cards = page.get_by_role("article")
        expect(cards).to_have_count(2)
        held = hold(page, "**/api/jobs?state=failed*")
        with page.expect_request("**/api/jobs?state=failed*"):
            page.get_by_label("State").select_option("failed")
        with page.expect_request_finished(lambda request: "state=succeeded" in request.url):
            page.get_by_label("State").select_option("succeeded")
        expect(cards.get_by_role("heading")).to_have_text(["file-1.csv"])
        held[0].fulfill(json={"jobs": [FAILED], "next": None})
        page.evaluate("() => new Promise(requestAnimationFrame)")
        expect(cards.get_by_role("heading")).to_have_text(["file-1.csv"])


def test_an_end_on_another_day_has_its_date(visit: Visiting) -> None:
    with visit() as visited:
        Api(visited.page, job(3, "succeeded", ended_at="2026-11-23T00:01:00.000Z"))
        visited.page.goto("/dashboard/#/jobs")
        card = visited.page.get_by_role("article", name="file-3.csv")
        expect(card).to_contain_text("begun 10:26:04, ended 2026-11-23 00:01:00 after")


def test_older_jobs_and_a_state_are_asked_for(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        Api(page, job(5, "failed"), job(4, "succeeded"), FAILED, DONE)
        page.goto("/dashboard/#/jobs")
        cards = page.get_by_role("article")
        expect(cards).to_have_count(2)
        page.get_by_role("button", name="Older jobs").click()
        expect(cards).to_have_count(4)
        expect(page.get_by_role("button", name="Older jobs")).to_be_hidden()
        page.get_by_label("State").select_option("failed")
        expect(cards.get_by_role("heading")).to_have_text(["file-5.csv", "file-2.csv"])
        assert page.url.endswith("#/jobs?state=failed")
        page.get_by_label("State").select_option("waiting")
        expect(page.get_by_text("No job is waiting")).to_be_visible()


def test_without_jobs_the_page_says_how_one_comes_about(visit: Visiting) -> None:
    with visit() as visited:
        Api(visited.page)
        visited.page.goto("/dashboard/#/jobs")
        expect(visited.page.get_by_text("No jobs in the last 30 days")).to_be_visible()
        expect(
            visited.page.get_by_text("Where jobs are off, the stack's setting jobs switches them on")
        ).to_be_visible()


def test_an_api_that_is_away_is_said_and_asked_again(visit: Visiting) -> None:
    with visit(expected=["ERR_CONNECTION_REFUSED"]) as visited:
        page = visited.page
        page.route("**/api/jobs*", lambda route: route.abort("connectionrefused"))
        page.goto("/dashboard/#/jobs")
        expect(page.get_by_role("alert")).to_contain_text("The API cannot be reached")
        page.unroute("**/api/jobs*")
        Api(page, DONE)
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("article", name="file-1.csv")).to_contain_text("1,000 of 1,000 rows")
