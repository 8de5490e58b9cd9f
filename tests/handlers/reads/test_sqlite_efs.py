"""The two SQLite read paths on real files; tests/faults has their bad days."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.reads.reader import POLL_S, WAIT_S, check_epoch, wait_for
from handlers.reads.sqlite_efs import SqliteReader
from handlers.telemetry.usage import Usage
from tests.support.files import (
    EPOCH,
    Calls,
    MemoryLedger,
    Place,
    count_of,
    descriptors,
    flip_bit,
    names_in,
    publish,
    served,
)

PATHS = ("on_efs", "in_tmp")


class Placed:
    def __init__(self, bookmark: Bookmark) -> None:
        self.bookmark = bookmark


class Source:
    """What there is to be found, as time goes by: each sleep brings the next."""

    def __init__(self, *bookmarks: Bookmark) -> None:
        self._bookmarks = list(bookmarks)
        self.now_s = 0.0
        self.slept_s: list[float] = []
        self.looked: list[bool] = []

    def newest(self, now: bool) -> Placed:
        self.looked.append(now)
        return Placed(self._bookmarks.pop(0) if len(self._bookmarks) > 1 else self._bookmarks[0])

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds

    def wait_for(self, at_least: Bookmark) -> Bookmark:
        return wait_for(at_least, self.newest, self.sleep, lambda: self.now_s).bookmark


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def reader_of(place: Place, path: str) -> SqliteReader:
    return place.on_efs() if path == "on_efs" else place.in_tmp()


def copies(place: Place) -> list[str]:
    return names_in(place.tmp / "snapshots")


def test_what_is_there_already_is_not_waited_for() -> None:
    source = Source(Bookmark(1, 5))
    assert source.wait_for(Bookmark(1, 5)) == (1, 5)
    assert source.wait_for(NOTHING) == (1, 5)
    assert (source.slept_s, source.looked) == ([], [False, False])


def test_what_is_there_but_not_seen_yet_is_looked_for_at_once() -> None:
    source = Source(Bookmark(1, 4), Bookmark(1, 5))
    assert source.wait_for(Bookmark(1, 5)) == (1, 5)
    assert (sum(source.slept_s), source.looked) == (0, [False, True])


def test_what_comes_within_the_wait_is_waited_for() -> None:
    source = Source(Bookmark(1, 1), Bookmark(1, 2), Bookmark(1, 3), Bookmark(1, 7))
    assert source.wait_for(Bookmark(1, 5)) == (1, 7)
    assert source.slept_s == [0, POLL_S, POLL_S]
    assert source.looked == [False, True, True, True]


@pytest.mark.parametrize("asked", [Bookmark(1, 5), Bookmark(2, 0), Bookmark(10**16 - 1, 10**12 - 1)])
def test_what_does_not_come_within_two_seconds_is_503(asked: Bookmark) -> None:
    source = Source(Bookmark(1, 4))
    with pytest.raises(Problem, match=r"newest bookmark here is 1\.4") as caught:
        source.wait_for(asked)
    assert (caught.value.status, caught.value.kind) == (503, "not-there-yet")
    assert "retry-after" in caught.value.headers
    assert WAIT_S == 2.0
    assert WAIT_S <= source.now_s < WAIT_S + 2 * POLL_S


def test_a_bookmark_of_a_replaced_ledger_is_409_at_once_or_as_soon_as_that_is_seen() -> None:
    for source in (Source(Bookmark(2, 0)), Source(Bookmark(1, 4), Bookmark(2, 0))):
        with pytest.raises(Problem, match="was replaced") as caught:
            source.wait_for(Bookmark(1, 5))
        assert (caught.value.status, caught.value.kind) == (409, "epoch-replaced")
        assert sum(source.slept_s) == 0


def test_the_bookmark_of_nothing_fits_every_ledger() -> None:
    check_epoch(NOTHING, Bookmark(7, 7))
    check_epoch(Bookmark(7, 1), Bookmark(7, 7))
    with pytest.raises(Problem):
        check_epoch(Bookmark(0, 1), Bookmark(7, 7))


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


def test_both_paths_share_one_listing(place: Place) -> None:
    place.publish(MemoryLedger(1))
    catalog = place.catalog()
    one, other = SqliteReader(catalog, place.settings), SqliteReader(catalog, place.settings)
    assert served(one) == served(other)


def test_a_new_version_is_opened_with_few_calls(place: Place) -> None:
    place.publish(MemoryLedger(3))
    with Calls(place.efs) as calls:
        served(place.on_efs())
    assert calls.seen == ["scandir", "open", "fstat", "readv", "readv", "close", "connect"]
    with Calls(place.efs) as calls:
        served(place.in_tmp())
    assert calls.seen == ["scandir", "lstat", "open", "fstat", "readv", "readv", "close"]


def test_the_copy_is_made_once_a_version_and_reported_once(place: Place) -> None:
    published = place.publish(MemoryLedger(3))
    reader = place.in_tmp()
    first, second = Usage(), Usage()
    for usage in (first, second):
        reader.read(NOTHING, usage, lambda view: view.bookmark)
    assert first.copy
    assert first.copy["bytes"] == published.size_bytes
    assert first.copy["ms"] >= 0
    assert second.copy is None
    assert copies(place) == [f"1-{published.name}"]


def test_refresh_copies_again_and_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.reads.sqlite_tmp.REFRESH_EVERY_S", 0.0)
    published = place.publish(MemoryLedger(3))
    reader = place.in_tmp()
    for number in (1, 2, 3):  # the first copy there is counts as well
        usage = Usage()
        reader.refresh(usage)
        assert copies(place) == [f"{number}-{published.name}"]
        assert count_of(reader) == 3
        assert usage.copy
    place.publish(MemoryLedger(4))
    reader.refresh(Usage())
    assert len(copies(place)) == 1
    assert count_of(reader) == 4


def test_refresh_of_nothing_copies_nothing(place: Place) -> None:
    reader = place.in_tmp()
    usage = Usage()
    reader.refresh(usage)
    assert usage.copy is None
    assert count_of(reader) == 0


@pytest.mark.parametrize("how", ["deleted", "damaged", "no file system"])
def test_refresh_that_cannot_be_done_is_503_and_the_open_copy_goes_on(place: Place, how: str) -> None:
    path = place.path(place.publish(MemoryLedger(3)))
    reader = place.in_tmp()
    assert count_of(reader) == 3
    if how == "deleted":
        path.unlink()
    elif how == "damaged":
        flip_bit(path, 8 * 5000)
    else:
        place.efs.rename(place.tmp / "away")
    with pytest.raises(Problem) as caught:
        reader.refresh(Usage())
    assert caught.value.status == 503
    assert count_of(reader) == 3


def test_leftovers_of_a_process_that_died_here_are_swept(place: Place) -> None:
    place.publish(MemoryLedger(3))
    (place.tmp / "snapshots").mkdir()
    (place.tmp / "snapshots" / "1-leftover.db").write_bytes(b"x")
    (place.tmp / "mine").touch()
    served(place.in_tmp())
    assert len(copies(place)) == 1
    assert (place.tmp / "mine").exists()


def test_dropping_gives_the_space_back(place: Place) -> None:
    place.publish(MemoryLedger(3))
    reader = place.in_tmp()
    reader.drop()
    served(reader)
    reader.drop()
    assert copies(place) == []
    assert count_of(reader) == 3


def test_a_copy_that_does_not_open_is_not_left_behind(place: Place) -> None:
    good = place.publish(MemoryLedger(3))
    content = place.path(good).read_bytes()
    place.plant(content, Bookmark(EPOCH, 4), good.name.digest)  # right digest, wrong bookmark
    reader = place.in_tmp()
    assert count_of(reader) == 3
    assert copies(place) == [f"2-{good.name}"]


def test_phases_are_timed(place: Place) -> None:
    place.publish(MemoryLedger(3))
    for reader, phases in ((place.on_efs(), ["check", "open"]), (place.in_tmp(), ["check", "copy", "open"])):
        usage = Usage()
        reader.read(NOTHING, usage, lambda view: view.bookmark)
        assert [*usage.phases_ms] == phases


def test_a_file_passed_over_is_named_in_the_log(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.publish(MemoryLedger(3))
    bad = place.plant(b"text", Bookmark(EPOCH, 9))
    with caplog.at_level(logging.WARNING):
        assert count_of(place.on_efs()) == 3
    assert bad.name in caplog.text


def test_room_is_made_only_where_the_new_copy_fits_without_the_old_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    size_bytes = place.publish(ledger := MemoryLedger(3)).size_bytes
    reader = place.in_tmp()
    seen: list[int] = []

    class Disk:
        f_frsize = 1

        def __init__(self, free_bytes: int) -> None:
            self.f_bavail = free_bytes

    def copies_open(folder: str) -> Disk:
        return Disk(free_bytes)

    unlink = os.unlink

    def noting(path: str) -> None:
        seen.append(len(copies(place)))
        unlink(path)

    assert count_of(reader) == 3
    monkeypatch.setattr(os, "statvfs", copies_open)
    monkeypatch.setattr(os, "unlink", noting)
    for free_bytes, added, copies_at_once in ((size_bytes, 1, 2), (size_bytes - 1, 1, 1), (0, 900, 2)):
        ledger.grow(added)
        Place(place.tmp / str(free_bytes), place.efs).publish(ledger)
        seen.clear()
        assert count_of(reader) == len(ledger.stored)
        assert seen == [copies_at_once]


@pytest.mark.parametrize("path", PATHS)
def test_a_file_system_that_hangs_stops_nobody_who_has_what_is_asked_for(
    place: Place, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = place.publish(MemoryLedger(3))
    reader = getattr(place, path)()
    assert served(reader) == published.bookmark
    monkeypatch.setattr("handlers.reads.sqlite_efs.LISTING_LIMIT_S", 0.0)
    go_on, scandir = threading.Event(), os.scandir

    def hanging(folder: str) -> Any:
        go_on.wait()
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", hanging)
    assert served(reader) == served(reader, published.bookmark) == published.bookmark
    go_on.set()
