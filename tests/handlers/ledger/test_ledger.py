from __future__ import annotations

import math
import sys
import threading
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from handlers.aws import table
from handlers.aws.dynamodb import PARALLEL_READS
from handlers.aws.table import page_of, rows_key
from handlers.domain.bookmark import Bookmark
from handlers.domain.numbers import is_storable
from handlers.domain.problem import Problem
from handlers.ledger import ledger as ledger_module
from handlers.ledger.head import Head
from handlers.ledger.items import WHOLE_ROWS, narrowing_of
from handlers.ledger.ledger import Ledger, Part, Range
from handlers.model.columns import Text
from handlers.model.model import Model, Row
from handlers.reads.page import PageQuery
from tests.support.drafts import value_of
from tests.support.meddling import (
    EPOCH,
    Clock,
    MeddledLedger,
    all_rows,
    client_error,
    first,
    head_of,
    lose_answer,
    lose_request,
    no_time_limit,
    put_rows,
    refuse,
    row_of,
    set_head,
)

ON_THE_EMULATOR = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROOT = Head.new(EPOCH).roots
VALUES = [0.0, 1e-130, -1e-130, 5e-324 * 2**700, 0.1, -0.1, 1 / 3, 1.0, -1.0, 2.0**53, math.nextafter(1e126, 0), -1e125]


def read(ledger: Ledger, span: Range) -> list[Row]:
    return [row for page in ledger.rows(span, no_time_limit()) for row in page]


def read_matching(ledger: Ledger, seq: int, **parameters: str) -> list[int]:
    query = PageQuery(parameters)
    pages = ledger.matching(Range(ROOT, 1, seq, query.newest_first), narrowing_of(query.conditions), no_time_limit())
    return [row[0] for page in pages for row in page]


def key_of(seq: int) -> dict[str, Any]:
    return {"pk": {"S": rows_key(EPOCH, page_of(seq))}, "sk": {"N": str(seq)}}


@pytest.fixture
def pages_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "PAGE_ROWS", 10)
    monkeypatch.setattr(ledger_module, "PAGE_ROWS", 10)


def test_there_is_no_head_before_there_is_a_ledger(ledger: Ledger) -> None:
    assert ledger.head(no_time_limit()) is None


def test_the_head_is_what_was_written_last(ledger: Ledger) -> None:
    for head in (Head.new(5), Head.new(5).plus([row_of(1)]), Head.new(6)):
        set_head(ledger, head)
        assert head_of(ledger).to_item() == head.to_item()


def test_heads_items_and_ranges_are_read_strongly(ledger: Ledger) -> None:
    put_rows(ledger, [row_of(1)])
    meddled = MeddledLedger(ledger)
    all_rows(meddled)
    assert {arguments["ConsistentRead"] for _, arguments in meddled.meddled.calls} == {True}


ROOTS = st.lists(st.integers(2, 6000), unique=True, max_size=4).map(
    lambda firsts: tuple((first, 17 + number) for number, first in enumerate([1, *sorted(firsts)]))
)


@given(ROOTS, st.integers(1, 5000), st.integers(0, 5000), st.booleans())
def test_a_range_cut_at_pages_and_roots_is_the_same_range(
    roots: tuple[tuple[int, int], ...], first: int, length: int, newest_first: bool
) -> None:
    parts = Range(roots, first, first + length - 1, newest_first).parts()
    seqs = [seq for part in parts for seq in range(part.first, part.last + 1)]
    assert sorted(seqs) == list(range(first, first + length))
    firsts = [part.first for part in parts]
    assert firsts == sorted(firsts, reverse=newest_first)
    head = replace(Head.new(0), roots=roots)
    for part in parts:
        assert part.first <= part.last
        assert page_of(part.first) == page_of(part.last)
        assert head.root_of(part.first) == head.root_of(part.last) == part.root


