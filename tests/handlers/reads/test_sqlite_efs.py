"""Both SQLite read paths on real files: which chain they serve, and what that costs on EFS. tests/faults: bad days."""

from __future__ import annotations

import errno
import json
import logging
import os
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.reads.sqlite_efs import SqliteReader
from handlers.reads.sqlite_tmp import CopyingReader
from handlers.reads.sqlite_view import SqliteView
from handlers.snapshots.names import Name
from handlers.telemetry.usage import Usage
from tests.support.files import (
    EPOCH,
    Calls,
    MemoryLedger,
    Place,
    count_of,
    descriptors,
    failing,
    flip_bit,
    names_in,
    page,
    publish,
    served,
)

PATHS = ("on_efs", "in_tmp")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def reader_of(place: Place, path: str) -> SqliteReader:
    return place.on_efs() if path == "on_efs" else place.in_tmp()


def copies(place: Place) -> list[str]:
    return names_in(place.tmp / "snapshots")


def newest(reader: SqliteReader) -> list[str]:
    """The newest hundred rows."""
    return page(reader, order="desc", limit="100")


def unavailable_from(reader: SqliteReader) -> str:
    with pytest.raises(Problem) as caught:
        page(reader)
    assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "1")
    return caught.value.detail


@pytest.mark.parametrize("path", PATHS)
def test_before_anything_is_published_there_are_no_rows(place: Place, path: str) -> None:
    reader = reader_of(place, path)
    assert served(reader) == NOTHING
    assert count_of(reader) == 0
    place.publish(MemoryLedger(2))
    assert count_of(reader) == 2


@pytest.mark.parametrize("path", PATHS)
def test_each_new_version_is_seen_and_no_descriptor_is_left(place: Place, path: str) -> None:
    publisher = place.publisher(ledger := MemoryLedger(1))
    publish(publisher, ledger)
    reader = reader_of(place, path)
    assert count_of(reader) == 1
    before = descriptors()
    for _ in range(50):
        publisher.publish(ledger.grow(1), Usage())
        assert count_of(reader) == len(ledger.stored)
    assert descriptors() <= before
    assert reader.retries == 0
    assert len(copies(place)) == (path == "in_tmp")


@pytest.mark.parametrize("path", PATHS)
def test_a_new_ledger_is_followed_at_once_and_old_bookmarks_are_409(place: Place, path: str) -> None:
    place.publish(MemoryLedger(5))
    reader = reader_of(place, path)
    assert served(reader) == (EPOCH, 5)
    place.publish(MemoryLedger(0, EPOCH + 1))
    assert served(reader) == (EPOCH + 1, 0)
    for asked in (Bookmark(EPOCH, 5), Bookmark(EPOCH, 6), Bookmark(EPOCH, 0)):
        with pytest.raises(Problem) as caught:
            served(reader, asked)
        assert caught.value.status == 409


def test_an_unseen_bookmark_makes_the_reader_look_inside_the_interval(tmp_path: Path) -> None:
    place = Place(tmp_path, CHECK_INTERVAL_MS="3600000")
    publisher = place.publisher(ledger := MemoryLedger(1))
    publish(publisher, ledger)
    readers = [place.on_efs(), place.in_tmp()]
    assert [count_of(reader) for reader in readers] == [1, 1]
    publisher.publish(ledger.grow(1), Usage())
    assert [count_of(reader) for reader in readers] == [1, 1]
    assert [served(reader, ledger.bookmark) for reader in readers] == [ledger.bookmark] * 2


def test_both_paths_share_one_listing(tmp_path: Path) -> None:
    place = Place(tmp_path, CHECK_INTERVAL_MS="3600000")
    place.publish(MemoryLedger(1))
    catalog = place.catalog()
    with Calls(place.efs) as calls:
        for reader in (SqliteReader(catalog, place.settings), CopyingReader(catalog, place.settings)):
            assert count_of(reader) == 1
    assert calls.seen.count("scandir") == 1


# What a read costs on EFS


def test_a_segment_is_opened_with_few_calls(place: Place) -> None:
    place.publish(MemoryLedger(3))
    with Calls(place.efs) as calls:
        page(place.on_efs())
    assert calls.seen == ["scandir", "open", "fstat", "readv", "readv", "close", "connect"]
    with Calls(place.efs) as calls:
        page(place.in_tmp())
    assert calls.seen == ["scandir", "lstat", "open", "fstat", "readv", "readv", "close"]


