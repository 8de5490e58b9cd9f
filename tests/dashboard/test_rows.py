"""The rows on the page: the same as the API says, whatever the page is asked for."""

from __future__ import annotations

import re
import shlex
from operator import itemgetter
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.routes import SOURCES
from handlers.rows import MODEL
from tests.dashboard.conftest import ROWS, Visiting
from tests.support.browser import visiting
from tests.support.local import web

TWICE = "button => { button.click(); button.click(); }"  # before any answer can be there


def answer_with(page: Page, part: str, body: str) -> None:
    """Let the API answer so where the path and query begin like this."""
    page.route(re.compile(f"/api/{part}"), lambda route: route.fulfill(body=body, content_type="application/json"))


def open_data(page: Page, view: str = "") -> None:
    page.goto(f"/dashboard/#/data{view}")
    expect(page.get_by_role("navigation", name="Pages of rows")).to_be_visible()


def shown_ids(page: Page) -> list[str]:
    return page.locator(".rows tbody th").all_inner_texts()


def ids(stack: str, query: str, home: str = SOURCES[0]) -> list[str]:
    return [row["id"] for row in web.get(f"{stack}/{home}?{query}").json()["data"]]


def test_the_figures_are_those_of_the_api(visit: Visiting, stack: str) -> None:
    with visit() as visited:
        open_data(visited.page)
        whole = visited.page.get_by_role("region", name="The whole")
        expect(whole.locator("dd").first).to_have_text(str(ROWS))
        expect(whole).to_contain_text(web.get(f"{stack}/sqlite-efs/stats").json()["bookmark"])
        expect(whole).to_contain_text("the snapshot is the ledger")


def test_every_column_of_the_model_is_shown_and_nothing_else(visit: Visiting) -> None:
    with visit() as visited:
        open_data(visited.page)
        expect(visited.page.locator(".rows thead th")).to_have_text(
            ["id", *[column.name for column in MODEL.columns], "created_at"]
        )


def test_values_are_shown_as_the_api_gives_them(visit: Visiting, stack: str) -> None:
    row = web.get(f"{stack}/ddb?limit=1").json()["data"][0]
    with visit() as visited:
        open_data(visited.page, "?home=ddb")
        cells = visited.page.locator(".rows tbody tr").first.locator("th, td")
        assert cells.count() == len(row)
        expect(cells.first).to_have_text(row["id"])
        for number, column in enumerate(MODEL.columns, start=1):
            if column.kind in {"number", "integer"}:
                assert float(cells.nth(number).inner_text()) == row[column.name]


def test_pages_go_forward_and_back_by_cursor(visit: Visiting, stack: str) -> None:
    every = ids(stack, "limit=1000")
    with visit() as visited:
        page = visited.page
        open_data(page, "?limit=10")
        turns = page.get_by_role("navigation", name="Pages of rows")
        assert shown_ids(page) == every[:10]
        turns.get_by_role("button", name="Next").press("Enter")
        expect(turns).to_contain_text("Rows 11 to 20, page 2")
        expect(turns.get_by_role("button", name="Next")).to_be_focused()
        turns.get_by_role("button", name="Next").click()
        expect(turns).to_contain_text("Rows 21 to 30, page 3")
        assert shown_ids(page) == every[20:30]
        turns.get_by_role("button", name="Back").click()
        expect(turns).to_contain_text("Rows 11 to 20, page 2")
        assert shown_ids(page) == every[10:20]
        turns.get_by_role("button", name="First").click()
        expect(turns).to_contain_text("Rows 1 to 10, page 1")
        expect(turns.get_by_role("button", name="Back")).to_be_disabled()
        assert shown_ids(page) == every[:10]


def test_two_clicks_before_the_answer_lead_one_page_on(visit: Visiting, stack: str) -> None:
    every = ids(stack, "limit=1000")
    with visit() as visited:
        page = visited.page
        open_data(page, "?limit=10")
        turns = page.get_by_role("navigation", name="Pages of rows")
        turns.get_by_role("button", name="Next").evaluate(TWICE)
        expect(turns).to_contain_text("Rows 11 to 20, page 2")
        assert shown_ids(page) == every[10:20]
        turns.get_by_role("button", name="Next").click()
        expect(turns).to_contain_text("Rows 21 to 30, page 3")
        turns.get_by_role("button", name="Back").evaluate(TWICE)
        expect(turns).to_contain_text("Rows 11 to 20, page 2")
        assert shown_ids(page) == every[10:20]
        expect(page.locator(".page")).not_to_have_attribute("aria-busy", "true")


