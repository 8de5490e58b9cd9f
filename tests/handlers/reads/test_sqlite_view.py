from __future__ import annotations

import sqlite3
from unittest import mock

import pytest
from handlers.snapshots.snapshot import Snapshot, connect, file_uri
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.reads import sqlite_view
from handlers.reads.page import PageQuery
from handlers.reads.sqlite_view import (
    BY_ID,
    RANGE_NEWEST_FIRST,
    RANGE_OLDEST_FIRST,
    SqliteView,
    indexed_sql,
    nearby_range,
    nearby_sql,
)
from handlers.rows import Row, json_text
from tests.support.files import MemoryLedger, Place, make_row, texts_of

COUNT = 120
VALUES = [-2.5, -1.0, 0.0, 0.25, 0.5, 1e100]  # few, so that many rows share one
TIMES = [make_row(seq)[3] for seq in (1, 2, 3, 40)]


def stored_rows() -> list[Row]:
    """Times that go back and forth, as clocks do."""
    return [
        (seq, make_row(seq)[1], VALUES[seq * 7 % len(VALUES)], TIMES[seq * 5 % len(TIMES)])
        for seq in range(1, COUNT + 1)
    ]


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> SqliteView:
    ledger = MemoryLedger()
    ledger.stored = stored_rows()
    place = Place(tmp_path_factory.mktemp("view"))
    return SqliteView(Snapshot(connect(file_uri(str(place.path(place.publish(ledger))))), None, 0))


queries = st.fixed_dictionaries(
    {"limit": st.integers(1, 150).map(str)},
    optional={
        "order": st.sampled_from(["asc", "desc"]),
        "min_value": st.sampled_from(VALUES).map(repr),
        "max_value": st.sampled_from([*VALUES, 0.3]).map(repr),
        "from": st.sampled_from(TIMES),
        "to": st.sampled_from([*TIMES, "2026-01-01T00:00:02.500Z"]),
    },
).filter(
    lambda query: (
        float(query.get("min_value", "-inf")) <= float(query.get("max_value", "inf"))
        and query.get("from", "") <= query.get("to", "3")
    )
)


def expected(query: dict[str, str]) -> list[str]:
    """The whole walk, by plain Python."""
    rows = [
        row
        for row in stored_rows()
        if float(query.get("min_value", "-inf")) <= row[2] <= float(query.get("max_value", "inf"))
        and query.get("from", "") <= row[3]
        and ("to" not in query or row[3] < query["to"])
    ]
    return [json_text(row) for row in (rows if query.get("order") == "asc" else rows[::-1])]


@pytest.mark.parametrize("nearby_rows", [1, 3, 32])
@given(query=queries)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_walk_by_cursor_gives_every_row_that_matches_exactly_once_and_in_order(
    view: SqliteView, nearby_rows: int, query: dict[str, str]
) -> None:
    limit, wanted = int(query["limit"]), expected(query)
    walked: list[str] = []
    page = PageQuery(query)
    with mock.patch.object(sqlite_view, "NEARBY_ROWS", nearby_rows):
        while True:
            text, count, last_seq = view.page(page)
            walked += texts_of(text, count)
            if last_seq is None:
                break
            assert count == limit
            page = PageQuery(query | {"cursor": page.cursor(view.bookmark_text, last_seq)})
    assert walked == wanted


def test_a_last_page_that_is_just_full_has_no_next(view: SqliteView) -> None:
    for order in ("asc", "desc"):
        assert view.page(PageQuery({"limit": str(COUNT), "order": order}))[2] is None
        assert view.page(PageQuery({"limit": str(COUNT), "order": order, "min_value": "-10"}))[2] is None
        assert view.page(PageQuery({"limit": str(COUNT - 1), "order": order}))[2] in (2, COUNT - 1)


def test_pages_of_nothing_are_empty() -> None:
    view = SqliteView(Snapshot.empty())
    for query in ({}, {"order": "asc"}, {"min_value": "0"}, {"to": TIMES[0], "order": "asc"}):
        assert view.page(PageQuery(query)) == ("", 0, None)
    assert view.row("x") is None
    assert view.stats()["count"] == 0


def test_one_row_by_its_id(view: SqliteView) -> None:
    row = stored_rows()[41]
    assert view.row(row[1]) == json_text(row)
    for other in ("", row[1][:-1], row[1] + " ", row[1].upper(), "' OR 1=1 --", "\0"):
        assert view.row(other) is None


