from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.appender import Appender
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.snapshots.new_ledger import begin_epoch, make_appender
from handlers.snapshots.publish import Publisher
from handlers.telemetry.usage import Usage
from tests.support.files import Place, served
from tests.support.meddling import drafts, no_time_limit

NOW_S = 1_700_000_000.25
NOW_MS = 1_700_000_000_250


def now() -> float:
    return NOW_S


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def publisher(place: Place, ledger: Ledger) -> Publisher:
    return place.publisher(ledger)


@pytest.fixture
def appender(ledger: Ledger, publisher: Publisher) -> Appender:
    return make_appender(ledger, publisher, now)


def head_of(ledger: Ledger) -> Head:
    head = ledger.head(no_time_limit())
    assert head
    return head


def break_efs(place: Place) -> None:
    shutil.rmtree(place.efs)


# A ledger that is made


def test_a_new_ledgers_epoch_is_its_beginning_and_readers_see_it_at_once(
    place: Place, appender: Appender, ledger: Ledger
) -> None:
    head = appender.head(no_time_limit())
    assert head.bookmark == Bookmark(NOW_MS, 0)
    assert head_of(ledger).to_item() == head.to_item()
    assert served(place.on_efs()) == head.bookmark


def test_it_is_later_than_all_that_was_published_wherever_its_clock_is(place: Place, appender: Appender) -> None:
    place.plant(b"", Bookmark(NOW_MS + 1000, 5))
    assert appender.head(no_time_limit()).epoch == NOW_MS + 1001


def test_a_ledger_that_is_there_is_left_as_it_is(place: Place, appender: Appender) -> None:
    made = appender.head(no_time_limit())
    place.plant(b"", Bookmark(NOW_MS + 1000, 5))
    assert appender.head(no_time_limit()).to_item() == made.to_item()


def test_where_efs_is_away_the_clock_alone_gives_the_epoch_and_the_ledger_is_made(
    place: Place, appender: Appender, caplog: pytest.LogCaptureFixture
) -> None:
    break_efs(place)
    assert appender.head(no_time_limit()).epoch == NOW_MS
    assert "the clock alone gives the new ledger's epoch" in caplog.text
    assert "the next publish takes its place" in caplog.text


# A history that begins with the rows that are there


def test_a_new_epoch_holds_the_ledgers_rows(
    place: Place, appender: Appender, ledger: Ledger, publisher: Publisher
) -> None:
    appended = appender.append(drafts(3), no_time_limit())
    publisher.publish(appended.bookmark, Usage())
    before = head_of(ledger)
    begun = begin_epoch(ledger, publisher, lambda: NOW_S + 5, no_time_limit())
    assert begun.bookmark == Bookmark(NOW_MS + 5000, 3)
    assert (begun.hash, begun.parent) == (before.hash, before.epoch)
    assert head_of(ledger).to_item() == begun.to_item()
    published = publisher.publish(begun.bookmark, Usage())
    assert (published.hash, served(place.in_tmp())) == (begun.hash, begun.bookmark)


@pytest.mark.parametrize(("published_ms", "expected_ms"), [(-1000, 1), (1000, 1001)])
def test_a_new_epoch_is_later_than_the_ledgers_and_all_that_was_published_where_the_clock_is_behind(
    place: Place, ledger: Ledger, publisher: Publisher, published_ms: int, expected_ms: int
) -> None:
    make_appender(ledger, publisher, now).head(no_time_limit())
    shutil.rmtree(place.snapshots)
    place.plant(b"", Bookmark(NOW_MS + published_ms, 5))
    begun = begin_epoch(ledger, publisher, lambda: NOW_S - 100, no_time_limit())
    assert begun.epoch == NOW_MS + expected_ms


def test_no_epoch_begins_where_there_is_no_ledger(ledger: Ledger, publisher: Publisher) -> None:
    with pytest.raises(Problem, match="no ledger yet") as caught:
        begin_epoch(ledger, publisher, now, no_time_limit())
    assert caught.value.status == 503


def test_no_epoch_begins_where_it_is_not_known_what_was_published(
    place: Place, appender: Appender, ledger: Ledger, publisher: Publisher
) -> None:
    made = appender.head(no_time_limit())
    break_efs(place)
    with pytest.raises(Problem, match="cannot be listed") as caught:
        begin_epoch(ledger, publisher, now, no_time_limit())
    assert caught.value.status == 503
    assert head_of(ledger).to_item() == made.to_item()