@pytest.mark.parametrize("path", PATHS)
def test_the_newest_page_and_the_next_version_cost_the_same_however_many_rows_there_are(
    tmp_path: Path, path: str
) -> None:
    costs: list[tuple[list[str], list[str]]] = []
    for count in (1000, 20_000):
        place, ledger = Place(tmp_path / str(count)), MemoryLedger()
        published = place.publish_parts(ledger, count, 110)
        assert len(published.chain) == 2
        reader = reader_of(place, path)
        with Calls(place.efs) as cold:
            assert len(newest(reader)) == 100
        assert place.publish_parts(ledger, 1).chain[0].rows == 111
        with Calls(place.efs) as next_version:
            assert len(newest(reader)) == 100
        with Calls(place.efs) as warm:
            assert len(newest(reader)) == 100
        assert warm.seen == ["scandir"]
        costs.append((cold.seen, next_version.seen))
    assert costs[0] == costs[1]
    cold_calls, next_calls = costs[0]
    assert len(cold_calls) <= 14
    assert len(next_calls) <= 8


@pytest.mark.parametrize("path", PATHS)
def test_a_new_version_opens_only_what_is_new_in_it(place: Place, path: str) -> None:
    ledger = MemoryLedger()
    place.publish_parts(ledger, 2500, 300, 20)
    reader = reader_of(place, path)
    opened = "connect" if path == "on_efs" else "lstat"
    with Calls(place.efs) as calls:
        served(reader)
        assert calls.seen.count(opened) == 1  # the newest is opened first, whatever is read
        page(reader)
        assert calls.seen.count(opened) == 2  # the oldest thousand lie in one file
        page(reader, order="desc")
        assert calls.seen.count(opened) == 3
    published = place.publish_parts(ledger, 1)
    assert [name.rows for name in published.chain] == [21, 300, 2500]
    with Calls(place.efs) as calls:
        page(reader, order="desc")
        page(reader)
        assert reader.read(NOTHING, Usage(), lambda view: json.loads(view.stats_text()))["count"] == 2821
    assert calls.seen.count(opened) == 1
    assert len(copies(place)) == (3 if path == "in_tmp" else 0)


