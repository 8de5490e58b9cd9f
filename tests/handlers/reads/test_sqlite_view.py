"""Views of chains of segments in memory; test_paths_agree.py compares them with the ledger."""

from __future__ import annotations

import itertools
import json
import math
import re
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.domain.bookmark import Bookmark
from handlers.model.model import Row
from handlers.reads import page as page_module
from handlers.reads import sqlite_filter, sqlite_view
from handlers.reads.fresh import segment_of
from handlers.reads.page import PageQuery, answer_bytes
from handlers.reads.sqlite_filter import indexed_sql, nearby_range, nearby_sql
from handlers.reads.sqlite_view import (
    BY_ID,
    RANGES,
    TEXTS,
    Link,
    SqliteView,
)
from handlers.rows import MODEL
from tests.support.drafts import VALUE, draft, value_of, with_value
from tests.support.files import EPOCH, make_row, texts_of
from tests.support.filters import asked_as, few_values

COUNT = 120
VALUES = [-2.5, -1.0, 0.0, 0.25, 0.5, 1e100]  # few, so that many rows share one
TIMES = [make_row(seq)[-1] for seq in (1, 2, 3, 40)]
CUTS: tuple[list[int], ...] = (
    [],
    [1],
    [COUNT - 1],
    [100, 115, 119],
    [*range(7, COUNT, 7)],
)  # after these rows one segment ends


def stored_rows() -> list[Row]:
    """Times that go back and forth, as clocks do."""
    return [
        with_value(
            MODEL.row_of(seq, make_row(seq)[1], draft(seq), TIMES[seq * 5 % len(TIMES)]), VALUES[seq * 7 % len(VALUES)]
        )
        for seq in range(1, COUNT + 1)
    ]


STORED = stored_rows()
NONE_KEPT, ALL_KEPT = -1, 2**20  # of segments in memory, whose size in bytes is 0


def chain_of(stored: Sequence[Row], cuts: Sequence[int] = ()) -> SqliteView:
    """A view of these rows, in segments that end after these ones."""
    ends = [0, *cuts, len(stored)]
    links = [segment_of(list(stored[start:end]), start + 1) for start, end in itertools.pairwise(ends)]
    return SqliteView(links[::-1], Bookmark(EPOCH, len(stored)))


VIEWS = [chain_of(STORED, cuts) for cuts in CUTS]
LONGEST = VIEWS[-1]


@pytest.fixture
def view() -> SqliteView:
    """One segment."""
    return VIEWS[0]


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


def expected(query: dict[str, str], upto: int = COUNT) -> list[str]:
    """The whole walk, by plain Python."""
    found = [
        MODEL.json_text(row)
        for row in STORED[:upto]
        if float(query.get("min_value", "-inf")) <= value_of(row) <= float(query.get("max_value", "inf"))
        and query.get("from", "") <= row[-1]
        and ("to" not in query or row[-1] < query["to"])
    ]
    return found if query.get("order") == "asc" else found[::-1]


def walk(view: SqliteView, query: dict[str, str]) -> list[list[str]]:
    """The rows of each page, from the first to the last."""
    pages: list[list[str]] = []
    page = PageQuery(query)
    while True:
        text, count, last_seq = view.page(page)
        pages.append(texts_of(text, count))
        if last_seq is None:
            return pages
        page = PageQuery(query | {"cursor": page.cursor(view.bookmark_text, last_seq)})


@contextmanager
def asked_of(links: Sequence[Link]) -> Generator[list[tuple[int, str]]]:
    """Collect the statements that run, each with the first row of the segment it is put to."""
    asked: list[tuple[int, str]] = []
    for link in links:
        link.opened().connection.set_trace_callback(lambda sql, first=link.first: asked.append((first, sql)))
    yield asked
    for link in links:
        link.opened().connection.set_trace_callback(None)


