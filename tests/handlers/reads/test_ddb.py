from __future__ import annotations

import json
import math
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.aws import table
from handlers.aws.table import PAGE_ROWS
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.numbers import is_storable
from handlers.domain.problem import Problem
from handlers.ledger import ledger as ledger_module
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.reads import ddb_view
from handlers.reads.ddb import LedgerReader, ledger_of
from handlers.reads.ddb_view import MOST_SCANNED_ROWS, portions
from handlers.reads.page import PageQuery
from handlers.reads.reader import WAIT_S
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.telemetry.usage import Usage
from tests.support.api import Api
from tests.support.files import texts_of
from tests.support.meddling import (
    EPOCH,
    Clock,
    Fault,
    MeddledLedger,
    Run,
    appender,
    client_error,
    drafts,
    first,
    lose_request,
    no_time_limit,
    put_rows,
    refuse,
    row_of,
    set_head,
)

if TYPE_CHECKING:
    from handlers.reads.reader import View


def reader_of(ledger: Ledger, clock: Clock | None = None) -> LedgerReader:
    clock = clock or Clock()
    return LedgerReader(ledger, clock, clock.sleep)


def page(ledger: Ledger, at_least: Bookmark = NOTHING, **parameters: str) -> tuple[list[str], int | None, Bookmark]:
    def use(view: View) -> tuple[list[str], int | None, Bookmark]:
        text, count, last = view.page(PageQuery(parameters))
        return [json.loads(row)["id"].lstrip("0") for row in texts_of(text, count)], last, view.bookmark

    return reader_of(ledger).read(at_least, Usage(), use)


def row(ledger: Ledger, row_id: str, at_least: Bookmark = NOTHING, clock: Clock | None = None) -> str | None:
    return reader_of(ledger, clock).read(at_least, Usage(), lambda view: view.row(row_id))


def stats(ledger: Ledger) -> dict[str, object]:
    return reader_of(ledger).read(NOTHING, Usage(), lambda view: json.loads(view.stats_text()))


def put(ledger: Ledger, count: int) -> None:
    """Let the ledger hold these rows, and no more."""
    put_rows(ledger, [row_of(seq) for seq in range(1, count + 1)])


def miss(run: Run) -> Any:
    """The index does not know it yet."""
    return run() | {"Items": []}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("after", [None, 1, 4, 8])
def test_a_filtered_page_goes_on_after_its_position(ledger: Ledger, order: str, after: int | None) -> None:
    put_rows(ledger, [row_of(seq, float(seq % 2)) for seq in range(1, 9)])
    query = PageQuery({"order": order, "min_value": "1"})
    query.after = after
    text, count, _ = reader_of(ledger).read(NOTHING, Usage(), lambda view: view.page(query))
    found = [int(json.loads(row)["id"]) for row in texts_of(text, count)]
    wanted = [1, 3, 5, 7] if order == "asc" else [7, 5, 3, 1]
    assert found == [seq for seq in wanted if after is None or (seq > after if order == "asc" else seq < after)]


def test_before_there_is_a_ledger_there_are_no_rows_and_the_bookmark_is_nothing(ledger: Ledger) -> None:
    assert page(ledger) == ([], None, NOTHING)
    assert page(ledger, min_value="0") == ([], None, NOTHING)
    assert row(ledger, "0" * 26) is None
    assert stats(ledger) == dict.fromkeys(("min", "max", "avg", "first_created_at", "last_created_at")) | {"count": 0}


@pytest.mark.parametrize(
    ("parameters", "ids", "last"),
    [
        ({}, "7654321", None),
        ({"limit": "7"}, "7654321", None),
        ({"limit": "3"}, "765", 5),
        ({"limit": "3", "order": "asc"}, "123", 3),
        ({"min_value": "3"}, "76543", None),
        ({"min_value": "3", "limit": "5"}, "76543", None),
        ({"min_value": "3", "limit": "4"}, "7654", 4),
        ({"max_value": "3", "limit": "1", "order": "asc"}, "1", 1),
        ({"min_value": "8"}, "", None),
    ],
)
def test_a_page_says_where_it_ended_if_more_rows_follow(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str], ids: str, last: int | None
) -> None:
    for module in (table, ledger_module):
        monkeypatch.setattr(module, "PAGE_ROWS", 2)
    put_rows(ledger, [row_of(seq, float(seq)) for seq in range(1, 8)])
    assert page(ledger, NOTHING, **parameters) == (list(ids), last, Bookmark(EPOCH, 7))


