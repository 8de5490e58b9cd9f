from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.branch import branch_off, left_heads, put_head
from handlers.ledger.head import Head
from handlers.ledger.idempotency import LEASE_S, Call
from handlers.ledger.ledger import Ledger, Range
from handlers.model.model import Row
from tests.support.meddling import (
    EPOCH,
    Clock,
    Fault,
    MeddledLedger,
    Run,
    all_rows,
    appender,
    cancel,
    drafts,
    first,
    head_of,
    lose_answer,
    lose_request,
    no_time_limit,
)

NEXT = EPOCH + 1
CALL = Call("key", "hash")


def append(ledger: Ledger, count: int, call: Call | None = None) -> tuple[str, ...]:
    """By a sandbox that starts cold. Returns the rows' ids."""
    return appender(ledger).append(drafts(count), no_time_limit(), call).ids


def at(ledger: Ledger, seq: int) -> Head:
    """An earlier point of the history at hand."""
    head = head_of(ledger)
    kept = [row for page in ledger.rows(Range(head.roots, 1, seq), no_time_limit()) for row in page]
    roots = tuple(root for root in head.roots if root[0] <= seq)
    return Head(head.epoch, seq, Head.new(0).plus(kept).hash, Head.new(0).plus(kept).stats, roots)


def restore(ledger: Ledger, seq: int, epoch: int = NEXT) -> Head:
    return branch_off(ledger, head_of(ledger), at(ledger, seq), epoch, no_time_limit())


def ids_of(rows: list[Row]) -> tuple[str, ...]:
    return tuple(row[1] for row in rows)


# The branch


def test_a_branch_is_one_transaction_and_copies_nothing(ledger: Ledger) -> None:
    append(ledger, 5)
    meddled, head, before = MeddledLedger(ledger), head_of(ledger), all_rows(ledger)
    branched = branch_off(meddled, head, head, NEXT, no_time_limit())
    assert [name for name, _ in meddled.meddled.calls] == ["transact_write_items"]
    assert head_of(ledger).to_item() == branched.to_item() == head.branch(NEXT).to_item()
    assert all_rows(ledger) == before


def test_rows_follow_a_branch_under_its_own_root(ledger: Ledger) -> None:
    kept = append(ledger, 5)
    lost = append(ledger, 3)
    assert restore(ledger, 5).bookmark == Bookmark(NEXT, 5)
    added = append(ledger, 4)
    found = all_rows(ledger)
    assert ids_of(found) == kept + added
    assert head_of(ledger).roots == ((1, EPOCH), (6, NEXT))
    assert not {*lost} & {*ids_of(found)}


def test_a_sandbox_that_knows_the_head_that_was_left_writes_on_in_the_branch(ledger: Ledger) -> None:
    """Also where the branch has as many rows: it then knows the seq, the hash and the root, and only the epoch not."""
    for number, count in enumerate((5, 3), 1):
        writer = appender(ledger)
        writer.append(drafts(5), no_time_limit())
        before = head_of(ledger)
        restore(ledger, count if number == 2 else before.seq, EPOCH + number)
        seq = head_of(ledger).seq
        assert writer.append(drafts(1), no_time_limit()).bookmark == Bookmark(EPOCH + number, seq + 1)
        assert all_rows(ledger)[-1][0] == seq + 1


def test_a_head_that_has_moved_is_not_left(ledger: Ledger) -> None:
    append(ledger, 5)
    seen = head_of(ledger)
    append(ledger, 1)
    with pytest.raises(Problem, match=r"moved on from .*\.5: nothing was changed") as caught:
        branch_off(ledger, seen, seen, NEXT, no_time_limit())
    assert caught.value.status == 409
    assert head_of(ledger).bookmark == Bookmark(EPOCH, 6)
    assert left_heads(ledger, no_time_limit()) == []


def test_of_two_who_branch_at_once_one_is_told_so(ledger: Ledger) -> None:
    append(ledger, 5)
    head = head_of(ledger)
    rival = first(lambda: branch_off(ledger, head, head, NEXT, no_time_limit()))
    meddled = MeddledLedger(ledger, transact_write_items=[rival])
    with pytest.raises(Problem, match="moved on"):
        branch_off(meddled, head, head, NEXT + 1, no_time_limit())
    assert head_of(ledger).epoch == NEXT


@pytest.mark.parametrize("again", [None, cancel("ConditionalCheckFailed", "None")], ids=["resent", "denied"])
@pytest.mark.parametrize("rows_after", [0, 2])
def test_a_branch_whose_answer_got_lost_is_recognised(ledger: Ledger, again: Fault | None, rows_after: int) -> None:
    append(ledger, 5)
    head = head_of(ledger)
    others = first(lambda: append(ledger, rows_after) if rows_after else ())
    meddled = MeddledLedger(ledger, transact_write_items=[lose_answer, again], get_item=[others])
    assert branch_off(meddled, head, head, NEXT, Clock().deadline()).bookmark == Bookmark(NEXT, 5)
    assert head_of(ledger).epoch == NEXT


