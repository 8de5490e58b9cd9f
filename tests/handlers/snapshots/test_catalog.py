from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.rows import MODEL
from handlers.snapshots.catalog import Catalog, Listing
from handlers.snapshots.names import Name
from tests.support.files import Calls, MemoryLedger, Place, failing, names_in, served
from tests.support.meddling import Clock


def points(catalog: Catalog) -> list[str]:
    """What can be reached, as last listed."""
    return [str(point) for point in catalog.listed.points()]


def test_files_of_other_names_and_of_other_schema_versions_do_not_count(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for bookmark in (Bookmark(9, 99), Bookmark(10, 1), Bookmark(10, 0)):
        good = place.plant(b"", bookmark)
    for other in (".nfs0001", good.name + "-wal", "README", good.name.upper()):
        (place.snapshots / other).touch()
    foreign = Name.of(Bookmark(10, 7), 1, "0" * 16, MODEL.schema_version + 1)
    (place.snapshots / foreign).touch()
    catalog = place.catalog()
    assert catalog.look() is catalog.listed
    assert points(catalog) == ["10.1", "10.0", "9.99"]
    assert len(catalog.listed.names) == 3
    assert catalog.foreign == [foreign]


def test_a_name_has_its_files_path_and_inode_as_listed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    path = place.plant(b"", Bookmark(1, 1))
    catalog = place.catalog()
    (name,) = catalog.look().names
    assert (catalog.path(name), catalog.inode(name)) == (str(path), path.stat().st_ino)
    path.unlink()
    catalog.look()
    assert catalog.inode(name) == 0


def test_nothing_published_is_an_empty_listing_but_no_file_system_is_an_error(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert place.catalog().look().names == frozenset()
    place.efs.rmdir()
    with pytest.raises(FileNotFoundError):
        place.catalog().look()


def test_the_directory_is_listed_at_most_once_an_interval_unless_asked_to(tmp_path: Path) -> None:
    place, clock = Place(tmp_path), Clock()
    place.plant(b"", Bookmark(1, 1))
    catalog = Catalog(str(place.snapshots), 5, clock)
    with Calls(place.efs) as calls:
        first = catalog.look()
        place.plant(b"", Bookmark(1, 2))
        del calls.seen[1:]
        clock.now_s += 4.9
        assert catalog.look() is first
        assert calls.seen == ["scandir"]
        assert len(catalog.look(now=True).names) == 2
        assert calls.seen == ["scandir"] * 2
        clock.now_s += 4.9
        catalog.look()
        assert calls.seen == ["scandir"] * 2
        clock.now_s += 0.1
        catalog.look()
        assert calls.seen == ["scandir"] * 3


def test_a_listing_that_failed_is_made_again(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.plant(b"", Bookmark(1, 1))
    catalog = Catalog(str(place.snapshots), 1000)
    with Calls(place.efs, 1, failing(5)), pytest.raises(OSError, match="Input/output"):
        catalog.look()
    assert len(catalog.look().names) == 1


def test_the_same_listing_is_the_same_object(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.plant(b"", Bookmark(1, 1))
    catalog = place.catalog()
    first = catalog.look()
    assert catalog.look(now=True) is first
    place.plant(b"", Bookmark(1, 2))
    assert catalog.look(now=True) is not first


def test_a_rejected_file_is_passed_over_until_another_one_has_its_name(tmp_path: Path) -> None:
    place = Place(tmp_path)
    path = place.plant(b"", Bookmark(1, 1))
    catalog = place.catalog()
    (name,) = catalog.look().names
    assert not catalog.has_bad_files()
    assert not catalog.is_rejected(name)
    catalog.reject(name)
    assert catalog.is_rejected(name)
    for listed in (catalog.listed, catalog.look(now=True)):
        assert (listed.names, listed.epoch, listed.is_broken) == (frozenset(), 1, True)
    assert catalog.has_bad_files()
    other = place.efs / "other"
    other.touch()
    other.rename(path)
    assert catalog.look(now=True).names == {name}
    assert not catalog.is_rejected(name)
    assert not catalog.has_bad_files()
    place.quarantine.mkdir()
    assert catalog.has_bad_files()


def test_after_a_rejection_the_listing_goes_on_changing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for seq in (1, 2):
        place.plant(b"", Bookmark(1, seq))
    catalog = place.catalog()
    catalog.reject(catalog.look().chain[0])
    assert points(catalog) == ["1.1"]
    place.plant(b"", Bookmark(1, 3))
    catalog.look()
    assert points(catalog) == ["1.3", "1.1"]
    (place.snapshots / names_in(place.snapshots)[1]).unlink()
    catalog.look()
    assert points(catalog) == ["1.3", "1.1"]
    assert not catalog.has_bad_files()


def test_a_file_rejected_within_the_interval_is_not_listed_any_more(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for seq in (1, 2):
        place.plant(b"", Bookmark(1, seq))
    catalog = Catalog(str(place.snapshots), 3600)
    before = catalog.look()
    catalog.reject(before.chain[0])
    assert catalog.look().bookmark == (1, 1)
    assert catalog.look() is not before  # that is how readers see that something has changed


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
    assert catalog.look().bookmark.seq == 3
    place.publish(MemoryLedger(4))
    assert catalog.look().bookmark.seq == 3
    assert catalog.look(now=True).bookmark.seq == 4


def test_where_the_directory_is_a_file_the_listing_fails(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.snapshots.touch()
    with pytest.raises(NotADirectoryError):
        place.catalog().look()
    assert os.path.isfile(place.catalog().folder)


def test_a_listing_that_hangs_is_left_after_the_limit_and_its_outcome_is_taken_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    first = place.publish(ledger := MemoryLedger(1))
    catalog = Catalog(str(place.snapshots), clock=(clock := Clock()))
    catalog.look(limit_s=60.0)
    assert points(catalog) == [str(first.bookmark)]
    ledger.grow(1)
    second = place.publish(ledger)
    scandir, go_on, has_begun, looks = os.scandir, threading.Event(), threading.Event(), 0

    def hanging(folder: str) -> Any:
        nonlocal looks
        looks += 1
        has_begun.set()
        go_on.wait()
        return scandir(folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", hanging)
        for _ in range(3):
            with pytest.raises(TimeoutError, match="longer than 0 s"):
                catalog.look(limit_s=0.0)
        clock.now_s += 60
        with pytest.raises(TimeoutError, match="longer than 30 s"):
            catalog.look(limit_s=30.0)  # it has gone on for longer: nobody waits again
        has_begun.wait()
        assert looks == 1
        go_on.set()
        clock.now_s -= 60
        catalog.look(limit_s=60.0)
        assert points(catalog) == [str(second.bookmark), str(first.bookmark)]
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
            catalog.look(limit_s=0.0)
        has_looked.wait()
    ledger.grow(1)
    second = place.publish(ledger)
    catalog.look(now=True)
    assert points(catalog) == [str(second.bookmark), str(first.bookmark)]
    go_on.set()
    catalog.look(now=True, limit_s=60.0)
    assert points(catalog) == [str(second.bookmark), str(first.bookmark)]


def test_a_listing_is_over_once_it_has_an_outcome_of_either_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this thread: what runs in a plain one is not seen by the measurement of coverage."""

    def run_here(run: Callable[..., None], arguments: tuple[object, ...]) -> None:
        run(*arguments)

    monkeypatch.setattr("handlers.snapshots.catalog.start_new_thread", run_here)
    good = Listing(lambda: {"name": 7}, 0.0)
    assert [good.is_over(0.0), good.is_over(60.0)] == [True, True]
    assert good.outcome() == {"name": 7}
    bad = Listing(raising(OSError(errno.EIO, "broken")), 0.0)
    assert bad.is_over(0.0)
    with pytest.raises(OSError, match="broken"):
        bad.outcome()


def test_what_a_listing_in_a_thread_raises_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)
    place.publish(MemoryLedger(1))
    catalog = place.catalog()
    for error in (OSError(errno.EIO, "broken"), ValueError("a defect")):
        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", raising(error))
            with pytest.raises(type(error), match=str(error.args[-1])):
                catalog.look(limit_s=60.0)
        assert len(catalog.look(limit_s=60.0).names) == 1


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: str) -> None:
        raise error

    return fail