def test_a_range_is_cut_no_more_often_than_it_must_be() -> None:
    parts = Range(((1, 17), (501, 23), (2001, 29)), 400, 2500).parts()
    assert parts == [Part(17, 400, 500), Part(23, 501, 1000), Part(23, 1001, 2000), Part(29, 2001, 2500)]
    assert Range(((1, 17),), 1, 0).parts() == []


def test_ranges_across_pages_are_read_whole_and_in_order(ledger: Ledger) -> None:
    made = [row_of(seq, seq / 7) for seq in range(1, 2002)]
    put_rows(ledger, made)
    for last in (1, 999, 1000, 1001, 2000, 2001):
        assert read(ledger, Range(ROOT, 1, last)) == made[:last]
    assert read(ledger, Range(ROOT, 1, 2001, newest_first=True)) == made[::-1]
    for low, high in ((1000, 1001), (1001, 2000), (500, 1500), (2001, 2001)):
        assert read(ledger, Range(ROOT, low, high, newest_first=True)) == made[low - 1 : high][::-1]
    assert read(ledger, Range(ROOT, 2002, 2001)) == []


@pytest.mark.usefixtures("pages_of_ten")
def test_many_pages_are_read_at_once(ledger: Ledger) -> None:
    put_rows(ledger, [row_of(seq) for seq in range(1, 10 * PARALLEL_READS + 1)])
    meddled = MeddledLedger(ledger)
    all_of_them = threading.Barrier(PARALLEL_READS, timeout=60)  # none is answered until the last is asked for
    meddled.meddled.plan("query", [first(all_of_them.wait)] * PARALLEL_READS)
    found = read(meddled, Range(ROOT, 1, 10 * PARALLEL_READS))
    assert [row[0] for row in found] == list(range(1, 10 * PARALLEL_READS + 1))


@pytest.mark.usefixtures("pages_of_ten")
def test_of_many_pages_no_more_are_read_than_asked_for(ledger: Ledger) -> None:
    put_rows(ledger, [row_of(seq) for seq in range(1, 301)])
    meddled = MeddledLedger(ledger)
    pages = meddled.matching(Range(ROOT, 1, 300, newest_first=True), WHOLE_ROWS, no_time_limit())
    with closing(pages):
        assert [row[0] for row in next(pages)] == list(range(300, 290, -1))
    # Closed: whatever was begun is done by now.
    assert 1 <= len(meddled.meddled.calls) <= PARALLEL_READS
    assert [row[0] for row in read(ledger, Range(ROOT, 1, 300))] == list(range(1, 301))


@pytest.mark.usefixtures("pages_of_ten")
def test_a_page_that_cannot_be_read_fails_the_whole_read(ledger: Ledger) -> None:
    put_rows(ledger, [row_of(seq) for seq in range(1, 301)])
    plan = [None, None, None, refuse(client_error("AccessDeniedException"))]
    with pytest.raises(Problem, match="AccessDenied"):
        read(MeddledLedger(ledger, query=plan), Range(ROOT, 1, 300))


def test_lost_answers_of_reads_are_asked_for_again(ledger: Ledger) -> None:
    put_rows(ledger, [row_of(seq) for seq in range(1, 4)])
    clock = Clock()
    meddled = MeddledLedger(ledger, query=[lose_answer, lose_request], get_item=[lose_request])
    head = meddled.head(clock.deadline())
    assert head
    assert head.bookmark == Bookmark(EPOCH, 3)
    assert [len(page) for page in meddled.rows(Range(ROOT, 1, 3), clock.deadline())] == [3]


def test_what_dynamodb_calls_our_defect_is_not_taken_for_an_outage(ledger: Ledger) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        ledger.get({"pk": {"S": "no sort key"}}, no_time_limit())


