"""Earlier points of the ledger, and pages that would grow too long. test_ddb.py has the newest point."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.branch import branch_off
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.reads import ddb_view, page
from handlers.reads.ddb import LedgerReader
from handlers.reads.page import PageQuery
from handlers.rows import MODEL
from handlers.telemetry.usage import Usage
from tests.support.api import Api
from tests.support.files import texts_of
from tests.support.meddling import (
    EPOCH,
    Clock,
    MeddledLedger,
    Run,
    no_time_limit,
    put_rows,
    row_of,
    set_head,
)

if TYPE_CHECKING:
    from handlers.reads.reader import View

T = TypeVar("T")

COUNT = 8
VALUES = [0.5, -1.5, 0.1, 2.5, 0.2, 1e100, -1e100, 0.3]
ROWS = [row_of(seq, value, f"2026-01-01T00:00:0{seq * 3 % 10}.000Z") for seq, value in enumerate(VALUES, 1)]
TEXTS = [MODEL.json_text(row) for row in ROWS]


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    put_rows(ledger, ROWS)
    return ledger


def read(ledger: Ledger, use: Callable[[View], T], point: Bookmark, at_least: Bookmark | None = None) -> T:
    """Let `use` read a point; the client asks for that one, or for a later one too."""
    clock = Clock()
    reader = LedgerReader(ledger, clock, clock.sleep)
    return reader.read(at_least or point, Usage(), lambda view: use(view.at(point)))


def walk(view: View, **parameters: str) -> list[list[str]]:
    """The rows of each page, from the first to the last."""
    pages: list[list[str]] = []
    query = PageQuery(parameters)
    while True:
        text, count, last = view.page(query)
        pages.append(texts_of(text, count))
        if last is None:
            return pages
        query = PageQuery(parameters | {"cursor": query.cursor(view.bookmark_text, last)})


def walked(view: View, **parameters: str) -> list[str]:
    """The rows of all pages."""
    return [*chain(*walk(view, **parameters))]


@pytest.mark.parametrize("seq", [0, 1, 5, 7, COUNT])
def test_an_earlier_point_has_the_rows_up_to_it(filled: Ledger, seq: int) -> None:
    point, wanted = Bookmark(EPOCH, seq), TEXTS[:seq]

    def use(view: View) -> None:
        assert (view.bookmark, view.bookmark_text) == (point, str(point))
        for filters in ({}, {"min_value": "-1e101"}):
            for limit in ("1", "3", "1000"):
                assert walked(view, limit=limit, order="asc", **filters) == wanted
                assert walked(view, limit=limit, order="desc", **filters) == wanted[::-1]
        for row in ROWS:
            assert view.row(row[1]) == (MODEL.json_text(row) if row[0] <= seq else None)
        assert view.bookmark == point

    read(filled, use, point)


@pytest.mark.parametrize("seq", [0, 1, 7, COUNT])
def test_statistics_of_an_earlier_point_are_exact(filled: Ledger, seq: int) -> None:
    found = read(filled, lambda view: json.loads(view.stats_text()), Bookmark(EPOCH, seq))
    values, times = VALUES[:seq], [row[3] for row in ROWS[:seq]]
    assert found == {
        "count": seq,
        "min": min(values, default=None),
        "max": max(values, default=None),
        "avg": math.fsum(values) / seq if seq else None,
        "first_created_at": min(times, default=None),
        "last_created_at": max(times, default=None),
    }


def test_the_point_before_everything_is_its_own_bookmark(filled: Ledger) -> None:
    reader = LedgerReader(filled)
    for _ in range(2):  # the second time the head is guessed
        found = reader.read(NOTHING, Usage(), lambda view: (view.at(NOTHING).bookmark, walk(view.at(NOTHING))))
        assert found == (NOTHING, [[]])


def test_statistics_of_an_earlier_point_read_so_many_rows_and_no_more(
    filled: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ddb_view, "MOST_ADDED_ROWS", 5)
    meddled = MeddledLedger(filled)
    assert read(meddled, lambda view: json.loads(view.stats_text()), Bookmark(EPOCH, 5))["count"] == 5
    meddled.meddled.calls.clear()
    with pytest.raises(Problem, match="at most 5 rows for statistics on ddb") as caught:
        read(meddled, lambda view: json.loads(view.stats_text()), Bookmark(EPOCH, 6))
    assert (caught.value.status, caught.value.errors[0]["field"]) == (400, "as_of")
    assert not meddled.meddled.arguments_of("query")
    assert (
        read(meddled, lambda view: json.loads(view.stats_text()), Bookmark(EPOCH, COUNT))["count"] == COUNT
    )  # the head knows them
    assert not meddled.meddled.arguments_of("query")


@pytest.mark.parametrize("newest", [5, COUNT])
def test_an_id_that_no_row_up_to_the_point_has_is_not_found_whatever_the_index_knows(
    filled: Ledger, newest: int
) -> None:
    def miss(run: Run) -> Any:
        return run() | {"Items": []}

    for late in (filled, MeddledLedger(filled, query=[miss])):
        for row_id in (row_of(6)[1], row_of(99)[1]):
            assert (
                read(late, lambda view, row_id=row_id: view.row(row_id), Bookmark(EPOCH, 5), Bookmark(EPOCH, newest))
                is None
            )
    late = MeddledLedger(filled, query=[miss])
    assert read(late, lambda view: view.row(row_of(5)[1]), Bookmark(EPOCH, 5), Bookmark(EPOCH, newest)) == TEXTS[4]


def test_a_point_of_a_branch_reads_each_row_under_the_root_that_it_was_written_in(filled: Ledger) -> None:
    head = Head.new(EPOCH).plus(ROWS)
    branch_off(filled, head, Head.new(EPOCH).plus(ROWS[:4]), EPOCH + 1, no_time_limit())
    found = read(filled, lambda view: walked(view, order="asc"), Bookmark(EPOCH + 1, 3))
    assert found == TEXTS[:3]
    assert read(filled, lambda view: view.row(ROWS[5][1]), Bookmark(EPOCH + 1, 4)) is None
    with pytest.raises(Problem, match="was replaced"):
        read(filled, walk, Bookmark(EPOCH, 3))


def test_the_point_is_that_of_the_head_as_it_was_read_then(filled: Ledger) -> None:
    def use(view: View) -> list[str]:
        earlier = view.at(Bookmark(EPOCH, 4))
        set_head(filled, Head.new(EPOCH + 1))
        return walked(earlier, order="asc")

    assert LedgerReader(filled).read(NOTHING, Usage(), use) == TEXTS[:4]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("filters", [{}, {"min_value": "-1e101"}])
def test_a_page_ends_before_it_grows_too_long(
    filled: Ledger, monkeypatch: pytest.MonkeyPatch, order: str, filters: dict[str, str]
) -> None:
    most_bytes = len(",".join(TEXTS[:3])) + 10
    monkeypatch.setattr(page, "MOST_PAGE_BYTES", most_bytes)
    pages = LedgerReader(filled).read(NOTHING, Usage(), lambda view: walk(view, order=order, **filters))
    assert [*chain(*pages)] == (TEXTS if order == "asc" else TEXTS[::-1])
    assert len(pages) > 2
    assert all(1 <= len(",".join(texts)) < most_bytes for texts in pages)


def test_a_page_of_one_row_is_as_long_as_that(filled: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_PAGE_BYTES", 1)
    pages = LedgerReader(filled).read(NOTHING, Usage(), lambda view: walk(view, order="asc"))
    assert pages == [[text] for text in TEXTS]


def test_the_cursor_of_a_newer_page_leads_nowhere_beyond_the_point_on_any_path(api: Api) -> None:
    inserted = api.post("/insert", {"count": 9}).json
    earlier = inserted["bookmark"].replace(".9", ".4")
    for source in ("/sqlite-efs", "/sqlite-tmp", "/ddb"):
        for filters in ("", "&min_value=-1e100"):
            cursor = api.get(source, f"limit=2{filters}").json["next"]
            answer = api.get(source, f"limit=9{filters}&cursor={cursor}&as_of={earlier}")
            assert (answer.status, answer.headers["snapshot-bookmark"]) == (200, earlier)
            assert [row["id"] for row in answer.json["data"]] == inserted["ids"][3::-1]