@pytest.mark.parametrize("newest_first", [True, False])
@given(first=st.integers(1, 9000), count=st.integers(0, 9000), first_rows=st.integers(1, MOST_SCANNED_ROWS))
def test_a_filter_looks_at_few_rows_first_and_at_no_more_than_its_budget(
    newest_first: bool, first: int, count: int, first_rows: int
) -> None:
    parts = list(portions(Range(((1, EPOCH),), first, first + count - 1, newest_first), first_rows))
    seqs = [seq for part in parts for seq in sorted(range(part.first, part.last + 1), reverse=newest_first)]
    every = sorted(range(first, first + count), reverse=newest_first)
    assert seqs == every[:MOST_SCANNED_ROWS]
    sizes = [part.last - part.first + 1 for part in parts]
    assert sizes[:1] == [min(first_rows, count)][: len(sizes)]
    assert all(size == PAGE_ROWS * 2**place for place, size in enumerate(sizes[1:-1]))


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_that_end_at_the_budget_give_together_what_the_filter_lets_through(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, order: str, limit: int
) -> None:
    """Every tenth of 95 rows; a request looks at 16 of them, so some pages are empty and still go on."""
    monkeypatch.setattr(ddb_view, "MOST_SCANNED_ROWS", 16)
    monkeypatch.setattr(ddb_view, "NEARBY_ROWS", 4)
    put_rows(ledger, [row_of(seq, float(seq % 10 == 0)) for seq in range(1, 96)])
    wanted = [seq for seq in range(1, 96) if seq % 10 == 0]
    found: list[int] = []
    parameters = {"min_value": "1", "limit": str(limit), "order": order}
    cursor: dict[str, str] = {}
    pages = 0
    while True:
        query = PageQuery(parameters | cursor)

        def use(view: View, query: PageQuery = query) -> tuple[str, int, int | None, int | None]:
            return *view.page(query), view.scanned_rows

        text, count, last, scanned = reader_of(ledger).read(NOTHING, Usage(), use)
        found += [int(json.loads(each)["id"]) for each in texts_of(text, count)]
        assert count <= limit
        assert scanned is not None
        assert scanned <= 16
        pages += 1
        if last is None:
            break
        cursor = {"cursor": query.cursor(f"{EPOCH}.95", last)}
    assert found == (wanted if order == "asc" else wanted[::-1])
    assert pages >= 6


def test_a_filter_that_many_rows_match_reads_few_of_them(ledger: Ledger) -> None:
    put(ledger, 100)
    meddled = MeddledLedger(ledger)
    assert page(meddled, min_value="0", limit="1")[0] == ["100"]
    (arguments,) = meddled.meddled.arguments_of("query")
    assert (arguments["ExpressionAttributeValues"][":low"], arguments["ExpressionAttributeValues"][":high"]) == (
        {"N": "69"},
        {"N": "100"},
    )


def test_a_bookmark_that_is_there_is_answered_without_a_wait(ledger: Ledger) -> None:
    put(ledger, 1)
    clock = Clock()
    assert row(ledger, row_of(1)[1], Bookmark(EPOCH, 1), clock) == MODEL.json_text(row_of(1))
    assert not clock.slept_s


def test_a_bookmark_that_comes_within_the_wait_is_honoured(ledger: Ledger) -> None:
    set_head(ledger, Head.new(EPOCH))
    plan: list[Fault | None] = [None, None, first(lambda: put(ledger, 1))]
    found = page(MeddledLedger(ledger, get_item=plan), Bookmark(EPOCH, 1))
    assert found == (["1"], None, Bookmark(EPOCH, 1))


@pytest.mark.parametrize("asked", [Bookmark(EPOCH, 2), Bookmark(EPOCH + 1, 0)])
def test_a_bookmark_that_does_not_come_is_503(ledger: Ledger, asked: Bookmark) -> None:
    put(ledger, 1)
    clock = Clock()
    with pytest.raises(Problem, match=str(asked)) as caught:
        row(ledger, "x", asked, clock)
    assert (caught.value.kind, caught.value.headers) == ("not-there-yet", {"retry-after": "1"})
    assert WAIT_S <= sum(clock.slept_s) < WAIT_S + 0.1


def test_a_bookmark_of_an_older_ledger_is_409(ledger: Ledger) -> None:
    put(ledger, 1)
    with pytest.raises(Problem, match="was replaced") as caught:
        page(ledger, Bookmark(EPOCH - 1, 1))
    assert caught.value.status == 409


def test_a_row_of_the_insert_whose_bookmark_is_sent_is_found_though_the_index_does_not_know_it_yet(
    ledger: Ledger,
) -> None:
    put(ledger, 5)
    clock = Clock()
    for seq in range(1, 5):
        late = MeddledLedger(ledger, query=[miss])
        assert row(late, row_of(seq)[1], Bookmark(EPOCH, 4), clock) == MODEL.json_text(row_of(seq))
    assert not clock.slept_s