def test_answers_cut_at_one_megabyte_are_continued(ledger: Ledger) -> None:
    put_rows(ledger, [row_of(seq) for seq in range(1, 6)])
    for seq in range(1, 6):
        ledger.client.update_item(
            TableName=ledger.table_name,
            Key=key_of(seq),
            UpdateExpression="SET padding = :padding",
            ExpressionAttributeValues={":padding": {"S": "x" * 300_000}},
        )
    meddled = MeddledLedger(ledger)
    assert read(meddled, Range(ROOT, 1, 5)) == [row_of(seq) for seq in range(1, 6)]
    assert len(meddled.meddled.calls) == 2
    assert read_matching(ledger, 5, min_value="0.1", order="asc") == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("lost", [1, 5, 1000, 1001, 1003])
def test_a_missing_row_is_never_passed_over_in_silence(ledger: Ledger, lost: int) -> None:
    put_rows(ledger, [row_of(seq) for seq in (*range(1, 6), *range(996, 1004))])
    ledger.client.delete_item(TableName=ledger.table_name, Key=key_of(lost))
    spans = [Range(ROOT, 1, 5), Range(ROOT, 996, 1003, newest_first=True)]
    (span,) = [span for span in spans if span.first <= lost <= span.last]
    with pytest.raises(Problem, match="lacks 1 of the rows") as caught:
        read(ledger, span)
    assert (caught.value.status, caught.value.headers) == (503, {"retry-after": "5"})
    assert sum(len(read(ledger, span)) for span in spans if not span.first <= lost <= span.last) in (5, 8)


def test_a_missing_row_fails_filtered_reads_and_statistics_too(ledger: Ledger) -> None:
    put_rows(ledger, [row_of(seq, float(seq)) for seq in range(1, 6)])
    ledger.client.delete_item(TableName=ledger.table_name, Key=key_of(3))
    with pytest.raises(Problem, match="lacks 1"):
        read_matching(ledger, 5, min_value="5")
    with pytest.raises(Problem, match="lacks 1"):
        list(ledger.numbers_and_times(Range(ROOT, 1, 5), no_time_limit()))


