from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.bookmark import MAX_EPOCH, MAX_SEQ, Bookmark
from handlers.snapshots.catalog import Catalog, Name
from tests.support.files import Calls, MemoryLedger, Place, failing, served

GOOD = "0000000000001000-000000000003-000001-0123456789abcdef.db"
bookmarks = st.builds(Bookmark, st.integers(0, MAX_EPOCH), st.integers(0, MAX_SEQ))
digests = st.text("0123456789abcdef", min_size=16, max_size=16)


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@given(bookmarks, digests)
def test_a_name_says_bookmark_and_digest(bookmark: Bookmark, digest: str) -> None:
    name = Name.of(bookmark, digest)
    assert Name.parse(str(name)) == name
    assert (name.bookmark, name.digest) == (bookmark, digest)


@given(bookmarks, bookmarks, digests, digests)
def test_the_greater_name_is_the_newer_snapshot(one: Bookmark, other: Bookmark, digest: str, another: str) -> None:
    if one != other:
        assert (Name.of(one, digest) < Name.of(other, another)) == (one < other)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", ".db", GOOD[1:], "0" + GOOD, GOOD + " ", " " + GOOD, GOOD + "\n", GOOD + ".db", GOOD + "-journal"),
        *(GOOD[:-3], GOOD[:-1], GOOD[:-3] + ".DB", GOOD[:-3] + ".tmp", GOOD[:-3] + ".db3", GOOD.replace(".", "_")),
        *(GOOD.upper(), GOOD.replace("abcdef", "ABCDEF"), GOOD.replace("abcdef", "abcdeg"), GOOD.replace("f.", ".")),
        *(GOOD.replace("f.", "f0."), GOOD.replace("-", "_"), GOOD.replace("-", ""), GOOD.replace("-", "--", 1)),
        *(GOOD.replace("1000-", "+100-"), GOOD.replace("1000-", "-100-"), GOOD.replace("003-", "3.0-")),
        *(GOOD.replace("1000-", "100\u0661-"), GOOD.replace("003-", "00\u00b3-"), GOOD.replace("0123", "\uff10123")),
        *(
            GOOD.replace("003-", "0003-"),
            GOOD.replace("003-", "03-"),
            GOOD.replace("-000001", ""),
            GOOD.replace("001-", "01-"),
            GOOD.replace("1000-", " 100-"),
        ),
    ],
)
def test_only_names_of_exactly_this_form_count(text: str) -> None:
    assert Name.parse(GOOD) == GOOD
    assert Name.parse(text) is None


