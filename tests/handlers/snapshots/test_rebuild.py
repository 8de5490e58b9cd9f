from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.head import Head
from handlers.ledger.ledger import Range
from handlers.model.model import Row
from handlers.snapshots import maker
from handlers.snapshots.maker import INDEXES_S
from handlers.snapshots.publish import BUILD_LIMIT_S, Publisher
from handlers.snapshots.published import DivergedError, Published
from handlers.snapshots.rebuild import Rebuild
from handlers.telemetry.usage import Usage
from tests.support.drafts import with_value
from tests.support.files import EPOCH, MemoryLedger, Place, contents, count_of, flip_bit, names_in
from tests.support.meddling import Clock

BATCH_S = (BUILD_LIMIT_S - INDEXES_S) / 3


class SlowLedger(MemoryLedger):
    """A ledger that takes a third of a call's time for a batch of ten rows."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.clock = Clock()

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        if span.last > span.first:  # more than the one that proves the history
            self.clock.pass_s(BATCH_S)
        return super().rows(span, deadline)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(autouse=True)
def batches_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "BATCH_ROWS", 10)


def go_on(place: Place, ledger: SlowLedger, at_least: Bookmark | None = None) -> Published:
    """One call, in a sandbox of its own."""
    publisher = Publisher(ledger, place.settings, ledger.clock)
    return Rebuild(publisher, place.settings, ledger.clock).go_on(at_least or ledger.bookmark, Usage())


def ranges(published: Published) -> list[tuple[int, int]]:
    return [(name.first, name.last) for name in published.chain]


def test_all_segments_are_made_anew_whatever_is_published(place: Place) -> None:
    ledger = SlowLedger(25)
    place.publish(ledger)
    ledger.spans.clear()
    published = go_on(place, ledger)
    assert [(span.first, span.last) for span in ledger.spans] == [(1, 10), (11, 20), (21, 25)]
    assert (published.build, published.bookmark) == ("full", ledger.bookmark)
    assert published.written_bytes == published.size_bytes
    assert names_in(place.efs / "rebuild") == names_in(place.staging) == []
    assert count_of(place.on_efs()) == 25


def test_a_rebuild_of_an_empty_ledger_is_its_empty_segment(place: Place) -> None:
    assert ranges(go_on(place, SlowLedger(0))) == [(1, 0)]


def test_it_is_continued_by_the_next_call_in_any_sandbox_and_no_row_is_read_twice(place: Place) -> None:
    ledger = SlowLedger(95)
    before = place.publish(ledger)
    ledger.spans.clear()
    for reached in (40, 80):
        with pytest.raises(Problem, match=rf"rebuilt up to 1000\.{reached} of 1000\.95") as caught:
            go_on(place, ledger)
        assert caught.value.status == 503
        assert names_in(place.snapshots) == list(before.chain)
    published = go_on(place, ledger)
    assert published.bookmark.seq == 95
    firsts = [span.first for span in ledger.spans]
    assert firsts == list(range(1, 95, 10))
    assert names_in(place.efs / "rebuild") == []
    assert count_of(place.in_tmp()) == 95


def test_rows_that_are_appended_meanwhile_are_published_too(place: Place) -> None:
    ledger = SlowLedger(95)
    with pytest.raises(Problem):
        go_on(place, ledger)
    asked = ledger.bookmark
    ledger.grow(5)
    assert go_on_until_done(place, ledger, asked).bookmark.seq == 100
    assert count_of(place.on_efs()) == 100


def go_on_until_done(place: Place, ledger: SlowLedger, at_least: Bookmark) -> Published:
    for _ in range(9):
        try:
            return go_on(place, ledger, at_least)
        except Problem as problem:
            assert problem.status == 503
    raise AssertionError("it does not end")


def test_a_range_has_250_000_rows_at_most(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "RANGE_ROWS", 5)
    monkeypatch.setattr(maker, "COMPACTED_ROWS", 0)
    published = go_on(place, SlowLedger(12))
    assert ranges(published) == [(11, 12), (6, 10), (1, 5)]


def test_an_older_chain_with_fewer_files_stays_in_use_only_if_all_its_bytes_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="0")
    ledger = SlowLedger(300)
    whole = place.path(place.publish(ledger))
    flip_bit(whole, 8 * 20_000)
    monkeypatch.setattr(maker, "COMPACTED_ROWS", 0)
    for _ in range(50):
        try:
            published = go_on(place, ledger)
        except Problem:  # not done yet
            continue
        break
    else:
        raise AssertionError("it does not end")
    assert whole.name not in published.chain
    assert not whole.exists()
    assert count_of(place.on_efs()) == 300


def test_damaged_files_are_replaced(place: Place) -> None:
    ledger = SlowLedger(25)
    damaged = place.path(place.publish(ledger))
    content = damaged.read_bytes()
    flip_bit(damaged, 8 * 20_000)
    published = go_on(place, ledger)
    assert damaged.read_bytes() == content
    assert len(names_in(place.quarantine)) == 1
    assert len(contents(place.path(published))[0]) == 25


def others(ledger: MemoryLedger, first: int) -> None:
    """From here on the ledger holds other rows."""
    ledger.stored[first - 1 :] = [with_value(row, 0.125) for row in ledger.stored[first - 1 :]]


def test_what_was_done_for_another_history_is_forgotten(place: Place) -> None:
    ledger = SlowLedger(95)
    with pytest.raises(Problem):
        go_on(place, ledger)
    others(ledger, 31)
    with pytest.raises(DivergedError, match="does not hold the ledger's rows"):
        go_on_until_done(place, ledger, ledger.bookmark)
    assert names_in(place.snapshots) == names_in(place.efs / "rebuild") == []
    assert go_on_until_done(place, ledger, ledger.bookmark).bookmark.seq == 95


def test_what_reaches_beyond_the_head_is_forgotten(place: Place) -> None:
    ledger = SlowLedger(95)
    with pytest.raises(Problem):
        go_on(place, ledger)
    ledger.stored = ledger.stored[:30]
    with pytest.raises(DivergedError, match="beyond the ledger's head"):
        go_on(place, ledger)
    assert names_in(place.efs / "rebuild") == []
    assert go_on(place, ledger).bookmark.seq == 30


@pytest.mark.parametrize("is_same", [True, False])
def test_what_another_call_took_further_is_proven_against_the_later_head(place: Place, is_same: bool) -> None:
    """The head is read, then others append, and their rebuild goes further."""
    ledger = SlowLedger(95)

    class Overtaken(SlowLedger):
        def head(self, deadline: Deadline) -> Head:
            head = super().head(deadline)
            if len(self.stored) == 20:
                self.stored = list(ledger.stored)
                self.grow(5)
            return head

    with pytest.raises(Problem):
        go_on(place, ledger)  # 40 rows are done
    if not is_same:
        others(ledger, 11)
    late = Overtaken(20)
    if is_same:
        assert go_on_until_done(place, late, Bookmark(EPOCH, 20)).bookmark.seq == 100
    else:
        with pytest.raises(DivergedError):
            go_on_until_done(place, late, Bookmark(EPOCH, 20))
        assert names_in(place.snapshots) == []


def test_only_what_was_done_in_this_epoch_counts(place: Place) -> None:
    ledger = SlowLedger(95)
    with pytest.raises(Problem):
        go_on(place, ledger)
    ledger.branch(EPOCH + 1, 50)
    ledger.spans.clear()
    assert go_on_until_done(place, ledger, ledger.bookmark).bookmark == (EPOCH + 1, 50)
    assert ledger.spans[0].first == 1


def test_a_rebuild_of_which_another_call_has_just_linked_all_fails_and_can_be_asked_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SlowLedger(5)
    link = os.link

    def late(source: str, target: str) -> None:
        if os.path.basename(os.path.dirname(target)) == "snapshots":
            monkeypatch.setattr(os, "link", link)
            place.rebuild(ledger)
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(FileNotFoundError):
        go_on(place, ledger)
    assert count_of(place.on_efs()) == 5
    assert go_on(place, ledger).bookmark.seq == 5