@pytest.mark.parametrize("path", PATHS)
def test_compaction_alone_makes_nobody_reopen_anything_until_its_files_are_no_longer_listed(
    place: Place, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = MemoryLedger()
    chain = place.publish_parts(ledger, 1000, 90).chain
    reader = reader_of(place, path)
    before = newest(reader)
    monkeypatch.setattr("handlers.snapshots.chain.GROWTH", 100)
    (compacted,) = place.publish(ledger, compact=True).chain
    with Calls(place.efs) as calls:
        assert newest(reader) == before
    assert calls.seen == ["scandir", "scandir"][: len(calls.seen)]  # the directory, and nothing in it
    assert {*chain, compacted} == {*names_in(place.snapshots)}
    place.path(chain[0]).unlink()
    assert newest(reader) == before
    if path == "in_tmp":
        assert [name.partition("-")[2] for name in copies(place)] == [compacted]
    place.path(chain[1]).unlink()
    assert newest(reader) == before
    assert reader.retries == 0


@pytest.mark.parametrize("path", PATHS)
def test_phases_are_timed(place: Place, path: str) -> None:
    place.publish(MemoryLedger(3))
    usage = Usage()
    reader_of(place, path).read(NOTHING, usage, lambda view: json.loads(view.stats_text()))
    assert [*usage.phases_ns] == (["check", "open"] if path == "on_efs" else ["check", "copy", "open"])


@pytest.mark.parametrize("path", PATHS)
def test_what_giving_back_a_superseded_file_takes_is_no_part_of_the_query(place: Place, path: str) -> None:
    ledger, reader = MemoryLedger(3), reader_of(place, path)
    place.publish(ledger)
    newest(reader)
    ledger.grow(1)
    place.publish(ledger)
    usage = Usage()
    reader.read(NOTHING, usage, lambda view: view.bookmark)
    assert [*usage.phases_ns] == ["check", *(["copy"] if path == "in_tmp" else []), "open", "close"]


# Never back


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("is_read", [True, False])
@pytest.mark.parametrize("how", ["deleted", "damaged"])
def test_within_an_epoch_it_never_goes_back(place: Place, path: str, is_read: bool, how: str) -> None:
    """Nor does it where it has only announced the newer one's bookmark."""
    ledger = MemoryLedger()
    older, newer = place.publish_parts(ledger, 300), place.publish_parts(ledger, 30)
    reader = reader_of(place, path)
    assert served(reader) == newer.bookmark
    if is_read:
        newest(reader)
    if how == "deleted":
        place.path(newer).unlink()
        assert len(newest(reader)) == 100  # with what it has open
        assert served(reader) == newer.bookmark
    else:
        flip_bit(place.path(newer), 8 * 5000)
    reader.drop()
    for _ in range(2):
        assert "next publish mends it" in unavailable_from(reader)
        with pytest.raises(Problem, match="next publish mends it"):
            served(reader)
    cold = reader_of(place, path)
    assert served(cold) == older.bookmark
    assert len(page(cold)) == 300
    place.publish(ledger)
    assert served(reader) == newer.bookmark
    assert len(page(reader)) == 330


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("is_warm", [True, False])
@pytest.mark.parametrize("how", ["deleted", "damaged"])
def test_it_never_goes_back_to_an_older_epoch(place: Place, path: str, is_warm: bool, how: str) -> None:
    place.publish(MemoryLedger(5))
    ledger = MemoryLedger(2, EPOCH + 1)
    newer = place.publish(ledger)
    reader = reader_of(place, path)
    assert count_of(reader) == 2
    if how == "deleted":
        place.path(newer).unlink()
    else:
        flip_bit(place.path(newer), 8 * 5000)
    if is_warm and how == "deleted":
        assert count_of(reader) == 2
    reader.drop()
    for _ in range(2):
        assert "next publish mends it" in unavailable_from(reader)
    place.publish(ledger)
    assert count_of(reader) == 2


@pytest.mark.parametrize("path", PATHS)
def test_a_greater_epoch_that_is_broken_is_503_but_for_a_sandbox_that_has_an_older_one_open(
    place: Place, path: str
) -> None:
    place.publish(MemoryLedger(3))
    warm, cold = reader_of(place, path), reader_of(place, path)
    assert count_of(warm) == 3
    place.plant(b"of the new ledger", Bookmark(EPOCH + 1, 400), first=301)  # what it follows is missing
    assert count_of(warm) == 3
    for _ in range(2):
        assert "next publish mends it" in unavailable_from(cold)
    warm.drop()
    assert "next publish mends it" in unavailable_from(warm)
    place.publish(MemoryLedger(4, EPOCH + 1))
    assert [count_of(warm), count_of(cold)] == [4, 4]


def test_what_one_path_finds_damaged_the_other_serves_only_from_a_copy_that_it_has_proven(place: Place) -> None:
    ledger = MemoryLedger()
    published = place.publish_parts(ledger, 300, 30)
    catalog = place.catalog()
    on_efs, in_tmp = SqliteReader(catalog, place.settings), CopyingReader(catalog, place.settings)
    assert len(page(in_tmp)) == len(page(on_efs)) == 330
    flip_bit(place.path(published), 8 * 5000)
    on_efs.drop()
    assert "next publish mends it" in unavailable_from(on_efs)
    assert len(page(in_tmp)) == 330
    in_tmp.drop()
    assert "next publish mends it" in unavailable_from(in_tmp)


def test_what_one_path_has_open_and_the_other_finds_damaged_is_dropped(place: Place) -> None:
    published = place.publish_parts(MemoryLedger(), 300, 30)
    catalog = place.catalog()
    on_efs, in_tmp = SqliteReader(catalog, place.settings), CopyingReader(catalog, place.settings)
    assert len(newest(on_efs)) == 100
    flip_bit(place.path(published), 8 * 5000)
    assert len(newest(on_efs)) == 100  # what SQLite has read, it has
    assert len(page(in_tmp)) == 300  # a sandbox's other path has served nothing newer
    assert "next publish mends it" in unavailable_from(on_efs)


def test_where_one_path_finds_the_first_file_damaged_the_other_does_not_say_that_there_are_no_rows(
    place: Place,
) -> None:
    catalog = place.catalog()
    on_efs, in_tmp = SqliteReader(catalog, place.settings), CopyingReader(catalog, place.settings)
    assert served(in_tmp) == NOTHING
    bad = place.plant(b"text", Bookmark(EPOCH, 9))
    for _ in range(2):
        unavailable_from(on_efs)
        unavailable_from(in_tmp)
    bad.rename(place.tmp / "bad")
    assert [count_of(on_efs), count_of(in_tmp)] == [0, 0]


def test_of_another_data_models_files_alone_no_reader_says_that_there_are_no_rows(place: Place) -> None:
    readers = [reader_of(place, path) for path in PATHS]
    assert [served(reader) for reader in readers] == [NOTHING, NOTHING]
    place.snapshots.mkdir()
    (place.snapshots / Name.of(Bookmark(EPOCH, 9), 1, "0123456789abcdef", schema=999)).touch()
    for reader in (*readers, *readers, place.on_efs()):
        assert "data model's version" in unavailable_from(reader)
    place.publish(MemoryLedger(3))
    assert [count_of(reader) for reader in readers] == [3, 3]


@pytest.mark.parametrize("path", PATHS)
def test_a_newer_file_that_is_damaged_is_passed_over_for_the_next_point_that_is_newer_still(
    place: Place, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = MemoryLedger()
    place.publish_parts(ledger, 300)
    reader, cold = reader_of(place, path), reader_of(place, path)
    assert len(page(reader)) == 300
    place.publish_parts(ledger, 30)
    monkeypatch.setattr("handlers.snapshots.chain.SMALL_ROWS", 0)
    monkeypatch.setattr("handlers.snapshots.chain.GROWTH", 0)
    flip_bit(place.path(place.publish_parts(ledger, 3)), 8 * 5000)
    for asked in (reader, cold):
        assert served(asked) == Bookmark(EPOCH, 330)
        assert len(page(asked)) == 330
        with pytest.raises(Problem, match="333 was asked for"), monkeypatch.context() as patch:
            patch.setattr("handlers.reads.reader.WAIT_S", 0.0)
            served(asked, ledger.bookmark)
        assert asked.retries == 0


def test_a_thousand_damaged_files_in_a_row_are_passed_over(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.publish(MemoryLedger(3))
    for seq in range(4, sys.getrecursionlimit() + 4):
        place.plant(b"", Bookmark(EPOCH, seq))
    with caplog.at_level(logging.ERROR, "handlers"):
        assert served(place.on_efs()) == Bookmark(EPOCH, 3)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stays", [True, False])
def test_a_newer_version_that_cannot_be_opened_now_leaves_all_that_is_open_in_service(
    place: Place, path: str, stays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it that the older version's newest segment is one of the newer one too, or that it was merged into it."""
    ledger = MemoryLedger()
    place.publish_parts(ledger, 3500, 300)
    reader, cold = reader_of(place, path), reader_of(place, path)
    before = page(reader, order="desc")
    newer = place.publish_parts(ledger, 30 if stays else 100)
    assert [name.rows for name in newer.chain] == ([30, 300, 3500] if stays else [400, 3500])
    opened = descriptors()
    with monkeypatch.context() as patch:
        patch.setattr(os, "readv", failing(errno.EIO))
        for _ in range(2):
            with Calls(place.efs) as calls:
                assert page(reader, order="desc") == before
                assert served(reader) == Bookmark(EPOCH, 3800)
            assert calls.seen.count("fstat") == 2  # each read tries again
        assert (descriptors(), reader.retries) == (opened, 0)
        assert "cannot be read now" in unavailable_from(cold)
    for each in (reader, cold):
        assert served(each) == newer.bookmark
        assert len(page(each, order="desc")) == 1000


@pytest.mark.parametrize("path", PATHS)
def test_who_waits_for_a_bookmark_tries_again_to_open_what_cannot_be_read_at_first(
    place: Place, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(MemoryLedger(3))
    reader = reader_of(place, path)
    assert count_of(reader) == 3
    newer = place.publish(MemoryLedger(5))
    readv, errors = os.readv, [errno.EIO, errno.ESTALE]

    def failing_twice(file: int, buffers: list[memoryview]) -> int:
        if errors:
            failing(errors.pop())()
        return readv(file, buffers)

    monkeypatch.setattr(os, "readv", failing_twice)
    monkeypatch.setattr("handlers.reads.reader.WAIT_S", 3600.0)
    assert served(reader, newer.bookmark) == newer.bookmark
    assert (errors, reader.retries) == ([], 0)
    assert count_of(reader) == 5


def test_a_copy_that_cannot_be_deleted_stops_no_newer_version_and_no_other_copys_end(place: Place) -> None:
    ledger = MemoryLedger()
    assert [name.rows for name in place.publish_parts(ledger, 3500, 300, 20).chain] == [20, 300, 3500]
    reader = place.in_tmp()
    assert len(page(reader, order="desc")) == 1000
    opened = descriptors()
    newer = place.publish_parts(ledger, 100)
    assert [name.rows for name in newer.chain] == [420, 3500]
    unlinks = Unlinks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "unlink", unlinks)
        assert served(reader) == newer.bookmark
        assert len(page(reader, order="desc")) == 1000
    assert unlinks.calls == 2
    assert len(copies(place)) == 2 + 1
    assert (descriptors(), reader.retries) == (opened - 1, 0)
    reader.drop()
    assert len(copies(place)) == 1


class Unlinks:
    """`unlink`, which fails the first time."""

    def __init__(self) -> None:
        self.calls = 0
        self._unlink = os.unlink

    def __call__(self, path: str) -> None:
        self.calls += 1
        if self.calls == 1:
            failing(errno.EIO)()
        self._unlink(path)


# Listings


@pytest.mark.parametrize("path", PATHS)
def test_a_file_system_that_hangs_stops_nobody_who_has_what_is_asked_for(
    place: Place, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = place.publish(MemoryLedger(3))
    reader = reader_of(place, path)
    assert served(reader) == published.bookmark
    monkeypatch.setattr("handlers.reads.sqlite_efs.LISTING_LIMIT_S", 0.0)
    go_on, scandir = threading.Event(), os.scandir

    def hanging(folder: str) -> Any:
        go_on.wait()
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", hanging)
    assert served(reader) == served(reader, published.bookmark) == published.bookmark
    go_on.set()


@pytest.mark.parametrize("path", PATHS)
def test_a_listing_that_fails_leaves_what_is_open_in_service_and_a_cold_sandbox_without_an_answer(
    place: Place, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(MemoryLedger(3))
    warm, cold = reader_of(place, path), reader_of(place, path)
    assert count_of(warm) == 3
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", failing(errno.EIO))
        assert count_of(warm) == 3
        assert "cannot be read now" in unavailable_from(cold)
    assert (warm.retries, cold.retries) == (0, 2)
    assert count_of(cold) == 3


@pytest.mark.parametrize("path", PATHS)
def test_a_segment_found_damaged_while_the_listing_fails_is_not_tried_without_end(
    place: Place, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = MemoryLedger()
    oldest = place.publish_parts(ledger, 300).chain[-1]
    place.publish_parts(ledger, 30)
    reader = reader_of(place, path)
    assert len(page(reader, order="desc", limit="30")) == 30
    flip_bit(place.path(oldest), 8 * 5000)
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", failing(errno.EIO))
        assert "cannot be read now" in unavailable_from(reader)
    assert "next publish mends it" in unavailable_from(reader)
    place.publish(ledger)
    assert len(page(reader)) == 330


def test_a_file_passed_over_is_named_in_the_log(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.publish(MemoryLedger(3))
    bad = place.plant(b"text", Bookmark(EPOCH, 9))
    with caplog.at_level(logging.WARNING):
        assert len(page(place.on_efs())) == 3
    assert "not a SQLite file" in caplog.text
    assert bad.exists()


def test_our_own_defect_is_not_read_again(place: Place) -> None:
    def use(view: SqliteView) -> None:
        view.links[0].opened().connection.execute("SELECT lacking")

    place.publish(MemoryLedger(3))
    reader = place.on_efs()
    with pytest.raises(sqlite3.OperationalError, match="no such column: lacking"):
        reader.read(NOTHING, Usage(), use)
    assert reader.retries == 0