def test_the_last_page_leads_no_further(visit: Visiting) -> None:
    with visit() as visited:
        open_data(visited.page, "?limit=1000")
        turns = visited.page.get_by_role("navigation", name="Pages of rows")
        expect(turns).to_contain_text(f"Rows 1 to {ROWS}, page 1")
        expect(turns.get_by_role("button", name="Next")).to_be_disabled()


def test_home_and_order_are_asked_for_and_kept_in_the_address(visit: Visiting, stack: str) -> None:
    with visit() as visited:
        page = visited.page
        open_data(page)
        page.get_by_label("Order").select_option("asc")
        page.get_by_label("Home").select_option("sqlite-tmp")
        expect(page.locator(".page .note")).to_contain_text("sqlite-tmp")
        assert shown_ids(page) == ids(stack, "order=asc&limit=25", "sqlite-tmp")
        page.reload()
        expect(page.locator(".page .note")).to_contain_text("sqlite-tmp")
        assert shown_ids(page) == ids(stack, "order=asc&limit=25", "sqlite-tmp")


def test_filters_let_through_what_the_api_does(visit: Visiting, stack: str) -> None:
    wanted = ids(stack, "min_value=0.25&max_value=0.75&limit=25")
    assert wanted != ids(stack, "limit=25")
    name = next(column.name for column in MODEL.columns if getattr(column, "is_statistics", False))
    with visit() as visited:
        page = visited.page
        open_data(page)
        for comparison, bound in (("is at least", "0.25"), ("is at most", "0.75")):
            page.get_by_label("Only rows whose").select_option(name)
            page.get_by_label("Comparison").select_option(comparison)
            page.get_by_role("textbox", name="Value").fill(bound)
            page.get_by_role("textbox", name="Value").press("Enter")
            expect(page.locator(".chip", has_text=f"{name} {comparison} {bound}")).to_be_visible()
        expect(page.locator(".rows tbody th")).to_have_text(wanted)
        page.get_by_role("button", name=f"Remove the filter {name} is at least 0.25").click()
        page.get_by_role("button", name=f"Remove the filter {name} is at most 0.75").click()
        expect(page.locator(".rows tbody th").first).to_have_text(ids(stack, "limit=1")[0])


