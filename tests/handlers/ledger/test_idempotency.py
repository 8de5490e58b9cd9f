from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.appender import Appended, OtherEpochError
from handlers.ledger.head import Head
from handlers.ledger.idempotency import LEASE_S, Call, Record, record_key
from handlers.ledger.ledger import Ledger
from tests.support.drafts import are_of
from tests.support.meddling import (
    EPOCH,
    Clock,
    Fault,
    MeddledLedger,
    all_rows,
    appender,
    drafts,
    first,
    head_of,
    lose_request,
    no_time_limit,
    set_head,
)

CALL = Call("a key", "hash of the body")
T0 = 1_700_000_000.0
DAY_S = 24 * 3600


def cut_after(transactions: int) -> list[Fault | None]:
    """The first so many transactions work; no answer comes after them."""
    return [None] * transactions + [lose_request] * 1000


def append_cut(ledger: Ledger, clock: Clock, transactions: int, count: int = 250) -> Problem:
    meddled = MeddledLedger(ledger, transact_write_items=cut_after(transactions))
    with pytest.raises(Problem) as caught:
        appender(meddled, now=clock).append(drafts(count), Clock().deadline(), CALL)
    return caught.value


def test_the_same_call_again_gives_the_same_answer_and_appends_nothing(ledger: Ledger) -> None:
    for count in (1, 250):
        call = Call(f"key of {count}", "hash")
        appended = appender(ledger).append(drafts(count), no_time_limit(), call)
        appender(ledger).append(drafts(1), no_time_limit())
        replayed = appender(ledger).append(drafts(count), no_time_limit(), call)
        assert replayed == Appended(appended.ids, appended.bookmark, is_replay=True)
    assert len(all_rows(ledger)) == 253


def test_the_same_key_with_another_body_is_a_conflict(ledger: Ledger) -> None:
    appender(ledger).append(drafts(1), no_time_limit(), CALL)
    with pytest.raises(Problem, match="another body") as caught:
        appender(ledger).append(drafts(1), no_time_limit(), Call(CALL.key, "another"))
    assert caught.value.status == 409
    assert "retry-after" not in caught.value.headers
    assert len(all_rows(ledger)) == 1


def test_another_key_is_another_call(ledger: Ledger) -> None:
    for key in ("a", "b", "a#1", "1#a"):
        assert not appender(ledger).append(drafts(1), no_time_limit(), Call(key, "hash")).is_replay
    assert len(all_rows(ledger)) == 4


def test_a_call_cut_midway_says_how_many_rows_are_in_and_the_same_call_later_goes_on(ledger: Ledger) -> None:
    clock = Clock(T0)
    problem = append_cut(ledger, clock, transactions=2)
    assert problem.status == 503
    assert "196 of 250 rows are in" in problem.detail
    assert "the same Idempotency-Key" in problem.detail
    assert (problem.members["inserted"], problem.headers["retry-after"]) == (196, "10")
    clock.pass_s(float(problem.headers["retry-after"]))
    appended = appender(ledger, now=clock).append(drafts(250), no_time_limit(), CALL)
    found = all_rows(ledger)
    assert appended.bookmark == Bookmark(EPOCH, 250)
    assert appended.ids == tuple(row[1] for row in found)
    assert appended.ids[:196] == problem.members["ids"]
    assert are_of(found, drafts(250))


def test_a_second_call_while_the_first_may_be_running_is_told_when_to_come_again(ledger: Ledger) -> None:
    clock = Clock(T0)
    append_cut(ledger, clock, transactions=1)
    clock.pass_s(LEASE_S - 2.5)
    with pytest.raises(Problem, match="still running") as caught:
        appender(ledger, now=clock).append(drafts(250), no_time_limit(), CALL)
    assert (caught.value.status, caught.value.headers) == (409, {"retry-after": "3"})


def test_a_lease_that_is_over_lets_another_runner_go_on(ledger: Ledger) -> None:
    clock = Clock(T0)
    append_cut(ledger, clock, transactions=1)
    clock.pass_s(LEASE_S)
    assert not appender(ledger, now=clock).append(drafts(250), no_time_limit(), CALL).is_replay
    assert len(all_rows(ledger)) == 250


@pytest.mark.parametrize("back_s", [1.0, 3600.0])
def test_a_lease_from_a_clock_that_went_wrong_binds_nobody(ledger: Ledger, back_s: float) -> None:
    clock = Clock(T0)
    append_cut(ledger, clock, transactions=1)
    clock.pass_s(-back_s)
    assert len(appender(ledger, now=clock).append(drafts(250), no_time_limit(), CALL).ids) == 250
    assert len(all_rows(ledger)) == 250


def test_a_clock_that_jumps_back_in_the_middle_of_a_call_harms_nothing(ledger: Ledger) -> None:
    clock = Clock(T0)
    meddled = MeddledLedger(ledger, transact_write_items=[None, first(lambda: clock.pass_s(-10_000))])
    appended = appender(meddled, now=clock).append(drafts(250), no_time_limit(), CALL)
    assert appender(ledger, now=clock).append(drafts(250), no_time_limit(), CALL).ids == appended.ids
    assert len(all_rows(ledger)) == 250


def test_a_key_lives_for_a_day_and_is_free_then(ledger: Ledger) -> None:
    clock = Clock(T0)
    appender(ledger, now=clock).append(drafts(1), no_time_limit(), CALL)
    clock.pass_s(DAY_S - 1)
    assert appender(ledger, now=clock).append(drafts(1), no_time_limit(), CALL).is_replay
    clock.pass_s(1)
    free = appender(ledger, now=clock).append(drafts(2), no_time_limit(), Call(CALL.key, "another body"))
    assert (free.is_replay, free.bookmark.seq) == (False, 3)
    item = ledger.get(record_key(CALL.key), no_time_limit())
    assert item is not None
    assert item["expires_at"] == {"N": str(int(clock.now_s) + DAY_S)}