def test_statistics_come_from_the_meta_row(view: SqliteView) -> None:
    stats = view.stats()
    assert (stats["count"], stats["min"], stats["max"]) == (COUNT, min(VALUES), max(VALUES))
    assert (stats["first_created_at"], stats["last_created_at"]) == (min(TIMES), max(TIMES))


def plan(connection: sqlite3.Connection, sql: str, arguments: list[float | str | int]) -> str:
    return " / ".join(row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, arguments))


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(
    "query",
    [
        {"min_value": "0"},
        {"max_value": "0"},
        {"min_value": "0", "max_value": "0.5"},
        {"from": TIMES[0]},
        {"to": TIMES[1]},
        {"from": TIMES[0], "to": TIMES[1]},
        {"min_value": "0", "to": TIMES[1]},
    ],
)
@pytest.mark.parametrize("is_continued", [False, True])
def test_no_filter_scans_the_table(view: SqliteView, query: dict[str, str], order: str, is_continued: bool) -> None:
    page = PageQuery(query | {"order": order})
    if is_continued:
        page = PageQuery(query | {"order": order, "cursor": page.cursor(view.bookmark_text, 50)})
    steps = plan(view._connection, *indexed_sql(page))  # pyright: ignore[reportPrivateUsage]
    assert "SCAN" not in steps
    assert "USING COVERING INDEX" in steps  # what is filtered and sorted is the index alone
    steps = plan(view._connection, *nearby_sql(page, 1, 100))  # pyright: ignore[reportPrivateUsage]
    assert steps == "SEARCH randoms USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(
    ("filtered_by", "index"),
    [
        ("min_value", "randoms_by_value"),
        ("max_value", "randoms_by_value"),
        ("from", "randoms_by_created_at"),
        ("to", "randoms_by_created_at"),
    ],
)
def test_no_planner_can_choose_another_way(view: SqliteView, order: str, filtered_by: str, index: str) -> None:
    """Told to, SQLite searches an index, or by seq, if only the statement lets it."""
    connection = view._connection  # pyright: ignore[reportPrivateUsage]
    page = PageQuery({"order": order, filtered_by: "0" if "value" in filtered_by else TIMES[1]})
    sql, arguments = nearby_sql(page, 1, 100)
    told = sql.replace("FROM randoms", f"FROM randoms INDEXED BY {index}")
    assert f"SCAN randoms USING INDEX {index}" in plan(connection, told, arguments)
    page.after = 50
    sql, arguments = indexed_sql(page)
    told = sql.replace("SELECT seq FROM randoms", "SELECT seq FROM randoms NOT INDEXED")
    assert "SCAN randoms / USE TEMP B-TREE FOR ORDER BY" in plan(connection, told, arguments)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_filter_that_many_rows_pass_looks_at_few_and_one_that_few_pass_asks_the_index(
    view: SqliteView, order: str
) -> None:
    asked: list[str] = []
    connection = view._connection  # pyright: ignore[reportPrivateUsage]
    connection.set_trace_callback(asked.append)
    with mock.patch.object(sqlite_view, "NEARBY_ROWS", 4):
        view.page(PageQuery({"limit": "10", "order": order, "min_value": "-5"}))
        assert len(asked) == 1
        view.page(PageQuery({"limit": "10", "order": order, "min_value": "1"}))  # every sixth
    connection.set_trace_callback(None)
    assert ["seq IN" in sql for sql in asked] == [False, False, True]


def test_the_rows_looked_at_first_are_the_next_ones_in_order() -> None:
    for parameters, wanted in (({}, (401, 3600)), ({"order": "asc"}, (1, 3200))):
        page = PageQuery(parameters | {"min_value": "0"})
        assert nearby_range(page, 3600) == wanted
        page.after = 500
        assert nearby_range(page, 3600) == ((501, 3700) if parameters else (500 - 3200, 499))


def test_ranges_and_ids_are_searched(view: SqliteView) -> None:
    connection = view._connection  # pyright: ignore[reportPrivateUsage]
    for sql in (RANGE_NEWEST_FIRST, RANGE_OLDEST_FIRST):
        steps = plan(connection, sql, [1, 100])
        assert "SEARCH randoms USING INTEGER PRIMARY KEY" in steps
        assert "TEMP B-TREE" not in steps
    assert "SEARCH randoms USING INDEX" in plan(connection, BY_ID, ["x"])