def test_other_files_are_ignored_and_the_greatest_name_comes_first(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for bookmark in (Bookmark(9, 99), Bookmark(10, 1), Bookmark(10, 0)):
        place.plant(b"", bookmark)
    for other in (".nfs0001", GOOD + "-wal", "README", GOOD.upper()):
        (place.snapshots / other).touch()
    assert [str(name.bookmark) for name in place.catalog().names()] == ["10.1", "10.0", "9.99"]


def test_nothing_published_is_an_empty_listing_but_no_file_system_is_an_error(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert place.catalog().names() == []
    place.efs.rmdir()
    with pytest.raises(FileNotFoundError):
        place.catalog().names()


def test_the_directory_is_listed_at_most_once_an_interval_unless_asked_to(tmp_path: Path) -> None:
    place, clock = Place(tmp_path), Clock()
    place.plant(b"", Bookmark(1, 1))
    catalog = Catalog(str(place.snapshots), 5, clock)
    with Calls(place.efs) as calls:
        first = catalog.names()
        place.plant(b"", Bookmark(1, 2))
        del calls.seen[1:]
        clock.now_s += 4.9
        assert catalog.names() is first
        assert calls.seen == ["scandir"]
        assert len(catalog.names(now=True)) == 2
        assert calls.seen == ["scandir"] * 2
        clock.now_s += 4.9
        catalog.names()
        assert calls.seen == ["scandir"] * 2
        clock.now_s += 0.1
        catalog.names()
        assert calls.seen == ["scandir"] * 3


def test_a_listing_that_failed_is_made_again(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.plant(b"", Bookmark(1, 1))
    catalog = Catalog(str(place.snapshots), 1000)
    with Calls(place.efs, 1, failing(5)), pytest.raises(OSError, match="Input/output"):
        catalog.names()
    assert len(catalog.names()) == 1


def test_a_rejected_file_is_passed_over_until_another_one_has_its_name(tmp_path: Path) -> None:
    place = Place(tmp_path)
    path = place.plant(b"", Bookmark(1, 1))
    catalog = place.catalog()
    (name,) = catalog.names()
    assert not catalog.has_bad_files()
    catalog.reject(name)
    assert catalog.names() == []
    assert catalog.names(now=True) == []
    assert catalog.has_bad_files()
    other = place.efs / "other"
    other.touch()
    other.rename(path)
    assert catalog.names(now=True) == [name]
    assert not catalog.has_bad_files()
    place.quarantine.mkdir()
    assert catalog.has_bad_files()


def test_a_file_rejected_within_the_interval_is_not_listed_any_more(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for seq in (1, 2):
        place.plant(b"", Bookmark(1, seq))
    catalog = Catalog(str(place.snapshots), 3600)
    newer, older = before = catalog.names()
    catalog.reject(newer)
    assert catalog.names() == [older]
    assert catalog.names() is not before  # that is how readers see that something has changed


def test_a_read_inside_the_interval_touches_nothing_and_outside_lists_once(tmp_path: Path) -> None:
    builder = Place(tmp_path)
    ledger = MemoryLedger(3)
    builder.publish(ledger)
    for interval_ms, expected in (("3600000", []), ("0", ["scandir"])):
        place = Place(tmp_path, CHECK_INTERVAL_MS=interval_ms)
        for reader in (place.on_efs(), place.in_tmp()):
            served(reader)
            with Calls(tmp_path) as calls:
                assert served(reader).seq == 3
                assert served(reader).seq == 3
            assert calls.seen == expected * 2


def test_a_bookmark_that_asks_for_more_is_looked_for_at_once(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.publish(MemoryLedger(3))
    catalog = Catalog(str(place.snapshots), 3600)
    assert catalog.names()[0].bookmark.seq == 3
    place.publish(MemoryLedger(4))
    assert catalog.names()[0].bookmark.seq == 3
    assert catalog.names(now=True)[0].bookmark.seq == 4


def test_where_the_directory_is_a_file_the_listing_fails(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.snapshots.touch()
    with pytest.raises(NotADirectoryError):
        place.catalog().names()
    assert os.path.isfile(place.catalog().folder)


def test_a_listing_that_hangs_is_left_after_the_limit_and_its_outcome_is_taken_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    first = place.publish(ledger := MemoryLedger(1))
    catalog = Catalog(str(place.snapshots), clock=(clock := Clock()))
    assert catalog.names(limit_s=60.0) == [first.name]
    ledger.grow(1)
    second = place.publish(ledger)
    scandir, go_on, looks = os.scandir, threading.Event(), 0

    def hanging(folder: str) -> Any:
        nonlocal looks
        looks += 1
        go_on.wait()
        return scandir(folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", hanging)
        for _ in range(3):
            with pytest.raises(TimeoutError, match="longer than 0 s"):
                catalog.names(limit_s=0.0)
        clock.now_s += 60
        with pytest.raises(TimeoutError, match="longer than 30 s"):
            catalog.names(limit_s=30.0)  # it has gone on for longer: nobody waits again
        assert looks == 1
        go_on.set()
        clock.now_s -= 60
        assert catalog.names(limit_s=60.0) == [second.name, first.name]
        assert looks == 1


def test_a_listing_that_hung_is_forgotten_once_a_later_one_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    catalog = place.catalog()
    first = place.publish(ledger := MemoryLedger(1))
    scandir, go_on, has_looked = os.scandir, threading.Event(), threading.Event()

    def slow(folder: str) -> Any:
        entries = scandir(folder)
        found = list(entries)
        has_looked.set()
        go_on.wait()
        return contextlib.nullcontext(found)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", slow)
        with pytest.raises(TimeoutError):
            catalog.names(limit_s=0.0)
        has_looked.wait()
    ledger.grow(1)
    second = place.publish(ledger)
    assert catalog.names(now=True) == [second.name, first.name]
    go_on.set()
    assert catalog.names(now=True, limit_s=60.0) == [second.name, first.name]


def test_what_a_listing_in_a_thread_raises_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)
    place.publish(MemoryLedger(1))
    catalog = place.catalog()
    for error in (OSError(errno.EIO, "broken"), ValueError("a defect")):
        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", raising(error))
            with pytest.raises(type(error), match=str(error.args[-1])):
                catalog.names(limit_s=60.0)
        assert len(catalog.names(limit_s=60.0)) == 1


def raising(error: Exception) -> Callable[[str], None]:
    def fail(_: str) -> None:
        raise error

    return fail