def test_blanks_are_no_filter(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        open_data(page, "?min_value=%20")
        page.get_by_label("Only rows whose").select_option("created_at")
        page.get_by_role("textbox", name="Value").fill("  ")
        page.get_by_role("textbox", name="Value").press("Enter")
        expect(page.get_by_role("textbox", name="Value")).to_have_value("")
        expect(page.locator(".chip")).to_have_count(0)


def test_a_malformed_filter_has_the_apis_own_words_beside_it(visit: Visiting) -> None:
    with visit(expected=["status of 400"]) as visited:
        page = visited.page
        page.goto("/dashboard/#/data?min_value=1&from=yesterday")
        chip = page.locator(".chip", has_text="created_at is at or after yesterday")
        expect(chip.get_by_role("alert")).to_contain_text('from: got "yesterday", allowed: an RFC 3339 time')
        chip.get_by_role("button").click()
        expect(page.locator(".rows tbody th").first).to_be_visible()


def test_a_point_of_the_history_is_held_and_let_go(visit: Visiting, stack: str) -> None:
    with visit(expected=["status of 400"]) as visited:
        page = visited.page
        open_data(page)
        page.get_by_role("button", name="Hold").click()
        expect(page.get_by_role("button", name="Follow")).to_be_visible()
        bookmark = web.get(f"{stack}/sqlite-efs/stats").json()["bookmark"]
        expect(page.get_by_label("As of bookmark")).to_have_value(bookmark)
        assert visited.asked(f"GET /api/sqlite-efs?order=desc&limit=25&as_of={bookmark}")
        page.get_by_label("As of bookmark").fill(f"{bookmark.split('.')[0]}.5")
        page.get_by_label("As of bookmark").press("Enter")
        expect(page.get_by_role("navigation", name="Pages of rows")).to_contain_text("Rows 1 to 5")
        page.get_by_label("As of bookmark").fill("last week")
        page.get_by_label("As of bookmark").press("Enter")
        expect(page.locator("#as-of-fault")).to_contain_text('as_of: got "last week"')


def test_one_row_by_its_id_is_shown_in_a_dialog(visit: Visiting, stack: str) -> None:
    row = web.get(f"{stack}/ddb?limit=1&order=asc").json()["data"][0]
    with visit(expected=["status of 404"]) as visited:
        page = visited.page
        open_data(page)
        page.get_by_label("One row by its id").fill(f" {row['id'].lower()} ")
        page.get_by_role("button", name="Show", exact=True).click()
        dialog = page.get_by_role("dialog", name="A row of sqlite-efs")
        expect(dialog.locator("dd").first).to_have_text(row["id"])
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        page.get_by_label("One row by its id").fill("0" * 26)
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Not found (status 404)")
        expect(page.get_by_role("dialog")).not_to_contain_text("newer than this bookmark")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Hold").click()
        expect(page.get_by_role("button", name="Follow")).to_be_visible()
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("or is newer than this bookmark")


def test_another_model_needs_nothing_of_the_page(visit: Visiting, stack: str) -> None:
    description = web.get(stack + "/openapi.json").json()
    parts, parameters = description["components"], description["paths"]["/sqlite-efs"]["get"]["parameters"]
    for name, schema in {"colour": {"type": "string"}, "is_sold": {"type": "boolean"}}.items():
        parts["schemas"]["Row"]["properties"] = {"id": {}, name: schema, **parts["schemas"]["Row"]["properties"]}
        parts["parameters"][name] = {"name": name, "in": "query", "description": "", "schema": schema}
        parameters.append({"$ref": f"#/components/parameters/{name}"})
    parts["schemas"]["Draft"]["properties"]["colour"] = {"type": ["string", "null"], "enum": ["red", "blue", None]}
    page_of_rows = web.get(stack + "/sqlite-efs?limit=1").json()
    page_of_rows["data"] = [{**page_of_rows["data"][0], "colour": None, "is_sold": False}]
    with visit() as visited:
        page = visited.page
        page.route(re.compile("/api/openapi.json"), lambda route: route.fulfill(json=description))
        page.route(re.compile(r"/api/sqlite-efs\?order"), lambda route: route.fulfill(json=page_of_rows))
        open_data(page)
        expect(page.locator(".rows thead th").nth(1)).to_have_text("is_sold")
        expect(page.locator(".rows tbody td").first).to_have_text("false")
        expect(page.locator(".rows tbody td").nth(1)).to_have_text("none")
        page.get_by_label("Only rows whose").select_option("colour")
        expect(page.get_by_role("combobox", name="Value").locator("option")).to_have_text(["red", "blue"])
        page.get_by_role("combobox", name="Value").select_option("blue")
        page.get_by_role("button", name="Add filter").click()
        expect(page.locator(".chip")).to_have_text(re.compile("colour is blue"))
        assert visited.asked("GET /api/sqlite-efs?order")[-1].endswith("colour=blue")


def test_a_data_set_without_rows_says_so(visit_empty: Visiting) -> None:
    with visit_empty() as visited:
        visited.page.goto("/dashboard/")
        whole = visited.page.get_by_role("region", name="The whole")
        expect(whole).to_contain_text("The data set is empty")
        expect(whole.locator("dd").first).to_have_text("0")
        expect(whole).not_to_contain_text("segment")
        rows = visited.page.get_by_role("region", name="Rows", exact=True)
        expect(rows).to_contain_text("There are no rows")
        visited.page.goto("/dashboard/#/data?from=2000-01-01T00:00:00Z")
        expect(rows).to_contain_text("No row matches")


def test_the_command_for_the_first_row_works_as_pasted_and_refresh_shows_the_row_at_once(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        BackgroundStack(project_stack(tmp_path, sandboxes=2, check_interval_ms=3_600_000, has_page=True)) as running,
        visiting(browser, running.url) as visited,
    ):
        page = visited.page
        page.goto("/dashboard/#/data")
        whole, rows = page.get_by_role("region", name="The whole"), page.get_by_role("region", name="Rows", exact=True)
        expect(rows).to_contain_text("There are no rows")
        curl, *words, url, _, header, _, body = shlex.split(whole.locator(".notice code").inner_text())
        assert (curl, words, url) == ("curl", ["-X", "POST"], f"{running.url}/api/insert")
        assert web.post(url, content=body, headers=dict([header.split(": ")])).status_code == 201
        page.get_by_role("button", name="Refresh").click()
        expect(rows.locator("tbody tr")).to_have_count(1)
        expect(whole.locator("dd").first).to_have_text("1")


def test_figures_and_rows_are_asked_for_as_new_as_the_newest_snapshot(visit: Visiting, stack: str) -> None:
    bookmark = web.get(f"{stack}/snapshots").json()["snapshots"][0]["bookmark"]
    asked: list[tuple[str, str | None]] = []
    with visit() as visited:
        page = visited.page
        page.on("request", lambda request: asked.append((request.url, request.headers.get("min-bookmark"))))
        open_data(page)
        expect(page.get_by_role("region", name="The whole").locator("dd").first).to_have_text(str(ROWS))
        calls = [(url.partition("/api/")[2], least) for url, least in asked if "/api/" in url]
        assert [path for path, _ in calls[:2]] == ["openapi.json", "snapshots"]
        assert sorted(calls[2:], key=itemgetter(0)) == [
            ("health", None),
            ("sqlite-efs/stats", bookmark),
            ("sqlite-efs?limit=1&fresh=1", bookmark),
            ("sqlite-efs?order=desc&limit=25", bookmark),
        ]
        page.get_by_role("button", name="Hold").click()
        expect(page.get_by_role("button", name="Follow")).to_be_visible()
        assert [least for url, least in asked if "as_of" in url] == [None]


@pytest.mark.parametrize(
    ("which", "status", "title"),
    [
        ("replaced", 409, "The ledger of that bookmark was replaced"),
        ("to come", 503, "This bookmark does not exist yet"),
    ],
)
def test_a_bookmark_that_leads_nowhere_has_a_way_to_the_newest(
    visit: Visiting, stack: str, which: str, status: int, title: str
) -> None:
    epoch = web.get(f"{stack}/sqlite-efs/stats").json()["bookmark"].split(".")[0]
    bookmark = {"replaced": "1.1", "to come": f"{epoch}.{ROWS + 1}"}[which]
    with visit(expected=[f"status of {status}"]) as visited:
        page = visited.page
        page.goto(f"/dashboard/#/data?limit=10&as_of={bookmark}")
        alert = page.get_by_role("region", name="Rows", exact=True).get_by_role("alert").filter(has_text=title)
        expect(alert).to_contain_text(bookmark)
        alert.get_by_role("button", name="Show the newest").click()
        expect(page.get_by_role("navigation", name="Pages of rows")).to_contain_text("Rows 1 to 10")
        expect(page.get_by_label("As of bookmark")).to_have_value("")
        assert page.url.endswith("#/data?limit=10")


def test_an_integer_beyond_what_a_double_holds_keeps_its_digits(visit: Visiting, stack: str) -> None:
    column = next(column.name for column in MODEL.columns if column.kind in {"number", "integer"})
    with visit() as visited:
        answer = web.get(f"{stack}/sqlite-efs?limit=1").text
        changed = re.sub(rf'"{column}":[^,}}]+', f'"{column}":9007199254740993', answer)
        assert changed != answer
        answer_with(visited.page, r"sqlite-efs\?order", changed)
        open_data(visited.page)
        expect(visited.page.locator(".rows tbody")).to_contain_text("9007199254740993")


def test_figures_and_parts_of_a_value_keep_the_digits_too(visit: Visiting, stack: str) -> None:
    great = "9007199254740993"
    column = next(column.name for column in MODEL.columns if column.kind in {"number", "integer"})
    with visit() as visited:
        page = visited.page
        stats = re.sub(r'"(min|max)":[^,}]+', rf'"\1":{great}', web.get(f"{stack}/sqlite-efs/stats").text)
        rows = re.sub(rf'"{column}":[^,}}]+', f'"{column}":{{"of":[{great}]}}', web.get(f"{stack}/ddb?limit=1").text)
        answer_with(page, "sqlite-efs/stats", stats)
        answer_with(page, r"sqlite-efs\?order", rows)
        open_data(page)
        expect(page.locator(".rows tbody code")).to_have_text(f'{{"of":[{great}]}}')
        whole = page.get_by_role("region", name="The whole")
        expect(whole).to_contain_text("9,007,199,254,740,993 to 9,007,199,254,740,993")
