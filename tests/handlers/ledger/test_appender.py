from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.aws.dynamodb import BACKOFF_BASE_S, BACKOFF_MAX_S
from handlers.domain.bookmark import Bookmark
from handlers.ledger.appender import Appended, Appender
from handlers.ledger.head import Head
from handlers.ledger.idempotency import Call
from handlers.ledger.ledger import Ledger, Range
from tests.support.drafts import are_of
from tests.support.meddling import (
    EPOCH,
    Clock,
    MeddledLedger,
    all_rows,
    appender,
    cancel,
    drafts,
    first,
    head_of,
    lose_answer,
    no_time_limit,
    put_rows,
    remove_head,
    row_of,
    set_head,
)

if TYPE_CHECKING:
    pass


def ids_of(ledger: Ledger) -> list[str]:
    return [row[1] for row in all_rows(ledger)]


@pytest.mark.parametrize(("count", "transactions"), [(1, 1), (98, 1), (99, 2), (196, 2), (1000, 11)])
@pytest.mark.parametrize("key", [None, Call("key", "hash")])
def test_rows_are_numbered_densely_in_the_order_given(
    ledger: Ledger, count: int, transactions: int, key: Call | None
) -> None:
    meddled = MeddledLedger(ledger)
    appended = appender(meddled).append(drafts(count), no_time_limit(), key)
    assert appended.bookmark == head_of(ledger).bookmark == Bookmark(EPOCH, count)
    found = all_rows(ledger)
    assert are_of(found, drafts(count))
    assert tuple(row[1] for row in found) == appended.ids
    assert not appended.is_replay
    sent = meddled.meddled.arguments_of("transact_write_items")
    assert len(sent) == transactions
    assert max(len(arguments["TransactItems"]) for arguments in sent) <= 100


def test_rows_carry_the_time_of_their_append(ledger: Ledger) -> None:
    clock = Clock(1_700_000_000.1239)
    writer = appender(ledger, now=clock)
    writer.append(drafts(1), no_time_limit())
    clock.pass_s(1)
    writer.append(drafts(1), no_time_limit())
    assert [row[-1] for row in all_rows(ledger)] == ["2023-11-14T22:13:20.123Z", "2023-11-14T22:13:21.123Z"]


def test_an_undisturbed_append_to_a_known_head_is_one_round_trip(ledger: Ledger) -> None:
    meddled = MeddledLedger(ledger)
    writer = appender(meddled)
    writer.append(drafts(1), no_time_limit())
    meddled.meddled.calls.clear()
    assert writer.append(drafts(98), no_time_limit()).bookmark == Bookmark(EPOCH, 99)
    assert [name for name, _ in meddled.meddled.calls] == ["transact_write_items"]


def test_an_append_that_finds_the_head_moved_looks_again_and_goes_on(ledger: Ledger) -> None:
    one, other = appender(ledger), appender(ledger)
    for number in range(6):
        writer = (one, other)[number % 2]
        assert writer.append(drafts(3), no_time_limit()).bookmark.seq == 3 * (number + 1)
    assert len(set(ids_of(ledger))) == 18


def test_a_conflict_is_tried_again_after_a_pause(ledger: Ledger) -> None:
    one, other, clock = appender(ledger), appender(ledger), Clock()
    one.append(drafts(1), no_time_limit())
    other.append(drafts(1), no_time_limit())
    one.append(drafts(1), clock.deadline())
    assert len(clock.slept_s) == 1
    assert len(all_rows(ledger)) == 3


def test_the_more_conflicts_the_longer_the_pauses(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.aws.dynamodb.random.uniform", max)
    clock = Clock()
    meddled = MeddledLedger(ledger, transact_write_items=[cancel("ConditionalCheckFailed", "None")] * 6)
    appender(meddled).append(drafts(1), clock.deadline())
    assert clock.slept_s == [BACKOFF_BASE_S * 2**attempt for attempt in range(1, 5)] + [BACKOFF_MAX_S] * 2


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 120)), min_size=1, max_size=6))
def test_any_order_of_appends_by_several_writers_is_one_dense_history(
    ledger: Ledger, calls: list[tuple[int, int]]
) -> None:
    before = ledger.head(no_time_limit())
    seq = before.seq if before else 0
    writers = [appender(ledger) for _ in range(3)]
    ids: list[str] = []
    for number, count in calls:
        appended = writers[number].append(drafts(count), no_time_limit())
        seq += count
        ids += appended.ids
        assert appended.bookmark == Bookmark(EPOCH, seq)
    assert ids_of(ledger)[-len(ids) :] == ids