def test_under_a_bookmark_a_row_that_may_be_there_is_no_404(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ddb_view, "MAX_INSERT_ROWS", 3)
    put(ledger, 5)
    clock = Clock()
    with pytest.raises(Problem, match="does not know it yet") as caught:
        row(MeddledLedger(ledger, query=[miss]), row_of(1)[1], Bookmark(EPOCH, 5), clock)
    assert (caught.value.kind, caught.value.headers) == ("not-there-yet", {"retry-after": "1"})
    assert not clock.slept_s
    assert row(MeddledLedger(ledger), row_of(1)[1], Bookmark(EPOCH, 5), clock) == MODEL.json_text(row_of(1))


def test_under_a_bookmark_a_row_that_cannot_be_there_is_not_found(ledger: Ledger) -> None:
    put(ledger, 5)
    assert row(ledger, "0" * 26, Bookmark(EPOCH, 5)) is None


def test_a_row_is_not_waited_for_without_a_bookmark(ledger: Ledger) -> None:
    put(ledger, 1)
    clock = Clock()
    assert row(MeddledLedger(ledger, query=[miss]), row_of(1)[1], NOTHING, clock) is None
    assert not clock.slept_s


def test_a_row_newer_than_the_head_as_read_moves_the_bookmark(ledger: Ledger) -> None:
    put(ledger, 1)
    grow = first(lambda: put(ledger, 3))

    def use(view: View) -> tuple[str | None, Bookmark]:
        before = view.bookmark
        assert before == Bookmark(EPOCH, 1)
        return view.row(row_of(2)[1]), view.bookmark

    found = reader_of(MeddledLedger(ledger, query=[grow])).read(NOTHING, Usage(), use)
    assert found == (MODEL.json_text(row_of(2)), Bookmark(EPOCH, 2))


def test_an_older_row_leaves_the_bookmark_at_the_head(ledger: Ledger) -> None:
    put(ledger, 2)
    found = reader_of(ledger).read(NOTHING, Usage(), lambda view: (view.row(row_of(1)[1]), view.bookmark))
    assert found == (MODEL.json_text(row_of(1)), Bookmark(EPOCH, 2))


def test_the_id_of_a_row_of_an_older_ledger_is_not_found(ledger: Ledger) -> None:
    put(ledger, 1)
    set_head(ledger, Head.new(EPOCH + 1))
    assert row(ledger, row_of(1)[1]) is None


def ids_of(view: View) -> tuple[list[str], Bookmark]:
    text, count, _ = view.page(PageQuery({}))
    return [json.loads(row)["id"].lstrip("0") for row in texts_of(text, count)], view.bookmark


def row_1(view: View) -> tuple[str | None, Bookmark]:
    return view.row(row_of(1)[1]), view.bookmark


@pytest.mark.parametrize(
    ("use", "found"), [(ids_of, (["1"], Bookmark(EPOCH, 1))), (row_1, (MODEL.json_text(row_of(1)), Bookmark(EPOCH, 1)))]
)
def test_a_sandbox_that_knows_the_head_reads_it_alongside_the_rows(
    ledger: Ledger, use: Callable[[View], object], found: object
) -> None:
    put(ledger, 1)
    meddled = MeddledLedger(ledger)
    reader = reader_of(meddled)
    assert reader.read(NOTHING, Usage(), use) == found
    both = threading.Barrier(2, timeout=60)  # neither is answered until the other is asked for
    meddled.meddled.plan("query", [first(both.wait)])
    meddled.meddled.plan("get_item", [first(both.wait)])
    assert reader.read(NOTHING, Usage(), use) == found
    assert len(meddled.meddled.calls) == 4


def test_a_head_that_is_known_already_is_not_guessed_and_a_row_that_was_found_not_asked_for_again(
    ledger: Ledger,
) -> None:
    put(ledger, 1)
    meddled = MeddledLedger(ledger)
    reader = reader_of(meddled)
    reader.read(NOTHING, Usage(), ids_of)
    put(ledger, 2)
    reader.read(NOTHING, Usage(), lambda view: (view.bookmark, ids_of(view)))
    put(ledger, 3)
    assert reader.read(NOTHING, Usage(), row_1) == (MODEL.json_text(row_of(1)), Bookmark(EPOCH, 3))
    assert sorted(name for name, _ in meddled.meddled.calls) == ["get_item"] * 3 + ["query"] * 3


def test_a_ledger_that_has_grown_meanwhile_is_read_again(ledger: Ledger) -> None:
    put(ledger, 1)
    reader = reader_of(ledger)
    assert reader.read(NOTHING, Usage(), ids_of) == (["1"], Bookmark(EPOCH, 1))
    put(ledger, 2)
    assert reader.read(NOTHING, Usage(), ids_of) == (["2", "1"], Bookmark(EPOCH, 2))
    put(ledger, 3)
    assert reader.read(NOTHING, Usage(), row_1) == (MODEL.json_text(row_of(1)), Bookmark(EPOCH, 3))