@pytest.mark.parametrize("nearby_rows", [1, 3, 32])
@given(
    query=queries,
    view=st.sampled_from(VIEWS),
    upto=st.integers(0, COUNT) | st.just(COUNT),
    kept_bytes=st.sampled_from([NONE_KEPT, ALL_KEPT]),
)
@settings(max_examples=200)
def test_a_walk_by_cursor_gives_every_row_up_to_any_point_that_matches_exactly_once_and_in_order(
    nearby_rows: int, query: dict[str, str], view: SqliteView, upto: int, kept_bytes: int
) -> None:
    limit, wanted = int(query["limit"]), expected(query, upto)
    with (
        mock.patch.object(sqlite_filter, "NEARBY_ROWS", nearby_rows),
        mock.patch.object(sqlite_view, "KEPT_BYTES", kept_bytes),
    ):
        pages = walk(view.at(Bookmark(EPOCH, upto)), query)
    assert list(itertools.chain(*pages)) == wanted
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len(pages) == max(1, math.ceil(len(wanted) / limit))


@given(query=queries, view=st.sampled_from(VIEWS), most_bytes=st.integers(1, 1500))
@settings(max_examples=100)
def test_a_page_ends_before_it_grows_too_long_and_the_next_one_goes_on_there(
    query: dict[str, str], view: SqliteView, most_bytes: int
) -> None:
    with (
        mock.patch.object(sqlite_view, "MOST_PAGE_BYTES", most_bytes),
        mock.patch.object(page_module, "MOST_PAGE_BYTES", most_bytes),
    ):
        pages = walk(view, query)
    assert list(itertools.chain(*pages)) == expected(query)
    for page, following in itertools.pairwise(pages):
        assert len(page) == 1 or answer_bytes(",".join(page)) + 1 <= most_bytes
        is_full = len(page) == int(query["limit"])
        assert is_full or answer_bytes(",".join([*page, following[0]])) + 1 > most_bytes


@pytest.mark.parametrize("view", VIEWS)
def test_a_last_page_that_is_just_full_has_no_next(view: SqliteView) -> None:
    for order in ("asc", "desc"):
        assert view.page(PageQuery({"limit": str(COUNT), "order": order}))[2] is None
        assert view.page(PageQuery({"limit": str(COUNT), "order": order, "min_value": "-10"}))[2] is None
        assert view.page(PageQuery({"limit": str(COUNT - 1), "order": order}))[2] in (2, COUNT - 1)


@pytest.mark.parametrize("view", [SqliteView([], Bookmark(0, 0)), chain_of([]), VIEWS[0].at(Bookmark(EPOCH, 0))])
def test_pages_of_nothing_are_empty(view: SqliteView) -> None:
    for query in ({}, {"order": "asc"}, {"min_value": "0"}, {"to": TIMES[0], "order": "asc"}):
        assert view.page(PageQuery(query)) == ("", 0, None)
    assert view.row("") is None
    assert view.row(make_row(1)[1]) is None
    assert json.loads(view.stats_text()) == dict.fromkeys(
        ("min", "max", "avg", "first_created_at", "last_created_at")
    ) | {"count": 0}


@pytest.mark.parametrize("view", VIEWS)
def test_one_row_by_its_id_if_the_point_that_is_read_holds_it(view: SqliteView) -> None:
    row = STORED[41]
    assert view.row(row[1]) == MODEL.json_text(row)
    assert view.at(Bookmark(EPOCH, 42)).row(row[1]) == MODEL.json_text(row)
    assert view.at(Bookmark(EPOCH, 41)).row(row[1]) is None
    for other in ("", row[1][:-1], row[1] + " ", row[1].upper(), "' OR 1=1 --", "\0"):
        assert view.row(other) is None