def at_once(calls: list[Callable[[], Appended]]) -> list[Appended]:
    """All calls in threads of their own, started together."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Appended]) -> Appended:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_fifty_concurrent_inserts_lose_and_double_nothing(ledger: Ledger) -> None:
    counts = [1 + number % 3 for number in range(48)] + [99, 150]

    def insert(number: int, count: int) -> Appended:
        key = Call(f"key-{number}", "hash") if number % 2 else None
        return appender(ledger).append(drafts(count), no_time_limit(), key)

    calls = [lambda number=number, count=count: insert(number, count) for number, count in enumerate(counts)]
    results = at_once(calls)
    ids = ids_of(ledger)
    assert len(ids) == sum(counts)
    assert sorted(ids) == sorted(row_id for result in results for row_id in result.ids)
    for result, count in zip(results, counts, strict=True):
        assert len(result.ids) == count
        assert set(result.ids) <= set(ids[: result.bookmark.seq])
        assert ids[result.bookmark.seq - 1] == result.ids[-1]


def test_a_bookmark_is_honoured_by_everybody_at_once(ledger: Ledger) -> None:
    def insert_and_read() -> Appended:
        appended = Appended((), Bookmark(0, 0))
        writer = appender(ledger)
        for _ in range(3):
            appended = writer.append(drafts(2), no_time_limit())
            head = head_of(ledger)
            assert head.bookmark >= appended.bookmark
            span = Range(head.roots, 1, appended.bookmark.seq)
            found = [row[1] for page in ledger.rows(span, no_time_limit()) for row in page]
            assert tuple(found[-2:]) == appended.ids
        return appended

    at_once([insert_and_read] * 6)
    assert len(set(ids_of(ledger))) == 36


def test_the_first_call_makes_the_ledger_and_tells(ledger: Ledger) -> None:
    made: list[Head] = []
    writer = Appender(ledger, lambda: 77, made.append)
    assert [writer.head(no_time_limit()).bookmark for _ in range(2)] == [Bookmark(77, 0)] * 2
    assert [head.bookmark for head in made] == [Bookmark(77, 0)]


def test_of_many_who_find_no_ledger_one_makes_it(ledger: Ledger) -> None:
    made: list[Head] = []

    def insert(epoch: int) -> Appended:
        return Appender(ledger, lambda: epoch, made.append).append(drafts(1), no_time_limit())

    results = at_once([lambda epoch=epoch: insert(epoch) for epoch in range(100, 112)])
    assert len(made) == 1
    assert {result.bookmark.epoch for result in results} == {made[0].epoch}
    assert sorted(result.bookmark.seq for result in results) == list(range(1, 13))


def test_whoever_makes_a_ledger_second_takes_the_first_ones(ledger: Ledger) -> None:
    made: list[Head] = []
    rival = first(lambda: appender(ledger, epoch=5).append(drafts(2), no_time_limit()))
    writer = Appender(MeddledLedger(ledger, put_item=[rival]), lambda: 9, made.append)
    assert writer.append(drafts(1), no_time_limit()).bookmark == Bookmark(5, 3)
    assert made == []


def test_a_ledger_whose_making_got_no_answer_is_told_of_too(ledger: Ledger) -> None:
    made: list[Head] = []
    writer = Appender(MeddledLedger(ledger, put_item=[lose_answer]), lambda: 9, made.append)
    assert writer.head(Clock().deadline()).bookmark == Bookmark(9, 0)
    assert [head.bookmark for head in made] == [Bookmark(9, 0)]


def test_a_head_of_another_ledger_is_not_written_upon(ledger: Ledger) -> None:
    writer = appender(ledger)
    writer.append(drafts(3), no_time_limit())
    put_rows(ledger, [row_of(seq) for seq in range(1, 4)], EPOCH + 5)  # the same seq: the epoch tells the two apart
    assert writer.append(drafts(1), no_time_limit()).bookmark == Bookmark(EPOCH + 5, 4)
    assert len(all_rows(ledger)) == 4


def test_a_head_of_the_same_point_that_stands_for_other_rows_is_not_written_upon(ledger: Ledger) -> None:
    """A table that was restored and written to again: epoch and seq are those that the sandbox remembers."""
    writer = appender(ledger)
    writer.append(drafts(3), no_time_limit())
    put_rows(ledger, [row_of(seq) for seq in range(1, 4)])
    assert writer.append(drafts(1), no_time_limit()).bookmark == Bookmark(EPOCH, 4)
    assert all_rows(ledger)[:3] == [row_of(seq) for seq in range(1, 4)]


def test_a_ledger_that_vanished_is_made_anew(ledger: Ledger) -> None:
    writer = appender(ledger)
    writer.append(drafts(3), no_time_limit())
    remove_head(ledger)
    later = appender(ledger, epoch=EPOCH + 1)
    assert later.append(drafts(1), no_time_limit()).bookmark == Bookmark(EPOCH + 1, 1)
    assert writer.append(drafts(1), no_time_limit()).bookmark == Bookmark(EPOCH + 1, 2)


@pytest.mark.parametrize("key", [None, Call("key", "hash")])
def test_a_call_whose_ledger_is_replaced_midway_starts_over_in_the_new_one(ledger: Ledger, key: Call | None) -> None:
    plan = [None, None, first(lambda: set_head(ledger, Head.new(EPOCH + 1)))]
    appended = appender(MeddledLedger(ledger, transact_write_items=plan)).append(drafts(250), no_time_limit(), key)
    assert appended.bookmark == Bookmark(EPOCH + 1, 250)
    assert tuple(ids_of(ledger)) == appended.ids