def test_a_record_of_another_ledger_is_no_record_of_this_one(ledger: Ledger) -> None:
    appender(ledger).append(drafts(1), no_time_limit(), CALL)
    set_head(ledger, Head.new(EPOCH + 1))
    appended = appender(ledger).append(drafts(1), no_time_limit(), CALL)
    assert (appended.is_replay, appended.bookmark) == (False, Bookmark(EPOCH + 1, 1))


@pytest.mark.parametrize("count", [1, 250])
def test_of_two_first_calls_with_one_key_the_rows_are_in_once(ledger: Ledger, count: int) -> None:
    gate = threading.Barrier(4)

    def insert(_number: int) -> Appended | Problem:
        gate.wait()
        try:
            return appender(ledger).append(drafts(count), no_time_limit(), CALL)
        except Problem as problem:
            return problem

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(insert, range(4)))
    done = [result for result in results if isinstance(result, Appended)]
    assert {result.ids for result in done} == {tuple(row[1] for row in all_rows(ledger))}
    assert [result.is_replay for result in done].count(False) == 1
    assert {result.status for result in results if isinstance(result, Problem)} <= {409}


def test_a_call_that_another_with_the_same_key_overtook_gives_its_answer(ledger: Ledger) -> None:
    appender(ledger).append(drafts(3), no_time_limit())  # so that the late one knows the head already
    rivals: list[Appended] = []
    overtake = first(lambda: rivals.append(appender(ledger).append(drafts(2), no_time_limit(), CALL)))
    late = appender(MeddledLedger(ledger, transact_write_items=[overtake])).append(drafts(2), no_time_limit(), CALL)
    assert (late.ids, late.bookmark, late.is_replay) == (rivals[0].ids, rivals[0].bookmark, True)
    assert len(all_rows(ledger)) == 5


def test_a_call_that_another_with_the_same_key_overtook_between_its_looks_gives_its_answer(ledger: Ledger) -> None:
    """Were the head the older of the two, its record would tell of rows that are not in yet."""
    appender(ledger).append(drafts(3), no_time_limit())
    for reads_before in range(2):
        call = Call(f"key {reads_before}", "hash")
        rivals: list[Appended] = []
        overtake = first(lambda call=call, rivals=rivals: rivals.append(append(ledger, 2, call)))
        plan: list[Fault | None] = [None] * reads_before + [overtake]
        late = append(MeddledLedger(ledger, get_item=plan), 2, call)
        assert (late.ids, late.is_replay) == (rivals[0].ids, True)
    assert len(all_rows(ledger)) == 7


def append(ledger: Ledger, count: int, call: Call) -> Appended:
    """By a sandbox that starts cold."""
    return appender(ledger).append(drafts(count), no_time_limit(), call)


def test_a_runner_that_was_frozen_while_another_went_on_repeats_nothing(ledger: Ledger) -> None:
    clock = Clock(T0)

    def others_turn() -> None:
        clock.pass_s(LEASE_S)
        appender(ledger, now=clock).append(drafts(250), no_time_limit(), CALL)

    frozen = MeddledLedger(ledger, transact_write_items=[None, first(others_turn)])
    appended = appender(frozen, now=clock).append(drafts(250), no_time_limit(), CALL)
    assert appended.is_replay
    assert appended.ids == tuple(row[1] for row in all_rows(ledger))


def test_the_record_alone_stops_a_call_that_was_done_meanwhile(ledger: Ledger) -> None:
    """The head stands where the late call saw it; only the record tells that its rows are in."""
    writer = appender(ledger)
    writer.append(drafts(1), no_time_limit(), CALL)
    head = writer.head(no_time_limit())
    item = ledger.get(record_key(CALL.key), no_time_limit())
    assert item is not None
    ledger.client.delete_item(TableName=ledger.table_name, Key=record_key(CALL.key))
    restore = first(lambda: ledger.client.put_item(TableName=ledger.table_name, Item=item))
    late = appender(MeddledLedger(ledger, transact_write_items=[restore])).append(drafts(1), no_time_limit(), CALL)
    assert late.is_replay
    assert head_of(ledger).to_item() == head.to_item()


def test_a_record_survives_its_way_through_the_table(ledger: Ledger) -> None:
    record = Record(5, CALL.request_hash).after(("a", "b"), EPOCH, 7, T0 + 0.125)
    ledger.client.transact_write_items(TransactItems=[record.put_action(ledger.table_name, CALL, Record(5), T0)])
    item = ledger.get(record_key(CALL.key), no_time_limit())
    assert item is not None
    head = replace(Head.new(EPOCH), seq=7)
    assert Record.from_item(item, head, T0) == record
    assert Record.from_item(item, replace(head, seq=5), T0) is None
    assert Record.from_item(item, replace(head, roots=((1, EPOCH), (6, EPOCH + 1))), T0) is None
    assert not record.is_complete


def test_a_call_for_another_epoch_puts_nothing_into_the_ledger(ledger: Ledger) -> None:
    own = appender(ledger)
    own.append(drafts(2), no_time_limit(), Call("first", "hash", epoch=EPOCH))
    with pytest.raises(OtherEpochError) as caught:
        own.append(drafts(2), no_time_limit(), Call("second", "hash", epoch=EPOCH - 1))
    assert caught.value.epoch == EPOCH
    assert len(all_rows(ledger)) == 2