def test_segments_whose_ids_leave_no_room_for_an_id_are_not_asked() -> None:
    with asked_of(LONGEST.links) as asked:
        assert LONGEST.row(STORED[41][1])
        assert [first for first, _ in asked] == [36]
        asked.clear()
        assert LONGEST.row(STORED[38][1] + "x") is None  # would lie in the middle of that one
        assert [first for first, _ in asked] == [36]
        asked.clear()
        for nowhere in ("id", "ie", STORED[41 // 7 * 7 + 6][1] + "x"):  # before all, after all, between two
            assert LONGEST.row(nowhere) is None
        assert asked == []


@pytest.mark.parametrize("place", [0, 6])
def test_the_least_and_the_greatest_id_of_a_segment_are_its_own(place: int) -> None:
    row = STORED[35 + place]
    assert LONGEST.row(row[1]) == MODEL.json_text(row)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("upto", [1, 41, 42, 43, 119, 120])
def test_statistics_of_any_point_are_pythons_own(view: SqliteView, upto: int) -> None:
    values = [value_of(row) for row in STORED[:upto]]
    times = [row[-1] for row in STORED[:upto]]
    earlier = view.at(Bookmark(EPOCH, upto))
    for _ in range(2):
        assert json.loads(earlier.stats_text()) == {
            "count": upto,
            "min": min(values),
            "max": max(values),
            "avg": math.fsum(values) / upto,
            "first_created_at": min(times),
            "last_created_at": max(times),
        }


def test_statistics_scan_only_the_segment_that_reaches_beyond_the_point() -> None:
    with asked_of(LONGEST.links) as asked:
        json.loads(LONGEST.at(LONGEST.bookmark).stats_text())
        LONGEST.at(Bookmark(EPOCH, 42)).stats_text()
        assert asked == []
        LONGEST.at(Bookmark(EPOCH, 40)).stats_text()
        assert [first for first, _ in asked] == [36]


def test_a_point_has_its_bookmark_and_the_newest_one_is_the_view_itself(view: SqliteView) -> None:
    assert view.at(view.bookmark) is view
    earlier = view.at(Bookmark(EPOCH, 5))
    assert (earlier.bookmark, earlier.bookmark_text) == (Bookmark(EPOCH, 5), f"{EPOCH}.5")


class Lazy:
    """A chain of which it is known what was opened, in which order."""

    def __init__(self, cuts: Sequence[int]) -> None:
        links = chain_of(STORED, cuts).links
        self.opened: list[int] = []
        self.view = SqliteView([self._link(link) for link in links], Bookmark(EPOCH, COUNT))

    def _link(self, link: Link) -> Link:
        def opened() -> sqlite_view.Segment:
            self.opened.append(link.first)
            return link.opened()

        return Link(link.first, link.last, opened)


@pytest.mark.parametrize(
    ("query", "firsts"),
    [
        ({"limit": "1"}, [120]),
        ({"limit": "5"}, [120, 116]),
        ({"limit": "6"}, [120, 116, 101]),
        ({"limit": "100", "order": "asc"}, [1]),
        ({"limit": "101", "order": "asc"}, [1, 101]),
        ({"limit": "1", "min_value": "-5"}, [120, 116]),  # whether more follow is known with the next row
        ({"limit": "1", "order": "asc", "min_value": "-5"}, [1]),
        ({"limit": "9", "min_value": "1e101"}, [120, 116, 101, 1]),
    ],
)
def test_a_segment_is_opened_when_a_page_first_reaches_it_and_once(query: dict[str, str], firsts: list[int]) -> None:
    lazy = Lazy([100, 115, 119])
    for _ in range(2):
        lazy.view.page(PageQuery(query))
        assert lazy.opened == firsts


def test_an_id_is_looked_for_from_the_newest_segment_back() -> None:
    lazy = Lazy([100, 115, 119])
    assert lazy.view.row(STORED[110][1])
    assert lazy.opened == [120, 116, 101]


def test_an_earlier_point_opens_nothing_beyond_it() -> None:
    lazy = Lazy([100, 115, 119])
    lazy.view.at(Bookmark(EPOCH, 100)).stats_text()
    assert lazy.opened == [1]


def test_a_link_that_is_closed_opens_again(view: SqliteView) -> None:
    lazy = Lazy([100])
    link = lazy.view.links[0]
    link.close()
    link.opened()
    assert lazy.opened == [101]
    link.close()
    assert link.segment is None


def steps_of(view: SqliteView, sql: str, arguments: Sequence[float | str | int]) -> str:
    """The plan of a statement."""
    connection = view.links[0].opened().connection
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
def test_no_filter_scans_the_table(view: SqliteView, query: dict[str, str], order: str) -> None:
    page = PageQuery(query | {"order": order})
    steps = steps_of(view, *indexed_sql(page, 1, 100, 9))
    assert "SCAN" not in steps
    assert "USING COVERING INDEX" in steps  # what is filtered and sorted is the index alone
    steps = steps_of(view, *nearby_sql(page, 1, 100, 9))
    assert steps == f"SEARCH {MODEL.table} USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("name", MODEL.filters)
def test_every_filter_is_answered_by_its_columns_index_alone(view: SqliteView, name: str, order: str) -> None:
    column, _ = MODEL.filters[name]
    page = PageQuery({"order": order, name: asked_as(column, few_values(column)[0])})
    steps = steps_of(view, *indexed_sql(page, 1, 100, 9))
    assert f"USING COVERING INDEX {MODEL.table}_by_{column.name} ({column.name}" in steps
    assert "SCAN" not in steps


ONE_EACH = [*((column.name, asked_as(column, few_values(column)[0])) for column in MODEL.filterable.values())]


@pytest.mark.parametrize("both", list(itertools.combinations([*ONE_EACH, ("from", TIMES[0])], 2)), ids=str)
def test_two_filters_are_answered_by_an_index_that_is_no_booleans(
    view: SqliteView, both: tuple[tuple[str, str], ...]
) -> None:
    steps = steps_of(view, *indexed_sql(PageQuery(dict(both)), 1, 100, 9))
    (index,) = re.findall(f"INDEX {MODEL.table}_by_([a-z_]+)", steps)
    names = [{"from": "created_at"}.get(name, name) for name, _ in both]
    assert index in [name for name in names if name not in sqlite_filter.BOOLEANS]


def test_an_index_of_few_values_is_left_where_there_is_another_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, beside = PageQuery({"min_value": "0"}), PageQuery({"min_value": "0", "from": TIMES[0]})
    monkeypatch.setattr(sqlite_filter, "BOOLEANS", {VALUE})
    assert f'WHERE "{VALUE}" >= ?' in indexed_sql(alone, 1, 100, 9)[0]
    assert f'WHERE +"{VALUE}" >= ? AND "created_at" >= ?' in indexed_sql(beside, 1, 100, 9)[0]
    monkeypatch.setattr(sqlite_filter, "BOOLEANS", {VALUE, "created_at"})
    assert f'WHERE "{VALUE}" >= ? AND "created_at" >= ?' in indexed_sql(beside, 1, 100, 9)[0]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(
    ("filtered_by", "index"),
    [("min_value", f"by_{VALUE}"), ("max_value", f"by_{VALUE}"), ("from", "by_created_at"), ("to", "by_created_at")],
)
def test_no_planner_can_choose_another_way(view: SqliteView, order: str, filtered_by: str, index: str) -> None:
    """Told to, SQLite searches an index, or by seq, if only the statement lets it."""
    page = PageQuery({"order": order, filtered_by: "0" if filtered_by.endswith("value") else TIMES[1]})
    sql, arguments = nearby_sql(page, 1, 100, 9)
    told = sql.replace(f"FROM {MODEL.sql_table}", f"FROM {MODEL.sql_table} INDEXED BY {MODEL.table}_{index}")
    assert f"SCAN {MODEL.table} USING INDEX {MODEL.table}_{index}" in steps_of(view, told, arguments)
    sql, arguments = indexed_sql(page, 1, 100, 9)
    told = sql.replace(f"SELECT seq FROM {MODEL.sql_table}", f"SELECT seq FROM {MODEL.sql_table} NOT INDEXED")
    assert f"SCAN {MODEL.table} / USE TEMP B-TREE FOR ORDER BY" in steps_of(view, told, arguments)


def test_ranges_and_ids_are_searched(view: SqliteView) -> None:
    for sql in (*RANGES.values(), TEXTS):
        steps = steps_of(view, sql, [1, 100])
        assert f"SEARCH {MODEL.table} USING INTEGER PRIMARY KEY" in steps
        assert "TEMP B-TREE" not in steps
    assert f"SEARCH {MODEL.table} USING INDEX {MODEL.table}_by_id" in steps_of(view, BY_ID, ["x", 9])


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("view", [VIEWS[0], chain_of(STORED, [60])])
def test_a_filter_that_many_rows_pass_looks_at_few_and_one_that_few_pass_asks_the_index(
    view: SqliteView, order: str
) -> None:
    with asked_of(view.links) as asked, mock.patch.object(sqlite_filter, "NEARBY_ROWS", 4):
        view.page(PageQuery({"limit": "10", "order": order, "min_value": "-5"}))
        assert len(asked) == 1
        view.page(PageQuery({"limit": "10", "order": order, "min_value": "1"}))  # every sixth
    is_indexed = ["seq IN" in sql for _, sql in asked]
    assert is_indexed == [False, False] + [True] * len(view.links)


def test_the_rows_looked_at_first_are_the_next_ones_in_order() -> None:
    for parameters, wanted, following in (({}, (401, 3600), (1, 499)), ({"order": "asc"}, (1, 3200), (501, 3600))):
        page = PageQuery(parameters | {"min_value": "0"})
        assert nearby_range(page, 3600) == wanted
        page.after = 500
        assert nearby_range(page, 3600) == following


def test_many_rows_wanted_are_not_looked_for_among_all_before_an_index_is_asked() -> None:
    page = PageQuery({"limit": "1000", "min_value": "0"})
    assert nearby_range(page, 100_000) == (96_001, 100_000)


def test_texts_are_those_that_python_made() -> None:
    """SQLite's own JSON functions print 15 digits of a double."""
    value = 0.1 + 0.2
    text, _, _ = chain_of([make_row(1, value)]).page(PageQuery({}))
    assert json.loads(text)[VALUE] == value


def test_the_texts_of_a_small_segment_are_asked_for_once_and_those_of_a_larger_one_each_time() -> None:
    for kept_bytes, times in ((ALL_KEPT, 1), (NONE_KEPT, 3)):
        view = chain_of(STORED)
        with asked_of(view.links) as asked, mock.patch.object(sqlite_view, "KEPT_BYTES", kept_bytes):
            for query in ({"limit": "3"}, {"limit": "7", "order": "asc"}, {"limit": "120"}):
                text, count, _ = view.page(PageQuery(query))
                assert texts_of(text, count) == expected(query)[: int(query["limit"])]
        assert len(asked) == times


@pytest.mark.parametrize("kept_bytes", [NONE_KEPT, ALL_KEPT])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("lacking", ["seq > 100", "seq = 101", "seq = 110", "seq = 120"])
def test_a_segment_that_lacks_rows_is_damaged_and_has_no_others_in_their_place(
    kept_bytes: int, order: str, lacking: str
) -> None:
    """A large file, say: its bytes are not proven before it is read where it is published."""
    damaged = chain_of(STORED, [100])
    damaged.links[0].opened().connection.execute(f"DELETE FROM {MODEL.sql_table} WHERE {lacking}")
    with mock.patch.object(sqlite_view, "KEPT_BYTES", kept_bytes):
        for _ in range(2):
            with pytest.raises(sqlite3.DatabaseError, match="of the rows 101 to 120 are there") as caught:
                damaged.page(PageQuery({"limit": "120", "order": order}))
            assert caught.value.sqlite_errorcode == sqlite3.SQLITE_CORRUPT
        sound = PageQuery({"limit": "100", "order": "asc"})
        assert texts_of(*damaged.page(sound)[:2]) == expected({"order": "asc"})[:100]


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_rows_are_counted_where_the_bytes_are_not_proven(is_whole: bool, order: str) -> None:
    view = chain_of(STORED, [100])
    for link in view.links:
        link.opened().is_whole = is_whole
    query = {"limit": "50", "order": order}
    with asked_of(view.links) as asked, mock.patch.object(sqlite_view, "KEPT_BYTES", NONE_KEPT):
        text, count, _ = view.page(PageQuery(query))
    assert texts_of(text, count) == expected(query)[:50]
    assert {"count(*)" in sql for _, sql in asked} == {not is_whole}


def test_of_a_small_segment_that_lacks_a_row_no_range_is_read() -> None:
    """Its rows are found by their places: those before the lacking one would be others."""
    damaged = chain_of(STORED)
    damaged.links[0].opened().connection.execute(f"DELETE FROM {MODEL.sql_table} WHERE seq = 60")
    for query in ({"limit": "10"}, {"limit": "10", "order": "asc"}):
        with pytest.raises(sqlite3.DatabaseError, match="119 of the rows 1 to 120 are there"):
            damaged.page(PageQuery(query))
