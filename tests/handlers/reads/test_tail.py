"""Rows that only the columns before ours have published: read from the ledger, as far as published, and kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem, unavailable
from handlers.ledger.head import Head
from handlers.ledger.items import OtherColumnsError
from handlers.reads import tail
from handlers.reads.page import PageQuery
from handlers.reads.sqlite_view import SqliteView
from handlers.reads.tail import Tail
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.telemetry.usage import Usage
from tests.support.files import EPOCH, MemoryLedger, Place, texts_of


class Away(MemoryLedger):
    """A ledger that can be out of reach."""

    is_away = False

    def head(self, deadline: Deadline) -> Head:
        if self.is_away:
            raise unavailable("DynamoDB is away")
        return super().head(deadline)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Away:
    found = Away(3)

    def ledger_of(_: Settings) -> Away:
        return found

    monkeypatch.setattr(tail, "ledger_of", ledger_of)
    return found


@pytest.fixture
def base(place: Place, ledger: Away) -> SqliteView:
    """The snapshot of three rows."""
    place.publish(ledger)
    return place.on_efs().read(NOTHING, Usage(), lambda view: view)


def texts(view: SqliteView) -> list[str]:
    text, count, _ = view.page(PageQuery({"limit": "1000", "order": "asc"}))
    return texts_of(text, count)


def files(place: Place) -> int:
    return len(os.listdir(place.tmp / "tail-reader"))


def test_it_goes_as_far_as_is_published_and_no_further(place: Place, ledger: Away, base: SqliteView) -> None:
    ledger.grow(6)
    reader = Tail(place.settings, "reader")
    assert reader.over(base, Bookmark(EPOCH, 3)) is base
    shown = reader.over(base, Bookmark(EPOCH, 7))
    assert (shown.bookmark, texts(shown)) == (Bookmark(EPOCH, 7), MODEL.json_texts(ledger.stored[:7]))
    assert reader.over(base, Bookmark(EPOCH, 6)) is shown  # never back
    assert reader.over(base, Bookmark(EPOCH, 99)).bookmark == Bookmark(EPOCH, 9)  # no further than the ledger


def test_small_parts_are_put_together_and_large_ones_are_kept(place: Place, ledger: Away, base: SqliteView) -> None:
    reader = Tail(place.settings, "reader")
    for count in (300, 1, 1):
        ledger.grow(count)
        shown = reader.over(base, ledger.bookmark)
        assert texts(shown) == MODEL.json_texts(ledger.stored)
    assert [(link.first, link.last) for link in shown.links] == [(304, 305), (4, 303), (1, 3)]
    assert [(span.first, span.last) for span in ledger.spans[-3:]] == [(3, 303), (303, 304), (303, 305)]
    assert files(place) == 2
    ledger.grow(1)
    place.publish(ledger)
    newer = place.on_efs().read(NOTHING, Usage(), lambda view: view)
    assert reader.over(newer, ledger.bookmark) is newer
    assert files(place) == 0


def test_without_a_snapshot_all_rows_come_from_the_ledger(place: Place, ledger: Away) -> None:
    reader, nothing = Tail(place.settings, "reader"), SqliteView([], NOTHING)
    for count in (0, 2):
        ledger.grow(count)
        assert texts(reader.over(nothing, ledger.bookmark)) == MODEL.json_texts(ledger.stored)
    assert files(place) == 1


def test_a_ledger_of_another_history_continues_nothing(place: Place, ledger: Away, base: SqliteView) -> None:
    reader = Tail(place.settings, "reader")
    assert reader.over(base, Bookmark(EPOCH + 1, 7)) is base
    assert reader.over(base, Bookmark(EPOCH, 7)) is base  # the ledger has no more rows
    ledger.branch(EPOCH + 1, 2)
    ledger.grow(2)
    shown = reader.over(base, ledger.bookmark)
    assert (shown.bookmark, texts(shown)) == (ledger.bookmark, MODEL.json_texts(ledger.stored))
    ledger.grow(300)  # too many to be put together with a few
    reader.over(base, ledger.bookmark)
    ledger.branch(EPOCH + 2, 2)
    ledger.grow(3)
    shown = reader.over(base, ledger.bookmark)
    assert (shown.bookmark, texts(shown)) == (ledger.bookmark, MODEL.json_texts(ledger.stored))
    assert files(place) == 1  # none of the epoch before


def test_a_ledger_that_is_away_lets_nobody_go_back(
    place: Place, ledger: Away, base: SqliteView, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.grow(2)
    reader = Tail(place.settings, "reader")
    ledger.is_away = True
    assert reader.over(base, ledger.bookmark) is base
    assert "DynamoDB is away" in caplog.text
    ledger.is_away = False
    shown = reader.over(base, Bookmark(EPOCH, 4))
    ledger.is_away = True
    assert reader.over(base, Bookmark(EPOCH, 5)) is shown
    reader.close()
    with pytest.raises(Problem) as caught:
        reader.over(base, Bookmark(EPOCH, 5))
    assert caught.value.status == 503


def test_without_a_snapshot_no_rows_are_no_answer(
    place: Place, ledger: Away, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reader, nothing, published = Tail(place.settings, "reader"), SqliteView([], NOTHING), ledger.bookmark
    ledger.is_away = True
    with pytest.raises(Problem, match="DynamoDB is away"):
        reader.over(nothing, published)
    ledger.is_away = False
    with pytest.raises(Problem, match="does not hold the rows up to") as caught:
        reader.over(nothing, Bookmark(EPOCH + 1, 3))  # of another history than the ledger
    assert (caught.value.status, caught.value.headers) == (503, {"retry-after": "1"})
    with monkeypatch.context() as patch:
        patch.setattr(tail, "MOST_ROWS", 2)
        with pytest.raises(Problem, match="3 rows follow the snapshot, 2 are allowed"):
            reader.over(nothing, published)
    shown = reader.over(nothing, published)
    ledger.grow(1)
    ledger.is_away = True
    assert reader.over(nothing, ledger.bookmark) is shown  # rows are, older ones
    assert "DynamoDB is away" in caplog.text


def test_other_columns_are_said_whatever_there_is_to_show(
    place: Place, ledger: Away, base: SqliteView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def head(_: Deadline) -> Head:
        raise OtherColumnsError("The rows")

    ledger.grow(1)
    monkeypatch.setattr(ledger, "head", head)
    for view in (base, SqliteView([], NOTHING)):
        with pytest.raises(OtherColumnsError):
            Tail(place.settings, "reader").over(view, ledger.bookmark)


def test_what_was_shown_is_shown_again_where_nothing_is_published_any_more(place: Place, ledger: Away) -> None:
    reader, nothing = Tail(place.settings, "reader"), SqliteView([], NOTHING)
    reader.over(nothing, ledger.bookmark)
    for gone in (nothing, SqliteView([], NOTHING)):  # what is open, and what is opened anew
        shown = reader.over(gone, NOTHING)
        assert (shown.bookmark, texts(shown)) == (ledger.bookmark, MODEL.json_texts(ledger.stored))
    reader.close()
    ledger.branch(EPOCH + 1, 2)
    with pytest.raises(Problem, match="does not hold the rows up to"):
        reader.over(nothing, NOTHING)


def test_it_takes_no_more_rows_than_a_request_has_time_for(
    place: Place, ledger: Away, base: SqliteView, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tail, "MOST_ROWS", 4)
    ledger.grow(5)
    assert Tail(place.settings, "reader").over(base, ledger.bookmark) is base
    assert "5 rows follow the snapshot, 4 are allowed" in caplog.text