def test_without_a_column_of_numbers_there_are_times(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    put_rows(ledger, [row_of(seq) for seq in (1, 2)])
    monkeypatch.setattr(ledger_module, "MODEL", Model("notes", Text("note")))
    ((numbers, times),) = ledger.numbers_and_times(Range(ROOT, 1, 2), no_time_limit())
    assert (numbers, times) == ([], ["2026-01-01T00:00:00.000Z"] * 2)


def test_numbers_and_times_are_those_of_the_prefix(ledger: Ledger) -> None:
    made = [row_of(seq, value, f"2026-01-0{seq}T00:00:00.000Z") for seq, value in enumerate(VALUES[:5], 1)]
    put_rows(ledger, made)
    ((values, times),) = ledger.numbers_and_times(Range(ROOT, 1, 4), no_time_limit())
    assert (values, times) == (list(map(value_of, made[:4])), [row[-1] for row in made[:4]])


def test_a_row_is_found_by_its_id_only_in_histories_that_hold_it(ledger: Ledger) -> None:
    """Of the rows 1 to 3 under root 1 the second history holds two, and goes on with rows 3 and 4 of its own."""
    one = put_rows(ledger, [row_of(seq) for seq in (1, 2, 3)], epoch=1)
    with_ids = [(seq, f"{seq:025d}x", *row_of(seq)[2:]) for seq in (3, 4)]
    two = replace(put_rows(ledger, with_ids, epoch=2), roots=((1, 1), (3, 2)), seq=4)

    def found(head: Head, seq: int, row_id: str) -> bool:
        row = ledger.row_by_id(head, row_id, no_time_limit())
        assert row is None or (row[0], row[1]) == (seq, row_id)
        return row is not None

    of_one = [found(one, seq, row_of(seq)[1]) for seq in (1, 2, 3)]
    of_two = [found(two, seq, row_of(seq)[1]) for seq in (1, 2, 3)]
    assert (of_one, of_two) == ([True, True, True], [True, True, False])
    assert [found(two, row[0], row[1]) for row in with_ids] == [True, True]
    assert [found(one, row[0], row[1]) for row in with_ids] == [False, False]
    assert not found(one, 0, "nobody")


def test_other_items_with_an_id_are_no_rows(ledger: Ledger) -> None:
    item: Any = {"pk": {"S": "session#1"}, "sk": {"N": "0"}, "id": {"S": "a session"}}
    ledger.client.put_item(TableName=ledger.table_name, Item=item)
    assert ledger.row_by_id(Head.new(1), "a session", no_time_limit()) is None


def test_the_time_of_one_row_is_read_by_its_key(ledger: Ledger) -> None:
    head = put_rows(ledger, [row_of(seq, created_at=f"2026-01-0{seq}T00:00:00.000Z") for seq in (1, 2)])
    assert ledger.created_at(head, 2, no_time_limit()) == "2026-01-02T00:00:00.000Z"
    with pytest.raises(Problem, match="lacks 1"):
        ledger.created_at(head, 3, no_time_limit())


def test_a_prefix_ends_at_its_bookmark_whatever_came_later(ledger: Ledger) -> None:
    put_rows(ledger, [row_of(seq) for seq in range(1, 9)])
    assert read_matching(ledger, 3, min_value="0", order="asc") == [1, 2, 3]


def near(value: float) -> list[float]:
    return [value, value * (1 + sys.float_info.epsilon), value * (1 - sys.float_info.epsilon / 2), -value]


BOUNDS = st.one_of(
    st.sampled_from([bound for value in VALUES for bound in near(value)]),
    st.sampled_from([5e-324, -5e-324, 9.9e-131, -9.9e-131, 1e126, -1e126, sys.float_info.max, -sys.float_info.max]),
    st.floats(allow_nan=False, allow_infinity=False),
)


@ON_THE_EMULATOR
@given(st.data())
def test_the_bounds_of_values_are_exact_and_may_lie_beyond_dynamodbs_numbers(
    ledger: Ledger, data: st.DataObject
) -> None:
    if ledger.head(no_time_limit()) is None:
        put_rows(ledger, [row_of(seq, value) for seq, value in enumerate(VALUES, 1)])
    minimum, maximum = data.draw(st.none() | BOUNDS), data.draw(st.none() | BOUNDS)
    assume(minimum is not None or maximum is not None)
    assume(minimum is None or maximum is None or minimum <= maximum)
    bounds = {"min_value": minimum, "max_value": maximum}
    parameters = {name: repr(bound) for name, bound in bounds.items() if bound is not None}
    wanted = [
        seq
        for seq, value in enumerate(VALUES, 1)
        if (minimum is None or value >= minimum) and (maximum is None or value <= maximum)
    ]
    assert read_matching(ledger, len(VALUES), order="asc", **parameters) == wanted


@ON_THE_EMULATOR
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False).filter(is_storable), min_size=1, max_size=20))
def test_any_double_that_can_be_stored_comes_back_as_it_was(ledger: Ledger, values: list[float]) -> None:
    made = [row_of(seq, value + 0.0) for seq, value in enumerate(values, 1)]
    put_rows(ledger, made)
    assert list(map(repr, read(ledger, Range(ROOT, 1, len(made))))) == list(map(repr, made))


def test_the_bounds_of_times_include_from_and_leave_out_to(ledger: Ledger) -> None:
    times = [f"2026-01-01T00:00:0{second}.000Z" for second in range(1, 6)]
    put_rows(ledger, [row_of(seq, created_at=time) for seq, time in enumerate(times, 1)])
    assert read_matching(ledger, 5, order="asc", **{"from": times[1], "to": times[3]}) == [2, 3]
    assert read_matching(ledger, 5, order="asc", **{"from": times[4]}) == [5]
    assert read_matching(ledger, 5, order="asc", to=times[0]) == []
    assert read_matching(ledger, 5, order="asc", to="2026-01-01T00:00:01.0001Z", max_value="0.5") == [1]