def test_a_branch_that_got_lost_while_the_head_moved_is_none(ledger: Ledger) -> None:
    append(ledger, 5)
    head = head_of(ledger)
    plan: list[Fault | None] = [lose_request, first(lambda: append(ledger, 1))]
    meddled = MeddledLedger(ledger, transact_write_items=plan)
    with pytest.raises(Problem, match="moved on"):
        branch_off(meddled, head, head, NEXT, Clock().deadline())
    assert head_of(ledger).bookmark == Bookmark(EPOCH, 6)


def test_a_branch_that_may_still_be_on_its_way_is_not_said_to_be_none(ledger: Ledger) -> None:
    append(ledger, 5)
    head = head_of(ledger)
    plan: list[Fault | None] = [lose_request, cancel("TransactionConflict", "None"), None]
    meddled = MeddledLedger(ledger, transact_write_items=plan)
    assert branch_off(meddled, head, head, NEXT, Clock().deadline()).bookmark == Bookmark(NEXT, 5)
    assert head_of(ledger).bookmark == Bookmark(NEXT, 5)


def test_another_branch_of_the_same_epoch_is_not_taken_for_ones_own(ledger: Ledger) -> None:
    """Two who restore in the same millisecond, to different points."""
    append(ledger, 5)
    head, third = head_of(ledger), at(ledger, 3)
    plan: list[Fault | None] = [lose_request, first(lambda: branch_off(ledger, head, third, NEXT, no_time_limit()))]
    meddled = MeddledLedger(ledger, transact_write_items=plan)
    with pytest.raises(Problem, match="moved on"):
        branch_off(meddled, head, head, NEXT, Clock().deadline())
    assert head_of(ledger).bookmark == Bookmark(NEXT, 3)


# What is left


def test_the_heads_that_were_left_are_kept_newest_first(ledger: Ledger) -> None:
    append(ledger, 5)
    left = [head_of(ledger)]
    restore(ledger, 3)
    append(ledger, 1)
    left.append(head_of(ledger))
    restore(ledger, 2, NEXT + 1)
    kept = left_heads(ledger, no_time_limit())
    assert [head.to_item() for head, _ in kept] == [head.to_item() for head in left[::-1]]
    assert all(time.endswith("Z") for _, time in kept)


def test_a_restore_is_undone_by_another_one(ledger: Ledger) -> None:
    append(ledger, 5)
    before = all_rows(ledger)
    restore(ledger, 2)
    append(ledger, 4)
    ((left, _),) = left_heads(ledger, no_time_limit())
    undone = branch_off(ledger, head_of(ledger), left, NEXT + 1, no_time_limit())
    assert (undone.bookmark, undone.roots) == (Bookmark(NEXT + 1, 5), ((1, EPOCH), (6, NEXT + 1)))
    assert all_rows(ledger) == before
    append(ledger, 1)
    assert all_rows(ledger)[:5] == before


def test_rows_of_a_stretch_that_was_left_are_found_neither_by_id_nor_by_range(ledger: Ledger) -> None:
    kept, lost = append(ledger, 2), append(ledger, 3)
    restore(ledger, 2)
    added = append(ledger, 5)
    head = head_of(ledger)
    by_id = {row_id: ledger.row_by_id(head, row_id, no_time_limit()) for row_id in kept + lost + added}
    assert {row_id for row_id, row in by_id.items() if row} == {*kept, *added}
    assert ids_of(all_rows(ledger)) == kept + added


# Idempotency records across branches


def test_a_key_whose_rows_are_kept_replays_in_the_new_epoch(ledger: Ledger) -> None:
    ids = append(ledger, 150, CALL)
    head = head_of(ledger)
    branch_off(ledger, head, head, NEXT, no_time_limit())
    again = appender(ledger).append(drafts(150), no_time_limit(), CALL)
    assert (again.ids, again.bookmark, again.is_replay) == (ids, Bookmark(NEXT, 150), True)
    assert len(all_rows(ledger)) == 150


def test_a_key_whose_rows_were_left_behind_appends_anew(ledger: Ledger) -> None:
    append(ledger, 2)
    lost = append(ledger, 3, CALL)
    restore(ledger, 2)
    again = appender(ledger).append(drafts(3), no_time_limit(), CALL)
    assert (again.bookmark, again.is_replay) == (Bookmark(NEXT, 5), False)
    assert ids_of(all_rows(ledger))[2:] == again.ids
    assert not {*again.ids} & {*lost}
    assert appender(ledger).append(drafts(3), no_time_limit(), CALL).is_replay


def test_a_key_whose_rows_others_now_have_the_places_of_appends_anew(ledger: Ledger) -> None:
    append(ledger, 2)
    append(ledger, 3, CALL)
    restore(ledger, 2)
    append(ledger, 3)
    assert not appender(ledger).append(drafts(3), no_time_limit(), CALL).is_replay
    assert len(all_rows(ledger)) == 8