def test_a_ledger_that_was_replaced_meanwhile_is_left_whatever_became_of_its_rows(ledger: Ledger) -> None:
    put(ledger, 1)
    reader = reader_of(ledger)
    assert reader.read(NOTHING, Usage(), ids_of)[1] == Bookmark(EPOCH, 1)
    key: Any = {"pk": {"S": table.rows_key(EPOCH, 0)}, "sk": {"N": "1"}}
    ledger.client.delete_item(TableName=ledger.table_name, Key=key)
    with pytest.raises(Problem, match="lacks 1 of the rows"):
        reader.read(NOTHING, Usage(), ids_of)
    set_head(ledger, Head.new(EPOCH + 1))
    assert reader.read(NOTHING, Usage(), ids_of) == ([], Bookmark(EPOCH + 1, 0))


@pytest.mark.parametrize("row_id", ["x", "x" * 27, "x" * 3000, "é" * 26, "\ud800" * 26, ""])
def test_what_cannot_be_an_id_is_not_asked_for(ledger: Ledger, row_id: str) -> None:
    clock, meddled = Clock(), MeddledLedger(ledger)
    set_head(ledger, Head.new(EPOCH))
    assert row(meddled, row_id, Bookmark(EPOCH, 0), clock) is None
    assert not clock.slept_s
    assert not meddled.meddled.arguments_of("query")


def test_an_id_too_long_for_dynamodb_is_404_through_the_api(api: Api) -> None:
    api.post("/insert")
    assert api.get("/ddb/" + "A" * 3000).status == 404
    assert api.get("/ddb/" + "A" * 26).status == 404


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False).filter(is_storable), min_size=1, max_size=30))
def test_statistics_are_pythons_own(ledger: Ledger, values: list[float]) -> None:
    times = [f"2026-01-01T00:00:{(seq * 7) % 60:02d}.000Z" for seq in range(1, len(values) + 1)]
    put_rows(ledger, [row_of(seq, value + 0.0, times[seq - 1]) for seq, value in enumerate(values, 1)])
    assert stats(ledger) == {
        "count": len(values),
        "min": min(values),
        "max": max(values),
        "avg": math.fsum(values) / len(values),
        "first_created_at": min(times),
        "last_created_at": max(times),
    }


def test_statistics_of_several_pages_are_one(ledger: Ledger) -> None:
    values = [(-1) ** seq * 1.1**seq for seq in range(1, 1103)]
    put_rows(ledger, [row_of(seq, value) for seq, value in enumerate(values, 1)])
    found = stats(ledger)
    assert (found["count"], found["avg"]) == (1102, math.fsum(values) / 1102)
    assert sys.float_info.max > max(values) == found["max"]


def test_a_read_that_gets_no_answer_is_503_in_time(ledger: Ledger) -> None:
    clock = Clock()

    def lose_slowly(run: Run) -> Any:
        clock.pass_s(3)
        return lose_request(run)

    with pytest.raises(Problem) as caught:
        row(MeddledLedger(ledger, {"get_item": lose_slowly}), "x", NOTHING, clock)
    assert caught.value.status == 503
    assert clock() <= 1000 + 8


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_ledger_that_refuses_is_503_and_names_the_reason(ledger: Ledger, code: str) -> None:
    with pytest.raises(Problem, match=code) as caught:
        stats(MeddledLedger(ledger, {"get_item": refuse(client_error(code))}))
    assert caught.value.status == 503


def test_a_missing_table_is_503_on_the_ledgers_path_alone(environ: dict[str, str]) -> None:
    api = Api(environ | {"TABLE_NAME": "no-such-table"})
    answer = api.get("/ddb")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "ResourceNotFoundException" in answer.json["detail"]
    assert api.get("/sqlite-efs").status == 200


def test_without_a_table_name_there_is_no_ledger_to_read() -> None:
    with pytest.raises(Problem, match="TABLE_NAME is not set") as caught:
        ledger_of(Settings({}))
    assert caught.value.status == 503


def test_a_missing_row_is_503_through_the_api(api: Api, ledger: Ledger) -> None:
    appender(ledger).append(drafts(3), no_time_limit())
    key: Any = {"pk": {"S": table.rows_key(EPOCH, 0)}, "sk": {"N": "2"}}
    ledger.client.delete_item(TableName=ledger.table_name, Key=key)
    for path, query in (("/ddb", ""), ("/ddb", "min_value=0"), ("/ddb", f"as_of={EPOCH}.2")):
        answer = api.get(path, query)
        assert (answer.status, "lacks 1 of the rows 1 to " in answer.json["detail"]) == (503, True)
    assert api.get("/ddb", "limit=1").status == 200