@pytest.mark.parametrize("kept", [97, 98, 150, 249])
def test_a_call_that_a_restore_cut_in_two_appends_with_its_key_what_was_left_behind(ledger: Ledger, kept: int) -> None:
    ids = append(ledger, 250, CALL)
    restore(ledger, kept)
    append(ledger, 1)
    again = appender(ledger).append(drafts(250), no_time_limit(), CALL)
    assert (again.bookmark, again.is_replay) == (Bookmark(NEXT, 251), False)
    found = ids_of(all_rows(ledger))
    assert found[:kept] + found[kept + 1 :] == again.ids
    assert again.ids[:kept] == ids[:kept]
    assert appender(ledger).append(drafts(250), no_time_limit(), CALL).is_replay


@pytest.mark.parametrize("call", [None, CALL], ids=["without key", "with key"])
def test_a_call_goes_on_in_a_branch_that_keeps_its_rows(ledger: Ledger, call: Call | None) -> None:
    appender(ledger).head(no_time_limit())
    branch = first(lambda: restore(ledger, head_of(ledger).seq))
    appended = appender(MeddledLedger(ledger, transact_write_items=[None, branch])).append(
        drafts(250), no_time_limit(), call
    )
    assert appended.bookmark == Bookmark(NEXT, 250)
    assert ids_of(all_rows(ledger)) == appended.ids
    assert head_of(ledger).roots == ((1, EPOCH), (99, NEXT))


@pytest.mark.parametrize("call", [None, CALL], ids=["without key", "with key"])
@pytest.mark.parametrize("seq", [0, 97])
def test_a_running_call_appends_again_only_what_a_branch_leaves_behind(
    ledger: Ledger, call: Call | None, seq: int
) -> None:
    appender(ledger).head(no_time_limit())
    branch = first(lambda: restore(ledger, seq))
    appended = appender(MeddledLedger(ledger, transact_write_items=[None, branch])).append(
        drafts(250), no_time_limit(), call
    )
    assert appended.bookmark == Bookmark(NEXT, 250)
    assert ids_of(all_rows(ledger)) == appended.ids


@pytest.mark.parametrize("call", [None, CALL], ids=["without key", "with key"])
@pytest.mark.parametrize(
    ("seq", "others", "before"), [(5, 0, 2), (2, 0, 2), (2, 4, 6)], ids=["kept", "left behind", "their places taken"]
)
def test_rows_in_doubt_count_where_the_branch_holds_them(
    ledger: Ledger, call: Call | None, seq: int, others: int, before: int
) -> None:
    """The answer got lost; before the resend the ledger is restored, with the rows or to before them."""
    append(ledger, 2)
    deny = cancel("ConditionalCheckFailed", "None")

    def restored_and_denied(run: Run) -> None:
        restore(ledger, seq)
        if others:
            append(ledger, others)
        deny(run)

    meddled = MeddledLedger(ledger, transact_write_items=[lose_answer, restored_and_denied])
    appended = appender(meddled).append(drafts(3), Clock().deadline(), call)
    assert appended.bookmark == Bookmark(NEXT, before + 3)
    assert ids_of(all_rows(ledger))[before:] == appended.ids


def test_a_call_cut_midway_goes_on_in_a_branch_that_keeps_what_is_in(ledger: Ledger) -> None:
    clock = Clock(1_700_000_000.0)
    plan: list[Fault | None] = [None, *[lose_request] * 1000]
    with pytest.raises(Problem, match="98 of 250 rows are in"):
        appender(MeddledLedger(ledger, transact_write_items=plan), now=clock).append(
            drafts(250), Clock().deadline(), CALL
        )
    append(ledger, 1)
    restore(ledger, 99)
    clock.pass_s(LEASE_S)
    appended = appender(ledger, now=clock).append(drafts(250), no_time_limit(), CALL)
    assert appended.bookmark == Bookmark(NEXT, 251)
    found = ids_of(all_rows(ledger))
    assert found[:98] + found[99:] == appended.ids


# Another head in its place


@pytest.mark.parametrize(
    "faults",
    [[], [lose_request], [lose_answer], [lose_answer, cancel("ConditionalCheckFailed")]],
    ids=["none", "no request", "no answer", "no answer and a token forgotten"],
)
def test_a_head_takes_the_place_of_the_one_that_was_seen(ledger: Ledger, faults: list[Fault | None]) -> None:
    append(ledger, 2)
    head = head_of(ledger)
    other = replace(head, hash=7)
    assert put_head(MeddledLedger(ledger, transact_write_items=faults), head, other, no_time_limit())
    assert head_of(ledger).to_item() == other.to_item()


def test_a_head_that_has_moved_stays(ledger: Ledger) -> None:
    append(ledger, 2)
    head = head_of(ledger)
    append(ledger, 1)
    moved = head_of(ledger)
    assert not put_head(ledger, head, replace(head, hash=7), no_time_limit())
    assert head_of(ledger).to_item() == moved.to_item()
